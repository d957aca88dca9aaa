//! The three curves of certificates (FIPS 186-5): public points and signatures from a scalar.
//!
//! P-224 is not offered: Go reads it, no certificate authority of today writes it.

use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{Failed, oid};

const NO_SCALAR: Failed = Failed("the private key is not a number of its curve");

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

/// Does `$body` with `$module` bound to the crate of the curve.
macro_rules! on_curve {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
        }
    };
}

impl Curve {
    pub(crate) fn by_oid(id: &[u8]) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.oid() == id)
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => oid::P256,
            Self::P384 => oid::P384,
            Self::P521 => oid::P521,
        }
    }

    /// Bytes of a scalar, and of a coordinate.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// `digits` as a scalar of the full size, leading zeros added or taken away.
    pub(crate) fn pad(self, digits: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
        let missing = self.size().checked_sub(digits.len()).ok_or(NO_SCALAR)?;
        Ok(Zeroizing::new([vec![0; missing].as_slice(), digits].concat()))
    }

    /// The public point of `scalar`, uncompressed (SEC 1, 2.3.3).
    pub(crate) fn public(self, scalar: &[u8]) -> Result<Vec<u8>, Failed> {
        on_curve!(self, curve => {
            let key = curve::ecdsa::SigningKey::from_slice(scalar).map_err(|_| NO_SCALAR)?;
            Ok(key.verifying_key().to_sec1_point(false).as_bytes().to_vec())
        })
    }

    /// The point of these coordinates, uncompressed, if it is on the curve.
    pub(crate) fn point(self, x: &[u8], y: &[u8]) -> Result<Vec<u8>, Failed> {
        let point = [&[4][..], &self.pad(x)?, &self.pad(y)?].concat();
        on_curve!(self, curve => {
            curve::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| Failed("the public key is not a point of its curve"))?;
        });
        Ok(point)
    }

    /// A scalar drawn from `rng`.
    pub(crate) fn generate(self, rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
        loop {
            let mut scalar = Zeroizing::new(vec![0; self.size()]);
            rng.fill_bytes(&mut scalar);
            if self == Self::P521 {
                scalar[0] &= 1;
            }
            if self.public(&scalar).is_ok() {
                return scalar;
            }
        }
    }

    /// The signature of `message` in DER (RFC 6979 nonces), by the hash that Go takes for the curve.
    pub(crate) fn sign(self, scalar: &[u8], message: &[u8]) -> Result<Vec<u8>, Failed> {
        let hash = match self {
            Self::P256 => Sha256::digest(message).to_vec(),
            Self::P384 => Sha384::digest(message).to_vec(),
            Self::P521 => Sha512::digest(message).to_vec(),
        };
        let signature = on_curve!(self, curve => {
            let key = curve::ecdsa::SigningKey::from_slice(scalar).map_err(|_| NO_SCALAR)?;
            let signature: curve::ecdsa::Signature = key.sign_prehash(&hash).map_err(|_| Failed("the key signs nothing"))?;
            signature.to_der().as_bytes().to_vec()
        });
        Ok(signature)
    }

    /// The name of the algorithm that `sign` uses.
    pub(crate) fn signature_oid(self) -> &'static [u8] {
        match self {
            Self::P256 => oid::ECDSA_SHA256,
            Self::P384 => oid::ECDSA_SHA384,
            Self::P521 => oid::ECDSA_SHA512,
        }
    }
}
