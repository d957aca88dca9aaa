//! Errors with positions and never with input.

use crate::Position;

/// A problem in a named file at a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}: {problem}", at.line, at.column)]
pub struct ManifestError {
    /// File name as given.
    pub file: String,
    /// Where.
    pub at: Position,
    /// What.
    pub problem: Problem,
}

/// What is wrong. Key names may appear, values never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// Not well-formed YAML or JSON.
    #[error("not well-formed {0}")]
    Syntax(&'static str),
    /// The same key twice in one mapping.
    #[error("duplicate key {0:?}")]
    DuplicateKey(String),
    /// Too deep, too many nodes, aliases expand too far.
    #[error("the document exceeds the {0} budget")]
    Budget(&'static str),
    /// A key that is not a scalar, a number JSON cannot hold, an unknown tag.
    #[error("{0} cannot be represented in JSON")]
    NotJson(&'static str),
    /// An edit names a path that is not there.
    #[error("no field {0:?} to edit")]
    NoSuchField(String),
    /// An edit cannot be made in place (inside an anchor, alias or merge).
    #[error("{0} cannot be edited in place")]
    CannotEdit(&'static str),
    /// The edited text did not read back as expected; nothing was written.
    #[error("the edited document does not read back as intended, so nothing was changed")]
    ReadBack,
}
