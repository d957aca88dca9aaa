//! `seal age`: plain age files, as `age` makes and opens them. Content of any size passes through in constant memory.

mod decrypt;
mod encrypt;
mod inspect;
mod pipe;
#[cfg(test)]
mod tests;

use crate::{Exit, Io, report::CliError};

/// Flags of `seal age`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// What to do with age files.
#[derive(clap::Subcommand)]
enum What {
    /// Encrypt a file or standard input
    Encrypt(encrypt::Args),
    /// Decrypt a file or standard input
    Decrypt(decrypt::Args),
    /// Show whom a file is for and how large it is, without any key
    Inspect(inspect::Args),
}

/// Runs the verb.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    match args.what {
        What::Encrypt(args) => encrypt::run(&args, io),
        What::Decrypt(args) => decrypt::run(&args, io),
        What::Inspect(args) => inspect::run(&args, io),
    }
}
