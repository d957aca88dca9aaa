//! Behaviour of the whole crate, in tables.

mod editing;
mod generated;
mod reading;
mod scalars;
mod suite;

use crate::{Edit, ManifestFile, New, Node};

pub(crate) fn parse(text: &str) -> ManifestFile {
    ManifestFile::parse("f.yaml", text.to_owned()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// All documents as compact JSON, one a line.
pub(crate) fn json(text: &str) -> String {
    match ManifestFile::parse("f.yaml", text.to_owned()) {
        Ok(file) => file.documents.iter().map(|d| show(&d.root)).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn show(node: &Node) -> String {
    String::from_utf8(node.to_json().expose().to_vec()).expect("a test writes text and JSON")
}

pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let edits: Vec<_> = edits.iter().cloned().map(|edit| (0, edit)).collect();
    match parse(text).edit(&edits) {
        Ok(bytes) => String::from_utf8(bytes.expose().to_vec()).expect("a test writes text and JSON"),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn text(value: &str) -> New {
    New::Text(value.to_owned().into())
}

pub(crate) fn tree(json: &str) -> New {
    New::Tree(Node::from_json(&serde_json::from_str(json).expect("a test writes text and JSON")))
}
