//! PKCS#12 (RFC 7292): read as go-pkcs12 reads it, written as its `Modern` encoder writes it.
//!
//! One key and its certificates, or a store of trusted certificates. Files whose key derivation would run for minutes are refused.

mod cipher;
mod derive;
mod mac;
mod read;
mod write;

pub(crate) use read::{Contents, read};
pub(crate) use write::{write, write_trust_store};

use super::Failed;

/// Rounds of a key derivation: 2,048 is common, 600,000 is seen; beyond this a file is an attack on the reader.
pub(crate) const MAX_ROUNDS: u32 = 1_000_000;

/// Rounds that we write, as go-pkcs12 and OpenSSL do.
const ROUNDS: u32 = 2048;

/// A password in the two forms that the format wants.
struct Password {
    /// UTF-16BE with a terminator (RFC 7292, appendix B.1); some writers take nothing at all for the empty one.
    wide: zeroize::Zeroizing<Vec<u8>>,
    utf8: zeroize::Zeroizing<Vec<u8>>,
}

impl Password {
    fn new(password: &[u8]) -> Result<Self, Failed> {
        // Bytes that are not UTF-8 become U+FFFD, as they do where Go walks over the characters of a string.
        let text = zeroize::Zeroizing::new(String::from_utf8_lossy(password).into_owned());
        if text.chars().any(|letter| letter.len_utf16() != 1) {
            return Err(Failed("the password has characters that PKCS#12 cannot hold"));
        }
        let wide = text.encode_utf16().chain(Some(0)).flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        Ok(Self { wide: zeroize::Zeroizing::new(wide), utf8: zeroize::Zeroizing::new(text.as_bytes().to_vec()) })
    }

    fn is_empty(&self) -> bool {
        self.utf8.is_empty()
    }

    /// The empty password of the writers that use no terminator.
    fn nothing() -> Self {
        Self { wide: Vec::new().into(), utf8: Vec::new().into() }
    }
}
