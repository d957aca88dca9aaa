//! Below meaning: nodes of a document with the bytes they stand in, for formats that resolve scalars by rules of their own.
//!
//! It resolves nothing and edits nothing. Who splices by these spans reads the result again.

pub use crate::output::Output;
pub use crate::tree::{Failure, Form, RawDocument, Style, Tag, Text, Tree, position};

/// All documents of a YAML text. Absent ones are dropped. UTF-8 byte order marks are skipped.
pub fn yaml(text: &str) -> Result<Vec<RawDocument<'_>>, Failure> {
    within_size(text)?;
    crate::yaml_read::read(text)
}

/// All values of a JSON text.
pub fn json(text: &str) -> Result<Vec<RawDocument<'_>>, Failure> {
    within_size(text)?;
    crate::json_read::read(text)
}

/// A scalar on one line that every reader takes for this text: plain when no version of YAML reads anything else, or in quotes.
/// `flow` adds what brackets and braces forbid.
pub fn push_inline(out: &mut Output, text: &str, flow: bool) {
    crate::scalar_write::push_inline(out, text, flow);
}

/// The text in double quotes, as JSON and YAML read them.
pub fn push_quoted(out: &mut Output, text: &str) {
    crate::scalar_write::push_quoted(out, text);
}

/// True for text of several lines that a literal block holds exactly.
pub fn fits_literal(text: &str) -> bool {
    crate::scalar_write::fits_literal(text)
}

fn within_size(text: &str) -> Result<(), Failure> {
    if text.len() > crate::tree::MAX_BYTES {
        let at = crate::Position { line: 1, column: 1 };
        return Err(Failure::new(at, crate::Problem::Budget("size")));
    }
    Ok(())
}
