//! Reads `items/*.txt`: header lines, an empty line, then the item's text byte for byte. Headers are explained in README.md.
//!
//! Shared by the vectors suite and the unit tests of seal-crypto, so that both read the same files the same way.

use std::path::{Path, PathBuf};

/// What must become of the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// It opens and holds the value.
    Opens,
    /// It is well formed and no key opens it.
    Refused,
    /// Its text is not base64.
    Base64,
    /// It is shorter than it announces.
    TooShort,
}

/// One file.
pub(crate) struct Vector {
    pub(crate) file: String,
    pub(crate) expect: Expect,
    /// Names of files in `keys/`, newest first.
    pub(crate) keys: Vec<String>,
    pub(crate) scope: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Empty unless it opens.
    pub(crate) value: Vec<u8>,
    pub(crate) item: String,
}

/// Every file of the folder, sorted; never fewer than there were when this was written.
pub(crate) fn all(folder: &Path) -> Vec<Vector> {
    let entries = std::fs::read_dir(folder.join("items")).expect("the vectors folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    assert!(paths.len() >= 100, "vectors are missing");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vector {
    let file = path.file_stem().expect("a file name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a text file");
    let (headers, item) = text.split_once("\n\n").unwrap_or_else(|| panic!("{file}: no empty line"));
    let header = |name: &str| {
        let found = headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("{file}: no header {name}")).to_owned()
    };
    let expect = match header("expect").as_str() {
        "opens" => Expect::Opens,
        "refused" => Expect::Refused,
        "base64" => Expect::Base64,
        "too-short" => Expect::TooShort,
        other => panic!("{file}: expect: {other}"),
    };
    Vector {
        expect,
        keys: header("keys").split(' ').map(str::to_owned).collect(),
        scope: header("scope"),
        namespace: header("namespace"),
        name: header("name"),
        value: if expect == Expect::Opens { value(headers) } else { Vec::new() },
        item: item.to_owned(),
        file,
    }
}

/// `value: BASE64` or `value: repeat N BASE64`.
fn value(headers: &str) -> Vec<u8> {
    use base64::Engine;
    let text = headers.lines().find_map(|line| line.strip_prefix("value: ")).expect("a value for an item that opens");
    let (times, text) = match text.strip_prefix("repeat ").and_then(|rest| rest.split_once(' ')) {
        Some((times, text)) => (times.parse().expect("a number"), text),
        None => (1, text),
    };
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64").repeat(times)
}
