//! `seal unset FILE KEY...`: removes values from a file in place. It needs no certificate and no key.

use crate::{
    Exit, Io,
    report::{self, CliError},
    sops,
    target::{Target, Which},
};
use seal_core::merge::{self, Change};
use std::path::PathBuf;

/// Flags of `seal unset`.
#[derive(clap::Args)]
pub struct Args {
    /// File with the SealedSecret, or a SOPS file
    file: PathBuf,
    /// Keys to remove; in a SOPS file their paths
    #[arg(required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    sops: sops::OpenArgs,
}

/// Runs `seal unset`.
pub fn run(args: Args, io: &mut Io) -> Result<Exit, CliError> {
    if let Some(sealed) = sops::file::given(&args.file, &args.sops, io)? {
        return sops::set::unset(sealed, &args.file, &args.keys, &args.sops, io);
    }
    let target = Target::load(&args.file, &args.which, io)?;
    let mut remove = args.keys;
    remove.sort();
    remove.dedup();
    let change = Change { remove, ..Change::default() };
    let plan = merge::plan_removal(&target.object, &target.prefix, &change).map_err(|error| {
        let known = target.object.items.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        target.refuse(&error).hint(format!("its items are: {known}"))
    })?;
    target.apply(&plan)?;
    report::changes(&target, &plan, io);
    Ok(Exit::DONE)
}
