//! Keyed digests for "nothing changed" (HMAC-SHA256, RFC 2104) under keys derived from an install key.
//!
//! They may be published: without the install key a digest of a guessed value cannot be checked against them.

use crate::base64text;
use hmac::{Hmac, KeyInit, Mac as _};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

/// The 32-byte install key; sub-keys are derived by HMAC with a purpose string.
///
/// ```compile_fail
/// fn print(key: seal_crypto::InstallKey) { println!("{key:?}") } // no Debug
/// ```
pub struct InstallKey(SecretBytes);

/// 32 bytes of HMAC-SHA256, printed as unpadded base64.
#[derive(Clone, Debug)]
pub struct Mac(String);

impl Mac {
    /// Its text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when a text read from elsewhere is this MAC. Constant time, so a writer of annotations cannot find it byte by byte.
    pub fn matches(&self, text: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl PartialEq for Mac {
    /// Constant time.
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Mac {}

impl InstallKey {
    /// Takes exactly 32 bytes.
    pub fn new(bytes: SecretBytes) -> Option<Self> {
        (bytes.len() == KEY_BYTES).then_some(Self(bytes))
    }

    /// Fresh.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = vec![0; KEY_BYTES];
        rng.fill_bytes(&mut bytes);
        Self(bytes.into())
    }

    /// Its 32 bytes, for the key Secret.
    pub fn bytes(&self) -> &SecretBytes {
        &self.0
    }

    /// `HMAC(HMAC(install key, purpose), u64 BE |f1| | f1 | u64 BE |f2| | f2 ...)`.
    ///
    /// The length in front of each field keeps `("ab", "c")` and `("a", "bc")` apart; the purpose keeps a digest of one kind
    /// from being shown as another.
    pub fn mac<'a>(&self, purpose: &str, fields: impl IntoIterator<Item = &'a [u8]>) -> Mac {
        let sub_key: Zeroizing<[u8; KEY_BYTES]> =
            Zeroizing::new(hmac(self.0.expose()).chain_update(purpose).finalize().into_bytes().into());
        let mut mac = hmac(sub_key.as_slice());
        for field in fields {
            mac.update(&u64::try_from(field.len()).expect("usize is at most 64 bits").to_be_bytes());
            mac.update(field);
        }
        Mac(base64text::encode_bare(&mac.finalize().into_bytes()))
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::InstallKey;

    fn key(fill: u8) -> InstallKey {
        InstallKey::new(vec![fill; 32].into()).expect("32 bytes")
    }

    #[test]
    fn purpose_key_and_field_borders_all_count() {
        let of = |key: &InstallKey, purpose: &str, fields: &[&str]| key.mac(purpose, fields.iter().map(|f| f.as_bytes()));
        let reference = of(&key(1), "data", &["ab", "c"]);
        assert_eq!(reference, of(&key(1), "data", &["ab", "c"]));
        assert!(reference.matches(reference.as_str()));
        let others = [
            of(&key(2), "data", &["ab", "c"]),
            of(&key(1), "inputs", &["ab", "c"]),
            of(&key(1), "data", &["a", "bc"]),
            of(&key(1), "data", &["abc"]),
            of(&key(1), "data", &["ab", "c", ""]),
            of(&key(1), "data", &[]),
        ];
        for other in others {
            assert_ne!(reference, other);
            assert!(!reference.matches(other.as_str()));
        }
    }

    #[test]
    fn the_construction_is_the_documented_one() {
        // python3: k=hmac.digest(b"\1"*32,b"data","sha256"); hmac.digest(k,b"\0"*7+b"\2ab"+b"\0"*7+b"\1c","sha256")
        assert_eq!(key(1).mac("data", [b"ab".as_slice(), b"c"]).as_str(), "NTA25avIWZG/aW4v55TTBeAUHutRtiv4iVt3lhCdeqo");
    }

    #[test]
    fn only_32_bytes_are_an_install_key() {
        for length in [0, 16, 31, 33, 64] {
            assert!(InstallKey::new(vec![0; length].into()).is_none());
        }
    }
}
