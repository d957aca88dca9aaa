//! One item of `spec.encryptedData`; of v1 also its making: `u16 BE L | RSA-OAEP(session key) | AES-256-GCM(value) | tag`.
//!
//! It seals v1, and it takes items apart. Opening with the right key is the keyring's job; what makes a v2 item is in `v2`.

use crate::v2::{self, ContextError};
use crate::{Binding, PublicKey, base64text};
use aes_gcm::aead::{Aead, KeyInit, Nonce, consts::U12};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AesGcm, Tag};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

/// The largest value that is sealed: Kubernetes holds at most 1 MiB in one Secret.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// The largest item that is read, decoded; etcd takes no object that could hold more. Checked before any crypto.
pub const MAX_ITEM_BYTES: usize = 2 << 20;

const LENGTH_BYTES: usize = 2;
const TAG_BYTES: usize = 16;
const SESSION_KEY_BYTES: usize = 32;

/// The raw bytes of a sealed item. Ciphertext: printing it leaks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item(Vec<u8>);

/// The two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Upstream's: RSA and AES-GCM.
    V1,
    /// Ours: an age file.
    V2,
}

impl Kind {
    /// `v1` or `v2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::V1 => "v1",
            Kind::V2 => "v2",
        }
    }
}

/// What can be read from a v1 item without a key.
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
    /// More than [`MAX_ITEM_BYTES`].
    #[error("larger than any Kubernetes object can hold")]
    TooLong,
    /// v2: no age header within the bounds.
    #[error("not a well-formed age file")]
    Header,
    /// v2: the stanza that says what it is for is missing, malformed or at odds with the others.
    #[error("an age file that does not say what it was sealed for")]
    Claim,
    /// v2: recipients that a SealedSecret may not have.
    #[error("an age file for recipients that a SealedSecret may not have")]
    Recipients,
    /// v2: too few bytes after the header.
    #[error("cut off: its payload is not complete")]
    Payload,
}

/// Why sealing failed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The key cannot take a 32-byte session key with OAEP-SHA256 (needs at least 784 bits).
    #[error("the RSA key is too small to seal to, use 2048 bits or more")]
    KeyTooSmall,
    /// The value is larger than Kubernetes can hold, [`MAX_VALUE_BYTES`].
    #[error("the value is too large, a Secret holds at most 1 MiB")]
    TooLarge,
    /// The value is a sealed item itself, or the opened frame of one.
    #[error("the value is a sealed item itself: sealed twice it would protect less, not more")]
    Nested,
    /// The item's key or the audience cannot be written down.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Nobody to seal to.
    #[error("no recipient to seal to")]
    NoRecipients,
    /// More than [`crate::v2::MAX_RECIPIENTS`].
    #[error("more than 32 recipients")]
    TooManyRecipients,
    /// The recipients do not go together, or one of them cannot be sealed to.
    #[error("cannot seal to these recipients: {0}")]
    Recipients(String),
}

impl Item {
    /// `item = u16(|c|) | c | AES-256-GCM(k, 0^96, value)`, where `k` is 32 fresh random bytes and
    /// `c = RSAES-OAEP-ENCRYPT(key, k, label)` (RFC 8017 section 7.1.1, SHA-256 for hash and MGF1; NIST SP 800-38D section 7.1).
    ///
    /// Takes values of 0 to [`MAX_VALUE_BYTES`]. `k` is used for this one message and wiped; that is what makes the zero nonce safe.
    pub fn seal(value: &SecretBytes, key: &PublicKey, binding: &Binding, rng: &mut impl CryptoRng) -> Result<Item, SealError> {
        check_value(value)?;
        let mut session_key = Zeroizing::new([0; SESSION_KEY_BYTES]);
        rng.fill_bytes(session_key.as_mut_slice());
        let wrapped = key.wrap(session_key.as_slice(), binding.label(), rng).ok_or(SealError::KeyTooSmall)?;
        let length = u16::try_from(wrapped.len()).expect("keys are at most 16384 bits, 2048 bytes");
        let cipher = AesGcm::<Aes256, U12>::new_from_slice(session_key.as_slice()).expect("the session key has 32 bytes");
        let sealed = cipher.encrypt(&zero_nonce(), value.expose()).map_err(|_| SealError::TooLarge)?;
        Ok(Item([length.to_be_bytes().as_slice(), &wrapped, &sealed].concat()))
    }

