//! `seal man FOLDER`: one manual page per verb.

use crate::{Exit, Io, args::Cli, report::CliError, write};
use clap::CommandFactory;
use std::path::PathBuf;

/// Flags of `seal man`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder for the pages (seal.1, seal-encrypt.1, ...); it must exist
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes the pages.
pub fn run(args: Args, _io: &mut Io) -> Result<Exit, CliError> {
    let mut root = Cli::command();
    root.build();
    page(&root, "seal", &args.folder)?;
    Ok(Exit::DONE)
}

/// The page of a command, then those of its subcommands.
fn page(command: &clap::Command, name: &str, folder: &std::path::Path) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone().name(name.to_owned()))
        .render(&mut text)
        .map_err(|error| CliError::failed(format!("cannot make the page of {name}: {error}")))?;
    write::atomically(&folder.join(format!("{name}.1")), &text.into())?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        page(verb, &format!("{name}-{}", verb.get_name()), folder)?;
    }
    Ok(())
}
