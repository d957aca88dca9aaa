//! `sops exec-env` and `exec-file`: a command line for the shell that finds the values in its environment or the file under a name.
//!
//! The file is a pipe, or a file in memory; it is never on a disk unless there is no memory to put it in.

use super::{
    failure::{Failure, code},
    session::{Session, not_dumped},
};
use crate::{Exit, child::Child, editor::Desk};
use seal_secret::SecretBytes;
use seal_sops::{Opened, Segment, Type, Value};
use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

/// Runs `exec-env`.
pub fn with_environment(session: &mut Session) -> Result<Exit, Failure> {
    let (file, command) = arguments(session)?;
    let background = session.flags.is_set("background");
    if background && session.flags.is_set("same-process") {
        let message = "Error: The --same-process flag cannot be used with --background";
        return Err(Failure::new(code::CONFLICT, message));
    }
    session.refuse_unsupported(|flag| flag == "user")?;
    let store = session.input_store(&file);
    let sealed = session.sealed(Some(&file), store)?;
    let unlocked = session.unlock(sealed)?;
    let variables = variables(&unlocked.opened)?;
    let words: [OsString; 3] = ["/bin/sh".into(), "-c".into(), command.into()];
    let child = Child::new(&words, None)?.with(&variables, session.flags.is_set("pristine"));
    if background {
        session.warn("--background is deprecated");
        child.leave()?;
        return Ok(Exit::DONE);
    }
    // The command takes this process's place, so signals and its exit code need no middleman.
    Ok(child.run(session.io)?)
}

/// Runs `exec-file`.
pub fn with_file(session: &mut Session) -> Result<Exit, Failure> {
    let (file, command) = arguments(session)?;
    session.refuse_unsupported(|flag| flag == "user")?;
    let name = session.flags.text("filename").unwrap_or("tmp-file").to_owned();
    let (from, to) = (session.input_store(&file), session.output_store(&file));
    let sealed = session.sealed(Some(&file), from)?;
    let unlocked = session.unlock(sealed)?;
    let text = unlocked.opened.to_clear_with(to, session.indent(to)?).map_err(|error| not_dumped(&error, to))?;
    if Path::new(&name).components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(Failure::generic("The provided filename is not a local path."));
    }
    let desk = Desk::new(&name, true, session.io)?;
    match session.flags.is_set("no-fifo") {
        true => desk.put(&text)?,
        false => pipe(&desk, text)?,
    }
    let line = command.replace("{}", &desk.file.to_string_lossy());
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(line);
    let failed = |error: std::io::Error| Failure::generic(format!("cannot start /bin/sh: {error}"));
    if session.flags.is_set("background") {
        session.warn("--background is deprecated");
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(failed)?;
        return Ok(Exit::DONE);
    }
    let status = session.io.wait_for(&mut shell).map_err(failed)?;
    match status.code() {
        Some(0) => Ok(Exit::DONE),
        Some(number) => Err(Failure::new(u8::try_from(number).unwrap_or(code::GENERIC), format!("exit status {number}"))),
        None => Err(Failure::new(255, status.to_string())),
    }
}

fn arguments(session: &Session) -> Result<(PathBuf, String), Failure> {
    match session.flags.args.as_slice() {
        [file, command] => Ok((PathBuf::from(file), command.clone())),
        _ => Err(Failure::generic("error: missing file to decrypt")),
    }
}

/// The text behind a named pipe: whoever opens it first reads it, and it is nowhere else.
#[cfg(target_os = "linux")]
fn pipe(desk: &Desk, text: SecretBytes) -> Result<(), Failure> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, &desk.file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .map_err(|error| Failure::generic(format!("cannot make a pipe: {error}")))?;
    let path = desk.file.clone();
    std::thread::spawn(move || {
        use std::io::Write;
        // A reader that ends early has what it wanted.
        let _ = std::fs::OpenOptions::new().write(true).open(path).and_then(|mut pipe| pipe.write_all(text.expose()));
    });
    Ok(())
}

/// Elsewhere a file in its place.
#[cfg(not(target_os = "linux"))]
fn pipe(desk: &Desk, text: SecretBytes) -> Result<(), Failure> {
    Ok(desk.put(&text)?)
}

/// The top-level values of the first document. What has no place in an environment is refused by name.
fn variables(opened: &Opened) -> Result<Vec<(String, SecretBytes)>, Failure> {
    let leaves = opened.file().leaves().map_err(|error| Failure::generic(error.to_string()))?;
    let mut first: HashSet<seal_sops::Path> =
        leaves.into_iter().filter(|leaf| leaf.document == 0).map(|leaf| leaf.path).collect();
    let mut variables = Vec::new();
    for (path, value) in opened.values() {
        if !first.remove(&path) {
            continue;
        }
        match path.0.as_slice() {
            [Segment::Key(key)] if key.contains('=') => {
                return Err(Failure::generic(format!("cannot use keys with '=' in environment: {key}")));
            }
            [Segment::Key(key)] if key.contains('\0') || value.bytes.expose().contains(&0) => {
                return Err(Failure::generic(format!("cannot use zero bytes in environment; offending key {key}")));
            }
            [Segment::Key(key)] => variables.push((key.clone(), spelled(&value))),
            [Segment::Key(key), ..] => {
                return Err(Failure::generic(format!("cannot use complex value in environment; offending key {key}")));
            }
            _ => {}
        }
    }
    Ok(variables)
}

/// As a text file would have it: `true` and not the `True` that is sealed, and a float that is seen to be one.
fn spelled(value: &Value) -> SecretBytes {
    let text = value.bytes.expose();
    match value.kind {
        Type::Bool => text.to_ascii_lowercase().into(),
        Type::Float if !text.contains(&b'.') => [text, b".0"].concat().into(),
        _ => value.bytes.clone(),
    }
}
