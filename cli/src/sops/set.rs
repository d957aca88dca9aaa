//! `set` and `unset` on a SOPS file: one value changes in place, beside it only the MAC and the time.

use super::{OpenArgs, file, keypath};
use crate::{Exit, Io, report::CliError};
use base64::Engine;
use seal_secret::SecretBytes;
use seal_sops::{Change, LeafState, NewValue, Path, Problem, Segment, SopsFile, Value};
use std::path::Path as FilePath;

/// Flags of `seal set` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct SetArgs {
    /// The value is JSON: a number, true, null, a list or a map; else it is text
    #[arg(long)]
    pub json: bool,
    /// Write the value in base64, as `data` of a Secret wants it
    #[arg(long, conflicts_with = "json")]
    pub base64: bool,
    /// Accept that the file's selector leaves this value in clear
    #[arg(long)]
    pub allow_clear: bool,
}

/// Sets the value at a path.
pub fn set(
    sealed: SopsFile,
    path: &FilePath,
    key: &str,
    value: SecretBytes,
    args: &SetArgs,
    open: &OpenArgs,
    io: &mut Io,
) -> Result<Exit, CliError> {
    let at = keypath::parse(key)?;
    let options = open.options_for(path, io)?;
    let unlocked = open.unlocker(io)?.open(sealed, options, io)?;
    let new = value_of(value, args)?;
    // A leaf in the place of a sealed leaf is sealed, too.
    let replaces = matches!(new, NewValue::Leaf(_)) && unlocked.opened.is_sealed(&at);
    refuse_unencoded(&unlocked.opened, &at, &new)?;
    match unlocked.opened.set(&at, new, &unlocked.key, file::now(io), &mut io.rng())? {
        Change::Unchanged => io.say(format_args!("{}: {} has this value already", path.display(), keypath::shown(&at))),
        Change::Changed(bytes) => {
            if !args.allow_clear && !replaces {
                refuse_clear(unlocked.opened.file(), &bytes, &at)?;
            }
            file::replace(path, unlocked.opened.file(), &bytes)?;
            io.say(format_args!("{}: set {}", path.display(), keypath::shown(&at)));
        }
    }
    Ok(Exit::DONE)
}

/// Takes values out, all or none.
pub fn unset(before: SopsFile, path: &FilePath, keys: &[String], open: &OpenArgs, io: &mut Io) -> Result<Exit, CliError> {
    let (options, mut unlocker) = (open.options_for(path, io)?, open.unlocker(io)?);
    let mut bytes = before.bytes().clone();
    for key in keys {
        let at = keypath::parse(key)?;
        let unlocked = unlocker.open(file::parse(path, Some(before.store()), bytes)?, options, io)?;
        bytes = match unlocked.opened.unset(&at, &unlocked.key, file::now(io), &mut io.rng())? {
            Change::Changed(bytes) => bytes,
            Change::Unchanged => return Err(missing(path, &at)),
        };
    }
    file::replace(path, &before, &bytes)?;
    io.say(format_args!("{}: removed {}", path.display(), keys.join(", ")));
    Ok(Exit::DONE)
}

fn missing(path: &FilePath, at: &Path) -> CliError {
    CliError::negative(format!("{}: {}: {}", path.display(), keypath::shown(at), Problem::NoSuchPath))
        .hint("`seal get` shows the keys of a file")
}

fn value_of(value: SecretBytes, args: &SetArgs) -> Result<NewValue, CliError> {
    if args.json {
        return NewValue::from_json(&value).map_err(|error| {
            CliError::usage(format!("the value is not JSON: {}", error.problem)).hint("leave --json out to set text")
        });
    }
    let text = if args.base64 { base64::engine::general_purpose::STANDARD.encode(value.expose()).into() } else { value };
    Ok(NewValue::Leaf(Value::text(text)))
}

/// `data` of a Secret is base64; a text there would be refused by the cluster, long after it was sealed here.
fn refuse_unencoded(opened: &seal_sops::Opened, at: &Path, new: &NewValue) -> Result<(), CliError> {
    let below_data = matches!(at.0.as_slice(), [Segment::Key(data), Segment::Key(_)] if data == "data");
    let NewValue::Leaf(value) = new else { return Ok(()) };
    if !below_data || !super::environment::is_secret(&opened.values()) {
        return Ok(());
    }
    match base64::engine::general_purpose::STANDARD.decode(value.bytes.expose()).map(zeroize::Zeroizing::new) {
        Ok(_) => Ok(()),
        Err(_) => Err(CliError::failed(format!("{}: values under data of a Secret are base64", keypath::shown(at)))
            .hint("add --base64 to encode it, or set it under stringData")),
    }
}

/// A selector can leave the new key out. Then the value would stand in the file for all to read.
fn refuse_clear(before: &SopsFile, after: &SecretBytes, at: &Path) -> Result<(), CliError> {
    let after = SopsFile::parse(before.name(), before.store(), after.clone())?;
    let clear =
        after.leaves()?.into_iter().find(|leaf| leaf.path.0.starts_with(&at.0) && matches!(leaf.state, LeafState::Clear(_)));
    match clear {
        None => Ok(()),
        Some(leaf) => Err(CliError::failed(format!(
            "{}: the file's selector does not cover {}, so its value would stay in clear; nothing was written",
            before.name(),
            keypath::shown(&leaf.path)
        ))
        .hint("choose a key that it covers, or pass --allow-clear")),
    }
}
