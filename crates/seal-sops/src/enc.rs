//! The text of one sealed value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.

use crate::Type;

/// The parts of a sealed value, decoded. Ciphertext only, so it may be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enc {
    /// Ciphertext.
    pub data: Vec<u8>,
    /// Initialisation vector: 32 bytes from every known writer.
    pub iv: Vec<u8>,
    /// GCM tag, 16 bytes.
    pub tag: Vec<u8>,
    /// Type of the value, which nothing authenticates.
    pub kind: Type,
}
