//! `seal sops ...`: sops' own command line, unread by ours.

use crate::{Exit, Io, report::CliError, sopsalias};
use std::ffi::OsString;

/// Everything after the verb.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// sops' verbs and flags; `seal sops --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

/// Runs it; the exit code is that of sops.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    Ok(sopsalias::run(args.rest, io))
}
