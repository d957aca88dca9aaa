//! The name of a key. For RSA its OpenSSH fingerprint, which is also the key id upstream's controller uses in memory.

use crate::{KeyError, base64text};
use sha2::{Digest, Sha256};

const PREFIX: &str = "SHA256:";

/// `SHA256:` and 43 unpadded base64 characters; `ssh-keygen -lf` prints the same for the same public key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// `SHA-256(string "ssh-rsa" | mpint e | mpint n)` (RFC 4253 section 6.6; data types RFC 4251 section 5).
    pub(crate) fn of(modulus: &[u8], exponent: &[u8]) -> Self {
        let mut hash = Sha256::new();
        string(&mut hash, b"ssh-rsa");
        mpint(&mut hash, exponent);
        mpint(&mut hash, modulus);
        Self(format!("{PREFIX}{}", base64text::encode_bare(&hash.finalize())))
    }

    /// `SHA-256(text)`, for keys whose canonical form is a text.
    pub(crate) fn of_text(text: &str) -> Self {
        Self::of_digest(&Sha256::digest(text).into())
    }

    /// From the digest that it is the text of.
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", base64text::encode_bare(digest)))
    }

    /// The digest that it is the text of.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let text = self.0.strip_prefix(PREFIX).and_then(base64text::decode_bare_exact);
        text.expect("only digests are made into fingerprints, and only their text is read")
    }

    /// `SHA256:...`
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn string(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(length(bytes.len()));
    hash.update(bytes);
}

/// Unsigned big-endian magnitude as a signed integer: leading zeros off, one zero on when the top bit is set.
fn mpint(hash: &mut Sha256, magnitude: &[u8]) {
    let start = magnitude.iter().position(|&byte| byte != 0).unwrap_or(magnitude.len());
    let digits = &magnitude[start..];
    let sign = digits.first().is_some_and(|&byte| byte >= 0x80);
    hash.update(length(digits.len() + usize::from(sign)));
    if sign {
        hash.update([0]);
    }
    hash.update(digits);
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("a modulus is at most 2 KiB").to_be_bytes()
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = KeyError;

    /// Accepts exactly what `Display` prints.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix(PREFIX).and_then(base64text::decode_bare_exact::<32>).ok_or(KeyError::Fingerprint)?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;
    use crate::KeyError;

    #[test]
    fn only_what_display_prints_is_read() {
        let good = format!("SHA256:{}", "A".repeat(43));
        assert_eq!(good.parse::<Fingerprint>().map(|f| f.to_string()), Ok(good.clone()));
        let bad = [
            String::new(),
            "SHA256:".to_owned(),
            format!("{good}="),
            format!("{good}A"),
            good.replace("SHA256", "sha256"),
            good.replace("AAAA", "AA A"),
        ];
        for text in bad {
            assert_eq!(text.parse::<Fingerprint>(), Err(KeyError::Fingerprint), "{text:?}");
        }
    }
}
