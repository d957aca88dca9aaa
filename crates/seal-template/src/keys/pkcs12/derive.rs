//! Keys from passwords: RFC 7292 appendix B.2, and PBKDF2 (RFC 8018).

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::digest::block_api::BlockSizeUser;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::super::asn1::{Reader, tag};
use super::super::{Failed, oid};
use super::MAX_ROUNDS;

/// What the bytes are for (the `ID` of appendix B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Appendix B.2 for at least as many bytes as `size`.
pub(super) fn pkcs12<D: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    rounds: u32,
    purpose: Purpose,
    size: usize,
) -> Result<Zeroizing<Vec<u8>>, Failed> {
    bounded(rounds)?;
    let block = D::block_size();
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([repeat(salt, block), repeat(password, block)].concat());
    let mut out = Zeroizing::new(Vec::with_capacity(size + 64));
    loop {
        let mut hash = D::new().chain_update(&diversifier).chain_update(&*input).finalize();
        for _ in 1..rounds {
            hash = D::digest(&hash);
        }
        out.extend_from_slice(&hash);
        if out.len() >= size {
            out.truncate(size);
            return Ok(out);
        }
        let addend = repeat(&hash, block);
        for part in input.chunks_exact_mut(block) {
            add_one_more(part, &addend[..block]);
        }
    }
}

/// The parameters of a PBKDF2 in DER, ready to run.
pub(super) struct Pbkdf2<'a> {
    salt: &'a [u8],
    rounds: u32,
    /// Stated in the file, if it is.
    pub(super) size: Option<usize>,
    prf: &'a [u8],
}

impl<'a> Pbkdf2<'a> {
    /// Reads an AlgorithmIdentifier.
    pub(super) fn parse(algorithm: &mut Reader<'a>) -> Result<Self, Failed> {
        if algorithm.expect(tag::OID)? != oid::PBKDF2 {
            return Err(Failed("the PKCS#12 file derives its keys in a way that is not supported"));
        }
        let mut parameters = algorithm.inside(tag::SEQUENCE)?;
        let salt = parameters.expect(tag::OCTET_STRING)?;
        let rounds = parameters.small()?;
        let size = parameters.optional(tag::INTEGER)?.map(super::super::asn1::small).transpose()?;
        let prf = match parameters.is_empty() {
            true => oid::HMAC_SHA1,
            false => parameters.inside(tag::SEQUENCE)?.expect(tag::OID)?,
        };
        Ok(Self { salt, rounds, size: size.map(|size| size as usize), prf })
    }

    pub(super) fn run(&self, password: &[u8], size: usize) -> Result<Zeroizing<Vec<u8>>, Failed> {
        bounded(self.rounds)?;
        let mut key = Zeroizing::new(vec![0; size]);
        match self.prf {
            oid::HMAC_SHA1 => pbkdf2_hmac::<Sha1>(password, self.salt, self.rounds, &mut key),
            oid::HMAC_SHA256 => pbkdf2_hmac::<Sha256>(password, self.salt, self.rounds, &mut key),
            oid::HMAC_SHA512 => pbkdf2_hmac::<Sha512>(password, self.salt, self.rounds, &mut key),
            _ => return Err(Failed("the PKCS#12 file derives its keys with a hash that is not supported")),
        }
        Ok(key)
    }
}

fn bounded(rounds: u32) -> Result<(), Failed> {
    match rounds {
        1..=MAX_ROUNDS => Ok(()),
        _ => Err(Failed("the PKCS#12 file asks for more than 1,000,000 rounds of key derivation, or none")),
    }
}

/// `pattern` repeated to a multiple of `block`; nothing for an empty one.
fn repeat(pattern: &[u8], block: usize) -> Vec<u8> {
    pattern.iter().copied().cycle().take(pattern.len().div_ceil(block) * block).collect()
}

/// `part += addend + 1`, both big-endian and equally long.
fn add_one_more(part: &mut [u8], addend: &[u8]) {
    let mut carry = 1u16;
    for (digit, add) in part.iter_mut().zip(addend).rev() {
        carry += u16::from(*digit) + u16::from(*add);
        *digit = carry as u8;
        carry >>= 8;
    }
}
