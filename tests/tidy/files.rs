//! Sizes, first lines and the closed top level.

use crate::tree::{files, report, root, rust};

/// A source file stops here.
const MOST_LINES: usize = 600;
/// A decision note stops here.
const MOST_DECISION_LINES: usize = 40;
/// What one can check an implementation against in one sitting.
const MOST_SPECIFICATION_LINES: usize = 100;
/// Files that may be longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];
/// What a visitor sees first. Dotfiles are free; everything else has to earn its place here.
const TOP_LEVEL: [&str; 10] =
    ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "cli", "controller", "crates", "deploy", "rust-toolchain.toml", "tests"];

#[test]
fn no_source_file_is_longer_than_it_should_be() {
    let mut findings = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES && !LONGER.iter().any(|(path, _)| *path == source.path) {
            findings.push(format!("{}: {lines} lines", source.path));
        }
    }
    report(
        &format!("files must have at most {MOST_LINES} lines"),
        "Split the file by what it does. If it must stay whole, list it in LONGER with the reason.",
        &findings,
    );
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let mut findings = Vec::new();
    for source in rust() {
        let first = source.text.lines().next().unwrap_or_default();
        let says = first.strip_prefix("//! ").is_some_and(|rest| rest.len() > 10 && !rest.starts_with("stub"));
        if !says {
            findings.push(source.path);
        }
    }
    report(
        "the first line must be a `//!` sentence",
        "Say what the file is for and, when it matters, what it refuses to do.",
        &findings,
    );
}

#[test]
fn decisions_are_short() {
    let mut findings = Vec::new();
    for source in files(&[".md"]) {
        let lines = source.text.lines().count();
        let Some(name) = source.path.strip_prefix("crates/decisions/") else { continue };
        // Notes are numbered; a specification to the byte stands beside them under its own name.
        let most =
            if name.starts_with(|first: char| first.is_ascii_digit()) { MOST_DECISION_LINES } else { MOST_SPECIFICATION_LINES };
        if lines > most {
            findings.push(format!("{}: {lines} lines", source.path));
        }
    }
    report(
        &format!("a decision note has at most {MOST_DECISION_LINES} lines"),
        "Keep the decision, the reason and what was rejected; the rest belongs in the commit.",
        &findings,
    );
}

#[test]
fn the_top_level_is_closed() {
    let mut findings = Vec::new();
    for entry in std::fs::read_dir(root()).expect("the repository is readable") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "target" && !TOP_LEVEL.contains(&name.as_str()) {
            findings.push(name);
        }
    }
    report("the top level is a closed list", "Put it into the folder it belongs to, or make a tool's file a dotfile.", &findings);
}
