//! `run`: a command with the values of a SOPS file in its environment or behind a file descriptor.

use super::{OpenArgs, environment, file, keypath};
use crate::{Exit, Io, child::Child, report::CliError};
use seal_sops::Store;
use std::{ffi::OsString, path::Path};

/// What to hand over, and how.
pub struct Request<'a> {
    /// The file.
    pub path: &'a Path,
    /// The command and its arguments.
    pub command: &'a [OsString],
    /// The map whose values to take, or the one value for a descriptor.
    pub key: Option<&'a str>,
    /// Behind a descriptor, written as this type when it is given.
    pub descriptor: Option<Option<Store>>,
    /// With no other variables.
    pub pristine: bool,
}

/// Opens the file and becomes the command.
pub fn run(request: &Request<'_>, open: &OpenArgs, io: &mut Io) -> Result<Exit, CliError> {
    let at = request.key.map(keypath::parse).transpose()?;
    let sealed = file::parse_any(request.path, open.input_type, io.read_file(request.path)?)?;
    let options = open.options_for(request.path, io)?;
    let opened = open.unlocker(io)?.open(sealed, options, io)?.opened;
    let child = match request.descriptor {
        Some(store) => {
            let store = store.unwrap_or(opened.file().store());
            let text = match &at {
                Some(at) => opened.get(at, store)?,
                None => opened.to_clear(store)?,
            };
            Child::new(request.command, Some(&text))?.with(&[], request.pristine)
        }
        None => {
            let variables = environment::variables(&opened.values(), at.as_ref())?;
            Child::new(request.command, None)?.with(&variables, request.pristine)
        }
    };
    drop(opened);
    child.run(io)
}
