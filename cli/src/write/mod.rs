//! Writing files so that a failed or killed run leaves the old content and nothing else: the new content has no name (see `staged`)
//! until it is complete, then it takes the place of the old one.
//!
//! Links are followed, so a linked manifest stays a link; permissions of an existing file are kept.

mod staged;

use crate::{io::reason, report::CliError};
use seal_secret::SecretBytes;
use staged::Staged;
use std::{io::Write, path::Path};

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
    for (path, file) in staged {
        file.put_in_place().map_err(|error| failed(path, &error))?;
    }
    Ok(())
}

/// As [`private`], and refused when the file exists: for keys, which must not be lost to a second run.
pub fn new_private(path: &Path, bytes: &SecretBytes) -> Result<(), CliError> {
    let write = || -> std::io::Result<()> {
        let mut staged = Staged::for_file(path, 0o600)?;
        staged.file().write_all(bytes.expose())?;
        staged.file().sync_all()?;
        staged.put_in_empty_place()
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
    let mut staged = Staged::for_file(path, if is_private { 0o600 } else { 0o666 }).map_err(failed)?;
    let mut writer = std::io::BufWriter::with_capacity(64 << 10, staged.file());
    let done = work(&mut writer)?;
    writer.into_inner().map_err(|error| failed(error.into_error()))?;
    staged.put_in_place().map_err(failed)?;
    Ok(done)
}

fn replace(path: &Path, bytes: &SecretBytes, mode: u32) -> std::io::Result<()> {
    stage(path, bytes, mode)?.put_in_place()
}

fn stage(path: &Path, bytes: &SecretBytes, mode: u32) -> std::io::Result<Staged> {
    let mut staged = Staged::for_file(path, mode)?;
    staged.file().write_all(bytes.expose())?;
    Ok(staged)
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
