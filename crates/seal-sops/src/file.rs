//! A file, encrypted or in clear: its bytes, what its store read, its metadata.

use seal_secret::SecretBytes;

use crate::layout::Layout;
use crate::{Metadata, Path, Position, SopsError, Store, Type, Value};

/// A parsed file. In clear it holds plaintext: no Debug.
pub struct SopsFile {
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) bytes: SecretBytes,
    pub(crate) layout: Layout,
    pub(crate) metadata: Option<Metadata>,
}

/// One leaf of a file: a value or a comment.
pub struct Leaf<'a> {
    /// Where it stands in its document. A comment has the path of the mapping or list around it.
    pub path: Path,
    /// Which document of the file, from zero.
    pub document: usize,
    /// Where it stands in the file.
    pub at: Position,
    /// What stands there.
    pub state: LeafState<'a>,
    /// True when the selector of the file's metadata says that it is to be sealed. False for files in clear.
    pub selected: bool,
}

/// What stands at a leaf.
pub enum LeafState<'a> {
    /// `null`, or an empty list or mapping: never sealed.
    Empty,
    /// An `ENC[…]` text: its type as written and the text.
    Sealed(Type, &'a str),
    /// A value or a comment in clear.
    Clear(Value),
}

impl SopsFile {
    /// Reads a file. `name` is what errors call it. Duplicate keys, bad syntax and exceeded budgets are errors with line and column.
    pub fn parse(_name: &str, _store: Store, _bytes: impl Into<SecretBytes>) -> Result<SopsFile, SopsError> {
        todo!()
    }

    /// The name it was parsed under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn store(&self) -> Store {
        self.store
    }

    /// The bytes as read.
    pub fn bytes(&self) -> &SecretBytes {
        &self.bytes
    }

    /// Its metadata; `None` for a file in clear.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// All leaves in document order.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        todo!()
    }

    /// A file in clear as another store has it, laid out as sops lays it out (`encrypt --output-type`).
    pub fn to_store(&self, _store: Store) -> Result<SecretBytes, SopsError> {
        todo!()
    }

    /// The same file with other master keys for the same data key (`updatekeys`): lines are added or removed, all others stay.
    /// Master keys that are in the file already keep their text: put the old [`crate::AgeKey`] into `groups`.
    pub fn rewrap(&self, _groups: Vec<crate::KeyGroup>, _threshold: Option<u32>) -> Result<SecretBytes, SopsError> {
        todo!()
    }
}
