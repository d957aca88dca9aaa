//! Errors with file, line, column and key path, and never with a value.

use seal_manifest::Position;

use crate::{Path, PathError, SelectorError};

/// A problem in a named file, at a place and a key when they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", Place(self))]
pub struct SopsError {
    /// File name as given.
    pub file: String,
    /// Where, when the problem has a place.
    pub at: Option<Position>,
    /// Of which key, when it is one key's.
    pub path: Option<Path>,
    /// What.
    pub problem: Problem,
}

/// What is wrong. Key names may appear, values never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not UTF-8 text.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// Not well-formed for its store.
    #[error("not well-formed {0}")]
    Syntax(&'static str),
    /// The same key twice in one mapping.
    #[error("duplicate key")]
    DuplicateKey,
    /// Too large, too deep, too many nodes.
    #[error("the file exceeds the {0} budget")]
    Budget(&'static str),
    /// Something the format has no place for; the text says what and what to do about it.
    #[error("{0}")]
    Unsupported(&'static str),
    /// There is no `sops` block: the file is in clear.
    #[error("the file has no sops metadata: it is not encrypted")]
    NotEncrypted,
    /// There is a `sops` block where a file in clear is needed.
    #[error("the file is encrypted already, or it has a key named \"sops\"")]
    AlreadyEncrypted,
    /// Not even one document.
    #[error("the file is empty: it must contain at least one document")]
    NoDocument,
    /// The `sops` block is not as it must be; the text says which part.
    #[error("sops metadata: {0}")]
    Metadata(String),
    /// The selector in the metadata or the options cannot be used.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// The selector selects nothing in a file that has something to seal.
    #[error("the selector matches no value of this file, so nothing would be encrypted; check it or leave it out")]
    NothingSelected,
    /// A comment that the selector names and that sops applies to something else than what stands below it.
    #[error(
        "sops' reader does not apply this comment to what stands below it: move it right above the key it is about, without a blank line between"
    )]
    MisleadingComment,
    /// A value that should be sealed and is not an `ENC[…]` text.
    #[error(
        "the value should be sealed and is not well-formed ciphertext; re-encrypt the file, or fix the selector in its sops block"
    )]
    NotSealed,
    /// A value does not open under the data key at this path.
    #[error("the value does not open: it was moved, changed or sealed under another data key")]
    DoesNotOpen,
    /// The MAC is not the one over these values.
    #[error("MAC mismatch: values were changed, moved or removed after the file was sealed")]
    MacMismatch,
    /// Documents with a data key each.
    #[error("the documents of the file were sealed one by one: each opens by itself only")]
    Joined,
    /// There is no MAC, or it does not open.
    #[error("the MAC of the file cannot be read, so its values cannot be trusted")]
    MacUnreadable,
    /// The stronger MAC is missing where it is demanded.
    #[error("the file has no seal_mac and one is demanded; encrypt it again with seal (sops drops it when it rewrites a file)")]
    StrongMacMissing,
    /// The stronger MAC is not the one over this file.
    #[error("seal_mac mismatch: values, keys, structure or the identity of the object changed after the file was sealed")]
    StrongMacMismatch,
    /// A path that is not in the file.
    #[error("no such key in the file")]
    NoSuchPath,
    /// A path through something that has no children, or into a list by name.
    #[error("the path goes through something that is not a mapping or a list")]
    NotAContainer,
    /// A path text that is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An edit that cannot be made in place.
    #[error("{0} cannot be edited in place")]
    CannotEdit(&'static str),
    /// The edited text did not read back as intended; nothing was written.
    #[error("the edited file does not read back as intended, so nothing was changed")]
    ReadBack,
    /// Two files that should be versions of one are not.
    #[error("{0}")]
    Merge(&'static str),
}

impl Problem {
    /// What the YAML and JSON reader found.
    pub(crate) fn of_manifest(problem: &seal_manifest::Problem) -> Problem {
        use seal_manifest::Problem as Found;
        match problem {
            Found::NotUtf8 => Problem::NotUtf8,
            Found::Syntax(what) => Problem::Syntax(what),
            Found::DuplicateKey(_) => Problem::DuplicateKey,
            Found::Budget(which) => Problem::Budget(which),
            Found::NotJson(_) => Problem::Unsupported("a construct that YAML readers disagree about cannot be read safely"),
            Found::NoSuchField(_) => Problem::NoSuchPath,
            Found::CannotEdit(what) => Problem::CannotEdit(what),
            _ => Problem::ReadBack,
        }
    }
}

impl SopsError {
    /// A problem of the file as a whole.
    pub fn of_file(file: &str, problem: impl Into<Problem>) -> SopsError {
        SopsError { file: file.to_owned(), at: None, path: None, problem: problem.into() }
    }
}

/// The part in front of the problem.
struct Place<'a>(&'a SopsError);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SopsError { file, at, path, .. } = self.0;
        match at {
            Some(at) => write!(f, "{file}:{}:{}: ", at.line, at.column)?,
            None => write!(f, "{file}: ")?,
        }
        path.as_ref().map_or(Ok(()), |path| write!(f, "key {path}: "))
    }
}
