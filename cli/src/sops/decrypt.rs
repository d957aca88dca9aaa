//! `decrypt` on SOPS files: each to its text in clear, with the layout it has.

use super::{OpenArgs, file, keypath, look};
use crate::{Exit, Io, inputs::Input, parallel, report::CliError, write};
use seal_secret::SecretBytes;
use seal_sops::Store;
use std::path::Path;
use zeroize::Zeroizing;

/// Flags of `seal decrypt` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct DecryptArgs {
    /// Write the text as this type: yaml, json, dotenv, ini or binary [default: the file's own]
    #[arg(long, value_name = "TYPE")]
    pub output_type: Option<Store>,
}

/// Takes the SOPS files out of what was read. Beside them, a file that was named itself and is none is an error.
pub fn select(read: &mut Vec<(Input, SecretBytes)>, open: &OpenArgs) -> Result<Vec<(Input, SecretBytes)>, CliError> {
    let (sealed, others) = std::mem::take(read)
        .into_iter()
        .partition::<Vec<_>, _>(|(input, bytes)| open.input_type.is_some() || look::is_sops(&input.path, None, bytes));
    match others.iter().find(|(input, _)| input.folder.is_none()) {
        Some((odd, _)) if !sealed.is_empty() => {
            Err(CliError::failed(format!("{}: it is not a SOPS file, and others are", odd.name())).hint("open it by itself"))
        }
        _ => {
            *read = others;
            Ok(sealed)
        }
    }
}

/// Opens all inputs, then writes; one that does not open keeps everything from being written.
pub fn run(
    inputs: Vec<(Input, SecretBytes)>,
    key: Option<&str>,
    output: Option<&Path>,
    args: &DecryptArgs,
    open: &OpenArgs,
    io: &mut Io,
) -> Result<Exit, CliError> {
    let at = key.map(keypath::parse).transpose()?;
    if at.is_some() && inputs.len() > 1 {
        return Err(CliError::usage("--key needs exactly one file"));
    }
    let mut unlocker = open.unlocker(io)?;
    let sealed = parallel::in_order(inputs, io, "reading", |(input, bytes), _| file::parse(&input.path, open.input_type, bytes));
    let sealed = sealed.into_iter().collect::<Result<Vec<_>, CliError>>()?;
    unlocker.prepare(sealed.iter(), io);
    let opened = parallel::in_order(sealed, io, "opening", |sealed, _| {
        let own = sealed.store();
        let unlocked = unlocker.open_known(sealed, open.options())?;
        let store = args.output_type.unwrap_or(own);
        let text = match &at {
            Some(at) => unlocked.opened.get(at, store)?,
            None => unlocked.opened.to_clear(store)?,
        };
        Ok((text, store))
    });
    let opened = opened.into_iter().collect::<Result<Vec<_>, CliError>>()?;
    let text = join(opened);
    match output.filter(|path| *path != Path::new("-")) {
        Some(path) => write::private(path, &text)?,
        None => io.print_secret(&text)?,
    }
    Ok(Exit::DONE)
}

fn join(texts: Vec<(SecretBytes, Store)>) -> SecretBytes {
    let mut all = match <[_; 1]>::try_from(texts) {
        Ok([(only, _)]) => return only,
        Err(several) => several.into_iter(),
    };
    let mut joined = Zeroizing::new(all.next().map(|(text, _)| text.expose().to_vec()).unwrap_or_default());
    for (text, store) in all {
        if store == Store::Yaml && !text.expose().starts_with(b"---") {
            joined.extend_from_slice(b"---\n");
        }
        joined.extend_from_slice(text.expose());
    }
    joined.into()
}
