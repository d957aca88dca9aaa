//! Choosing among private keys: hint first, then newest first; one answer for every failure.

use crate::{Binding, Fingerprint, Item, PrivateKey};
use seal_secret::SecretBytes;

/// The only answer of a failed opening: bad length, bad RSA, bad tag and unknown key look the same.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no key could decrypt secret")]
pub struct OpenError;

/// An opened item, with the key that did it.
pub struct Opened {
    /// The plaintext.
    pub value: SecretBytes,
    /// The key that opened it.
    pub key: Fingerprint,
    /// Private-key operations spent, at least 1.
    pub tries: u32,
}

/// Private keys in the order they are tried. Cheap to clone (shared).
#[derive(Clone, Default)]
pub struct Keyring {
    keys: std::sync::Arc<Vec<PrivateKey>>,
}

impl Keyring {
    /// Keys newest first; the caller has decided what newest means.
    pub fn new(keys: Vec<PrivateKey>) -> Self {
        Self { keys: keys.into() }
    }
    /// Fingerprints in the order they are tried.
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.keys.iter().map(PrivateKey::fingerprint)
    }
    /// The key of a fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&PrivateKey> {
        self.keys.iter().find(|k| k.fingerprint() == fingerprint)
    }
    /// Opens with the hinted key first when it is held, then newest first. Keys of another modulus length are skipped without an operation.
    pub fn open(&self, item: &Item, binding: &Binding, hint: Option<&Fingerprint>) -> Result<Opened, OpenError> {
        let _ = (item, binding, hint);
        todo!()
    }
}
