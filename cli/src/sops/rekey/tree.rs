//! The SOPS files among files and below folders, whatever they are called. Links are not followed and `.git` is left out.

use crate::{
    Io,
    io::{read_file, reason},
    parallel,
    report::CliError,
    sops::{carried, look},
};
use seal_manifest::Position;
use seal_sops::{SopsFile, Store};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// A file that is sealed, or that should be read and cannot.
pub struct FoundFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub file: Result<SopsFile, CliError>,
    /// Where it begins, when a SopsSecret carries it.
    pub carried: Option<Position>,
}

/// What a file that was named itself may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A SOPS file; anything else is an error.
    MustBeSealed,
    /// Anything; others are left out.
    MayBeOthers,
}

/// All of them in order.
pub fn sealed_files(paths: &[PathBuf], store: Option<Store>, named: Named, io: &mut Io) -> Result<Vec<FoundFile>, CliError> {
    let mut candidates = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => candidates.extend(below(path)?.into_iter().map(|path| (path, false))),
            Ok(_) => candidates.push((path.clone(), named == Named::MustBeSealed)),
            Err(error) => return Err(CliError::failed(format!("cannot read {}: {}", path.display(), reason(&error)))),
        }
    }
    let looked = parallel::in_order(candidates, io, "looking", |(path, named), _| look_at(path, named, store));
    Ok(looked.into_iter().flatten().collect())
}

fn look_at(path: PathBuf, named: bool, store: Option<Store>) -> Option<FoundFile> {
    if !named && look::store_of(&path) == Store::Binary && !begins_an_object(&path) {
        return None;
    }
    let bytes = match read_file(&path) {
        Ok(bytes) => bytes,
        Err(error) => return named.then_some(FoundFile { path, file: Err(error), carried: None }),
    };
    if !named && !look::may_be_sops(&bytes) {
        return None;
    }
    match carried::find(&path, &bytes) {
        Ok(Some(carried)) if store.is_none() => {
            let sealed = carried.parse();
            let found = named || sealed.as_ref().map_or(true, |file| file.metadata().is_some());
            return found.then_some(FoundFile { path, file: sealed, carried: Some(carried.at) });
        }
        Err(error) if store.is_none() => return Some(FoundFile { path, file: Err(error), carried: None }),
        _ => {}
    }
    let kind = store.unwrap_or_else(|| look::store_of(&path));
    match SopsFile::parse(&path.display().to_string(), kind, bytes) {
        Ok(file) if file.metadata().is_some() => Some(FoundFile { path, file: Ok(file), carried: None }),
        Ok(_) if named => {
            let error = CliError::failed(format!("{}: it is not a SOPS file", path.display()));
            Some(FoundFile { path, file: Err(error.hint("seal it with `seal encrypt`")), carried: None })
        }
        // A text that only speaks of such files, or a document that another tool fills in.
        Ok(_) => None,
        Err(_) if !named && kind == Store::Binary => None,
        Err(error) => Some(FoundFile { path, file: Err(error.into()), carried: None }),
    }
}

/// True when the first character is a brace. A file of unknown kind that is sealed is JSON; images and archives are not read whole.
fn begins_an_object(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    read.is_ok_and(|length| start[..length].trim_ascii_start().first() == Some(&b'{'))
}

/// A path without the dot in front that says where one stands anyway.
pub fn plain(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

/// All ordinary files below a folder, sorted.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.standard_filters(false).hidden(false).sort_by_file_name(std::cmp::Ord::cmp);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    let mut found = Vec::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| CliError::failed(format!("cannot search {}: {error}", folder.display())))?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let path = entry.into_path();
            found.push(plain(&path).to_owned());
        }
    }
    Ok(found)
}
