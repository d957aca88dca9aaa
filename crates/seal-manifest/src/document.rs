//! Files of one or more documents: multi-document YAML, JSON, concatenated JSON.

use crate::{Edit, ManifestError, Node};
use seal_secret::SecretBytes;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, one or more documents.
    Yaml,
    /// JSON, one or more concatenated values (also `---` separated).
    Json,
}

/// One document of a file.
#[derive(Clone)]
pub struct Document {
    /// The resolved tree. Empty documents are dropped, so this is never the tree of nothing.
    pub root: Node,
    /// Byte range of the document in the file, separators excluded.
    pub span: std::ops::Range<usize>,
    /// Written as JSON or YAML (a YAML file may hold a JSON document: flow style counts as YAML).
    pub format: Format,
}

/// A parsed file: the untouched bytes beside the documents read from them.
#[derive(Clone)]
pub struct ManifestFile {
    /// What to call it in messages (`-` for standard input).
    pub name: String,
    /// Documents in file order.
    pub documents: Vec<Document>,
    bytes: SecretBytes,
}

impl ManifestFile {
    /// Parses UTF-8 (BOM allowed, CRLF allowed). Duplicate keys, bad syntax, non-UTF-8 and budgets exceeded are errors with line and column.
    /// An empty file has zero documents.
    pub fn parse(name: &str, bytes: impl Into<SecretBytes>) -> Result<ManifestFile, ManifestError> {
        let _ = (name, bytes.into());
        todo!()
    }
    /// The bytes as read.
    pub fn bytes(&self) -> &SecretBytes {
        &self.bytes
    }
    /// Applies edits to documents by index and gives the new bytes. Everything not named stays byte for byte: comments, order, quotes,
    /// CRLF, BOM, final newline. The result is re-read with the second parser and compared with the expected tree before it is returned.
    pub fn edit(&self, edits: &[(usize, Edit)]) -> Result<SecretBytes, ManifestError> {
        let _ = edits;
        todo!()
    }
}
