//! The installation's Ed25519 signing key (RFC 8032): what `.seal.yaml` pins.

use crate::base64text;
use ed25519_dalek::Signer as _;
use rand_core::CryptoRng;
use seal_secret::SecretBytes;

const SEED_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
const PREFIX: &str = "ed25519:";

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
        base64text::decode_exact::<SIGNATURE_BYTES>(text).ok_or(SignatureError)?;
        Ok(Self(text.to_owned()))
    }
}

/// The private half, 32-byte seed.
///
/// ```compile_fail
/// fn print(key: seal_crypto::SigningKey) { println!("{key:?}") } // no Debug
/// ```
pub struct SigningKey(SecretBytes);

impl SigningKey {
    /// Fresh.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = vec![0; SEED_BYTES];
        rng.fill_bytes(&mut seed);
        Self(seed.into())
    }

    /// From its 32-byte seed.
    pub fn from_seed(seed: SecretBytes) -> Result<Self, SignatureError> {
        (seed.len() == SEED_BYTES).then_some(Self(seed)).ok_or(SignatureError)
    }

    /// The seed, for the key Secret.
    pub fn seed(&self) -> &SecretBytes {
        &self.0
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(format!("{PREFIX}{}", base64text::encode(self.expanded().verifying_key().as_bytes())))
    }

    /// `Ed25519(seed, domain | 0x00 | message)` (RFC 8032 section 5.1.6; deterministic, needs no randomness).
    ///
    /// The domain names what is signed, so a signature on one kind of document is none on another. It holds no zero byte.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        Signature(base64text::encode(&self.expanded().sign(&framed(domain, message)).to_bytes()))
    }

    fn expanded(&self) -> ed25519_dalek::SigningKey {
        let seed = self.0.expose().first_chunk::<SEED_BYTES>().expect("checked when it was made");
        ed25519_dalek::SigningKey::from_bytes(seed)
    }
}

/// The public half; text form `ed25519:` + base64 of 32 bytes. That text is the installation fingerprint that users pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(String);

impl VerifyingKey {
    /// From its text form.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        decode(text)?;
        Ok(Self(text.to_owned()))
    }

    /// `ed25519:...`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks a signature made by [`SigningKey::sign`]; strict (RFC 8032 section 5.1.7 without small-order points).
    pub fn verify(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        let bytes = base64text::decode_exact(&signature.0).ok_or(SignatureError)?;
        let signature = ed25519_dalek::Signature::from_bytes(&bytes);
        decode(&self.0)?.verify_strict(&framed(domain, message), &signature).map_err(|_| SignatureError)
    }
}

fn decode(text: &str) -> Result<ed25519_dalek::VerifyingKey, SignatureError> {
    let bytes = text.strip_prefix(PREFIX).and_then(base64text::decode_exact).ok_or(SignatureError)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| SignatureError)?;
    (!key.is_weak()).then_some(key).ok_or(SignatureError)
}

fn framed(domain: &str, message: &[u8]) -> Vec<u8> {
    debug_assert!(!domain.contains('\0'), "a domain with a zero byte could pass for another");
    [domain.as_bytes(), b"\0", message].concat()
}

#[cfg(test)]
mod tests {
    use super::{Signature, SignatureError, SigningKey, VerifyingKey};

    fn key(fill: u8) -> SigningKey {
        SigningKey::from_seed(vec![fill; 32].into()).expect("32 bytes")
    }

    #[test]
    fn a_signature_holds_for_its_key_domain_and_message_only() {
        let signature = key(1).sign("bundle", b"text");
        let signature = Signature::parse(signature.as_str()).expect("our own text");
        let public = VerifyingKey::parse(key(1).verifying_key().as_str()).expect("our own text");
        assert_eq!(public.verify("bundle", b"text", &signature), Ok(()));
        assert_eq!(public.verify("other", b"text", &signature), Err(SignatureError));
        assert_eq!(public.verify("bundle", b"texts", &signature), Err(SignatureError));
        assert_eq!(key(2).verifying_key().verify("bundle", b"text", &signature), Err(SignatureError));
    }

    /// RFC 8032 section 7.1, test 1: the key of a known seed.
    #[test]
    fn the_public_half_is_the_rfcs() {
        let seed = crate::base64text::decode_exact::<32>("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").expect("32 bytes");
        let key = SigningKey::from_seed(seed.to_vec().into()).expect("32 bytes");
        assert_eq!(key.verifying_key().as_str(), "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    #[test]
    fn malformed_texts_are_refused() {
        let good = key(1).verifying_key();
        let zero = format!("ed25519:{}=", "A".repeat(43)); // a small-order point
        for text in
            ["", "ed25519:", &good.as_str()[1..], good.as_str().trim_end_matches('='), &good.as_str().to_uppercase(), &zero]
        {
            assert_eq!(VerifyingKey::parse(text), Err(SignatureError), "{text:?}");
        }
        let signature = key(1).sign("bundle", b"text");
        for text in ["", "AAAA", &signature.as_str()[4..], &signature.as_str().replace('=', "")] {
            assert_eq!(Signature::parse(text), Err(SignatureError), "{text:?}");
        }
        assert_eq!(SigningKey::from_seed(vec![0; 31].into()).err(), Some(SignatureError));
    }
}
