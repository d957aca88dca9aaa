//! `seal edit FILE`: values in your editor, sealed again when it closes.
//!
//! With a recovery key the present values are shown; without one only new values can be given. Plaintext goes to a file in
//! memory (tmpfs) that only the user may read, never to a disk unless that is asked for.

mod sheet;
#[cfg(test)]
mod tests;

use crate::{
    Exit, Io,
    certificate::{CertArgs, Certificates},
    editor::Desk,
    recovery::{Need, RecoveryArgs},
    report::{self, CliError},
    sops,
    target::{Target, Which},
};
use seal_core::{
    merge::Change,
    open::{Opening, open_object},
};
use seal_secret::SecretBytes;
use std::{collections::BTreeMap, path::PathBuf};

/// Flags of `seal edit`.
#[derive(clap::Args)]
pub struct Args {
    /// File with the SealedSecret, or a SOPS file
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    cert: CertArgs,
    #[command(flatten)]
    recovery: RecoveryArgs,
    /// Let the editor work on a file on disk where there is no file system in memory
    #[arg(long)]
    allow_disk: bool,
    /// In a SOPS file: edit this value only
    #[arg(long, value_name = "PATH", help_heading = "SOPS files")]
    key: Option<String>,
    #[command(flatten)]
    sops: sops::OpenArgs,
}

/// Runs `seal edit`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if let Some(sealed) = sops::file::given(&args.file, &args.sops, io)? {
        return sops::edit::run(sealed, &args.file, args.key.as_deref(), args.allow_disk, &args.sops, io);
    }
    let target = Target::load(&args.file, &args.which, io)?;
    let sealing = Certificates::default().for_file(&args.cert, &args.file, io)?;
    let keyring = args.recovery.keyring(&args.sops.identity, Need::of([&target.object]), io)?;
    let shown = match &keyring {
        None => None,
        Some(keyring) => {
            let opened = open_object(&target.object, keyring, &Opening::default()).map_err(|error| {
                CliError::negative(format!("{}: {}: {error}", args.file.display(), target.described()))
                    .hint("without --recovery-key, new values can still be given")
            })?;
            Some(opened.data)
        }
    };
    let sheet = sheet::write(&target.described(), shown.as_ref(), target.object.items.keys());
    let desk = Desk::new("values.yaml", args.allow_disk, io)?;
    let Some(change) = edited(&desk, &sheet, shown.as_ref(), io)? else {
        io.say(format_args!("nothing to change"));
        return Ok(Exit::DONE);
    };
    target.seal(&change, &sealing.to, keyring.as_ref(), io)?;
    Ok(Exit::DONE)
}

/// Lets the user edit until the sheet can be read or they give up.
fn edited(
    desk: &Desk,
    sheet: &SecretBytes,
    shown: Option<&BTreeMap<String, SecretBytes>>,
    io: &mut Io,
) -> Result<Option<Change>, CliError> {
    desk.put(sheet)?;
    loop {
        io.edit(desk)?;
        let text = desk.text(io)?;
        if text == *sheet {
            return Ok(None);
        }
        match sheet::read(text, shown) {
            Ok(change) => return Ok(Some(change).filter(|change| !change.set.is_empty() || !change.remove.is_empty())),
            Err(error) => {
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
