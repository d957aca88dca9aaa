//! Choosing among private keys: hint first, then newest first; one answer for every failure.

use crate::{Binding, Fingerprint, Item, PrivateKey, item};
use seal_secret::SecretBytes;

/// The only answer of a failed opening: bad length, bad RSA, bad tag and unknown key look the same.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no key could decrypt secret")]
pub struct OpenError;

/// An opened item, with the key that did it.
///
/// ```compile_fail
/// fn print(opened: seal_crypto::Opened) { println!("{opened:?}") } // no Debug: it holds plaintext
/// ```
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
    /// Keys newest first; the caller has decided what newest means. A key that comes twice (a restored backup beside the
    /// original) is kept once, at its first place: trying it again cannot help.
    pub fn new(keys: Vec<PrivateKey>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let keys: Vec<_> = keys.into_iter().filter(|key| seen.insert(key.fingerprint().clone())).collect();
        Self { keys: keys.into() }
    }

    /// True when it holds no key, so that nothing can open.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Fingerprints in the order they are tried.
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.keys.iter().map(PrivateKey::fingerprint)
    }

    /// The key of a fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&PrivateKey> {
        self.keys.iter().find(|k| k.fingerprint() == fingerprint)
    }

    /// Private-key operations that opening this item costs at worst: the keys whose modulus length fits. A caller that
    /// bounds the work of a request asks here first.
    pub fn candidates(&self, item: &Item) -> usize {
        item.parts().map_or(0, |(block, _)| self.keys.iter().filter(|key| key.public().size() == block.len()).count())
    }

    /// For each key in turn: `k = RSAES-OAEP-DECRYPT(key, block, label)`, `value = AES-GCM-DECRYPT(k, 0^96, rest)`; the
    /// first that succeeds in both wins. The hinted key goes first when it is held, then newest first. Keys of another
    /// modulus length cannot have made the block and are skipped without an operation.
    ///
    /// Whether OAEP or the tag failed can only be told by the work done, never by the answer; OAEP is made to withstand a
    /// sender who learns that much (it is secure against chosen ciphertexts).
    pub fn open(&self, item: &Item, binding: &Binding, hint: Option<&Fingerprint>) -> Result<Opened, OpenError> {
        let (block, sealed) = item.parts().ok_or(OpenError)?;
        let label = binding.label();
        let candidates = self.in_order(hint).filter(|key| key.public().size() == block.len());
        for (tries, key) in (1..).zip(candidates) {
            let session_key = key.unwrap(block, &label);
            if let Some(value) = session_key.and_then(|session_key| item::open_gcm(&session_key, sealed)) {
                return Ok(Opened { value, key: key.fingerprint().clone(), tries });
            }
        }
        Err(OpenError)
    }

    fn in_order<'a>(&'a self, hint: Option<&Fingerprint>) -> impl Iterator<Item = &'a PrivateKey> {
        let first = hint.and_then(|hint| self.keys.iter().position(|key| key.fingerprint() == hint));
        let rest = self.keys.iter().enumerate().filter(move |(index, _)| Some(*index) != first);
        first.map(|index| &self.keys[index]).into_iter().chain(rest.map(|(_, key)| key))
    }
}
