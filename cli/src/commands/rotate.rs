//! `seal rotate`: not built yet.

use crate::{Exit, Io, report::CliError};

/// Flags of the verb.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the verb.
pub fn run(_args: Args, _io: &mut Io) -> Result<Exit, CliError> {
    Err(CliError::failed("seal rotate is not built yet"))
}
