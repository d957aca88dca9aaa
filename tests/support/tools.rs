//! Where the Kubernetes servers come from: `KUBEBUILDER_ASSETS` if set, else built once from `tests/control-plane`.

use anyhow::{Context, Result, ensure};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names envtest gives the servers.
pub const SERVERS: [&str; 3] = ["etcd", "kube-apiserver", "kube-controller-manager"];
const VERSION: &str = "k8s.io/component-base/version";

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is inside the repository")
}

/// The build directory this program runs from; tools are kept beside its profiles.
pub fn target() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    exe.ancestors()
        .find(|dir| dir.file_name().is_some_and(|name| name == "debug" || name == "release"))
        .and_then(Path::parent)
        .map_or_else(|| repository().join("target"), Path::to_owned)
}

/// A program of this workspace's build, such as `controller-under-test`.
///
/// # Errors
/// When it was not built; `cargo test -p seal-tests` builds it.
pub fn built(name: &str) -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let dir = exe.ancestors().find(|dir| dir.join(name).is_file());
    dir.map(|dir| dir.join(name)).with_context(|| format!("{name} is not built, run `cargo build -p seal-tests --bins`"))
}

/// A directory holding the three servers under their names.
///
/// # Errors
/// When `KUBEBUILDER_ASSETS` lacks one, or Go is missing or fails.
pub fn control_plane() -> Result<PathBuf> {
    if let Some(assets) = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from) {
        for server in SERVERS {
            ensure!(assets.join(server).is_file(), "KUBEBUILDER_ASSETS={} has no {server}", assets.display());
        }
        return Ok(assets);
    }
    let source = repository().join("tests/control-plane");
    let dir = target().join("tools/control-plane");
    let key = digest(&[source.join("main.go"), source.join("go.mod"), source.join("go.sum")])?;
    let stamp = dir.join("built-from");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(key.as_str()) {
        build(&source, &dir)?;
        std::fs::write(&stamp, key)?;
    }
    Ok(dir)
}

fn build(source: &Path, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    eprintln!("building the Kubernetes servers once (about five minutes with a cold cache)");
    let part = dir.join(format!("control-plane.{}", std::process::id()));
    let ldflags = format!("-s -w -X {VERSION}.gitVersion=v1.36.3 -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor=36");
    let status = Command::new("go")
        .current_dir(source)
        .args(["build", "-trimpath", &format!("-ldflags={ldflags}"), "-o"])
        .arg(&part)
        .arg(".")
        .status()
        .context("cannot run go; install Go or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager")?;
    ensure!(status.success(), "go build in tests/control-plane failed ({status})");
    std::fs::rename(&part, dir.join("control-plane"))?;
    for server in SERVERS {
        let link = dir.join(server);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink("control-plane", &link)?;
    }
    Ok(())
}

fn digest(files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
