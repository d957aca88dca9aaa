//! X.509 certificates (RFC 5280) as sealed-secrets makes and reads them: only the public key and the validity matter.
//!
//! No chain, no signature and no name is checked: a certificate here is a container for a public key, and trust in it comes
//! from elsewhere (a pinned fingerprint, a signed bundle).

mod make;

use crate::{KeyError, PrivateKey, PublicKey, pem};
use der::Decode;
use der::asn1::ObjectIdentifier;
use rand_core::CryptoRng;
use x509_cert::time::Time;

const LABEL: &str = "CERTIFICATE";
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a certificate was not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertError {
    /// No CERTIFICATE block in the PEM text (a bare public key is not a certificate).
    #[error("no PEM block CERTIFICATE found; a bare public key is not enough")]
    NoCertificate,
    /// A CERTIFICATE block begins and does not end.
    #[error("the PEM block CERTIFICATE is cut short, no END line")]
    CutShort,
    /// The first CERTIFICATE block does not parse.
    #[error("the certificate does not parse")]
    Malformed,
    /// Its key is not RSA.
    #[error("the certificate's key is not RSA")]
    NotRsa,
    /// Its key is outside 1024..=16384 bits.
    #[error("the certificate's RSA key has an unsupported size, expected 1024 to 16384 bits")]
    Size,
    /// Making one failed (bad common name or validity).
    #[error(
        "the certificate cannot be made: its name holds control characters or is too long, or its dates are outside 1970 to 9999"
    )]
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
        let wanted = |label: &[u8]| label == LABEL.as_bytes();
        let missing = || if pem::cut_short(pem, wanted) { CertError::CutShort } else { CertError::NoCertificate };
        let block = pem::blocks(pem).find(|block| wanted(block.label)).ok_or_else(missing)?;
        Self::from_der(&block.der.ok_or(CertError::Malformed)?)
    }

    /// Self-signed as upstream's: CN (may be empty), 128-bit serial, CA:TRUE critical, encipher-only critical, SKI, sha256WithRSA.
    pub fn self_signed(
        key: &PrivateKey,
        common_name: &str,
        not_before: i64,
        ttl_seconds: i64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, CertError> {
        let not_after = not_before.checked_add(ttl_seconds).filter(|_| ttl_seconds >= 0).ok_or(CertError::Make)?;
        let der = make::self_signed(key, common_name, not_before..=not_after, rng).ok_or(CertError::Make)?;
        Self::from_der(&der).map_err(|_| CertError::Make)
    }

    fn from_der(der: &[u8]) -> Result<Self, CertError> {
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| CertError::Malformed)?;
        let body = parsed.tbs_certificate();
        let spki = body.subject_public_key_info();
        if spki.algorithm.oid != RSA_ENCRYPTION {
            return Err(CertError::NotRsa);
        }
        let bits = spki.subject_public_key.as_bytes().ok_or(CertError::Malformed)?;
        let public_key = PublicKey::from_pkcs1(bits).map_err(|error| match error {
            KeyError::Size => CertError::Size,
            _ => CertError::Malformed,
        })?;
        Ok(Self {
            public_key,
            not_before: seconds(body.validity().not_before),
            not_after: seconds(body.validity().not_after),
            common_name: common_name(body.subject()),
            pem: pem::encode(LABEL, der).to_string(),
        })
    }

    /// True when `now` (seconds since 1970) is after the end of validity.
    pub fn expired(&self, now: i64) -> bool {
        now > self.not_after
    }
}

fn seconds(time: Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).expect("the year is at most 9999")
}

/// The first CN of a name, whichever string type it has; empty when there is none.
fn common_name(name: &x509_cert::name::Name) -> String {
    let values = name.iter_rdn().flat_map(|rdn| rdn.iter());
    let found = values.filter(|attribute| attribute.oid == COMMON_NAME).map(|attribute| attribute.value.value());
    found.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).next().unwrap_or_default()
}
