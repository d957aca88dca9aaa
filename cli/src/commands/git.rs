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
    /// End a conflict in a sealed file: take a side, or edit both in clear
    Resolve(git::resolve::Args),
    /// Print a file in clear for git diff (git calls this)
    Textconv(git::textconv::Args),
    /// Merge three versions of a file (git calls this)
    Merge(git::merge::Args),
}

/// Runs `seal git`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::Install(args) => git::install::run(&args, io),
        What::Resolve(args) => git::resolve::run(&args, io),
        What::Textconv(args) => git::textconv::run(&args, io),
        What::Merge(args) => git::merge::run(&args, io),
    }
}
