//! RSA keys: parsing (PKCS#1, PKCS#8, SPKI), generation, and the operations the rest of the crate needs of them.
//!
//! Only RSA, 1024 to 16384 bits, two primes. Nothing here prints a key.

use crate::private_op::PrivateOp;
use crate::public_op::PublicOp;
use crate::{Fingerprint, pem};
use rand_core::CryptoRng;
use rsa::pkcs1::{self, EncodeRsaPrivateKey};
use rsa::pkcs8::{self, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use seal_secret::SecretBytes;
use sha2::Sha256;
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// Smaller keys are broken, larger ones are a way to burn our CPU; Go draws the same lines.
const BITS: RangeInclusive<usize> = 1024..=16384;

/// Why a key file was not taken. Never holds input.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM block that can hold an RSA private key.
    #[error("no PEM block RSA PRIVATE KEY or PRIVATE KEY found")]
    NoKey,
    /// The PEM block of a private key begins and does not end.
    #[error("the PEM block of a private key is cut short, no END line")]
    CutShort,
    /// The PEM armour or the DER inside it is broken, or the numbers are not an RSA key.
    #[error("the private key does not parse")]
    Malformed,
    /// A key of another algorithm (EC, Ed25519).
    #[error("not an RSA key; sealed items open with RSA keys only")]
    NotRsa,
    /// Outside 1024..=16384 bits.
    #[error("unsupported RSA key size, expected 1024 to 16384 bits")]
    Size,
    /// Encrypted PEM.
    #[error("the private key is encrypted; decrypt it first")]
    Encrypted,
    /// Not a fingerprint.
    #[error("not a SHA256: fingerprint")]
    Fingerprint,
}

/// An RSA public key to seal to.
#[derive(Clone)]
pub struct PublicKey {
    op: PublicOp,
    fingerprint: Fingerprint,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PublicKey").field(&self.fingerprint).finish()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.op.key() == other.op.key()
    }
}

impl Eq for PublicKey {}

impl PublicKey {
    /// `RSAPublicKey ::= SEQUENCE { modulus, publicExponent }` (RFC 8017 appendix A.1.1).
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let parsed = pkcs1::RsaPublicKeyRef::try_from(der).map_err(|_| KeyError::Malformed)?;
        check_size(parsed.modulus.as_bytes())?;
        let number = |bytes: &[u8]| rsa::BoxedUint::from_be_slice(bytes, u32::try_from(bytes.len()).ok()?.checked_mul(8)?).ok();
        let modulus = number(parsed.modulus.as_bytes()).ok_or(KeyError::Malformed)?;
        let exponent = number(parsed.public_exponent.as_bytes()).ok_or(KeyError::Malformed)?;
        let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, BITS).map_err(|_| KeyError::Malformed)?;
        Ok(Self::of(key))
    }

    fn of(key: rsa::PublicKey) -> Self {
        let fingerprint = Fingerprint::of(&key.n_bytes(), &key.e_bytes());
        Self { op: PublicOp::new(key), fingerprint }
    }

    /// The fingerprint.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Modulus size in bits.
    pub fn bits(&self) -> usize {
        bit_length(&self.op.key().n_bytes())
    }

    /// Modulus size in bytes: the length of every RSA block made with this key.
    pub(crate) fn size(&self) -> usize {
        self.op.key().size()
    }

    /// `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    pub(crate) fn to_spki(&self) -> Vec<u8> {
        self.op.key().to_public_key_der().expect("a checked key can be written down").into_vec()
    }

    /// `RSAES-OAEP-ENCRYPT(key, message, label)` (RFC 8017 section 7.1.1), SHA-256 for hash and MGF1; `None` when the message
    /// is longer than the modulus less 66 bytes.
    pub(crate) fn wrap(&self, message: &[u8], label: Vec<u8>, rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
        self.op.wrap(message, label, rng)
    }

    /// `RSASSA-PKCS1-V1_5-VERIFY` with SHA-256 (RFC 8017 section 8.2.2). Nothing outside the tests trusts a certificate's signature.
    #[cfg(test)]
    pub(crate) fn verify_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.op.key().pkcs1v15_verify::<Sha256>(message, signature).is_ok()
    }
}

/// An RSA private key. No Debug, no Clone: a keyring shares it.
///
/// ```compile_fail
/// fn print(key: seal_crypto::PrivateKey) { println!("{key:?}") } // no Debug
/// ```
/// ```compile_fail
/// fn copy(key: &seal_crypto::PrivateKey) -> seal_crypto::PrivateKey { key.clone() } // no Clone
/// ```
pub struct PrivateKey {
    public: PublicKey,
    op: PrivateOp,
}

impl PrivateKey {
    /// The first RSA key of a PEM text, PKCS#1 or PKCS#8. Other blocks (certificates, parameters) are passed over; when no
    /// block holds an RSA key, the error is the first block's that claimed to hold a private key.
    pub fn from_pem(pem: &SecretBytes) -> Result<Self, KeyError> {
        Self::read(pem).find_map(Result::ok).ok_or_else(|| Self::reason(pem))
    }

