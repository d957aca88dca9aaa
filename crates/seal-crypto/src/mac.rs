//! Keyed digests for "nothing changed" (HMAC-SHA256, RFC 2104) under keys derived from an install key.

use seal_secret::SecretBytes;

/// The 32-byte install key; sub-keys are derived by HMAC with a purpose string.
pub struct InstallKey(SecretBytes);

/// 32 bytes of HMAC-SHA256, printed as unpadded base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac(String);

impl Mac {
    /// Its text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InstallKey {
    /// Takes exactly 32 bytes.
    pub fn new(bytes: SecretBytes) -> Option<Self> {
        (bytes.len() == 32).then_some(Self(bytes))
    }
    /// HMAC over fields, each preceded by its u64 BE length, under the sub-key of `purpose`.
    pub fn mac<'a>(&self, purpose: &str, fields: impl IntoIterator<Item = &'a [u8]>) -> Mac {
        let _ = (purpose, &self.0, fields);
        todo!()
    }
}
