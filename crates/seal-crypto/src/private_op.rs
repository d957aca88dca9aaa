//! The private-key operation, `RSAES-OAEP-DECRYPT` (RFC 8017 section 7.1.2), by either of two back ends.
//!
//! With feature `aws-lc` it is done by aws-lc-rs: constant time, and several times faster. Keys that aws-lc refuses (below 2048
//! or above 8192 bits, or odd sizes) and builds without the feature use the `rsa` crate. The vectors suite holds the two against each
//! other. Both answer `None` for every failure.

use hmac::{Hmac, KeyInit, Mac};
use rand_core::{Infallible, TryCryptoRng, TryRng};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A private key made ready for use.
pub(crate) struct PrivateOp {
    key: rsa::PrivateKey,
    blinding: Zeroizing<[u8; 32]>,
    #[cfg(feature = "aws-lc")]
    fast: Option<aws_lc_rs::rsa::OaepPrivateDecryptingKey>,
}

impl PrivateOp {
    /// `None` when the key's numbers cannot be written down again, which a checked key's always can.
    pub(crate) fn new(key: rsa::PrivateKey) -> Option<Self> {
        let der = key.to_pkcs1_der().ok()?;
        let blinding = Zeroizing::new(Sha256::digest(der.as_bytes()).into());
        Some(Self {
            #[cfg(feature = "aws-lc")]
            fast: fast(&key),
            blinding,
            key,
        })
    }

    pub(crate) fn key(&self) -> &rsa::PrivateKey {
        &self.key
    }

    /// The session key inside an RSA block, or `None`. One private-key operation, whatever the answer.
    pub(crate) fn unwrap(&self, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        #[cfg(feature = "aws-lc")]
        if let Some(fast) = &self.fast {
            return unwrap_fast(fast, block, label);
        }
        self.unwrap_portable(block, label)
    }

    /// The `rsa` crate's answer, blinded.
    pub(crate) fn unwrap_portable(&self, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        // RFC 8017 section 7.1.2 step 1b; the crate checks it too, the bound is stated here for the reader.
        if block.len() != self.key.size() {
            return None;
        }
        let padding = rsa::Oaep::<Sha256>::new_with_label(label);
        let mut rng = Blinding::new(&self.blinding, block);
        self.key.decrypt_blinded(&mut rng, padding, block).ok().map(Zeroizing::new)
    }
}

#[cfg(feature = "aws-lc")]
fn fast(key: &rsa::PrivateKey) -> Option<aws_lc_rs::rsa::OaepPrivateDecryptingKey> {
    use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
    use rsa::pkcs8::EncodePrivateKey;
    let der = key.to_pkcs8_der().ok()?;
    OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_bytes()).ok()?).ok()
}

#[cfg(feature = "aws-lc")]
fn unwrap_fast(key: &aws_lc_rs::rsa::OaepPrivateDecryptingKey, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; key.min_output_size()]);
    let label = (!label.is_empty()).then_some(label);
    let length = key.decrypt(&aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256, block, &mut buffer, label).ok()?.len();
    buffer.truncate(length);
    Some(buffer)
}

/// Blinding factors for the portable back end: `HMAC-SHA256(HMAC-SHA256(secret of the key, block), u64 BE counter)`.
///
/// Blinding needs numbers that the sender of a ciphertext cannot predict, not numbers that never repeat, so they can be derived
/// from the key; this crate has no other source of randomness when it opens.
struct Blinding {
    mac: Hmac<Sha256>,
    counter: u64,
}

impl Blinding {
    fn new(secret: &[u8; 32], block: &[u8]) -> Self {
        let outer = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
        let key = outer.chain_update(block).finalize().into_bytes();
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("HMAC takes keys of any length");
        Self { mac, counter: 0 }
    }

    fn next(&mut self) -> [u8; 32] {
        self.counter += 1;
        self.mac.clone().chain_update(self.counter.to_be_bytes()).finalize().into_bytes().into()
    }
}

impl TryRng for Blinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(*self.next().first_chunk().expect("32 bytes hold 4")))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(*self.next().first_chunk().expect("32 bytes hold 8")))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for chunk in target.chunks_mut(32) {
            chunk.copy_from_slice(&self.next()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Blinding {}
