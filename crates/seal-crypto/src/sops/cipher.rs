//! The data key and the cipher made from it once per file.
//!
//! Nonces are 32 random bytes: GCM hashes any length but 12 to its first counter block (NIST SP 800-38D section 7.1), so two
//! values share a counter block with probability 2^-128 per pair. Readers take the nonce lengths that writers are known to use.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// The key of one file: 32 random bytes. It cannot be printed.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

/// The cipher of one file: the key schedule is computed once.
pub struct Cipher {
    nonce32: AesGcm<Aes256, U32>,
    key: DataKey,
}

/// A sealed value's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// As long as the plaintext.
    pub data: Vec<u8>,
    /// GCM's tag.
    pub tag: [u8; TAG_BYTES],
}

/// A value does not open. One answer for every reason but the nonce's length, which says nothing about key or content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Moved, changed, or sealed under another key.
    #[error("the value does not open")]
    DoesNotOpen,
    /// A nonce of a length that no known program writes.
    #[error("the value's initialisation vector has {0} bytes, which no known program writes")]
    NonceLength(usize),
}

impl DataKey {
    /// A fresh key.
    pub fn generate(rng: &mut impl CryptoRng) -> DataKey {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rng.fill_bytes(key.as_mut_slice());
        DataKey(key)
    }

    /// Takes a key that was unwrapped. `None` unless it has 32 bytes.
    pub fn from_secret(bytes: &SecretBytes) -> Option<DataKey> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes.expose());
        Some(DataKey(key))
    }

    /// The key's bytes, to be wrapped for a recipient or split into shares.
    pub fn to_secret(&self) -> SecretBytes {
        self.0.to_vec().into()
    }

    /// The cipher under this key. Make it once per file.
    pub fn cipher(&self) -> Cipher {
        let nonce32 = AesGcm::new_from_slice(self.0.as_slice()).expect("a data key has 32 bytes");
        Cipher { nonce32, key: DataKey(self.0.clone()) }
    }

    /// The bytes, for keys derived from it inside this crate.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl PartialEq for DataKey {
    /// Constant time.
    fn eq(&self, other: &DataKey) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Cipher {
    /// Seals a value. The nonce must never have been used under this key for another plaintext.
    pub fn seal(&self, plain: &SecretBytes, aad: &[u8], iv: &[u8; 32]) -> Sealed {
        let mut data = plain.expose().to_vec();
        let tag = self
            .nonce32
            .encrypt_inout_detached(iv.into(), aad, data.as_mut_slice().into())
            .expect("values are shorter than 64 GiB");
        Sealed { data, tag: tag.into() }
    }

    /// Opens a value in the buffer of its ciphertext.
    pub fn open(&self, data: Vec<u8>, iv: &[u8], tag: &[u8], aad: &[u8]) -> Result<SecretBytes, ValueError> {
        let tag: &[u8; TAG_BYTES] = tag.try_into().map_err(|_| ValueError::DoesNotOpen)?;
        let mut data = Zeroizing::new(data);
        let buffer = data.as_mut_slice().into();
        let opened = match iv.len() {
            32 => self.nonce32.decrypt_inout_detached(iv.try_into().expect("32 bytes"), aad, buffer, tag.into()),
            12 => self.other::<U12>().decrypt_inout_detached(iv.try_into().expect("12 bytes"), aad, buffer, tag.into()),
            16 => self.other::<U16>().decrypt_inout_detached(iv.try_into().expect("16 bytes"), aad, buffer, tag.into()),
            other => return Err(ValueError::NonceLength(other)),
        };
        opened.map(|()| SecretBytes::from(data)).map_err(|_| ValueError::DoesNotOpen)
    }

    fn other<N: aes_gcm::aead::array::ArraySize>(&self) -> AesGcm<Aes256, N> {
        AesGcm::new_from_slice(self.key.bytes()).expect("a data key has 32 bytes")
    }
}
