//! `edit` on a SOPS file: its text, or one value, in your editor; what did not change keeps its ciphertext.

use super::{OpenArgs, file, keypath, unlock::Unlocked};
use crate::{
    Exit, Io,
    editor::Desk,
    report::{self, CliError},
};
use seal_secret::SecretBytes;
use seal_sops::{Change, NewValue, Path, SopsFile, Value};
use std::path::Path as FilePath;

/// Edits a file, or the one value at `key`.
pub fn run(
    sealed: SopsFile,
    path: &FilePath,
    key: Option<&str>,
    allow_disk: bool,
    open: &OpenArgs,
    io: &mut Io,
) -> Result<Exit, CliError> {
    let at = key.map(keypath::parse).transpose()?;
    let options = open.options_for(path, io)?;
    let unlocked = open.unlocker(io)?.open(sealed, options, io)?;
    let store = unlocked.opened.file().store();
    if let Some(at) = at.as_ref().filter(|at| !unlocked.opened.values().iter().any(|(path, _)| path == *at)) {
        return Err(CliError::negative(format!("{}: {}: there is no value", path.display(), keypath::shown(at)))
            .hint("--key names a single value; leave it out to edit the whole file, or make a new one with `seal set`"));
    }
    let shown = match &at {
        None => unlocked.opened.to_clear(store)?,
        Some(at) => unlocked.opened.get(at, store)?,
    };
    let name = match &at {
        None => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        Some(_) => "value".to_owned(),
    };
    let desk = Desk::new(&name, allow_disk, io)?;
    desk.put(&shown)?;
    match edited(&desk, &shown, &unlocked, at.as_ref(), io)? {
        None => io.say(format_args!("nothing to change")),
        Some(bytes) => {
            keep(path, &unlocked, &bytes, io)?;
            io.say(format_args!("{}: sealed what you changed", path.display()));
        }
    }
    Ok(Exit::DONE)
}

/// Lets the user edit until the text can be sealed or they give up.
fn edited(
    desk: &Desk,
    shown: &SecretBytes,
    unlocked: &Unlocked,
    at: Option<&Path>,
    io: &mut Io,
) -> Result<Option<SecretBytes>, CliError> {
    loop {
        io.edit(desk)?;
        let text = desk.text(io)?;
        if text == *shown {
            return Ok(None);
        }
        let change = match at {
            None => unlocked.opened.replace(text, &unlocked.key, file::now(io), &mut io.rng()),
            Some(at) => {
                let value = NewValue::Leaf(Value::text(as_shown(text, shown)));
                unlocked.opened.set(at, value, &unlocked.key, file::now(io), &mut io.rng())
            }
        };
        match change {
            Ok(Change::Unchanged) => return Ok(None),
            Ok(Change::Changed(bytes)) => return Ok(Some(bytes)),
            Err(error) => {
                let error = CliError::from(error);
                if !io.input_is_terminal() {
                    return Err(error.context("nothing was changed"));
                }
                report::error(&error, io);
                if !io.confirm("edit again?") {
                    return Err(CliError::failed("nothing was changed"));
                }
            }
        }
    }
}

/// Editors end a file with a newline; a value that had none does not get one by being looked at.
fn as_shown(text: SecretBytes, shown: &SecretBytes) -> SecretBytes {
    match text.expose().strip_suffix(b"\n") {
        Some(bare) if !shown.expose().ends_with(b"\n") => bare.to_vec().into(),
        _ => text,
    }
}

/// Writes the file. When it was changed meanwhile the work in the editor is not thrown away without asking.
fn keep(path: &FilePath, unlocked: &Unlocked, bytes: &SecretBytes, io: &mut Io) -> Result<(), CliError> {
    match file::replace(path, unlocked.opened.file(), bytes) {
        Err(error) if io.input_is_terminal() && file::renewed(path, unlocked.opened.file().bytes(), bytes).is_err() => {
            report::error(&error, io);
            if io.confirm("overwrite it with what you edited?") { file::overwrite(path, bytes) } else { Err(error) }
        }
        other => other,
    }
}
