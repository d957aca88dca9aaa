//! The repository's files as the checks see them: read once, skipping what no one wrote.

use std::path::{Path, PathBuf};

/// One text file: its path from the repository's root, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The text before the unit tests, which by house style come last.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
    }

    /// Unit tests in a file of their own.
    pub(crate) fn is_test_file(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name == "tests.rs" || self.path.contains("/tests/") || self.path.contains("/fuzz/") || self.path.starts_with("tests/")
    }
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    seal_tests::tools::repository()
}

/// All files below the folders of the source tree that end in one of `endings`.
pub(crate) fn files(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for top in ["cli", "controller", "crates", "deploy", "tests"] {
        walk(&root().join(top), &mut found);
    }
    found.retain(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    found.sort();
    found.into_iter().map(source).collect()
}

/// Every Rust file of the workspace.
pub(crate) fn rust() -> Vec<Source> {
    files(&[".rs"])
}

fn source(path: PathBuf) -> Source {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(root()).expect("found below the root").to_string_lossy().into_owned();
    Source { path, text }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder")) {
        let name = entry.file_name();
        if name == "target" || name == "corpus" || name == "artifacts" {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// Fails with every finding at once and one sentence of advice.
pub(crate) fn report(rule: &str, advice: &str, findings: &[String]) {
    assert!(findings.is_empty(), "\n{rule}:\n  {}\n{advice}\n", findings.join("\n  "));
}
