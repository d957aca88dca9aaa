//! A Secret made of command-line values, by the rules of `kubectl create secret generic`. Nothing of it touches the disk.

use crate::{Io, report::CliError};
use seal_core::secret::{SecretObject, valid_key};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Values on the command line.
#[derive(clap::Args, Clone, Default)]
pub struct GivenArgs {
    /// Take KEY with VALUE as it is written (others on this machine may see it while seal runs)
    #[arg(long, value_name = "KEY=VALUE")]
    pub from_literal: Vec<String>,
    /// Take a file's bytes under its name or KEY; a folder gives one key a file; `KEY=-` is standard input
    #[arg(long, value_name = "[KEY=]PATH")]
    pub from_file: Vec<String>,
    /// Take KEY=VALUE lines; KEY alone takes it from the environment
    #[arg(long, value_name = "PATH")]
    pub from_env_file: Vec<PathBuf>,
}

impl GivenArgs {
    /// True when nothing is given.
    pub fn is_empty(&self) -> bool {
        self.from_literal.is_empty() && self.from_file.is_empty() && self.from_env_file.is_empty()
    }

    /// The Secret they make; namespace, name and type are the caller's.
    pub fn secret(&self, io: &mut Io) -> Result<SecretObject, CliError> {
        let mut secret = SecretObject::default();
        for literal in &self.from_literal {
            let (key, value) = literal.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                CliError::usage("--from-literal: expected KEY=VALUE").hint("quote the whole argument when the value has spaces")
            })?;
            add(&mut secret, "--from-literal", key, value.to_owned().into())?;
        }
        for source in &self.from_file {
            file(&mut secret, source, io)?;
        }
        for path in &self.from_env_file {
            env_file(&mut secret, path, io)?;
        }
        Ok(secret)
    }
}

/// Adds a value under a key that is valid and new.
fn add(secret: &mut SecretObject, flag: &str, key: &str, value: SecretBytes) -> Result<(), CliError> {
    if !valid_key(key) {
        return Err(
            CliError::usage(format!("{flag}: key {key:?} is not valid")).hint("use 1 to 253 letters, digits, '-', '_' or '.'")
        );
    }
    match secret.data.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(CliError::usage(format!("{flag}: key {key:?} is given twice"))),
    }
}

fn file(secret: &mut SecretObject, source: &str, io: &mut Io) -> Result<(), CliError> {
    let (key, path) = match source.split_once('=') {
        None => (None, source),
        Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (Some(key), path),
        Some(_) => {
            return Err(CliError::usage("--from-file: expected PATH or KEY=PATH").hint("neither a key nor a path may hold '='"));
        }
    };
    let path = Path::new(path);
    if path == Path::new("-") {
        let key = key.ok_or_else(|| CliError::usage("--from-file: standard input needs a key").hint("write KEY=-"))?;
        let value = io.read_input()?;
        return add(secret, "--from-file", key, value);
    }
    if path.is_dir() {
        return match key {
            Some(key) => {
                Err(CliError::usage(format!("--from-file: {} is a folder, so key {key:?} cannot name it", path.display()))
                    .hint("give the folder alone"))
            }
            None => folder(secret, path, io),
        };
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    add(secret, "--from-file", key.unwrap_or(&name), io.read_file(path)?)
}

/// Every ordinary file of a folder whose name can be a key; others are left out, as kubectl does.
fn folder(secret: &mut SecretObject, path: &Path, io: &Io) -> Result<(), CliError> {
    let listing = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries =
        listing.map_err(|error| CliError::failed(format!("cannot read {}: {}", path.display(), crate::io::reason(&error))))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_file()) && valid_key(&name) {
            add(secret, "--from-file", &name, io.read_file(&entry.path())?)?;
        }
    }
    Ok(())
}

