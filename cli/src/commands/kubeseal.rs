//! `seal kubeseal ...`: kubeseal's own command line, unread by ours.

use crate::{Exit, Io, kubeseal, report::CliError};
use std::ffi::OsString;

/// Everything after the verb.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// kubeseal's flags; `seal kubeseal --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    rest: Vec<OsString>,
}

/// Runs it; the exit code is kubeseal's (0, 1, 2).
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    Ok(kubeseal::run(args.rest, io))
}
