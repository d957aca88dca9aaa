//! Where an editor finds plaintext: a folder in memory (tmpfs) that only the user may enter. Refuses disks unless told otherwise.

use crate::{Io, io::reason, report::CliError};
use seal_secret::SecretBytes;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// A folder with one file in it; editors may leave their swap files there. Gone when dropped.
pub struct Desk {
    /// The file to edit.
    pub file: PathBuf,
    folder: tempfile::TempDir,
}

impl Desk {
    /// A desk whose file has this name (its ending tells editors what it is).
    pub fn new(name: &str, allow_disk: bool, io: &Io) -> Result<Self, CliError> {
        let places = [Some("/dev/shm"), io.env("XDG_RUNTIME_DIR")].into_iter().flatten().map(Path::new);
        let place = match places.into_iter().find(|path| is_in_memory(path)) {
            Some(place) => place.to_owned(),
            None if allow_disk => std::env::temp_dir(),
            None => {
                return Err(CliError::failed("there is no file system in memory for the values")
                    .hint("pass --allow-disk to use the temporary folder, or change values one by one with `seal set`"));
            }
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix("seal-edit-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder
            .tempdir_in(&place)
            .map_err(|error| CliError::failed(format!("cannot make a folder in {}: {}", place.display(), reason(&error))))?;
        Ok(Self { file: folder.path().join(name), folder })
    }

    /// The folder, for the editor's own temporary files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lays a text on the desk.
    pub fn put(&self, text: &SecretBytes) -> Result<(), CliError> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&self.file)
            .and_then(|mut file| file.write_all(text.expose()))
            .map_err(|error| CliError::failed(format!("cannot write {}: {}", self.file.display(), reason(&error))))
    }

    /// What is on it now.
    pub fn text(&self, io: &Io) -> Result<SecretBytes, CliError> {
        io.read_file(&self.file)
    }
}

/// True for a folder on tmpfs: what is written there never reaches a disk by itself.
#[cfg(target_os = "linux")]
fn is_in_memory(path: &Path) -> bool {
    const TMPFS: rustix::fs::FsWord = 0x0102_1994;
    rustix::fs::statfs(path).is_ok_and(|found| found.f_type == TMPFS)
}

/// Other systems have no such file system that every user can count on.
#[cfg(not(target_os = "linux"))]
fn is_in_memory(_path: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_desk_is_in_memory_for_its_owner_only_and_goes_away() {
        let (io, ..) = Io::scripted(b"", 0, &[]);
        let desk = Desk::new("app.yaml", false, &io).unwrap();
        desk.put(&"a: 1\n".to_owned().into()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(desk.folder()), mode(&desk.file)), (0o700, 0o600));
        assert!(is_in_memory(desk.folder()) && desk.text(&io).unwrap() == "a: 1\n".to_owned().into());
        let place = desk.folder().to_owned();
        drop(desk);
        assert!(!place.exists());
    }

    #[test]
    fn proc_is_no_file_system_in_memory() {
        assert!(is_in_memory(Path::new("/dev/shm")) && !is_in_memory(Path::new("/proc")));
        assert!(!is_in_memory(Path::new("/no/such/folder")));
    }
}
