//! `seal git`: what git calls to show and merge sealed files, and the command that tells it so.

use crate::{Exit, Io, git, report::CliError};

/// Flags of `seal git`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do for git.
#[derive(clap::Subcommand)]
enum What {
    /// Make git diff, log, show and merge work on sealed files of this repository
    Install(git::install::Args),
}

/// Runs `seal git`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::Install(args) => git::install::run(&args, io),
    }
}
