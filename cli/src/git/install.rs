//! `seal git install`: tells git which program shows and merges sealed files, and which files those are.

use super::{
    attributes,
    program::{Repository, configure, forget},
};
use crate::{Exit, Io, config::shown, report::CliError, sops::look, write};
use std::path::{Path, PathBuf};

/// Flags of `seal git install`.
#[derive(clap::Args)]
pub struct Args {
    /// For all repositories of this user; the lines of .gitattributes are then yours to write
    #[arg(long)]
    global: bool,
    /// Files to use it for, as patterns of .gitattributes [default: *.enc.*, *.sops.* and the SOPS files that are there]
    #[arg(long = "pattern", value_name = "PATTERN", conflicts_with = "global")]
    patterns: Vec<String>,
    /// Take it back
    #[arg(long, conflicts_with = "patterns")]
    remove: bool,
}

/// Names of files that are taken for sealed ones wherever they are.
const NAMES: [&str; 2] = ["*.enc.*", "*.sops.*"];

/// Runs it in the working folder.
pub fn run(args: &Args, io: &mut Io) -> Result<Exit, CliError> {
    let here = Path::new(".");
    let scope = if args.global { "--global" } else { "--local" };
    let repository = if args.global { None } else { Some(Repository::around(here)?) };
    let folder = repository.as_ref().map_or(here, |repository| &repository.top);
    if args.remove {
        forget(folder, scope, "diff.seal")?;
        forget(folder, scope, "merge.seal")?;
        if let Some(repository) = &repository {
            change(repository, attributes::without)?;
        }
        io.say(format_args!("git no longer calls seal here"));
        return Ok(Exit::DONE);
    }
    let program = program(io);
    for (key, value) in [
        ("diff.seal.textconv", format!("{program} git textconv")),
        // The cache would keep values in clear in the repository's own objects.
        ("diff.seal.cachetextconv", "false".to_owned()),
        ("merge.seal.name", "merge sealed files key by key".to_owned()),
        ("merge.seal.driver", format!("{program} git merge %O %A %B %P --marker-size %L")),
    ] {
        configure(folder, scope, key, &value)?;
    }
    match &repository {
        None => io.say(format_args!("add lines such as `*.enc.* {}` to the .gitattributes of a repository", attributes::DRIVERS)),
        Some(repository) => attach(repository, &args.patterns, io)?,
    }
    io.say(format_args!("git diff, log and show open sealed files with your keys; branches that change different keys merge"));
    Ok(Exit::DONE)
}

fn attach(repository: &Repository, given: &[String], io: &mut Io) -> Result<(), CliError> {
    let mut patterns = given.to_vec();
    if given.is_empty() {
        patterns.extend(NAMES.map(str::to_owned));
        let tracked = repository.tracked()?;
        let sealed = tracked.iter().filter(|path| look::is_sops_file(&repository.top.join(path)));
        patterns.extend(attributes::patterns_for(sealed.map(String::as_str)));
    }
    match change(repository, |text| attributes::with(text, &patterns))? {
        Some(path) => io.say(format_args!("{}: commit it, so that everyone's git knows these files", shown(&path))),
        None => io.say(format_args!(".gitattributes has these files already")),
    }
    Ok(())
}

/// Edits `.gitattributes` at the top of a repository; gives its path when it changed.
fn change(repository: &Repository, edit: impl FnOnce(&str) -> Option<String>) -> Result<Option<PathBuf>, CliError> {
    let path = repository.top.join(".gitattributes");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CliError::failed(format!("cannot read {}: {}", path.display(), crate::io::reason(&error)))),
    };
    let Some(new) = edit(&text) else { return Ok(None) };
    write::atomically(&path, &new.into())?;
    Ok(Some(path))
}

/// How git, which asks a shell, starts this program: by name where the name leads here, else by its path.
fn program(io: &Io) -> String {
    let own = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
    let by_name = io.env("PATH").and_then(|path| {
        std::env::split_paths(path).map(|folder| folder.join("seal")).find(|path| path.is_file())?.canonicalize().ok()
    });
    match own {
        Some(own) if by_name.as_ref() != Some(&own) => format!("'{}'", own.display().to_string().replace('\'', "'\\''")),
        _ => "seal".to_owned(),
    }
}
