//! Private keys: PKCS#1, SEC 1 and PKCS#8, read as Go's `crypto/x509` reads them and written as it writes them.
//!
//! Every key is checked (RSA numbers fit each other, scalars are of their curve) before it is written anywhere.

use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use zeroize::Zeroizing;

use super::asn1::{self, tag};
use super::curve::Curve;
use super::{Failed, oid, pem};

/// A checked private key.
pub(crate) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    Ec(Curve, Zeroizing<Vec<u8>>),
    Ed25519(Box<SigningKey>),
    /// Agrees on keys, signs nothing.
    X25519(Zeroizing<[u8; 32]>),
}

impl PrivateKey {
    /// PKCS#1, PKCS#8 or SEC 1, whichever it is.
    pub(crate) fn any(der: &[u8]) -> Result<Self, Failed> {
        Self::pkcs1(der)
            .or_else(|_| Self::pkcs8(der))
            .or_else(|_| Self::sec1(der, None))
            .map_err(|_| Failed("this is no private key of a known form"))
    }

    /// What the first PEM block says it is.
    pub(crate) fn from_pem(text: &[u8]) -> Result<Self, Failed> {
        let (block, _) = pem::decode(text).ok_or(Failed("no PEM data in the private key"))?;
        match block.kind.as_slice() {
            b"PRIVATE KEY" => Self::pkcs8(&block.bytes),
            b"RSA PRIVATE KEY" => Self::pkcs1(&block.bytes),
            b"EC PRIVATE KEY" => Self::sec1(&block.bytes, None),
            b"DSA PRIVATE KEY" => Err(Failed("DSA keys are not supported; use an RSA, ECDSA or Ed25519 key")),
            _ => Err(Failed("the PEM block is not a private key of a known type")),
        }
    }

