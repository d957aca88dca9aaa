//! The real programs ours are held against: from `SEAL_PEERS_DIR` if set, else built once from `tests/peers`.

use crate::tools;
use anyhow::{Context, Result, bail, ensure};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What can be built, and how the program learns its own version (some suites ask for it).
const TOOLS: [(&str, &str, &str, &str); 11] = [
    ("age", "tests/peers/sops", "filippo.io/age/cmd/age", ""),
    ("age-inspect", "tests/peers/sops", "filippo.io/age/cmd/age-inspect", ""),
    ("age-keygen", "tests/peers/sops", "filippo.io/age/cmd/age-keygen", ""),
    ("age-plugin-batchpass", "tests/peers/sops", "filippo.io/age/cmd/age-plugin-batchpass", ""),
    ("age-plugin-pq", "tests/peers/sops", "filippo.io/age/extra/age-plugin-pq", ""),
    ("sops", "tests/peers/sops", "github.com/getsops/sops/v3/cmd/sops", ""),
    ("openbench", "tests/peers", "sealkit.dev/tests/peers/openbench", ""),
    ("templates", "tests/peers", "sealkit.dev/tests/peers/templates", ""),
    ("kubeseal", "tests/peers", "github.com/bitnami/sealed-secrets/cmd/kubeseal", "-X main.VERSION=0.40.0"),
    ("sealed-secrets-controller", "tests/peers", "github.com/bitnami/sealed-secrets/cmd/controller", "-X main.VERSION=0.40.0"),
    ("kustomize", "tests/deploy", "sigs.k8s.io/kustomize/kustomize/v5", ""),
];

/// A peer's program, or nothing after saying loudly why. Tests return early then; under `CI=true` it panics instead,
/// because a comparison that silently does not happen is no comparison.
pub fn tool(name: &str) -> Option<PathBuf> {
    match find(name) {
        Ok(path) => Some(path),
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error:#}"),
        Err(error) => {
            eprintln!("\n*** NOT COMPARED with the real {name}: {error:#} ***\n");
            None
        }
    }
}

fn find(name: &str) -> Result<PathBuf> {
    // The tests of one suite ask at the same time; one of them builds, the others find it built.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILDING.lock();
    if let Some(dir) = std::env::var_os("SEAL_PEERS_DIR").map(PathBuf::from) {
        let path = dir.join(name);
        ensure!(path.is_file(), "SEAL_PEERS_DIR={} has no {name}", dir.display());
        return Ok(path);
    }
    let Some((_, module, package, ldflags)) = TOOLS.iter().find(|(tool, ..)| *tool == name) else {
        bail!("no peer is called {name}")
    };
    let module = tools::repository().join(module);
    let dir = tools::target().join("tools/bin");
    let (path, stamp) = (dir.join(name), dir.join(format!("{name}.built-from")));
    let wanted = digest(&module, package, ldflags)?;
    if !path.is_file() || std::fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        std::fs::create_dir_all(&dir)?;
        build(&module, package, ldflags, &path)?;
        std::fs::write(&stamp, wanted)?;
    }
    Ok(path)
}

/// Built beside its place and renamed into it, so that two suites starting together do not run half a program.
fn build(module: &Path, package: &str, ldflags: &str, path: &Path) -> Result<()> {
    eprintln!("building {package} once (a minute with a cold cache)");
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let mut go = Command::new("go");
    go.current_dir(module).args(["build", "-trimpath", &format!("-ldflags=-s -w {ldflags}"), "-o"]).arg(&part).arg(package);
    let status = go.status().context("cannot run go; install Go or set SEAL_PEERS_DIR to a folder with the peers' programs")?;
    ensure!(status.success(), "go build {package} failed ({status})");
    Ok(std::fs::rename(&part, path)?)
}

/// Of what the program is built from; a program of our own is one file.
fn digest(module: &Path, package: &str, ldflags: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    ldflags.hash(&mut hasher);
    let own = package.strip_prefix("sealkit.dev/tests/peers/").map(|folder| format!("{folder}/main.go"));
    for file in ["go.mod", "go.sum"].into_iter().chain(own.as_deref()) {
        std::fs::read(module.join(file))
            .with_context(|| format!("cannot read {file} of {}", module.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
