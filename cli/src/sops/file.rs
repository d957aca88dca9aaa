//! Loading and writing SOPS files, and what to tell people when one is not as it should be.

use super::{OpenArgs, carried, keypath, look};
use crate::{Exit, Io, io::read_file, report::CliError, write};
use seal_secret::SecretBytes;
use seal_sops::{Problem, SopsError, SopsFile, Store};
use std::path::Path;

/// The SOPS file that a verb is given, or nothing when it is something else and the verb is meant for that.
pub fn given(path: &Path, open: &OpenArgs, io: &Io) -> Result<Option<SopsFile>, CliError> {
    if path == Path::new("-") {
        return Ok(None);
    }
    if open.input_type.is_some() {
        return parse(path, open.input_type, io.read_file(path)?).map(Some);
    }
    // Whoever reads it as something else says why it cannot be read.
    let Ok(bytes) = io.read_file(path) else { return Ok(None) };
    recognised(path, &bytes)
}

/// As [`given`], for bytes that were read already. A file that looks like a SOPS file and cannot be parsed is an error.
pub fn recognised(path: &Path, bytes: &SecretBytes) -> Result<Option<SopsFile>, CliError> {
    if !look::may_be_sops(bytes) {
        return Ok(None);
    }
    if let Some(carried) = carried::find(path, bytes)? {
        return carried.parse().map(|file| Some(file).filter(|file| file.metadata().is_some()));
    }
    match SopsFile::parse(&path.display().to_string(), look::store_of(path), bytes.clone()) {
        Ok(file) => Ok(Some(file).filter(|file| file.metadata().is_some())),
        Err(error) if look::has_block(bytes) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Reads and parses a file that must be a SOPS file, or the SOPS file that a SopsSecret in it carries. The store is that of its name unless it is given.
pub fn load(path: &Path, store: Option<Store>, io: &Io) -> Result<SopsFile, CliError> {
    if path == Path::new("-") {
        return Err(CliError::usage("standard input cannot be changed in place").hint("name a file"));
    }
    parse_any(path, store, io.read_file(path)?)
}

/// Parses what was read: the file, or what a SopsSecret in it carries.
pub fn parse_any(path: &Path, store: Option<Store>, bytes: SecretBytes) -> Result<SopsFile, CliError> {
    match carried::find(path, &bytes)? {
        Some(carried) if store.is_none() => carried.parse(),
        _ => parse(path, store, bytes),
    }
}

/// Parses the whole of what was read.
pub fn parse(path: &Path, store: Option<Store>, bytes: SecretBytes) -> Result<SopsFile, CliError> {
    Ok(SopsFile::parse(&path.display().to_string(), store.unwrap_or_else(|| look::store_of(path)), bytes)?)
}

/// Replaces a file, unless it is no longer the one that was read: somebody else's change is never overwritten unseen.
pub fn replace(path: &Path, read: &SopsFile, new: &SecretBytes) -> Result<(), CliError> {
    replace_bytes(path, read.bytes(), new)
}

/// As [`replace`], for workers that have only the old bytes.
pub fn replace_bytes(path: &Path, read: &SecretBytes, new: &SecretBytes) -> Result<(), CliError> {
    write::atomically(path, &renewed(path, read, new)?)
}

/// What a file becomes when the SOPS file that was read from it, itself or carried in a SopsSecret, becomes a new one.
pub fn renewed(path: &Path, read: &SecretBytes, new: &SecretBytes) -> Result<SecretBytes, CliError> {
    let current = read_file(path)?;
    if current == *read {
        return Ok(new.clone());
    }
    match carried::find(path, &current)? {
        Some(carried) if carried.text() == read => carried.with(new),
        _ => Err(CliError::failed(format!("{}: it was changed meanwhile, so nothing was written", path.display()))
            .hint("run the command again")),
    }
}

/// Replaces whatever is there now by a new SOPS file, or the one that a SopsSecret there carries.
pub fn overwrite(path: &Path, new: &SecretBytes) -> Result<(), CliError> {
    match carried::find(path, &read_file(path)?)? {
        Some(carried) => write::atomically(path, &carried.with(new)?),
        None => write::atomically(path, new),
    }
}

/// True for files that say how others are sealed: they stay in clear wherever they are.
pub fn is_configuration(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".seal.yaml" || name == ".sops.yaml" || name == ".gitattributes")
}

/// The point in time that a file says it was last changed.
pub fn now(io: &Io) -> jiff::Timestamp {
    jiff::Timestamp::from_second(io.now()).unwrap_or_default()
}

impl From<SopsError> for CliError {
    fn from(error: SopsError) -> Self {
        let (negative, hint) = match &error.problem {
            Problem::NotEncrypted => (false, Some("seal it with `seal encrypt`")),
            Problem::AlreadyEncrypted => (false, Some("change it with `seal edit`, or its recipients with `seal rekey`")),
            Problem::MacMismatch | Problem::MacUnreadable | Problem::StrongMacMismatch => {
                (true, Some("if you know why and trust the file, pass --ignore-mac"))
            }
            Problem::StrongMacMissing => (true, Some("see what changed, then `seal rekey` adds it again")),
            Problem::NoSuchPath => (true, Some("`seal get` shows the keys of a file")),
            Problem::DoesNotOpen => (true, Some("take the file from an earlier commit")),
            _ => (false, None),
        };
        let failure = Self { exit: if negative { Exit::FINDINGS } else { Exit::FAILED }, message: told(&error), hint: None };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// File, place, key as our own verbs write it, problem.
fn told(error: &SopsError) -> String {
    let place = error.at.map(|at| format!("{}:{}:", at.line, at.column)).unwrap_or_default();
    let key = error.path.as_ref().filter(|path| !path.0.is_empty()).map(|path| format!("{}: ", keypath::shown(path)));
    format!("{}:{place} {}{}", error.file, key.unwrap_or_default(), error.problem)
}
