//! The public-key operation, `RSAES-OAEP-ENCRYPT` (RFC 8017 section 7.1.1) with SHA-256 for hash and MGF1, by either of two back ends.
//!
//! Module `oaep` seals the first items of a key. With feature `aws-lc`, and for keys it takes (2048 to 8192 bits), aws-lc-rs
//! seals the later ones: twice as fast, but it draws the 32-byte OAEP seed from a generator of its own that takes 20 ms to
//! start. Session keys come from the caller's generator in both.

use crate::oaep;
use rand_core::CryptoRng;

/// A public key made ready for use. Clones share what was made ready.
#[derive(Clone)]
pub(crate) struct PublicOp {
    key: rsa::PublicKey,
    #[cfg(feature = "aws-lc")]
    bulk: std::sync::Arc<bulk::Bulk>,
}

impl PublicOp {
    pub(crate) fn new(key: rsa::PublicKey) -> Self {
        Self {
            key,
            #[cfg(feature = "aws-lc")]
            bulk: std::sync::Arc::default(),
        }
    }

    pub(crate) fn key(&self) -> &rsa::PublicKey {
        &self.key
    }

    /// `None` when the message is longer than the modulus less 66 bytes.
    pub(crate) fn wrap(&self, message: &[u8], label: Vec<u8>, rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
        #[cfg(feature = "aws-lc")]
        if let Some(bulk) = self.bulk.ready(&self.key) {
            return bulk::wrap(bulk, message, &label);
        }
        oaep::encrypt(&self.key, message, &label, rng)
    }
}

#[cfg(feature = "aws-lc")]
mod bulk {
    use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
    use rsa::pkcs8::EncodePublicKey;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Items that the portable back end seals before this one starts: by then its start would have paid for itself, so no run
    /// costs more than twice what the better choice would have.
    const AFTER: usize = 512;

    /// aws-lc's form of the key, made when it is first worth it.
    #[derive(Default)]
    pub(super) struct Bulk {
        sealed: AtomicUsize,
        key: OnceLock<Option<OaepPublicEncryptingKey>>,
    }

    impl Bulk {
        /// Counts one more item; the key when it is worth using and aws-lc takes it.
        pub(super) fn ready(&self, key: &rsa::PublicKey) -> Option<&OaepPublicEncryptingKey> {
            if self.sealed.fetch_add(1, Ordering::Relaxed) < AFTER {
                return None;
            }
            self.key.get_or_init(|| make(key)).as_ref()
        }
    }

    fn make(key: &rsa::PublicKey) -> Option<OaepPublicEncryptingKey> {
        let der = key.to_public_key_der().ok()?;
        OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(der.as_bytes()).ok()?).ok()
    }

    pub(super) fn wrap(key: &OaepPublicEncryptingKey, message: &[u8], label: &[u8]) -> Option<Vec<u8>> {
        let mut block = vec![0; key.ciphertext_size()];
        let label = (!label.is_empty()).then_some(label);
        let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, message, &mut block, label).ok()?.len();
        block.truncate(length);
        Some(block)
    }
}