    /// Reads the base64 text of `spec.encryptedData`, with Go's tolerances.
    pub fn decode(text: &str) -> Result<Item, ItemError> {
        // Line ends are skipped, so the text may be longer than its base64; twice as much is still somebody's mistake.
        if text.len() > 2 * MAX_ITEM_BYTES {
            return Err(ItemError::TooLong);
        }
        let bytes = base64text::decode_lenient(text.as_bytes()).ok_or(ItemError::Base64)?;
        Ok(Item(bytes.to_vec()))
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
        base64text::encode(&self.0)
    }

    /// Which format it is of. No v1 item begins like an age file: its RSA block would have 24,935 bytes.
    pub fn kind(&self) -> Kind {
        if self.0.starts_with(v2::AGE_INTRO) { Kind::V2 } else { Kind::V1 }
    }

    /// Lengths of a v1 item, readable without a key. An item with too few bytes for its tag has a shape; it only never opens.
    pub fn shape(&self) -> Result<Shape, ItemError> {
        if self.0.len() > MAX_ITEM_BYTES {
            return Err(ItemError::TooLong);
        }
        let (length, rest) = self.0.split_first_chunk::<LENGTH_BYTES>().ok_or(ItemError::TooShort)?;
        let rsa_bytes = usize::from(u16::from_be_bytes(*length));
        let gcm_bytes = rest.len().checked_sub(rsa_bytes).ok_or(ItemError::TooShort)?;
        Ok(Shape { rsa_bytes, gcm_bytes })
    }

    /// RSA block and AES-GCM part.
    pub(crate) fn parts(&self) -> Option<(&[u8], &[u8])> {
        let shape = self.shape().ok()?;
        self.0[LENGTH_BYTES..].split_at_checked(shape.rsa_bytes)
    }
}

/// What no item may hold: too much, or another item.
pub(crate) fn check_value(value: &SecretBytes) -> Result<(), SealError> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(SealError::TooLarge);
    }
    if v2::is_sealed(value.expose()) { Err(SealError::Nested) } else { Ok(()) }
}

/// `value = AES-GCM-DECRYPT(k, 0^96, sealed)` (NIST SP 800-38D section 7.2). The session key is as long as whoever sealed made
/// it: upstream opens 16, 24 and 32 bytes, so do we. Nothing is returned before the tag has been checked.
pub(crate) fn open_gcm(session_key: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
    match session_key.len() {
        16 => open_with::<AesGcm<Aes128, U12>>(session_key, sealed),
        24 => open_with::<AesGcm<Aes192, U12>>(session_key, sealed),
        32 => open_with::<AesGcm<Aes256, U12>>(session_key, sealed),
        _ => None,
    }
}

fn open_with<C>(session_key: &[u8], sealed: &[u8]) -> Option<SecretBytes>
where
    C: KeyInit + aes_gcm::aead::AeadInOut<NonceSize = U12>,
{
    let (ciphertext, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
    // In place, in a buffer that is wiped: a failed check leaves no unauthenticated plaintext behind.
    let mut value = Zeroizing::new(ciphertext.to_vec());
    let tag = Tag::try_from(tag).ok()?;
    let cipher = C::new_from_slice(session_key).ok()?;
    let nonce = Nonce::<C>::default();
    cipher.decrypt_inout_detached(&nonce, b"", value.as_mut_slice().into(), &tag).ok()?;
    Some(value.into())
}

fn zero_nonce() -> Nonce<AesGcm<Aes256, U12>> {
    Nonce::<AesGcm<Aes256, U12>>::default()
}