    /// RFC 8017, appendix A.1.2, with two primes.
    pub(crate) fn pkcs1(der: &[u8]) -> Result<Self, Failed> {
        let mut key = rsa::PrivateKey::from_pkcs1_der(der)
            .map_err(|_| Failed("the RSA private key is malformed or its numbers do not fit each other"))?;
        key.validate().map_err(|_| Failed("the numbers of the RSA private key do not fit each other"))?;
        key.precompute().map_err(|_| Failed("the numbers of the RSA private key do not fit each other"))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    /// RFC 5958.
    pub(crate) fn pkcs8(der: &[u8]) -> Result<Self, Failed> {
        let mut outer = asn1::Reader::new(der);
        let mut info = outer.inside(tag::SEQUENCE)?;
        info.small()?;
        let mut algorithm = info.inside(tag::SEQUENCE)?;
        let id = algorithm.expect(tag::OID)?;
        let key = info.expect(tag::OCTET_STRING)?;
        match id {
            oid::RSA => Self::pkcs1(key),
            oid::EC => Self::sec1(key, algorithm.optional(tag::OID)?),
            oid::ED25519 if algorithm.is_empty() => seed(key).map(|seed| Self::Ed25519(Box::new(SigningKey::from_bytes(&seed)))),
            oid::X25519 if algorithm.is_empty() => seed(key).map(Self::X25519),
            _ => Err(Failed("the private key is of an unknown algorithm")),
        }
    }

    /// RFC 5915; the curve named outside wins.
    pub(crate) fn sec1(der: &[u8], curve: Option<&[u8]>) -> Result<Self, Failed> {
        let mut key = asn1::Reader::new(der).inside(tag::SEQUENCE)?;
        if key.small()? != 1 {
            return Err(Failed("the EC private key is of an unknown version"));
        }
        let digits = key.expect(tag::OCTET_STRING)?;
        let named = key.optional(tag::explicit(0))?.map(|inner| asn1::Reader::new(inner).expect(tag::OID)).transpose()?;
        let curve = curve.or(named).and_then(Curve::by_oid).ok_or(Failed("the EC private key is of an unknown curve"))?;
        let scalar = curve.pad(digits)?;
        curve.public(&scalar)?;
        Ok(Self::Ec(curve, scalar))
    }

    /// A new RSA key of this many bits.
    pub(crate) fn generate_rsa(mut rng: &mut dyn CryptoRng, bits: usize) -> Result<Self, Failed> {
        let key = rsa::PrivateKey::new(&mut rng, bits).map_err(|_| Failed("the RSA key could not be made"))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    /// A new key on P-256.
    pub(crate) fn generate_ec(rng: &mut dyn CryptoRng) -> Self {
        Self::Ec(Curve::P256, Curve::P256.generate(rng))
    }

    /// A new Ed25519 key.
    pub(crate) fn generate_ed25519(rng: &mut dyn CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::Ed25519(Box::new(SigningKey::from_bytes(&seed)))
    }

    /// PKCS#8, version 0, no attributes.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let (id, parameters, key): (&[u8], Vec<u8>, Zeroizing<Vec<u8>>) = match self {
            Self::Rsa(_) => (oid::RSA, asn1::write(tag::NULL, &[]), self.to_own_form()?),
            Self::Ec(curve, scalar) => (oid::EC, asn1::write(tag::OID, curve.oid()), sec1(*curve, scalar, false)?),
            Self::Ed25519(key) => (oid::ED25519, Vec::new(), Zeroizing::new(asn1::write(tag::OCTET_STRING, key.as_bytes()))),
            Self::X25519(key) => (oid::X25519, Vec::new(), Zeroizing::new(asn1::write(tag::OCTET_STRING, &**key))),
        };
        let algorithm = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, id), parameters]);
        let key = Zeroizing::new(asn1::write(tag::OCTET_STRING, &key));
        Ok(Zeroizing::new(asn1::write_all(tag::SEQUENCE, &[&asn1::write_unsigned(&[0])[..], &algorithm, &key])))
    }

    /// PEM in the form that names the algorithm (PKCS#1, SEC 1), or PKCS#8 where there is none.
    pub(crate) fn to_named_pem(&self) -> Result<Vec<u8>, Failed> {
        let kind = match self {
            Self::Rsa(_) => "RSA PRIVATE KEY",
            Self::Ec(..) => "EC PRIVATE KEY",
            Self::Ed25519(_) | Self::X25519(_) => "PRIVATE KEY",
        };
        Ok(pem::plain(kind, &self.to_own_form()?))
    }

    /// PEM of PKCS#8.
    pub(crate) fn to_pkcs8_pem(&self) -> Result<Vec<u8>, Failed> {
        Ok(pem::plain("PRIVATE KEY", &self.to_pkcs8()?))
    }

    /// The SubjectPublicKeyInfo of the public half, and the bits in it (which key ids are made of).
    pub(crate) fn public(&self) -> Result<(Vec<u8>, Vec<u8>), Failed> {
        let (id, parameters, bits): (&[u8], Vec<u8>, Vec<u8>) = match self {
            Self::Rsa(key) => {
                let bits = key.to_public_key().to_pkcs1_der().map_err(|_| Failed("the RSA public key cannot be written"))?;
                (oid::RSA, asn1::write(tag::NULL, &[]), bits.as_bytes().to_vec())
            }
            Self::Ec(curve, scalar) => (oid::EC, asn1::write(tag::OID, curve.oid()), curve.public(scalar)?),
            Self::Ed25519(key) => (oid::ED25519, Vec::new(), key.verifying_key().to_bytes().to_vec()),
            Self::X25519(_) => return Err(Failed("an X25519 key has no place in a certificate")),
        };
        Ok((public_key_info(id, &parameters, &bits), bits))
    }

    fn to_own_form(&self) -> Result<Zeroizing<Vec<u8>>, Failed> {
        match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs1_der().map_err(|_| Failed("the RSA private key cannot be written"))?;
                Ok(Zeroizing::new(der.as_bytes().to_vec()))
            }
            Self::Ec(curve, scalar) => sec1(*curve, scalar, true),
            Self::Ed25519(_) | Self::X25519(_) => self.to_pkcs8(),
        }
    }
}

/// A SubjectPublicKeyInfo (RFC 5280, 4.1).
pub(crate) fn public_key_info(id: &[u8], parameters: &[u8], bits: &[u8]) -> Vec<u8> {
    let algorithm = asn1::write_all(tag::SEQUENCE, &[&asn1::write(tag::OID, id)[..], parameters]);
    asn1::write_all(tag::SEQUENCE, &[algorithm, asn1::write_bits(bits)])
}

fn sec1(curve: Curve, scalar: &[u8], named: bool) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let name = if named { asn1::write(tag::explicit(0), &asn1::write(tag::OID, curve.oid())) } else { Vec::new() };
    let key = Zeroizing::new(asn1::write(tag::OCTET_STRING, scalar));
    let public = asn1::write(tag::explicit(1), &asn1::write_bits(&curve.public(scalar)?));
    Ok(Zeroizing::new(asn1::write_all(tag::SEQUENCE, &[&asn1::write_unsigned(&[1])[..], &key, &name, &public])))
}

/// The 32 bytes of an RFC 8410 key.
fn seed(key: &[u8]) -> Result<Zeroizing<[u8; 32]>, Failed> {
    let bytes = asn1::Reader::new(key).expect(tag::OCTET_STRING)?;
    <[u8; 32]>::try_from(bytes).map(Zeroizing::new).map_err(|_| Failed("the private key is not 32 bytes long"))
}
