//! Writing files so that a failed run leaves the old content: a temporary neighbour, flushed, then renamed over the target.
//!
//! Links are followed, so a linked manifest stays a link; permissions of an existing file are kept.

use crate::{io::reason, report::CliError};
use seal_secret::SecretBytes;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Replaces or creates a file. New files get the mode the user's umask gives.
pub fn atomically(path: &Path, bytes: &SecretBytes) -> Result<(), CliError> {
    replace(path, bytes, 0o666).map_err(|error| CliError::failed(format!("cannot write {}: {}", path.display(), reason(&error))))
}

/// As [`atomically`], but a new file is readable by its owner only: for plaintext and private keys.
pub fn private(path: &Path, bytes: &SecretBytes) -> Result<(), CliError> {
    replace(path, bytes, 0o600).map_err(|error| CliError::failed(format!("cannot write {}: {}", path.display(), reason(&error))))
}

/// Into something that is no ordinary file: a pipe, a terminal, `/dev/null`.
pub fn into(path: &Path, bytes: &SecretBytes) -> Result<(), CliError> {
    let written = std::fs::OpenOptions::new().write(true).open(path).and_then(|mut target| target.write_all(bytes.expose()));
    written.map_err(|error| CliError::failed(format!("cannot write {}: {}", path.display(), reason(&error))))
}

/// Several files as one step: all are written beside their targets before the first is renamed, so running out of space or rights
/// half-way leaves every old file as it was.
pub fn all_atomically(files: &[(&Path, &SecretBytes)]) -> Result<(), CliError> {
    let failed =
        |path: &Path, error: &std::io::Error| CliError::failed(format!("cannot write {}: {}", path.display(), reason(error)));
    let mut staged = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        staged.push((path, stage(path, bytes, 0o666).map_err(|error| failed(path, &error))?));
    }
    for (path, (file, target)) in staged {
        file.persist(&target).map_err(|error| failed(path, &error.error))?;
    }
    Ok(())
}

/// As [`private`], and refused when the file exists: for keys, which must not be lost to a second run.
pub fn new_private(path: &Path, bytes: &SecretBytes) -> Result<(), CliError> {
    let write = || -> std::io::Result<()> {
        let (mut file, target, _) = beside(path, 0o600)?;
        file.write_all(bytes.expose())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(target).map(|_| ()).map_err(|error| error.error)
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CliError::failed(format!("{} exists already", path.display())).hint("choose another name, or move the old file away")
        }
        _ => CliError::failed(format!("cannot write {}: {}", path.display(), reason(&error))),
    })
}

/// A file written piece by piece: the old content stays until `work` has succeeded.
pub fn streamed<T>(
    path: &Path,
    is_private: bool,
    work: impl FnOnce(&mut dyn Write) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let failed = |error: std::io::Error| CliError::failed(format!("cannot write {}: {}", path.display(), reason(&error)));
    let (file, target, existing) = beside(path, if is_private { 0o600 } else { 0o666 }).map_err(failed)?;
    let mut writer = std::io::BufWriter::with_capacity(64 << 10, file);
    let done = work(&mut writer)?;
    let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    keep(&file, existing).map_err(failed)?;
    file.persist(target).map_err(|error| failed(error.error))?;
    Ok(done)
}

fn replace(path: &Path, bytes: &SecretBytes, mode: u32) -> std::io::Result<()> {
    let (file, target) = stage(path, bytes, mode)?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// The new content beside the file it is for, on disk, with the permissions it will have.
fn stage(path: &Path, bytes: &SecretBytes, mode: u32) -> std::io::Result<(tempfile::NamedTempFile, PathBuf)> {
    let (mut file, target, existing) = beside(path, mode)?;
    file.write_all(bytes.expose())?;
    keep(&file, existing)?;
    Ok((file, target))
}

type Permissions = Option<std::fs::Permissions>;

/// An empty neighbour of a file, the file itself, and the permissions of what is there.
fn beside(path: &Path, mode: u32) -> std::io::Result<(tempfile::NamedTempFile, PathBuf, Permissions)> {
    let target = follow(path)?;
    let existing = match std::fs::metadata(&target) {
        Ok(metadata) if !metadata.is_file() => return Err(std::io::Error::other("not an ordinary file")),
        Ok(metadata) => Some(metadata.permissions()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".seal-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    Ok((builder.tempfile_in(folder)?, target, existing))
}

fn keep(file: &tempfile::NamedTempFile, existing: Permissions) -> std::io::Result<()> {
    if let Some(permissions) = existing {
        file.as_file().set_permissions(permissions)?;
        // The rename must not reach the disk before the content: there is an old content to lose.
        file.as_file().sync_all()?;
    }
    Ok(())
}

/// The file behind a chain of links, even when the last one does not exist yet.
fn follow(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many levels of symbolic links"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::{all_atomically, atomically, private};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &std::path::Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_existing_file_keeps_its_permissions_and_a_private_one_is_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        atomically(&path, &"new".to_owned().into()).unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o640));
        private(&folder.path().join("key.pem"), &"k".to_owned().into()).unwrap();
        assert_eq!(mode(&folder.path().join("key.pem")), 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside the files");
    }

    #[test]
    fn a_link_stays_a_link_and_its_target_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.yaml"), folder.path().join("link.yaml"));
        std::fs::write(&real, "old").unwrap();
        symlink("real.yaml", &link).unwrap();
        atomically(&link, &"new".to_owned().into()).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
    }

    #[test]
    fn several_files_change_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("a"), folder.path().join("none/b"));
        std::fs::write(&good, "old").unwrap();
        let bytes = "new".to_owned().into();
        assert!(all_atomically(&[(&good, &bytes), (&bad, &bytes)]).unwrap_err().message.contains("none/b"));
        assert_eq!(std::fs::read_to_string(&good).unwrap(), "old");
        all_atomically(&[(&good, &bytes)]).unwrap();
        assert_eq!(std::fs::read_to_string(&good).unwrap(), "new");
    }

    #[test]
    fn a_folder_or_a_missing_parent_is_refused_with_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let message = atomically(folder.path(), &"x".to_owned().into()).unwrap_err().message;
        assert!(message.ends_with("not an ordinary file"), "{message}");
        let message = atomically(&folder.path().join("no/such/a.yaml"), &"x".to_owned().into()).unwrap_err().message;
        assert!(message.ends_with("no such file or directory"), "{message}");
    }
}
