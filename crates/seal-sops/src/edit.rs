//! Changing an opened file: `set`, `unset`, `rotate` and taking over an edited clear text, in place.

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::{KeyGroup, Opened, Path, SopsError, Value};

/// A value to set.
#[derive(Clone)]
pub enum NewValue {
    /// A leaf.
    Leaf(Value),
    /// `null`.
    Null,
    /// A list.
    List(Vec<NewValue>),
    /// A mapping.
    Map(Vec<(String, NewValue)>),
}

/// What an edit came to.
pub enum Change {
    /// The file says already what it should say: nothing to write.
    Unchanged,
    /// The new bytes.
    Changed(SecretBytes),
}

impl NewValue {
    /// Reads a JSON value, as `sops set` takes it: whole numbers are `int`, others `float`.
    pub fn from_json(_text: &SecretBytes) -> Result<NewValue, SopsError> {
        todo!()
    }
}

impl Opened {
    /// Sets one value of the first document; keys on the way that are missing are made. Only the value, the MAC and `lastmodified` change.
    pub fn set(
        &self,
        _path: &Path,
        _value: NewValue,
        _key: &DataKey,
        _now: Timestamp,
        _rng: &mut impl CryptoRng,
    ) -> Result<Change, SopsError> {
        todo!()
    }

    /// Removes one value of the first document with its line. A path that is not there is [`crate::Problem::NoSuchPath`].
    pub fn unset(&self, _path: &Path, _key: &DataKey, _now: Timestamp, _rng: &mut impl CryptoRng) -> Result<Change, SopsError> {
        todo!()
    }

    /// The same values under a new data key, whose wrapped parts are in `groups`.
    pub fn rotate(
        &self,
        _new: &DataKey,
        _groups: Vec<KeyGroup>,
        _threshold: Option<u32>,
        _now: Timestamp,
        _rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        todo!()
    }

    /// Takes over a clear text that was edited elsewhere (`edit`): equal values at equal paths keep their ciphertext, metadata stay.
    pub fn replace(
        &self,
        _clear: SecretBytes,
        _key: &DataKey,
        _now: Timestamp,
        _rng: &mut impl CryptoRng,
    ) -> Result<Change, SopsError> {
        todo!()
    }
}
