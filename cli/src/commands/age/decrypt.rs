//! `seal age decrypt`: with identities, or with a passphrase when the file is for one.

use super::pipe::{self, Ends, Input, binary};
use crate::{Exit, Io, identities::IdentityArgs, report::CliError};
use seal_crypto::age::{Caps, Identity, OpenError, Pending, stream::Decrypting};
use seal_secret::SecretBytes;
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// What age itself allows.
const MAX_LOG_N: u8 = 22;
/// More than this is not shown on a terminal.
const MOST_SHOWN: u64 = 64 << 20;

/// Flags of `seal age decrypt`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    identities: IdentityArgs,
    /// For a file with a passphrase: read it from this file instead of the terminal (its last newline does not count)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    ends: Ends,
}

/// Runs `seal age decrypt`.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let name = args.ends.name();
    let (input, _) = binary(&name, args.ends.reader(io)?)?;
    let pending = Pending::read(input, &Caps::FILE).map_err(|error| failed(&name, &error))?;
    let mut reader = open(&name, &pending, args, io)?;
    if args.ends.output.is_none() && io.output_is_terminal() {
        // Nobody should act on the first half of something that turns out to be damaged.
        io.print_secret(&shown(&name, reader)?)?;
    } else {
        args.ends.write(true, io, |output| pipe::copy(&name, &mut reader, output))?;
    }
    Ok(Exit::DONE)
}

fn open(name: &str, pending: &Pending<Input>, args: &Args, io: &mut Io) -> Result<Decrypting<Input>, CliError> {
    if pending.is_passphrase() {
        let passphrase = match &args.passphrase_file {
            Some(path) => passphrase_of(path, io)?,
            None if io.can_ask() => io.ask_hidden(&format!("Passphrase of {name}: "))?,
            None => {
                return Err(CliError::failed(format!("{name}: it is for a passphrase, and there is nobody to ask for it"))
                    .hint("give it with --passphrase-file"));
            }
        };
        let identity = Identity::passphrase(&passphrase, MAX_LOG_N).map_err(|error| CliError::from_error(&error))?;
        return pending.open(&[identity]).map(|(reader, _)| reader).map_err(|error| failed(name, &error));
    }
    let mut found = args.identities.search(io)?;
    // The header does not say for whom it is, so a key command is asked once, for nobody in particular.
    let opened = found.open(&[String::new()], io, |identities| pending.open(identities));
    opened.map(|(reader, _)| reader).map_err(|error| match error {
        OpenError::NoMatch => found.nothing_fits(name, &[]),
        error => failed(name, &error),
    })
}

/// The passphrase in a file.
pub fn passphrase_of(path: &Path, io: &mut Io) -> Result<SecretBytes, CliError> {
    let file = io.read(path)?;
    let line = file.expose().strip_suffix(b"\n").unwrap_or(file.expose());
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(CliError::failed(format!("{}: there is no passphrase in it", path.display())));
    }
    Ok(line.to_vec().into())
}

fn shown(name: &str, reader: Decrypting<Input>) -> Result<SecretBytes, CliError> {
    let mut content = Vec::new();
    let read = reader.take(MOST_SHOWN + 1).read_to_end(&mut content);
    let content: SecretBytes = content.into();
    read.map_err(|error| pipe::read_error(name, &error))?;
    if content.len() as u64 > MOST_SHOWN || content.expose().contains(&0) {
        return Err(CliError::failed(format!("{name}: what it holds is not for a terminal")).hint("write it to a file with -o"));
    }
    Ok(content)
}

fn failed(name: &str, error: &OpenError) -> CliError {
    let message = format!("{name}: {error}");
    match error {
        OpenError::Passphrase => CliError::negative(message),
        OpenError::NotAge => CliError::failed(message).hint("SOPS files and SealedSecrets are opened by `seal decrypt`"),
        _ => CliError::failed(message),
    }
}
