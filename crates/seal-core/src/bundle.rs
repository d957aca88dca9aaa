//! The signed bundle in which an installation publishes its certificates, and the only way to read one.
//!
//! It holds public keys only. It reads no clock: `now` comes from the caller, in seconds since 1970.
//!
//! # Format
//! A bundle is one JSON object, UTF-8, at most 1 MiB:
//! ```json
//! {"format":"sealkit.dev/bundle/v1","payload":"<base64>","signature":"<base64>"}
//! ```
//! `payload` is standard base64 of the bytes of a second JSON object; `signature` is the Ed25519 signature (RFC 8032) over
//! `"sealkit.dev/bundle/v1" | 0x00 | payload bytes`. The bytes are signed as they are, so there is no canonical form to get wrong.
//! Unknown fields are ignored in both, so that fields can be added. The payload:
//! | field | meaning |
//! |---|---|
//! | `sequence` | grows with every bundle of this installation, by one or to the time of issue, whichever is more; a reader that has seen n refuses less than n |
//! | `issued`, `expires` | seconds since 1970; a reader refuses a bundle from the future (5 minutes of skew allowed) or past its end |
//! | `previous` | signature of the bundle before this one, or null; names what was replaced |
//! | `installation` | `ed25519:...`, the key that signs; what `.seal.yaml` pins |
//! | `certificates` | PEM texts, the one to seal to first |
//! | `recipients` | age recipients to seal to, at most one of each kind, the strongest first; absent when there are none |

use base64::{Engine, engine::general_purpose::STANDARD};
use seal_crypto::{Certificate, Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// The name of the format, and the domain of its signatures.
pub const FORMAT: &str = "sealkit.dev/bundle/v1";

/// How far a clock may be behind the one that issued a bundle, in seconds.
const SKEW: i64 = 300;

/// Larger texts are refused before they are parsed.
const MAX_BYTES: usize = 1 << 20;

/// The public keys of one installation at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Grows with every bundle of the installation.
    pub sequence: u64,
    /// When it was made, seconds since 1970.
    pub issued: i64,
    /// From when on it is refused, seconds since 1970.
    pub expires: i64,
    /// Signature text of the bundle it replaces.
    pub previous: Option<String>,
    /// Text form of the signing key, `ed25519:...`.
    pub installation: String,
    /// PEM certificates, the one to seal to first; never empty.
    pub certificates: Vec<String>,
    /// age recipients to seal to, at most one of each kind, the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
}

/// Why a bundle was not believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// Larger than 1 MiB.
    #[error("the key bundle is larger than 1 MiB")]
    TooLarge,
    /// Not the JSON this format is made of.
    #[error("not a key bundle: {0}")]
    Malformed(&'static str),
    /// Signed by another key than the pinned one, or changed after signing.
    #[error(
        "the key bundle is not signed by the pinned installation key; if the installation was set up anew, pin its new fingerprint"
    )]
    Signature,
    /// The key inside is not the one that signed.
    #[error("the key bundle names another installation than the one that signed it")]
    Installation,
    /// Issued more than 5 minutes after `now`.
    #[error("the key bundle is from the future; check this machine's clock")]
    FromTheFuture,
    /// Past its end.
    #[error("the key bundle has expired; fetch a new one from the cluster")]
    Expired,
    /// Older than one that was already seen.
    #[error("the key bundle is older than one already seen (sequence {offered}, seen {seen})")]
    Rollback {
        /// Of the bundle at hand.
        offered: u64,
        /// Of the newest bundle seen before.
        seen: u64,
    },
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    format: String,
    payload: String,
    signature: String,
}

impl Bundle {
    /// The JSON text, signed. `installation` in the text is always the signer's own key.
    pub fn sign(&self, key: &SigningKey) -> String {
        let payload = Self { installation: key.verifying_key().as_str().to_owned(), ..self.clone() };
        let bytes = serde_json::to_vec(&payload).expect("strings and integers always serialise");
        let envelope = Envelope {
            format: FORMAT.to_owned(),
            signature: key.sign(FORMAT, &bytes).as_str().to_owned(),
            payload: STANDARD.encode(&bytes),
        };
        serde_json::to_string(&envelope).expect("strings always serialise")
    }