    /// Every RSA key of a PEM text, in its order: backups are often files of several keys. Blocks that do not read are an
    /// error here, because a key silently left out is a Secret that silently does not open.
    pub fn all_from_pem(pem: &SecretBytes) -> Result<Vec<Self>, KeyError> {
        let keys = Self::read(pem).collect::<Result<Vec<_>, _>>()?;
        if pem::cut_short(pem.expose(), holds_private_key) {
            return Err(KeyError::CutShort);
        }
        if keys.is_empty() { Err(KeyError::NoKey) } else { Ok(keys) }
    }

    fn reason(pem: &SecretBytes) -> KeyError {
        let nothing = || if pem::cut_short(pem.expose(), holds_private_key) { KeyError::CutShort } else { KeyError::NoKey };
        Self::read(pem).find_map(Result::err).unwrap_or_else(nothing)
    }

    fn read(pem: &SecretBytes) -> impl Iterator<Item = Result<Self, KeyError>> {
        pem::blocks(pem.expose()).filter_map(|block| read_block(&block))
    }

    /// `RSAPrivateKey` (RFC 8017 appendix A.1.2). The numbers are checked against each other.
    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let parsed = pkcs1::RsaPrivateKeyRef::try_from(der).map_err(|_| KeyError::Malformed)?;
        check_size(parsed.modulus.as_bytes())?;
        let key = rsa::PrivateKey::try_from(parsed).map_err(|_| KeyError::Malformed)?;
        Self::of(key)
    }

    /// `PrivateKeyInfo` (RFC 5958). Parameters are not looked at, as Go does not.
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = pkcs8::PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Malformed)?;
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(KeyError::NotRsa);
        }
        Self::from_pkcs1(info.private_key.as_bytes())
    }

    fn of(key: rsa::PrivateKey) -> Result<Self, KeyError> {
        let public = PublicKey::of(key.to_public_key());
        let op = PrivateOp::new(key).ok_or(KeyError::Malformed)?;
        Ok(Self { public, op })
    }

    /// Makes a key of `bits` (2048, 3072, 4096; 1024 for tests of foreign keys), exponent 65537. Takes seconds for 4096.
    pub fn generate(bits: usize, rng: &mut impl CryptoRng) -> Result<Self, KeyError> {
        if !BITS.contains(&bits) {
            return Err(KeyError::Size);
        }
        Self::of(rsa::PrivateKey::new(rng, bits).map_err(|_| KeyError::Size)?)
    }

    /// PKCS#1 PEM (`RSA PRIVATE KEY`), as upstream stores it in `tls.key`.
    pub fn to_pem(&self) -> SecretBytes {
        let der = self.op.key().to_pkcs1_der().expect("written down once already, when it was made");
        let mut text = pem::encode(PKCS1, der.as_bytes());
        std::mem::take(&mut *text).into()
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The fingerprint of the public half.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.public.fingerprint()
    }

    /// One private-key operation, see [`PrivateOp::unwrap`].
    pub(crate) fn unwrap(&self, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.op.unwrap(block, label)
    }

    /// The same by the portable back end, for holding the two against each other.
    #[cfg(test)]
    pub(crate) fn unwrap_portable(&self, block: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.op.unwrap_portable(block, label)
    }

    /// `RSASSA-PKCS1-V1_5-SIGN` with SHA-256 (RFC 8017 section 8.2.1), blinded with `rng`; signs certificates only.
    pub(crate) fn sign_sha256(&self, message: &[u8], rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
        self.op.key().pkcs1v15_sign_with_rng::<Sha256, _>(rng, message).ok()
    }
}

const PKCS1: &str = "RSA PRIVATE KEY";

fn holds_private_key(label: &[u8]) -> bool {
    label.ends_with(b"PRIVATE KEY")
}

/// `None` for blocks that hold something else than a private key.
fn read_block(block: &pem::Block<'_>) -> Option<Result<PrivateKey, KeyError>> {
    let parse = match block.label {
        b"RSA PRIVATE KEY" => PrivateKey::from_pkcs1,
        b"PRIVATE KEY" => PrivateKey::from_pkcs8,
        b"ENCRYPTED PRIVATE KEY" => return Some(Err(KeyError::Encrypted)),
        b"EC PRIVATE KEY" | b"DSA PRIVATE KEY" => return Some(Err(KeyError::NotRsa)),
        _ => return None,
    };
    if block.encrypted {
        return Some(Err(KeyError::Encrypted));
    }
    Some(block.der.as_ref().ok_or(KeyError::Malformed).and_then(|der| parse(der)))
}

fn check_size(modulus: &[u8]) -> Result<(), KeyError> {
    if BITS.contains(&bit_length(modulus)) { Ok(()) } else { Err(KeyError::Size) }
}

fn bit_length(big_endian: &[u8]) -> usize {
    let start = big_endian.iter().position(|&byte| byte != 0).unwrap_or(big_endian.len());
    let digits = &big_endian[start..];
    digits.len() * 8 - digits.first().map_or(0, |byte| byte.leading_zeros() as usize)
}
