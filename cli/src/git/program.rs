//! Asking git, the program. Only for what its configuration and index know; no sealed content is handed to it in clear.

use crate::{io::reason, report::CliError};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A repository's working tree.
pub struct Repository {
    /// Its top folder.
    pub top: PathBuf,
}

impl Repository {
    /// The repository around a folder.
    pub fn around(folder: &Path) -> Result<Self, CliError> {
        let output = run(folder, ["rev-parse", "--show-toplevel"])?;
        let text = String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned();
        if !output.status.success() || text.is_empty() {
            return Err(CliError::failed("this is not the working tree of a git repository").hint("go there, or give --global"));
        }
        Ok(Self { top: text.into() })
    }

    /// Paths of all tracked files, relative to the top.
    pub fn tracked(&self) -> Result<Vec<String>, CliError> {
        let output = succeeded(run(&self.top, ["ls-files", "-z"])?, "list the tracked files")?;
        let paths = output.stdout.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        Ok(paths.filter_map(|path| String::from_utf8(path.to_vec()).ok()).collect())
    }

    /// One side of an unmerged file: 1 is the common ancestor, 2 ours, 3 theirs. `None` when that side has no such file.
    pub fn stage(&self, stage: u8, path: &Path) -> Result<Option<Vec<u8>>, CliError> {
        let relative = path.to_str().ok_or_else(|| CliError::failed(format!("{}: the name is not UTF-8", path.display())))?;
        let output = run(&self.top, ["cat-file", "blob", &format!(":{stage}:{relative}")])?;
        Ok(output.status.success().then_some(output.stdout))
    }
}

/// Sets a configuration value, of this repository or of the user.
pub fn configure(folder: &Path, scope: &str, key: &str, value: &str) -> Result<(), CliError> {
    succeeded(run(folder, ["config", scope, key, value])?, &format!("set {key}")).map(drop)
}

/// Takes a whole section out of the configuration; one that is not there is fine.
pub fn forget(folder: &Path, scope: &str, section: &str) -> Result<(), CliError> {
    run(folder, ["config", scope, "--remove-section", section]).map(drop)
}

/// Git's own line-by-line merge of three files into the first; its exit code is the number of conflicts.
pub fn merge_lines(ours: &Path, base: &Path, theirs: &Path, marker: usize) -> Result<bool, CliError> {
    let size = format!("--marker-size={marker}");
    let mut command = Command::new("git");
    command.args(["merge-file", &size, "-L", "ours", "-L", "base", "-L", "theirs"]).args([ours, base, theirs]);
    let output = command.output().map_err(|error| missing(&error))?;
    match output.status.code() {
        Some(0) => Ok(true),
        Some(1..=127) => Ok(false),
        _ => Err(CliError::failed("git merge-file failed")),
    }
}

fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Output, CliError> {
    Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(|error| missing(&error))
}

fn missing(error: &std::io::Error) -> CliError {
    CliError::failed(format!("cannot start git: {}", reason(error)))
}

fn succeeded(output: Output, doing: &str) -> Result<Output, CliError> {
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(CliError::failed(format!("git could not {doing}: {}", said.trim())))
}
