//! One v1 item of `spec.encryptedData`: `u16 BE L | RSA-OAEP(session key) | AES-256-GCM(value) | tag`.

use crate::{Binding, PublicKey};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;

/// The raw bytes of a sealed item. Ciphertext: printing it leaks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item(Vec<u8>);

/// What can be read from an item without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Length of the RSA block in bytes: modulus length of the key it is sealed to (256, 384, 512).
    pub rsa_bytes: usize,
    /// Length of the AES-GCM part in bytes, tag included.
    pub gcm_bytes: usize,
}

/// Why text is not an item. For `verify` and error messages; opening never tells these apart.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemError {
    /// Not base64 (RFC 4648 standard alphabet, padded; CR and LF skipped as Go does).
    #[error("not padded standard base64")]
    Base64,
    /// Shorter than its own length fields say.
    #[error("too short for the RSA block it announces")]
    TooShort,
}

/// Why sealing failed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The key cannot take a 32-byte session key with OAEP-SHA256 (needs at least 784 bits).
    #[error("the RSA key is too small to seal to")]
    KeyTooSmall,
    /// The value is larger than AES-GCM or Kubernetes can hold.
    #[error("the value is too large")]
    TooLarge,
}

impl Item {
    /// Seals a value of 0 to 1 MiB to a public key under a binding.
    pub fn seal(value: &SecretBytes, key: &PublicKey, binding: &Binding, rng: &mut impl CryptoRng) -> Result<Item, SealError> {
        let _ = (value, key, binding, rng);
        todo!()
    }
    /// Reads the base64 text of `spec.encryptedData`, with Go's tolerances.
    pub fn decode(text: &str) -> Result<Item, ItemError> {
        let _ = text;
        todo!()
    }
    /// From raw bytes (deprecated `spec.data` after base64).
    pub fn from_bytes(bytes: Vec<u8>) -> Item {
        Item(bytes)
    }
    /// Raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// One line of padded standard base64.
    pub fn encode(&self) -> String {
        todo!()
    }
    /// Lengths readable without a key.
    pub fn shape(&self) -> Result<Shape, ItemError> {
        todo!()
    }
}
