//! Merging two versions of a sealed file over their common ancestor, key by key.

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::{Opened, Path, SopsError};

/// A key that both sides changed, each in its own way. Names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which key.
    pub path: Path,
    /// Which document, from zero.
    pub document: usize,
}

/// What a merge came to.
pub enum Merged {
    /// All changes of both sides, MAC made anew.
    Clean(SecretBytes),
    /// Keys that both sides changed; the bytes are `ours` with all changes of `theirs` that are not in conflict.
    Conflicts(Vec<Conflict>, SecretBytes),
}

/// Merges. `key` is the data key of `ours`, under which the result is sealed; recipients are those of both sides' changes.
pub fn merge3(
    _base: &Opened,
    _ours: &Opened,
    _theirs: &Opened,
    _key: &DataKey,
    _now: Timestamp,
    _rng: &mut impl CryptoRng,
) -> Result<Merged, SopsError> {
    todo!()
}
