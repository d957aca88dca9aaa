//! Reads `v2/*.txt`: header lines, an empty line, then the item's text. Headers are explained in README.md.
//!
//! Shared by the vectors suite and the unit tests of seal-crypto, so that both read the same files the same way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::{Path, PathBuf};

/// One file.
pub(crate) struct Vector {
    pub(crate) file: String,
    /// `opens`, `refused`, `malformed` or `not-v2`.
    pub(crate) expect: String,
    /// Identity files held, in the order they are tried.
    pub(crate) identities: Vec<PathBuf>,
    pub(crate) scope: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) key: String,
    /// The opener's audience; people have none.
    pub(crate) audience: Option<String>,
    /// Empty unless it opens.
    pub(crate) value: Vec<u8>,
    pub(crate) item: String,
}

/// Every file of the folder, sorted; never fewer than there were when this was written.
pub(crate) fn all(folder: &Path) -> Vec<Vector> {
    let entries = std::fs::read_dir(folder).expect("the vectors folder").map(|entry| entry.expect("a readable folder").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    paths.sort();
    assert!(paths.len() >= 70, "vectors are missing");
    paths.iter().map(|path| read(folder, path)).collect()
}

fn read(folder: &Path, path: &Path) -> Vector {
    let file = path.file_stem().expect("a file name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a text file");
    let (headers, item) = text.split_once("\n\n").unwrap_or_else(|| panic!("{file}: no empty line"));
    let optional =
        |name: &str| headers.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()));
    let header = |name: &str| optional(name).unwrap_or_else(|| panic!("{file}: no header {name}"));
    let identity = |name: &str| folder.join(name).with_extension("agekey");
    Vector {
        expect: header("expect"),
        identities: header("identities").split(' ').map(identity).collect(),
        scope: header("scope"),
        namespace: header("namespace"),
        name: header("name"),
        key: header("key"),
        audience: optional("audience"),
        value: optional("value").map(|text| value(&text)).unwrap_or_default(),
        item: item.to_owned(),
        file,
    }
}

/// `BASE64` or `repeat N BASE64`.
fn value(text: &str) -> Vec<u8> {
    let (times, text) = match text.strip_prefix("repeat ").and_then(|rest| rest.split_once(' ')) {
        Some((times, text)) => (times.parse().expect("a number"), text),
        None => (1, text),
    };
    STANDARD.decode(text).expect("base64").repeat(times)
}
