//! The installation's Ed25519 signing key (RFC 8032): what `.seal.yaml` pins.

use rand_core::CryptoRng;
use seal_secret::SecretBytes;

/// A signature did not verify, or a key or signature text was malformed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// 64-byte signature, base64 text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// Base64 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// From base64 text.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let _ = text;
        todo!()
    }
}

/// The private half, 32-byte seed.
pub struct SigningKey(SecretBytes);

impl SigningKey {
    /// Fresh.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let _ = rng;
        todo!()
    }
    /// From its 32-byte seed.
    pub fn from_seed(seed: SecretBytes) -> Result<Self, SignatureError> {
        (seed.len() == 32).then_some(Self(seed)).ok_or(SignatureError)
    }
    /// The seed, for the key Secret.
    pub fn seed(&self) -> &SecretBytes {
        &self.0
    }
    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        todo!()
    }
    /// Signs `domain | 0x00 | message`.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        let _ = (domain, message);
        todo!()
    }
}

/// The public half; text form `ed25519:` + base64 of 32 bytes. That text is the installation fingerprint that users pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(String);

impl VerifyingKey {
    /// From its text form.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let _ = text;
        todo!()
    }
    /// `ed25519:...`
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Checks a signature made by [`SigningKey::sign`].
    pub fn verify(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        let _ = (domain, message, signature);
        todo!()
    }
}
