//! The new content of a file before it takes the old one's place.
//!
//! On Linux it has no name: a run that is killed leaves nothing behind, whatever the content is. When it replaces a file it gets a
//! hidden name for the moment between two system calls, for the system can rename over a file but not link over one. Where the file
//! system or the rest has no nameless files, it is a hidden neighbour from the beginning, as elsewhere.

use std::{
    fs::{File, Permissions},
    io::{Error, ErrorKind, Result},
    path::{Path, PathBuf},
};

/// Content on its way to a file.
pub(super) struct Staged {
    file: File,
    /// Its name, unless it has none.
    name: Option<tempfile::TempPath>,
    target: PathBuf,
    /// Of the file that is there already.
    existing: Option<Permissions>,
}

impl Staged {
    /// Empty, for the file behind a path. If there is none yet, it will have this mode, less what the user's mask takes away.
    pub(super) fn for_file(path: &Path, mode: u32) -> Result<Staged> {
        let target = follow(path)?;
        let existing = match std::fs::metadata(&target) {
            Ok(metadata) if !metadata.is_file() => return Err(Error::other("not an ordinary file")),
            Ok(metadata) => Some(metadata.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(file) = nameless(folder(&target), mode) {
            return Ok(Staged { file, name: None, target, existing });
        }
        let (file, name) = neighbour(mode).tempfile_in(folder(&target))?.into_parts();
        Ok(Staged { file, name: Some(name), target, existing })
    }

    /// Where the content is written to.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Becomes the file, in place of the one that is there.
    pub(super) fn put_in_place(self) -> Result<()> {
        if let Some(permissions) = &self.existing {
            self.file.set_permissions(permissions.clone())?;
            // The rename must not reach the disk before the content: there is an old content to lose.
            self.file.sync_all()?;
        }
        let name = match self.name {
            Some(name) => name,
            None if self.existing.is_none() && link(&self.file, &self.target).is_ok() => return Ok(()),
            None => named(&self.file, folder(&self.target))?,
        };
        name.persist(&self.target).map_err(|error| error.error)
    }

    /// Becomes the file, unless there is one.
    pub(super) fn put_in_empty_place(self) -> Result<()> {
        let name = match self.name {
            Some(name) => name,
            None => match link(&self.file, &self.target) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => named(&self.file, folder(&self.target))?,
                done => return done,
            },
        };
        name.persist_noclobber(&self.target).map_err(|error| error.error)
    }
}

fn folder(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn neighbour(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".seal-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

#[cfg(target_os = "linux")]
fn nameless(folder: &Path, mode: u32) -> Option<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    openat(CWD, folder, flags, Mode::from_raw_mode(mode)).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_folder: &Path, _mode: u32) -> Option<File> {
    None
}

/// Gives a nameless file a name that nothing has yet.
#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _name: &Path) -> Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// The content under a hidden name: the same file, or a copy where the system cannot name it.
fn named(mut file: &File, folder: &Path) -> Result<tempfile::TempPath> {
    use std::io::{Seek, SeekFrom};
    if let Ok(named) = neighbour(0o600).make_in(folder, |name| link(file, name)) {
        return Ok(named.into_temp_path());
    }
    let mut copy = neighbour(0o600).tempfile_in(folder)?;
    file.seek(SeekFrom::Start(0))?;
    std::io::copy(&mut file, &mut copy)?;
    copy.as_file().set_permissions(file.metadata()?.permissions())?;
    copy.as_file().sync_all()?;
    Ok(copy.into_temp_path())
}

/// The file behind a chain of links, even when the last one does not exist yet.
fn follow(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(Error::other("too many levels of symbolic links"))
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::{Staged, link, named};
    use std::{
        io::Write,
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
    };

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn staged(path: &Path, text: &str) -> Staged {
        let mut staged = Staged::for_file(path, 0o600).unwrap();
        staged.file().write_all(text.as_bytes()).unwrap();
        staged
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        (folder, path)
    }

    #[test]
    fn nothing_is_beside_a_file_before_its_content_is_complete() {
        let (folder, path) = place();
        let new = staged(&path, "new");
        assert_eq!(names(folder.path()), [""; 0]);
        new.put_in_place().unwrap();
        let newer = staged(&path, "newer");
        assert_eq!((names(folder.path()), std::fs::read_to_string(&path).unwrap()), (vec!["a".to_owned()], "new".to_owned()));
        newer.put_in_place().unwrap();
        assert_eq!((names(folder.path()), std::fs::read_to_string(&path).unwrap()), (vec!["a".to_owned()], "newer".to_owned()));
    }

    #[test]
    fn a_file_that_came_in_between_is_replaced_or_respected() {
        let (folder, path) = place();
        let (first, second) = (staged(&path, "first"), staged(&path, "second"));
        std::fs::write(&path, "between").unwrap();
        assert_eq!(first.put_in_empty_place().unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "between");
        second.put_in_place().unwrap();
        assert_eq!((names(folder.path()), std::fs::read_to_string(&path).unwrap()), (vec!["a".to_owned()], "second".to_owned()));
    }

    #[test]
    fn what_cannot_be_linked_is_copied_with_its_mode() {
        let (folder, path) = place();
        std::fs::write(&path, "content").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let gone = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(link(&gone, &path).is_err(), "a file whose names are gone gets no new one");
        let copy = named(&gone, folder.path()).unwrap();
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777;
        assert_eq!((std::fs::read_to_string(&copy).unwrap().as_str(), mode), ("content", 0o640));
    }
}
