//! Sealing a file in clear, every byte around the values kept.

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::{KeyGroup, Opened, Selector, SopsError, SopsFile};

/// How a file is sealed.
pub struct EncryptOptions<'a> {
    /// Master keys, the data key (or its shares) already wrapped for them: see [`crate::unwrap`].
    pub groups: Vec<KeyGroup>,
    /// How many groups are needed to open it, when there are several.
    pub threshold: Option<u32>,
    /// What is sealed.
    pub selector: Selector,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// Add the stronger MAC.
    pub strong: bool,
    /// The same file as it was before, opened: values equal at equal paths keep their ciphertext. Only of use with the same data key.
    pub previous: Option<&'a Opened>,
}

impl SopsFile {
    /// Seals a file in clear and gives the new bytes.
    pub fn encrypt(
        &self,
        _options: &EncryptOptions<'_>,
        _key: &DataKey,
        _now: Timestamp,
        _rng: &mut impl CryptoRng,
    ) -> Result<SecretBytes, SopsError> {
        todo!()
    }
}
