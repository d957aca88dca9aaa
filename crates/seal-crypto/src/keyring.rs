//! Choosing among private keys: hint first, then newest first; one answer for every failure, whatever the format.

use crate::age::Identity;
use crate::v2::{self, Head, Held, Place};
use crate::{Binding, Fingerprint, Item, Kind, PrivateKey, item};
use seal_secret::SecretBytes;

/// The only answer of a failed opening: bad length, bad RSA, bad tag, unknown key, wrong place and foreign audience look the same.
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

/// Private keys in the order they are tried: RSA keys for v1 items, age identities for v2. Cheap to clone (shared).
#[derive(Clone, Default)]
pub struct Keyring {
    keys: std::sync::Arc<Vec<PrivateKey>>,
    identities: std::sync::Arc<Vec<Held>>,
}

impl Keyring {
    /// Keys newest first; the caller has decided what newest means. A key that comes twice (a restored backup beside the
    /// original) is kept once, at its first place: trying it again cannot help.
    pub fn new(keys: Vec<PrivateKey>) -> Self {
        Self::with_identities(keys, Vec::new())
    }

    /// As [`Keyring::new`], with age identities, newest first too. Identities without a known recipient are left out: nobody could
    /// say which key opened an item.
    pub fn with_identities(keys: Vec<PrivateKey>, identities: Vec<Identity>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let keys: Vec<_> = keys.into_iter().filter(|key| seen.insert(key.fingerprint().clone())).collect();
        let held = identities.into_iter().filter_map(Held::new);
        let identities: Vec<_> = held.filter(|held| seen.insert(held.fingerprint.clone())).collect();
        Self { keys: keys.into(), identities: identities.into() }
    }

    /// True when it holds no key of either kind, so that nothing can open.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.identities.is_empty()
    }

    /// Fingerprints in the order they are tried: RSA keys, then age identities.
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.keys.iter().map(PrivateKey::fingerprint).chain(self.identities.iter().map(|held| &held.fingerprint))
    }

    /// The age identities, in the order they are tried.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.identities.iter().map(|held| &held.identity)
    }

    /// True when a key of either kind has this fingerprint.
    pub fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.fingerprints().any(|held| held == fingerprint)
    }

    /// The RSA key of a fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&PrivateKey> {
        self.keys.iter().find(|k| k.fingerprint() == fingerprint)
    }

    /// Private-key operations that opening this item costs at worst: the keys whose modulus length fits, or one for each stanza
    /// that each identity would try. A caller that bounds the work of a request asks here first.
    pub fn candidates(&self, item: &Item) -> usize {
        match item.kind() {
            Kind::V1 => {
                item.parts().map_or(0, |(block, _)| self.keys.iter().filter(|key| key.public().size() == block.len()).count())
            }
            Kind::V2 => {
                let cost = |head: Head| v2::in_order(&head, &self.identities, None).iter().map(|(_, cost)| cost).sum();
                Head::of(item).map_or(0, cost)
            }
        }
    }

    /// Opens an item of either format at the place where it was found. The hinted key is tried first when it is held.
    pub fn open(&self, item: &Item, place: &Place<'_>, hint: Option<&Fingerprint>) -> Result<Opened, OpenError> {
        match item.kind() {
            Kind::V1 => self.open_v1(item, place.binding, hint),
            Kind::V2 => self.open_v2(item, place, hint),
        }
    }

    /// Everything that needs no key is checked first: bounds, recipients, and the claim against the place.
    fn open_v2(&self, item: &Item, place: &Place<'_>, hint: Option<&Fingerprint>) -> Result<Opened, OpenError> {
        let head = v2::head(item, place).ok_or(OpenError)?;
        let mut tries = 0_u32;
        for (held, cost) in v2::in_order(&head, &self.identities, hint) {
            tries = tries.saturating_add(u32::try_from(cost).unwrap_or(u32::MAX));
            if let Some(value) = v2::open(item, &head, &held.identity) {
                return Ok(Opened { value, key: held.fingerprint.clone(), tries });
            }
        }
        Err(OpenError)
    }

    /// For each key in turn: `k = RSAES-OAEP-DECRYPT(key, block, label)`, `value = AES-GCM-DECRYPT(k, 0^96, rest)`; the
    /// first that succeeds in both wins. The hinted key goes first when it is held, then newest first. Keys of another
    /// modulus length cannot have made the block and are skipped without an operation.
    ///
    /// Whether OAEP or the tag failed can only be told by the work done, never by the answer; OAEP is made to withstand a
    /// sender who learns that much (it is secure against chosen ciphertexts).
    ///
    /// A v1 item that holds a v2 item is refused: whoever wrapped it took the binding away that the inner one has.
    fn open_v1(&self, item: &Item, binding: &Binding, hint: Option<&Fingerprint>) -> Result<Opened, OpenError> {
        let (block, sealed) = item.parts().ok_or(OpenError)?;
        let label = binding.label();
        let candidates = self.in_order(hint).filter(|key| key.public().size() == block.len());
        for (tries, key) in (1..).zip(candidates) {
            let session_key = key.unwrap(block, &label);
            if let Some(value) = session_key.and_then(|session_key| item::open_gcm(&session_key, sealed)) {
                if v2::is_sealed(value.expose()) {
                    return Err(OpenError);
                }
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
