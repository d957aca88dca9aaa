//! `seal rekey`: makes the SOPS files of a tree open for exactly the keys that their rules name.

use crate::{
    Exit, Io,
    report::{CliError, OutputArg},
    sops::{OpenArgs, rekey},
};
use std::path::PathBuf;

/// Flags of `seal rekey`.
#[derive(clap::Args)]
pub struct Args {
    /// SOPS files, or folders with them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// As --dry-run, and end with 1 when anything is to be done
    #[arg(long)]
    check: bool,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
    /// Make a new data key for every file, also where nobody is taken out
    #[arg(long)]
    rotate: bool,
    /// Accept post-quantum beside classic recipients: the file is then as strong as the classic ones
    #[arg(long)]
    allow_half_post_quantum: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    output: OutputArg,
    #[command(flatten)]
    open: OpenArgs,
}

/// Runs `seal rekey`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    let request = rekey::Request {
        paths: &args.paths,
        always: args.rotate,
        dry_run: args.dry_run,
        check: args.check,
        yes: args.yes,
        half_post_quantum: args.allow_half_post_quantum,
        output: args.output,
    };
    rekey::run(&request, &args.open, io)
}
