//! One key Secret to one key, or the reason why not. Never more than a reason: no input, no length.

use seal_crypto::{CertError, Certificate, Fingerprint, KeyError, PrivateKey};

use super::port::KeySecret;

/// Larger texts are not parsed; a 16384-bit key in PEM has 13 KiB.
const MAX_KEY_BYTES: usize = 64 << 10;
/// One operation of a larger key holds up everything for a quarter of a second.
const MAX_BITS: usize = 8192;

/// What is public about a key that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Name of its Secret.
    pub name: String,
    /// Fingerprint of the key.
    pub fingerprint: Fingerprint,
    /// Creation of its Secret, seconds since 1970.
    pub created: i64,
    /// Start of validity of its certificate, seconds since 1970.
    pub not_before: i64,
    /// End of validity of its certificate, seconds since 1970.
    pub not_after: i64,
}

/// A key and its certificate.
pub struct LoadedKey {
    /// What is public about it.
    pub facts: KeyFacts,
    /// The key.
    pub key: PrivateKey,
    /// Its certificate.
    pub certificate: Certificate,
}

/// Why a key Secret is left out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// No `tls.key`.
    #[error("tls.key is missing or empty")]
    NoPrivate,
    /// No `tls.crt`.
    #[error("tls.crt is missing or empty")]
    NoCertificate,
    /// Beyond what is parsed.
    #[error("tls.key is larger than any RSA key")]
    TooLarge,
    /// The key does not read.
    #[error("tls.key: {0}")]
    Private(KeyError),
    /// The key is too slow to use.
    #[error("tls.key: more than {MAX_BITS} bits")]
    TooManyBits,
    /// The certificate does not read.
    #[error("tls.crt: {0}")]
    Certificate(CertError),
    /// They do not belong together.
    #[error("tls.crt is not the certificate of tls.key")]
    Mismatch,
}

/// Reads a key Secret. The first certificate counts, as it does for upstream.
pub fn read(secret: &KeySecret) -> Result<LoadedKey, KeyFault> {
    if secret.private.is_empty() {
        return Err(KeyFault::NoPrivate);
    }
    if secret.certificate.is_empty() {
        return Err(KeyFault::NoCertificate);
    }
    if secret.private.len() > MAX_KEY_BYTES {
        return Err(KeyFault::TooLarge);
    }
    let certificate = Certificate::from_pem(&secret.certificate).map_err(KeyFault::Certificate)?;
    if certificate.public_key.bits() > MAX_BITS {
        return Err(KeyFault::TooManyBits);
    }
    let key = PrivateKey::from_pem(&secret.private).map_err(KeyFault::Private)?;
    if key.fingerprint() != certificate.public_key.fingerprint() {
        return Err(KeyFault::Mismatch);
    }
    let facts = KeyFacts {
        name: secret.name.clone(),
        fingerprint: key.fingerprint().clone(),
        created: secret.created,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    };
    Ok(LoadedKey { facts, key, certificate })
}

#[cfg(test)]
mod tests {
    use super::{KeyFault, read};
    use crate::keys::fake::{key_secret, made};
    use rand::RngExt;
    use seal_crypto::{CertError, KeyError};
    use seal_secret::SecretBytes;

    const EC_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/rNjB6gQmrjVQ6eT\nsHQFB8rIDUsfd8F4jQb4A9kIeI2hRANCAAT/ZUFv8YNAPvl9OnA1YnXB3YuHFXHj\nB3+0KZDCXg2jQmLOHmkEN5v6M+oJmPNQKvYZVlSXRb1oHUdBVULHw1Bu\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_good_key_secret_is_read() {
        let pair = made(1_000);
        let loaded = read(&key_secret("a", 5, &pair)).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!((loaded.facts.name.as_str(), loaded.facts.created, loaded.facts.not_before), ("a", 5, 1_000));
        assert_eq!(loaded.certificate.pem, pair.certificate);
    }

    #[test]
    fn a_damaged_one_is_refused_or_still_the_same_key() {
        let pair = made(1_000);
        let mut rng = rand::rng();
        for _ in 0..200 {
            let mut secret = key_secret("bent", 5, &pair);
            let mut private = secret.private.expose().to_vec();
            let text = if rng.random() { &mut private } else { &mut secret.certificate };
            let at = rng.random_range(0..text.len());
            text[at] ^= 1 << rng.random_range(0..7);
            secret.private = private.into();
            if let Ok(loaded) = read(&secret) {
                assert_eq!(loaded.facts.fingerprint, pair.fingerprint);
            }
        }
    }

    #[test]
    fn every_bad_one_has_its_reason() {
        let (good, other) = (made(1_000), made(1_000));
        let text = |text: &str| SecretBytes::from(text.as_bytes().to_vec());
        for (certificate, private, expected) in [
            (good.certificate.as_str(), text(""), KeyFault::NoPrivate),
            ("", good.private.clone(), KeyFault::NoCertificate),
            (&good.certificate, text("rubbish"), KeyFault::Private(KeyError::NoKey)),
            (&good.certificate, text(&"x".repeat(65 << 10)), KeyFault::TooLarge),
            (&good.certificate, text(EC_KEY), KeyFault::Private(KeyError::NotRsa)),
            ("rubbish", good.private.clone(), KeyFault::Certificate(CertError::NoCertificate)),
            (&other.certificate, good.private.clone(), KeyFault::Mismatch),
        ] {
            let mut secret = key_secret("bad", 5, &good);
            secret.certificate = certificate.as_bytes().to_vec();
            secret.private = private;
            assert_eq!(read(&secret).map(|_| ()).expect_err("refused"), expected);
        }
    }
}
