//! Opening a sealed file: nothing is given out before every value opened and the MAC was right.

use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::{Path, SopsError, SopsFile, Store, Value};

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Go on when the MAC is wrong or missing.
    pub ignore_mac: bool,
    /// Refuse the file unless it carries the stronger MAC. When it carries one, it is always checked (unless `ignore_mac`).
    pub demand_strong: bool,
}

/// A file whose values are all open.
pub struct Opened {
    /// The sealed file.
    pub(crate) file: SopsFile,
    /// One entry per node of its layout.
    pub(crate) values: Vec<Option<Value>>,
}

impl SopsFile {
    /// Opens every value and checks the MAC.
    pub fn open(self, _key: &DataKey, _options: OpenOptions) -> Result<Opened, SopsError> {
        todo!()
    }
}

impl Opened {
    /// The sealed file.
    pub fn file(&self) -> &SopsFile {
        &self.file
    }

    /// True when the file carries the stronger MAC (and it was right, or opening was told to ignore MACs).
    pub fn has_strong_mac(&self) -> bool {
        todo!()
    }

    /// The file in clear. In its own store with the layout it has; in another one as sops lays it out.
    pub fn to_clear(&self, _store: Store) -> Result<SecretBytes, SopsError> {
        todo!()
    }

    /// The value at a path of the first document that has it: a leaf as its bytes, a mapping or list as a document of `store`.
    pub fn get(&self, _path: &Path, _store: Store) -> Result<SecretBytes, SopsError> {
        todo!()
    }

    /// All leaf values in clear with their paths, in document order, comments left out.
    pub fn values(&self) -> Vec<(Path, Value)> {
        todo!()
    }
}
