//! From the paths on the command line to the files they mean: files as given, folders searched for manifests.

use crate::{Io, io::read_file, report::CliError};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// The folder it was found in, when it was not named itself.
    pub folder: Option<PathBuf>,
}

impl Input {
    /// What to call it in messages.
    pub fn name(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { self.path.display().to_string() }
    }

    /// True for standard input.
    pub fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }
}

/// An input that a worker may read, which has no standard input of its own.
pub struct Source {
    /// Which it is.
    pub input: Input,
    taken: Option<SecretBytes>,
}

impl Source {
    /// Its bytes.
    pub fn read(&self) -> Result<SecretBytes, CliError> {
        self.taken.as_ref().map_or_else(|| read_file(&self.input.path), |bytes| Ok(bytes.clone()))
    }
}

/// Reads standard input, if it is one of them; the files are left to the workers.
pub fn sources(inputs: Vec<Input>, io: &mut Io) -> Result<Vec<Source>, CliError> {
    let source = |input: Input| {
        let taken = if input.is_stdin() { Some(io.read_input()?) } else { None };
        Ok(Source { input, taken })
    };
    inputs.into_iter().map(source).collect()
}

/// Files in the order given, those of a folder sorted. Hidden folders (`.git`) are left out; links to folders are not followed.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, CliError> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input { path: path.clone(), folder: None });
            continue;
        }
        let metadata = std::fs::metadata(path)
            .map_err(|error| CliError::failed(format!("cannot read {}: {}", path.display(), crate::io::reason(&error))))?;
        if metadata.is_dir() {
            let before = inputs.len();
            search(path, &mut inputs)?;
            if inputs.len() == before {
                return Err(CliError::failed(format!("no .yaml, .yml or .json file in {}", path.display())));
            }
        } else {
            inputs.push(Input { path: path.clone(), folder: None });
        }
    }
    Ok(inputs)
}

fn search(folder: &Path, inputs: &mut Vec<Input>) -> Result<(), CliError> {
    let walk =
        ignore::WalkBuilder::new(folder).standard_filters(false).hidden(true).sort_by_file_name(std::cmp::Ord::cmp).build();
    for entry in walk {
        let entry = entry.map_err(|error| CliError::failed(format!("cannot search {}: {error}", folder.display())))?;
        let is_file = entry.path().is_file();
        let is_manifest = entry
            .path()
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)));
        if is_file && is_manifest {
            inputs.push(Input { path: entry.into_path(), folder: Some(folder.to_owned()) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_their_manifests_in_order_and_nothing_hidden() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a.YAML", "c/d.json", ".git/e.yaml", "notes.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = expand(&[folder.path().to_owned(), "-".into()]).unwrap();
        let names = found.iter().map(|input| input.path.strip_prefix(folder.path()).unwrap_or(&input.path).display().to_string());
        assert_eq!(names.collect::<Vec<_>>(), ["a.YAML", "b.yml", "c/d.json", "-"]);
        let message = expand(&[folder.path().join("none.yaml")]).unwrap_err().message;
        assert!(message.ends_with("none.yaml: no such file or directory"), "{message}");
    }
}
