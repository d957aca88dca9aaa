//! YAML files: read into a layout, changed in place.

use seal_secret::SecretBytes;

use crate::SopsError;
use crate::layout::{Changes, Layout, Tree};
use crate::value::Value;

/// Reads a file.
pub(crate) fn read(_name: &str, _bytes: &[u8]) -> Result<Layout, SopsError> {
    todo!()
}

/// The bytes with the changes made.
pub(crate) fn write(_name: &str, _bytes: &[u8], _layout: &Layout, _changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    todo!()
}

/// A document in clear in sops' own layout.
pub(crate) fn emit(_name: &str, _documents: &[Tree<Value>]) -> Result<SecretBytes, SopsError> {
    todo!()
}
