//! `seal set FILE KEY`: one value, sealed into a file in place. The value never stands on the command line.

use crate::{
    Exit, Io,
    certificate::{CertArgs, Certificates},
    recovery::{Need, RecoveryArgs},
    report::{self, CliError},
    sops,
    target::{Target, Which},
};
use seal_core::merge::Change;
use seal_secret::SecretBytes;
use std::{collections::BTreeMap, path::PathBuf};

/// Flags of `seal set`.
#[derive(clap::Args)]
pub struct Args {
    /// File with the SealedSecret, or a SOPS file
    file: PathBuf,
    /// Key of the value, new or present; in a SOPS file its path: stringData.password, users[0].name
    key: String,
    /// Caught so that a value typed here is refused without being repeated.
    #[arg(hide = true, num_args = 0..)]
    rest: Vec<std::ffi::OsString>,
    /// Read the value from standard input (the default when it is not a terminal)
    #[arg(long, conflicts_with = "from_file")]
    from_stdin: bool,
    /// Read the value from a file
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// Take one newline off the end of the value
    #[arg(long)]
    strip_newline: bool,
    /// Accept an empty value
    #[arg(long)]
    allow_empty: bool,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    cert: CertArgs,
    #[command(flatten)]
    recovery: RecoveryArgs,
    #[command(flatten)]
    how: sops::set::SetArgs,
    #[command(flatten)]
    sops: sops::OpenArgs,
}

/// Runs `seal set`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if !args.rest.is_empty() {
        return Err(CliError::usage("a value on the command line is seen by others and kept in histories, so it is not taken")
            .hint("pipe it in, give --from-file, or leave it out to be asked"));
    }
    if let Some(sealed) = sops::file::given(&args.file, &args.sops, io)? {
        let value = value(&args, &args.file.display().to_string(), io)?;
        return sops::set::set(sealed, &args.file, &args.key, value, &args.how, &args.sops, io);
    }
    let target = Target::load(&args.file, &args.which, io)?;
    let sealing = Certificates::default().for_file(&args.cert, &args.file, io)?;
    let keyring = args.recovery.keyring(&args.sops.identity, Need::Rsa, io)?;
    let value = value(&args, &target.described(), io)?;
    let change = Change { set: BTreeMap::from([(args.key, value)]), ..Change::default() };
    target.seal(&change, &sealing.to, keyring.as_ref(), io)?;
    Ok(Exit::DONE)
}

fn value(args: &Args, described: &str, io: &mut Io) -> Result<SecretBytes, CliError> {
    let mut value = match &args.from_file {
        Some(path) => io.read(path)?,
        None if args.from_stdin || !io.input_is_terminal() => io.read_input()?,
        None => io.ask_hidden(&format!("Value of {} for {described}: ", args.key))?,
    };
    if args.strip_newline {
        let bytes = value.expose();
        let stripped = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n"));
        value = stripped.map(|stripped| SecretBytes::from(stripped.to_vec())).unwrap_or(value);
    } else if value.expose().iter().position(|&byte| byte == b'\n') == value.len().checked_sub(1) && !value.is_empty() {
        report::warning("the value ends with a newline, which becomes part of the secret (--strip-newline takes it off)", io);
    }
    if value.is_empty() && !args.allow_empty {
        return Err(CliError::failed("the value is empty").hint("if that is meant, pass --allow-empty"));
    }
    Ok(value)
}
