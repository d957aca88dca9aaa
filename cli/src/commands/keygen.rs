//! `seal keygen`: age identities, as age-keygen makes and prints them. Refuses to overwrite a file, for a key in it may be the only one.

use crate::{Exit, Io, report::CliError, write};
use seal_crypto::age::{Identity, IdentityError, RecipientKind, parse_identities};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Flags of `seal keygen`.
#[derive(clap::Args)]
pub struct Args {
    /// Make a post-quantum identity (X25519 with ML-KEM-768)
    #[arg(long, visible_alias = "post-quantum", conflicts_with = "convert")]
    pq: bool,
    /// Write the identity here, readable by you alone; an existing file is never overwritten
    #[arg(short, long = "output-file", alias = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the recipients of an identity file instead of making one
    #[arg(short = 'y', long = "convert")]
    convert: bool,
    /// The identity file to convert, or - for standard input
    #[arg(value_name = "FILE", requires = "convert", default_value = "-", hide_default_value = true)]
    input: PathBuf,
}

/// Runs `seal keygen`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if args.convert { convert(&args.input, args.output.as_deref(), io) } else { generate(args.pq, args.output.as_deref(), io) }
}

fn generate(pq: bool, output: Option<&Path>, io: &mut Io) -> Result<Exit, CliError> {
    let kind = if pq { RecipientKind::PostQuantum } else { RecipientKind::X25519 };
    let identity = Identity::generate(kind, &mut io.rng()).expect("both kinds are made here");
    let recipient = identity.recipient().expect("what was made here has a recipient").to_string();
    let created = jiff::Timestamp::from_second(io.now()).map_err(|error| CliError::from_error(&error))?;
    let secret = identity.to_text().expect("what was made here has a text");
    let mut text = Zeroizing::new(Vec::with_capacity(recipient.len() + secret.len() + 128));
    text.extend_from_slice(format!("# created: {created}\n# public key: {recipient}\n").as_bytes());
    text.extend_from_slice(secret.expose());
    text.push(b'\n');
    match output.filter(|path| *path != Path::new("-")) {
        Some(path) => write::new_private(path, &text.into())?,
        None => io.print_secret(&text.into())?,
    }
    if output.is_some() || !io.output_is_terminal() {
        io.say(format_args!("Public key: {recipient}"));
    }
    Ok(Exit::DONE)
}

fn convert(input: &Path, output: Option<&Path>, io: &mut Io) -> Result<Exit, CliError> {
    let name = if input == Path::new("-") { "standard input".to_owned() } else { input.display().to_string() };
    let file = io.read(input)?;
    let identities = parse_identities(&name, &file).map_err(|error| {
        let failed = CliError::failed(error.to_string());
        match error {
            IdentityError::Encrypted(_) => failed.hint("open it first: `seal age decrypt FILE | seal keygen -y`"),
            _ => failed,
        }
    })?;
    let recipients: String =
        identities.iter().filter_map(Identity::recipient).map(|recipient| format!("{recipient}\n")).collect();
    match output.filter(|path| *path != Path::new("-")) {
        Some(path) => write::atomically(path, &recipients.into())?,
        None => io.print(&recipients)?,
    }
    Ok(Exit::DONE)
}
