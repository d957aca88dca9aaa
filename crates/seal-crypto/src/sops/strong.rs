//! A keyed hash over what a file means, under a key derived from its data key.
//!
//! HMAC-SHA-256 (RFC 2104) under HKDF-SHA-256 (RFC 5869, no salt, one block) of the data key. Every field is preceded by its length in
//! eight bytes, big-endian, so that no two different sequences of fields hash alike.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::DataKey;

/// What the key is for: the `info` of its derivation.
const LABEL: &[u8] = b"seal/sops-mac/v1";

/// The hash under construction.
pub struct StrongMac(Hmac<Sha256>);

impl StrongMac {
    /// Begins a hash under the key derived from a data key.
    pub fn new(key: &DataKey) -> StrongMac {
        let extracted = Zeroizing::new(digest(&[0; 32], &[key.bytes()]));
        let derived = Zeroizing::new(digest(&extracted, &[LABEL, &[1]]));
        StrongMac(Hmac::new_from_slice(derived.as_slice()).expect("HMAC takes keys of any length"))
    }

    /// Adds one field.
    pub fn field(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// The hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into_bytes().into()
    }
}

fn digest(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
