//! RSA keys: parsing (PKCS#1, PKCS#8, SPKI), generation, fingerprints.

use rand_core::CryptoRng;
use seal_secret::SecretBytes;

/// OpenSSH SHA-256 fingerprint of an RSA public key: `SHA256:` and 43 unpadded base64 characters (upstream's in-memory key id).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// `SHA256:...`
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
        let _ = text;
        todo!()
    }
}

/// Why a key file was not taken. Never holds input.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block that can hold an RSA private key.
    #[error("no PEM block RSA PRIVATE KEY or PRIVATE KEY found")]
    NoKey,
    /// The PEM armour or the DER inside it is broken.
    #[error("the private key does not parse")]
    Malformed,
    /// A key of another algorithm (EC, Ed25519).
    #[error("not an RSA key")]
    NotRsa,
    /// Outside 1024..=16384 bits.
    #[error("unsupported RSA key size")]
    Size,
    /// Encrypted PEM.
    #[error("the private key is encrypted; decrypt it first")]
    Encrypted,
    /// Not a fingerprint.
    #[error("not a SHA256: fingerprint")]
    Fingerprint,
}

/// An RSA public key to seal to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    key: rsa::RsaPublicKey,
    fingerprint: Fingerprint,
}

impl PublicKey {
    /// The fingerprint.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
    /// Modulus size in bits.
    pub fn bits(&self) -> usize {
        let _ = &self.key;
        todo!()
    }
}

/// An RSA private key. No Debug, no Clone: a keyring shares it.
pub struct PrivateKey {
    public: PublicKey,
}

impl PrivateKey {
    /// Reads the first key block of a PEM text: PKCS#1 or PKCS#8.
    pub fn from_pem(pem: &SecretBytes) -> Result<Self, KeyError> {
        let _ = pem;
        todo!()
    }
    /// Makes a key of `bits` (2048, 3072, 4096; 1024 for tests of foreign keys).
    pub fn generate(bits: usize, rng: &mut impl CryptoRng) -> Result<Self, KeyError> {
        let _ = (bits, rng);
        todo!()
    }
    /// PKCS#1 PEM (`RSA PRIVATE KEY`), as upstream stores it in `tls.key`.
    pub fn to_pem(&self) -> SecretBytes {
        todo!()
    }
    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
    /// The fingerprint of the public half.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.public.fingerprint()
    }
}
