//! `sops decrypt`, `sops -d`: a file, a branch or one value in clear.

use super::{
    failure::{Failure, code},
    session::{Content, Session, not_dumped},
};
use crate::Exit;
use seal_secret::SecretBytes;
use seal_sops::{Opened, Path, Problem, Segment, Store, Type};

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let input = session.first_argument();
    if input.is_none() && session.flags.is_set("in-place") {
        return Err(Failure::new(code::CONFLICT, "Error: cannot use --in-place when reading from stdin"));
    }
    session.one_destination()?;
    if let Some(path) = &input {
        session.must_exist(path)?;
    }
    let known_as = session.known_as(input.as_deref());
    let (from, to) = (session.input_store(&known_as), session.output_store(&known_as));
    let extract = session.flags.text("extract").unwrap_or_default().to_owned();
    let extract: Path = extract
        .parse()
        .map_err(|error: seal_sops::PathError| Failure::new(code::TREE_PATH, format!("error parsing --extract path: {error}")))?;
    let file = session.sealed(input.as_deref(), from)?;
    let unlocked = session.unlock(file)?;
    let bytes = if extract.0.is_empty() {
        unlocked.opened.into_clear_with(to, session.indent(to)?).map_err(|error| not_dumped(&error, to))?
    } else {
        part(&unlocked.opened, &extract, to)?
    };
    session.deliver(&bytes, input.as_deref(), Content::Clear)
}

/// What stands at a path: a text as it is, anything else as a document of the output's kind.
pub fn part(opened: &Opened, path: &Path, to: Store) -> Result<SecretBytes, Failure> {
    let found = opened.get(path, to).map_err(|error| match &error.problem {
        Problem::NoSuchPath | Problem::NotAContainer => missing(path),
        _ => not_dumped(&error, to),
    })?;
    // What is no text is a document of its own to the original: with a line's end in YAML, without one in JSON.
    let kind = opened.values().into_iter().find(|(at, _)| at == path).map(|(_, value)| value.kind);
    let text = matches!(kind, Some(Type::Str | Type::Bytes));
    let bytes = found.expose();
    match to {
        Store::Yaml if !text && !bytes.ends_with(b"\n") => Ok([bytes, b"\n"].concat().into()),
        Store::Json if !text && bytes.starts_with(b"[") => Ok(bytes.trim_ascii_end().to_vec().into()),
        _ => Ok(found),
    }
}

fn missing(path: &Path) -> Failure {
    let last = match path.0.last() {
        Some(Segment::Key(key)) => format!("'{key}'"),
        Some(Segment::Index(index)) => index.to_string(),
        None => String::new(),
    };
    Failure::generic(format!("error truncating tree: component [{last}] not found"))
}
