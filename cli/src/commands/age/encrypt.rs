//! `seal age encrypt`: for recipients, or for a passphrase.

use super::pipe::{self, Ends};
use crate::{
    Exit, Io,
    identities::{IdentityArgs, RecipientArgs},
    report::CliError,
};
use rand::RngExt;
use seal_crypto::age::{EncryptError, Recipient, stream};
use seal_secret::SecretBytes;
use std::path::PathBuf;

/// What age uses: about a second and 256 MiB.
const LOG_N: u8 = 18;
/// No character that looks like another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 26 characters of 5 bits are 130.
const GROUPS: [usize; 6] = [5, 5, 4, 4, 4, 4];

/// Flags of `seal age encrypt`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    recipients: RecipientArgs,
    /// Encrypt for the recipients of this identity file (repeat for several)
    #[arg(short = 'i', long = "identity", value_name = "FILE")]
    identities: Vec<PathBuf>,
    /// Let identities and recipients start age plugins (age-plugin-NAME on the PATH)
    #[arg(long)]
    plugins: bool,
    /// Encrypt with a passphrase, asked for on the terminal
    #[arg(short, long, conflicts_with_all = ["recipients", "files", "identities"])]
    passphrase: bool,
    /// Encrypt with the passphrase in this file (its last newline does not count)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipients", "files", "identities", "passphrase"])]
    passphrase_file: Option<PathBuf>,
    /// Write text instead of bytes
    #[arg(short, long)]
    armor: bool,
    #[command(flatten)]
    ends: Ends,
}

enum To {
    Recipients(Vec<Recipient>),
    Passphrase(SecretBytes),
}

/// Runs `seal age encrypt`.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    if io.output_is_terminal() && args.ends.output.is_none() && !args.armor {
        return Err(CliError::usage("an age file is no text for a terminal")
            .hint("write it to a file with -o, or as text with --armor; -o - prints it anyway"));
    }
    let to = whom(args, io)?;
    let mut rng = io.rng();
    let mut input = args.ends.reader(io)?;
    args.ends.write(false, io, |output| {
        let writer = match &to {
            To::Recipients(recipients) => stream::encrypt_to(output, args.armor, recipients, &[], &mut rng),
            To::Passphrase(passphrase) => stream::encrypt_with_passphrase(output, args.armor, passphrase, LOG_N, &mut rng),
        };
        let mut writer = writer.map_err(|error| refused(&error))?;
        pipe::copy(&args.ends.name(), &mut input, &mut writer)?;
        writer.finish().map(|_| ()).map_err(|error| pipe::write_error(&error))
    })?;
    Ok(Exit::DONE)
}

fn whom(args: &Args, io: &mut Io) -> Result<To, CliError> {
    if let Some(path) = &args.passphrase_file {
        return super::decrypt::passphrase_of(path, io).map(To::Passphrase);
    }
    if args.passphrase {
        return ask(io).map(To::Passphrase);
    }
    let mut recipients = args.recipients.resolve(args.plugins, io)?;
    if !args.identities.is_empty() {
        let named = IdentityArgs { identities: args.identities.clone(), plugins: args.plugins };
        let found = named.search(io)?;
        let of_identities = found.identities.iter().map(|identity| identity.recipient().cloned());
        recipients.extend(of_identities.collect::<Option<Vec<_>>>().ok_or_else(|| {
            CliError::usage("the recipient of a plugin's identity is not known").hint("give it with --recipient")
        })?);
    }
    let mut seen = std::collections::HashSet::new();
    recipients.retain(|recipient| seen.insert(recipient.clone()));
    if recipients.is_empty() {
        return Err(CliError::usage("there is nobody to encrypt for").hint("give --recipient, --recipients-file or --passphrase"));
    }
    Ok(To::Recipients(recipients))
}

fn ask(io: &mut Io) -> Result<SecretBytes, CliError> {
    if !io.can_ask() {
        return Err(CliError::usage("there is nobody to ask for a passphrase").hint("give it with --passphrase-file"));
    }
    let first = io.ask_hidden("Passphrase (leave empty to have one made): ")?;
    if first.is_empty() {
        let made = generated(io);
        io.say(format_args!("The passphrase is: {made}"));
        return Ok(made.into());
    }
    if io.ask_hidden("The same again: ")? != first {
        return Err(CliError::failed("the two passphrases differ; nothing was written"));
    }
    Ok(first)
}

fn generated(io: &mut Io) -> String {
    let mut rng = io.rng();
    let group =
        |length: usize| -> String { (0..length).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect() };
    GROUPS.map(group).join("-")
}

fn refused(error: &EncryptError) -> CliError {
    match error {
        EncryptError::Mixed { .. } => CliError::usage(error.to_string()).hint("make one file for each kind"),
        EncryptError::Io(std::io::ErrorKind::BrokenPipe) => CliError::failed(""),
        _ => CliError::failed(error.to_string()),
    }
}
