//! `seal run FILE -- CMD`: a command with the values of a SOPS file, which never touch a disk or a command line.

use crate::{
    Exit, Io,
    report::CliError,
    sops::{self, OpenArgs},
};
use std::{ffi::OsString, path::PathBuf};

/// Flags of `seal run`.
#[derive(clap::Args)]
#[command(after_help = "The exit code is the command's own; 2 or 3 with a message of seal when it was not started.")]
pub struct Args {
    /// SOPS file
    file: PathBuf,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
    /// How the values are handed over
    #[arg(long = "as", value_enum, value_name = "WAY", default_value = "env")]
    way: Way,
    /// Take the values of this map only; with --as fd, this value or map
    #[arg(long, value_name = "PATH")]
    key: Option<String>,
    /// With --as fd: write the text as yaml, json, dotenv, ini or binary [default: the file's own type]
    #[arg(long, value_name = "TYPE")]
    output_type: Option<seal_sops::Store>,
    /// Start the command with no other variables
    #[arg(long)]
    pristine: bool,
    #[command(flatten)]
    open: OpenArgs,
}

/// How values reach a command.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    /// As environment variables: the keys of a Secret, else the keys at the top of the file
    Env,
    /// The text in clear behind a file descriptor; `{}` in the command becomes its path
    Fd,
}

/// Runs `seal run`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let request = sops::run::Request {
        path: &args.file,
        command: &args.command,
        key: args.key.as_deref(),
        descriptor: (args.way == Way::Fd).then_some(args.output_type),
        pristine: args.pristine,
    };
    sops::run::run(&request, &args.open, io)
}