    /// Believes a text signed by `pinned` and valid at `now`. Nothing of the payload is parsed before its signature holds.
    pub fn verify(text: &str, pinned: &VerifyingKey, now: i64) -> Result<Self, BundleError> {
        let bundle = Self::verify_signature(text, pinned)?;
        if bundle.issued > now.saturating_add(SKEW) {
            return Err(BundleError::FromTheFuture);
        }
        if bundle.expires <= now {
            return Err(BundleError::Expired);
        }
        Ok(bundle)
    }

    /// As [`Bundle::verify`] without looking at the time, for the one who is about to replace it.
    pub fn verify_signature(text: &str, pinned: &VerifyingKey) -> Result<Self, BundleError> {
        let (envelope, bytes) = open_envelope(text)?;
        let signature = Signature::parse(&envelope.signature)
            .map_err(|_| BundleError::Malformed("the signature is not 64 bytes of base64"))?;
        pinned.verify(FORMAT, &bytes, &signature).map_err(|_| BundleError::Signature)?;
        let bundle = parse_payload(&bytes)?;
        if bundle.installation != pinned.as_str() {
            return Err(BundleError::Installation);
        }
        let first = bundle.certificates.first().ok_or(BundleError::Malformed("it holds no certificate"))?;
        Certificate::from_pem(first.as_bytes()).map_err(|_| BundleError::Malformed("its first certificate does not parse"))?;
        Ok(bundle)
    }

    /// The key a text claims to be signed with, for pinning it a first time. A claim: pass it to [`Bundle::verify`] and show it to the user.
    pub fn claimed_installation(text: &str) -> Result<VerifyingKey, BundleError> {
        let (_, bytes) = open_envelope(text)?;
        VerifyingKey::parse(&parse_payload(&bytes)?.installation)
            .map_err(|_| BundleError::Malformed("the installation key is not an ed25519: text"))
    }

    /// The signature text of a bundle, which the next one names as `previous`.
    pub fn signature_of(text: &str) -> Result<String, BundleError> {
        Ok(open_envelope(text)?.0.signature)
    }

    /// Refuses a bundle older than the newest one seen.
    pub fn not_older_than(self, seen: u64) -> Result<Self, BundleError> {
        if self.sequence < seen {
            return Err(BundleError::Rollback { offered: self.sequence, seen });
        }
        Ok(self)
    }
}

fn open_envelope(text: &str) -> Result<(Envelope, Vec<u8>), BundleError> {
    if text.len() > MAX_BYTES {
        return Err(BundleError::TooLarge);
    }
    let envelope: Envelope = serde_json::from_str(text)
        .map_err(|_| BundleError::Malformed("expected an object with format, payload and signature"))?;
    if envelope.format != FORMAT {
        return Err(BundleError::Malformed("unknown format, expected sealkit.dev/bundle/v1"));
    }
    let bytes = STANDARD.decode(&envelope.payload).map_err(|_| BundleError::Malformed("the payload is not base64"))?;
    Ok((envelope, bytes))
}

fn parse_payload(bytes: &[u8]) -> Result<Bundle, BundleError> {
    serde_json::from_slice(bytes).map_err(|_| BundleError::Malformed("the payload is not an object of this format"))
}

#[cfg(test)]
mod tests {
    use super::{Bundle, BundleError, Envelope, FORMAT};
    use base64::{Engine, engine::general_purpose::STANDARD};
    use seal_crypto::{Certificate, PrivateKey, SigningKey};

    const NOW: i64 = 1_800_000_000;

    fn certificate() -> String {
        let key = PrivateKey::generate(1024, &mut rand::rng()).expect("a small key");
        Certificate::self_signed(&key, "", NOW, 3600, &mut rand::rng()).expect("a certificate").pem
    }

