//! `seal completions SHELL`: a completion script on standard output.

use crate::{Exit, Io, args::Cli, report::CliError};
use clap::CommandFactory;

/// Flags of `seal completions`.
#[derive(clap::Args)]
pub struct Args {
    /// The shell to complete in
    shell: clap_complete::Shell,
}

/// Prints the script.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seal", &mut script);
    io.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::DONE)
}
