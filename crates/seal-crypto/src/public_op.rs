//! The public-key operation, `RSAES-OAEP-ENCRYPT` (RFC 8017 section 7.1.1) with SHA-256 for hash and MGF1, by either of two back ends.
//!
//! With feature `aws-lc` it is done by aws-lc-rs, several times faster, for keys it takes (2048 to 8192 bits); else by the `rsa`
//! crate. aws-lc draws the 32-byte OAEP seed from its own generator; session keys come from the caller's in both.

use rand_core::CryptoRng;
use sha2::Sha256;

/// A public key made ready for use.
#[derive(Clone)]
pub(crate) struct PublicOp {
    key: rsa::PublicKey,
    #[cfg(feature = "aws-lc")]
    fast: Option<std::sync::Arc<aws_lc_rs::rsa::OaepPublicEncryptingKey>>,
}

impl PublicOp {
    pub(crate) fn new(key: rsa::PublicKey) -> Self {
        Self {
            #[cfg(feature = "aws-lc")]
            fast: fast(&key).map(std::sync::Arc::new),
            key,
        }
    }

    pub(crate) fn key(&self) -> &rsa::PublicKey {
        &self.key
    }

    /// `None` when the message is longer than the modulus less 66 bytes.
    pub(crate) fn wrap(&self, message: &[u8], label: Vec<u8>, rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
        #[cfg(feature = "aws-lc")]
        if let Some(fast) = &self.fast {
            let mut block = vec![0; fast.ciphertext_size()];
            let label = (!label.is_empty()).then_some(label.as_slice());
            let length = fast.encrypt(&aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256, message, &mut block, label).ok()?.len();
            block.truncate(length);
            return Some(block);
        }
        self.key.encrypt(rng, rsa::Oaep::<Sha256>::new_with_label(label), message).ok()
    }
}

#[cfg(feature = "aws-lc")]
fn fast(key: &rsa::PublicKey) -> Option<aws_lc_rs::rsa::OaepPublicEncryptingKey> {
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
    use rsa::pkcs8::EncodePublicKey;
    let der = key.to_public_key_der().ok()?;
    OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(der.as_bytes()).ok()?).ok()
}