    fn bundle() -> Bundle {
        Bundle {
            sequence: 7,
            issued: NOW,
            expires: NOW + 100,
            previous: None,
            installation: String::new(),
            certificates: vec![certificate()],
            recipients: vec![],
        }
    }

    #[test]
    fn a_signed_bundle_reads_back_as_it_was() {
        let key = SigningKey::generate(&mut rand::rng());
        let made =
            Bundle { installation: key.verifying_key().as_str().to_owned(), previous: Some("before".to_owned()), ..bundle() };
        let text = made.sign(&key);
        assert_eq!(Bundle::verify(&text, &key.verifying_key(), NOW), Ok(made));
        assert_eq!(Bundle::claimed_installation(&text), Ok(key.verifying_key()));
    }

    #[test]
    fn recipients_are_an_addition_that_bundles_without_them_do_not_miss() {
        let key = SigningKey::generate(&mut rand::rng());
        let plain = serde_json::to_value(bundle()).expect("serialises");
        assert_eq!(plain.get("recipients"), None, "the text of installations without identities stays as it was");
        let made = Bundle {
            installation: key.verifying_key().as_str().to_owned(),
            recipients: vec!["age1pq1x".to_owned(), "age1x".to_owned()],
            ..bundle()
        };
        assert_eq!(Bundle::verify(&made.sign(&key), &key.verifying_key(), NOW), Ok(made));
    }

    #[test]
    fn time_and_sequence_are_checked() {
        let key = SigningKey::generate(&mut rand::rng());
        let text = bundle().sign(&key);
        for (now, expected) in [
            (NOW - 301, Err(BundleError::FromTheFuture)),
            (NOW - 300, Ok(7)),
            (NOW + 99, Ok(7)),
            (NOW + 100, Err(BundleError::Expired)),
        ] {
            assert_eq!(Bundle::verify(&text, &key.verifying_key(), now).map(|b| b.sequence), expected, "at {now}");
        }
        let read = Bundle::verify(&text, &key.verifying_key(), NOW).expect("valid");
        assert!(read.clone().not_older_than(7).is_ok());
        assert_eq!(read.not_older_than(8), Err(BundleError::Rollback { offered: 7, seen: 8 }));
    }

    #[test]
    fn foreign_and_changed_bundles_are_refused() {
        let key = SigningKey::generate(&mut rand::rng());
        let other = SigningKey::generate(&mut rand::rng());
        let text = bundle().sign(&key);
        assert_eq!(Bundle::verify(&text, &other.verifying_key(), NOW), Err(BundleError::Signature));

        let mut envelope: Envelope = serde_json::from_str(&text).expect("own text");
        let payload = String::from_utf8(STANDARD.decode(&envelope.payload).expect("own text")).expect("own text");
        envelope.payload = STANDARD.encode(payload.replace("\"sequence\":7", "\"sequence\":8"));
        let changed = serde_json::to_string(&envelope).expect("serialises");
        assert_eq!(Bundle::verify(&changed, &key.verifying_key(), NOW), Err(BundleError::Signature));
    }

    #[test]
    fn texts_of_another_shape_say_what_is_wrong() {
        let key = SigningKey::generate(&mut rand::rng());
        let empty = Bundle { certificates: vec![], ..bundle() }.sign(&key);
        let rubbish = Bundle { certificates: vec!["x".to_owned()], ..bundle() }.sign(&key);
        let future = bundle().sign(&key).replace(FORMAT, "sealkit.dev/bundle/v9");
        for (text, expected) in [
            ("", BundleError::Malformed("expected an object with format, payload and signature")),
            (empty.as_str(), BundleError::Malformed("it holds no certificate")),
            (rubbish.as_str(), BundleError::Malformed("its first certificate does not parse")),
            (future.as_str(), BundleError::Malformed("unknown format, expected sealkit.dev/bundle/v1")),
            (" ".repeat((1 << 20) + 1).as_str(), BundleError::TooLarge),
        ] {
            assert_eq!(Bundle::verify(text, &key.verifying_key(), NOW), Err(expected));
        }
    }
}
