//! `sops set` and `sops unset`: one key or branch, in place; nothing else of the file changes but its MAC and time.

use super::{
    encrypt::sealed_already,
    failure::{Failure, code},
    rotate::in_other_store,
    session::{Content, Session},
};
use crate::{Exit, sops::file::now};
use seal_secret::SecretBytes;
use seal_sops::{Change, NewValue, Path, Problem, Segment, Store};
use std::path::Path as FilePath;

/// Runs `set`.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let (from_file, from_input) = (session.flags.is_set("value-file"), session.flags.is_set("value-stdin"));
    if from_file && from_input {
        return Err(Failure::generic("Error: cannot use both --value-file and --value-stdin"));
    }
    let args = session.flags.args.clone();
    if from_input && args.len() != 2 {
        return Err(Failure::new(
            code::NO_FILE,
            "Error: file specified, or index and value are missing. Need precisely 2 positional arguments since --value-stdin is used.",
        ));
    }
    if !from_input && args.len() != 3 {
        return Err(Failure::new(
            code::NO_FILE,
            "Error: no file specified, or index and value are missing. Need precisely 3 positional arguments.",
        ));
    }
    let path = index(&args[1], "set")?;
    let value = match (from_input, from_file) {
        (true, _) => session.io.read_input()?,
        (_, true) => session.io.read_file(FilePath::new(&args[2]))?,
        _ => args[2].clone().into(),
    };
    let value = value_of(&value)?;
    change(session, FilePath::new(&args[0]), &path, Some(value))
}

/// Runs `unset`.
pub fn unset(session: &mut Session) -> Result<Exit, Failure> {
    let args = session.flags.args.clone();
    if args.len() != 2 {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified, or index is missing"));
    }
    let path = index(&args[1], "unset")?;
    change(session, FilePath::new(&args[0]), &path, None)
}

/// Runs `--set '["key"] JSON'`.
pub fn legacy(session: &mut Session, file: &FilePath) -> Result<Exit, Failure> {
    let text = session.flags.text("set").unwrap_or_default().to_owned();
    let malformed = || Failure::new(code::SET_FORMAT, "Invalid --set format");
    let at = text.find("] ").ok_or_else(malformed)? + 1;
    let value = value_of(&text[at + 1..].to_owned().into())?;
    let path = text[..at].trim_end().parse().map_err(|_| malformed())?;
    change(session, file, &path, Some(value))
}

fn index(text: &str, verb: &str) -> Result<Path, Failure> {
    let malformed = |_| {
        Failure::new(code::SET_FORMAT, format!("Invalid {verb} index format")).hint("write it as '[\"key\"][\"other key\"][0]'")
    };
    text.parse().map_err(malformed)
}

fn value_of(json: &SecretBytes) -> Result<NewValue, Failure> {
    NewValue::from_json(json).map_err(|_| {
        Failure::new(code::SET_FORMAT, "Value for --set is not valid JSON").hint("a text stands in double quotes: '\"text\"'")
    })
}

fn change(session: &mut Session, file: &FilePath, path: &Path, value: Option<NewValue>) -> Result<Exit, Failure> {
    let (from, to) = (session.input_store(file), session.output_store(file));
    match path.0.first() {
        None => return Err(Failure::new(code::SET_FORMAT, "Invalid index format: it names no key")),
        // Where the metadata stand, no value can.
        Some(Segment::Key(key)) if value.is_some() && (key == "sops" || (from == Store::Dotenv && key.starts_with("sops_"))) => {
            session.sealed(Some(file), from)?;
            return Err(sealed_already(from));
        }
        Some(_) => {}
    }
    let sealed = session.sealed(Some(file), from)?;
    let unlocked = session.unlock(sealed)?;
    let (time, mut rng) = (now(session.io), session.io.rng());
    let removing = value.is_none();
    let change = match value {
        Some(value) => unlocked.opened.set(path, value, &unlocked.key, time, &mut rng),
        None => unlocked.opened.unset(path, &unlocked.key, time, &mut rng),
    };
    let idempotent = session.flags.is_set("idempotent");
    let new = match change {
        Ok(Change::Changed(bytes)) => bytes,
        // The same value again is no reason to touch the file.
        Ok(Change::Unchanged) if idempotent || from == to => {
            session.inform("File not written due to no change");
            return Ok(Exit::DONE);
        }
        Ok(Change::Unchanged) => unlocked.opened.file().bytes().clone(),
        Err(error) if removing && error.problem == Problem::NoSuchPath && idempotent => return Ok(Exit::DONE),
        Err(error) if removing && matches!(error.problem, Problem::NoSuchPath | Problem::NotAContainer) => {
            return Err(missing(path));
        }
        Err(error) => return Err(not_set(&error, from)),
    };
    let new = if from == to { new } else { in_other_store(session, new, &unlocked.key, (from, to))? };
    session.write(file, &new, Content::Sealed)?;
    Ok(Exit::DONE)
}

fn not_set(error: &seal_sops::SopsError, store: Store) -> Failure {
    match &error.problem {
        Problem::NoSuchPath | Problem::NotAContainer | Problem::CannotEdit(_) => Failure::generic(error.to_string()),
        _ => super::encrypt::not_encrypted(error, store),
    }
}

fn missing(path: &Path) -> Failure {
    match path.0.last() {
        Some(Segment::Index(index)) => Failure::generic(format!("Index {index} out of bounds")),
        Some(Segment::Key(key)) => Failure::generic(format!("Key not found: {key}")),
        None => Failure::generic("the index names no key"),
    }
}