fn env_file(secret: &mut SecretObject, path: &Path, io: &mut Io) -> Result<(), CliError> {
    let bytes = io.read(path)?;
    for (number, line) in bytes.expose().split(|&byte| byte == b'\n').enumerate() {
        let at = format!("{}:{}", path.display(), number + 1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if number == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        let line = std::str::from_utf8(line).map_err(|_| CliError::failed(format!("{at}: not UTF-8 text")))?.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Zeroizing::new(value.as_bytes().to_vec())),
            None => (line, Zeroizing::new(io.env(line).unwrap_or_default().as_bytes().to_vec())),
        };
        if !is_variable(key) {
            let hint = "expected KEY=VALUE with a key of letters, digits, '_', '-' or '.', not starting with a digit";
            return Err(CliError::failed(format!("{at}: not the name of a variable")).hint(hint));
        }
        add(secret, &at, key, value.into())?;
    }
    Ok(())
}

/// `IsEnvVarName` of the API server.
fn is_variable(key: &str) -> bool {
    valid_key(key) && !key.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(literals: &[&str], files: &[&str], env_files: &[&Path]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let args = GivenArgs {
            from_literal: owned(literals),
            from_file: owned(files),
            from_env_file: env_files.iter().map(|path| path.to_path_buf()).collect(),
        };
        let (io, ..) = Io::scripted(b"from stdin\n", 0, &[]);
        let secret = args.secret(&mut io.with_env("TAKEN", "from env")).map_err(|error| error.message)?;
        Ok(secret.data.iter().map(|(key, value)| (key.clone(), value.expose().to_vec())).collect())
    }

    #[test]
    fn literals_keep_everything_after_the_first_equals_sign() {
        assert_eq!(
            given(&["a=b=c", "q='x' "], &[], &[]).unwrap(),
            [("a".into(), b"b=c".to_vec()), ("q".into(), b"'x' ".to_vec())]
        );
        for (literal, message) in [
            ("a", "--from-literal: expected KEY=VALUE"),
            ("=b", "--from-literal: expected KEY=VALUE"),
            ("a b=c", "--from-literal: key \"a b\" is not valid"),
        ] {
            assert_eq!(given(&[literal], &[], &[]).unwrap_err(), message);
        }
        assert_eq!(given(&["a=1", "a=2"], &[], &[]).unwrap_err(), "--from-literal: key \"a\" is given twice");
    }

    #[test]
    fn files_go_under_their_name_or_key_and_folders_under_their_files_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tls.key"), [0, 255]).unwrap();
        std::fs::write(folder.path().join("not a key"), "x").unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let path = folder.path().join("tls.key").display().to_string();
        assert_eq!(given(&[], &[&path], &[]).unwrap(), [("tls.key".into(), vec![0, 255])]);
        assert_eq!(
            given(&[], &[&format!("k={path}"), "in=-"], &[]).unwrap(),
            [("in".into(), b"from stdin\n".to_vec()), ("k".into(), vec![0, 255])]
        );
        assert_eq!(given(&[], &[&folder.path().display().to_string()], &[]).unwrap(), [("tls.key".into(), vec![0, 255])]);
        assert_eq!(given(&[], &["a=b=c"], &[]).unwrap_err(), "--from-file: expected PATH or KEY=PATH");
        assert_eq!(given(&[], &["-"], &[]).unwrap_err(), "--from-file: standard input needs a key");
    }

    #[test]
    fn env_files_are_read_as_kubectl_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "\u{feff}A=1\r\n# note\n\n  B = two words \nTAKEN\nC=\n").unwrap();
        assert_eq!(given(&[], &[], &[&path]).unwrap_err(), format!("{}:4: not the name of a variable", path.display()));
        std::fs::write(&path, "\u{feff}A=1\r\n# note\n\n  B= two words \nTAKEN\nC=\n").unwrap();
        let expected = [("A", "1"), ("B", " two words "), ("C", ""), ("TAKEN", "from env")];
        assert_eq!(given(&[], &[], &[&path]).unwrap(), expected.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())));
    }
}
