//! X.509 certificates as sealed-secrets makes and reads them: only the public key and the validity matter.

use crate::{PrivateKey, PublicKey};
use rand_core::CryptoRng;

/// Why a certificate was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertError {
    /// No CERTIFICATE block in the PEM text (a bare public key is not a certificate).
    #[error("no PEM block CERTIFICATE found")]
    NoCertificate,
    /// The first CERTIFICATE block does not parse.
    #[error("the certificate does not parse")]
    Malformed,
    /// Its key is not RSA.
    #[error("the certificate's key is not RSA")]
    NotRsa,
    /// Making one failed (bad common name or validity).
    #[error("the certificate cannot be made")]
    Make,
}

/// The first certificate of a PEM text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The key to seal to.
    pub public_key: PublicKey,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
    /// Subject common name; empty as upstream makes it.
    pub common_name: String,
    /// The PEM text of this one certificate.
    pub pem: String,
}

impl Certificate {
    /// Reads the first CERTIFICATE block; later blocks are ignored as kubeseal does. Input is capped at 1 MiB before parsing.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertError> {
        let _ = pem;
        todo!()
    }
    /// Self-signed as upstream's: CN (may be empty), 128-bit serial, CA:TRUE critical, encipher-only critical, SKI, sha256WithRSA.
    pub fn self_signed(key: &PrivateKey, common_name: &str, not_before: i64, ttl_seconds: i64, rng: &mut impl CryptoRng) -> Result<Self, CertError> {
        let _ = (key, common_name, not_before, ttl_seconds, rng);
        todo!()
    }
    /// True when `now` (seconds since 1970) is after the end of validity.
    pub fn expired(&self, now: i64) -> bool {
        now > self.not_after
    }
}
