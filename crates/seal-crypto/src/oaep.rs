//! `RSAES-OAEP-ENCRYPT` (RFC 8017 section 7.1.1) with SHA-256 for hash and MGF1, over the big numbers of the `rsa` crate.
//!
//! The crate's own encryption raises to the public exponent by the method for secret ones (a table of powers, read in constant
//! time), which doubles the work: 39 multiplications for 65537 instead of 17. Here the exponent is public and treated so. The
//! message is not: nothing branches on it. The test holds the two against each other, byte for byte. It never decrypts.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier};
use rand_core::CryptoRng;
use rsa::traits::PublicKeyParts;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a SHA-256 digest, and of the seed.
const HASH_BYTES: usize = 32;

/// `None` when the message is longer than the modulus less 66 bytes.
pub(crate) fn encrypt(key: &rsa::PublicKey, message: &[u8], label: &[u8], rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
    let encoded = encode(key.size(), message, label, rng)?;
    let mut number = BoxedUint::from_be_slice(&encoded, key.n_bits_precision()).ok()?;
    // `RSAEP(m) = m^e mod n` (section 5.1.1); m < n because its first byte is zero.
    let power = raise(&number, key.e(), key.n_params());
    number.zeroize();
    let bytes = power.to_be_bytes();
    // As wide as its limbs, so a modulus of odd length leaves zero bytes in front.
    Some(bytes[bytes.len() - key.size()..].to_vec())
}

/// `EM = 0x00 | seed ^ MGF(DB') | DB'` where `DB' = (SHA-256(label) | 0x00.. | 0x01 | message) ^ MGF(seed)`, in `size` bytes
/// (section 7.1.1 step 2).
fn encode(size: usize, message: &[u8], label: &[u8], rng: &mut impl CryptoRng) -> Option<Zeroizing<Vec<u8>>> {
    let padding = size.checked_sub(2 * HASH_BYTES + 2)?.checked_sub(message.len())?;
    let mut encoded = Zeroizing::new(vec![0; size]);
    let (seed, block) = encoded[1..].split_at_mut(HASH_BYTES);
    rng.fill_bytes(seed);
    block[..HASH_BYTES].copy_from_slice(&Sha256::digest(label));
    let (one, rest) = block[HASH_BYTES + padding..].split_first_mut().expect("padding leaves one byte and the message");
    *one = 1;
    rest.copy_from_slice(message);
    mask(block, seed);
    mask(seed, block);
    Some(encoded)
}

/// `target ^= MGF1(seed)` (appendix B.2.1).
fn mask(target: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0_u32..).zip(target.chunks_mut(HASH_BYTES)) {
        let mut digest = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        chunk.iter_mut().zip(&digest).for_each(|(byte, mask)| *byte ^= mask);
        digest.as_mut_slice().zeroize();
    }
}

/// `base^exponent mod n`, the exponent's bits from the highest down.
fn raise(base: &BoxedUint, exponent: &BoxedUint, params: &BoxedMontyParams) -> BoxedUint {
    let mut base = BoxedMontyForm::new(base.clone(), params);
    let mut power = base.clone();
    let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(params);
    for bit in (0..exponent.bit_width_vartime().saturating_sub(1)).rev() {
        multiplier.square_assign(&mut power);
        if exponent.bit_vartime(bit) {
            multiplier.mul_assign(&mut power, &base);
        }
    }
    base.zeroize();
    power.retrieve()
}

#[cfg(test)]
mod tests {
    use super::encrypt;
    use crate::tests::{key, rng, test_key_pem};
    use rsa::pkcs8::DecodePublicKey;
    use rsa::traits::PublicKeyParts;
    use sha2::Sha256;

    fn keys() -> Vec<rsa::PublicKey> {
        [
            test_key_pem!("rsa1024.pem"),
            test_key_pem!("rsa2048.pem"),
            test_key_pem!("rsa2050.pem"),
            test_key_pem!("rsa3072.pem"),
            test_key_pem!("rsa4096.pem"),
        ]
        .map(|pem| rsa::PublicKey::from_public_key_der(&key(pem).public().to_spki()).unwrap())
        .to_vec()
    }

    #[test]
    fn it_is_what_the_rsa_crate_makes_of_the_same_seed() {
        for key in keys() {
            let longest = key.size() - 66;
            for (length, label) in [(0, ""), (1, "a/b"), (32.min(longest), "shop/app"), (longest, "x")] {
                let message = vec![0xa5; length];
                let theirs = key.encrypt(&mut rng(), rsa::Oaep::<Sha256>::new_with_label(label.as_bytes()), &message).unwrap();
                assert_eq!(encrypt(&key, &message, label.as_bytes(), &mut rng()).unwrap(), theirs, "{} {length}", key.size());
            }
            assert_eq!(encrypt(&key, &vec![0; longest + 1], b"", &mut rng()), None);
        }
    }

    #[test]
    fn exponents_other_than_65537_work_too() {
        let n = keys()[1].n().as_ref().clone();
        for exponent in [3_u64, 17, 65_539] {
            let key = rsa::PublicKey::new_unchecked(n.clone(), exponent.into());
            let theirs = key.encrypt(&mut rng(), rsa::Oaep::<Sha256>::new_with_label(b"l".as_slice()), b"message").unwrap();
            assert_eq!(encrypt(&key, b"message", b"l", &mut rng()).unwrap(), theirs, "{exponent}");
        }
    }
}
