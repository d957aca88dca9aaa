//! The MAC over a PKCS#12 file: it tells a wrong password from a right one before anything else is decrypted.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_core::CryptoRng;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::super::asn1::{self, Reader, tag};
use super::super::{Failed, oid};
use super::derive::{Pbkdf2, Purpose, pkcs12};
use super::{Password, ROUNDS};

/// Whether `message` carries the MAC that `data` (a MacData's content) states.
pub(super) fn verify(mut data: Reader<'_>, message: &[u8], password: &Password) -> Result<bool, Failed> {
    let mut digest_info = data.inside(tag::SEQUENCE)?;
    let mut algorithm = digest_info.inside(tag::SEQUENCE)?;
    let stated = digest_info.expect(tag::OCTET_STRING)?;
    let salt = data.expect(tag::OCTET_STRING)?;
    let rounds = data.optional(tag::INTEGER)?.map_or(Ok(1), asn1::small)?;
    let id = algorithm.expect(tag::OID)?;
    let computed = match id {
        oid::PBMAC1 => modern(&mut algorithm.inside(tag::SEQUENCE)?, message, password)?,
        _ => classic(id, salt, rounds, message, password)?,
    };
    Ok(computed.ct_eq(stated).into())
}

/// The MacData of `message`, in DER.
pub(super) fn write(message: &[u8], password: &Password, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Failed> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let digest = classic(oid::SHA256, &salt, ROUNDS, message, password)?;
    let algorithm = asn1::write(tag::SEQUENCE, &asn1::write(tag::OID, oid::SHA256));
    let digest_info = asn1::write_all(tag::SEQUENCE, &[algorithm, asn1::write(tag::OCTET_STRING, &digest)]);
    let parts = [digest_info, asn1::write(tag::OCTET_STRING, &salt), asn1::write_unsigned(&ROUNDS.to_be_bytes())];
    Ok(asn1::write_all(tag::SEQUENCE, &parts))
}

fn classic(hash: &[u8], salt: &[u8], rounds: u32, message: &[u8], password: &Password) -> Result<Vec<u8>, Failed> {
    let (algorithm, key) = match hash {
        oid::SHA1 => (oid::HMAC_SHA1, pkcs12::<Sha1>(&password.wide, salt, rounds, Purpose::Mac, 20)?),
        oid::SHA256 => (oid::HMAC_SHA256, pkcs12::<Sha256>(&password.wide, salt, rounds, Purpose::Mac, 32)?),
        oid::SHA512 => (oid::HMAC_SHA512, pkcs12::<Sha512>(&password.wide, salt, rounds, Purpose::Mac, 64)?),
        _ => return Err(UNSUPPORTED),
    };
    hmac(algorithm, &key, message)
}

/// PBMAC1 (RFC 9579).
fn modern(parameters: &mut Reader<'_>, message: &[u8], password: &Password) -> Result<Vec<u8>, Failed> {
    let derivation = Pbkdf2::parse(&mut parameters.inside(tag::SEQUENCE)?)?;
    let algorithm = parameters.inside(tag::SEQUENCE)?.expect(tag::OID)?;
    let size = derivation
        .size
        .filter(|size| (1..=1024).contains(size))
        .ok_or(Failed("the PKCS#12 file states no usable size for its MAC key"))?;
    hmac(algorithm, &derivation.run(&password.utf8, size)?, message)
}

fn hmac(algorithm: &[u8], key: &[u8], message: &[u8]) -> Result<Vec<u8>, Failed> {
    macro_rules! run {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(key)
                .expect("HMAC takes keys of any length")
                .chain_update(message)
                .finalize()
                .into_bytes()
                .to_vec()
        };
    }
    Ok(match algorithm {
        oid::HMAC_SHA1 => run!(Sha1),
        oid::HMAC_SHA256 => run!(Sha256),
        oid::HMAC_SHA512 => run!(Sha512),
        _ => return Err(UNSUPPORTED),
    })
}

const UNSUPPORTED: Failed = Failed("the PKCS#12 file has a MAC of a kind that is not supported");
