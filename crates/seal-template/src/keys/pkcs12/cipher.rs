//! The ciphers of PKCS#12 files: AES in CBC by PBES2, and the old ones, which are read and never written.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt as _, KeyIvInit as _};
use cbc::{Decryptor, Encryptor};
use des::TdesEde3;
use rand_core::CryptoRng;
use rc2::Rc2;
use rc2::cipher::InnerIvInit as _;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::super::asn1::{self, Reader, tag};
use super::super::{Failed, oid};
use super::derive::{Pbkdf2, Purpose, pkcs12};
use super::{Password, ROUNDS};

const WRONG: Failed = Failed("the PKCS#12 file does not decrypt: wrong password, or damaged");

/// Decrypts by the AlgorithmIdentifier whose content is `algorithm`.
pub(super) fn decrypt(algorithm: &mut Reader<'_>, data: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let id = algorithm.expect(tag::OID)?;
    let mut parameters = algorithm.inside(tag::SEQUENCE)?;
    if id == oid::PBES2 {
        return decrypt_modern(&mut parameters, data, password);
    }
    let salt = parameters.expect(tag::OCTET_STRING)?;
    let rounds = parameters.small()?;
    let derive = |purpose, size| pkcs12::<Sha1>(&password.wide, salt, rounds, purpose, size);
    match id {
        oid::PBE_3DES => {
            let (key, iv) = (derive(Purpose::Key, 24)?, derive(Purpose::Iv, 8)?);
            open(Decryptor::<TdesEde3>::new_from_slices(&key, &iv).map_err(|_| WRONG)?, data)
        }
        oid::PBE_RC2_128 | oid::PBE_RC2_40 => {
            let size = if id == oid::PBE_RC2_40 { 5 } else { 16 };
            let (key, iv) = (derive(Purpose::Key, size)?, derive(Purpose::Iv, 8)?);
            let cipher = Rc2::new_with_eff_key_len(&key, size * 8);
            open(Decryptor::inner_iv_slice_init(cipher, &iv).map_err(|_| WRONG)?, data)
        }
        _ => Err(Failed("the PKCS#12 file is encrypted in a way that is not supported")),
    }
}

/// Encrypts with AES-256-CBC under a PBKDF2-HMAC-SHA-256 key: the AlgorithmIdentifier in DER, and the ciphertext.
pub(super) fn encrypt(data: &[u8], password: &Password, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Vec<u8>), Failed> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut iv);
    let prf = asn1::write(tag::SEQUENCE, &asn1::write(tag::OID, oid::HMAC_SHA256));
    let derivation = asn1::write_all(
        tag::SEQUENCE,
        &[asn1::write(tag::OCTET_STRING, &salt), asn1::write_unsigned(&ROUNDS.to_be_bytes()), prf],
    );
    let derivation = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::PBKDF2), derivation]);
    let key = Pbkdf2::parse(&mut asn1::whole(&derivation, tag::SEQUENCE)?)?.run(&password.utf8, 32)?;
    let scheme = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::AES256_CBC), asn1::write(tag::OCTET_STRING, &iv)]);
    let parameters = asn1::write_all(tag::SEQUENCE, &[derivation, scheme]);
    let algorithm = asn1::write_all(tag::SEQUENCE, &[asn1::write(tag::OID, oid::PBES2), parameters]);
    let encryptor = Encryptor::<Aes256>::new_from_slices(&key, &iv).map_err(|_| WRONG)?;
    Ok((algorithm, encryptor.encrypt_padded_vec::<Pkcs7>(data)))
}

fn decrypt_modern(parameters: &mut Reader<'_>, data: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let derivation = Pbkdf2::parse(&mut parameters.inside(tag::SEQUENCE)?)?;
    let mut scheme = parameters.inside(tag::SEQUENCE)?;
    let id = scheme.expect(tag::OID)?;
    let iv = scheme.expect(tag::OCTET_STRING)?;
    match id {
        oid::AES128_CBC => {
            open(Decryptor::<Aes128>::new_from_slices(&derivation.run(&password.utf8, 16)?, iv).map_err(|_| WRONG)?, data)
        }
        oid::AES192_CBC => {
            open(Decryptor::<Aes192>::new_from_slices(&derivation.run(&password.utf8, 24)?, iv).map_err(|_| WRONG)?, data)
        }
        oid::AES256_CBC => {
            open(Decryptor::<Aes256>::new_from_slices(&derivation.run(&password.utf8, 32)?, iv).map_err(|_| WRONG)?, data)
        }
        _ => Err(Failed("the PKCS#12 file is encrypted with a cipher that is not supported")),
    }
}

fn open<M: BlockModeDecrypt>(mode: M, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failed> {
    mode.decrypt_padded_vec::<Pkcs7>(data).map(Zeroizing::new).map_err(|_| WRONG)
}
