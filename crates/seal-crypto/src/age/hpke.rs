//! HPKE (RFC 9180) as far as `mlkem768x25519` needs it: base mode, one message, no additional data, X-Wing as the KEM.
//!
//! Suite: KEM 0x647a (X-Wing), KDF 0x0001 (HKDF-SHA256), AEAD 0x0003 (ChaCha20-Poly1305). X-Wing's shared secret is already
//! 32 uniform bytes and goes into the key schedule as it is.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const SUITE: [u8; 10] = *b"HPKE\x64\x7a\x00\x01\x00\x03";
const VERSION: &[u8] = b"HPKE-v1";
const MODE_BASE: &[u8] = &[0];
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// `Seal(key, base_nonce, "", message)`: ciphertext and 16 bytes of tag.
pub(super) fn seal(shared: &[u8; 32], info: &[u8], message: &[u8]) -> Vec<u8> {
    let (key, nonce) = schedule(shared, info);
    cipher(&key).encrypt(Nonce::from_slice(&nonce[..NONCE_BYTES]), message).expect("a file key is far below the cipher's limit")
}

/// `Open(key, base_nonce, "", sealed)`.
pub(super) fn open(shared: &[u8; 32], info: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (key, nonce) = schedule(shared, info);
    cipher(&key).decrypt(Nonce::from_slice(&nonce[..NONCE_BYTES]), sealed).ok().map(Zeroizing::new)
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(Key::from_slice(key))
}

/// `KeySchedule<mode_base>` (RFC 9180 section 5.1) with an empty PSK: the key, and the nonce in the first 12 bytes.
fn schedule(shared: &[u8; 32], info: &[u8]) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let psk_id_hash = labeled_extract(&[], b"psk_id_hash", &[]);
    let info_hash = labeled_extract(&[], b"info_hash", info);
    let context = [MODE_BASE, &psk_id_hash[..], &info_hash[..]].concat();
    let secret = labeled_extract(shared, b"secret", &[]);
    (labeled_expand(&secret, b"key", &context, KEY_BYTES), labeled_expand(&secret, b"base_nonce", &context, NONCE_BYTES))
}

/// `LabeledExtract(salt, label, ikm) = HMAC-SHA256(salt, "HPKE-v1" | suite | label | ikm)`.
fn labeled_extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    hmac(salt, &[VERSION, &SUITE, label, ikm])
}

/// `LabeledExpand(prk, label, info, L)` for L up to 32, which is one block of HKDF-Expand:
/// `HMAC-SHA256(prk, I2OSP(L, 2) | "HPKE-v1" | suite | label | info | 0x01)`, the first L bytes of it.
fn labeled_expand(prk: &[u8; 32], label: &[u8], info: &[u8], length: usize) -> Zeroizing<[u8; 32]> {
    let length = u16::try_from(length).expect("32 at most").to_be_bytes();
    hmac(prk, &[&length, VERSION, &SUITE, label, info, &[1]])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::super::xwing::{CIPHERTEXT_BYTES, Private, Public, RANDOM_BYTES};
    use super::{NONCE_BYTES, open, schedule, seal};

    fn vector<const N: usize>(name: &str) -> [u8; N] {
        value(name).try_into().expect("the length of the vector")
    }

    fn value(name: &str) -> Vec<u8> {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/hpke/x-wing.txt"));
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).expect("it is there");
        let digits: Vec<u32> = line.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits")).collect()
    }

    #[test]
    fn every_step_is_that_of_the_published_vector() {
        let private = Private::from_seed(&vector("skRm"));
        assert_eq!(private.public().bytes(), value("pkRm"));
        let public = Public::from_bytes(&value("pkRm")).expect("a good key");
        let (secret, ciphertext) = public.encapsulate(&vector::<RANDOM_BYTES>("ikmE"));
        assert_eq!((secret.to_vec(), ciphertext.to_vec()), (value("shared_secret"), value("enc")));
        let opened = private.decapsulate(&vector::<CIPHERTEXT_BYTES>("enc")).expect("it opens");
        assert_eq!(opened.to_vec(), value("shared_secret"));
        let (key, nonce) = schedule(&opened, &value("info"));
        assert_eq!((key.to_vec(), nonce[..NONCE_BYTES].to_vec()), (value("key"), value("base_nonce")));
    }

    #[test]
    fn another_secret_info_or_message_does_not_open() {
        let sealed = seal(&[1; 32], b"info", b"a file key");
        let opens = |shared: &[u8; 32], info: &[u8], sealed: &[u8]| open(shared, info, sealed).map(|bytes| bytes.to_vec());
        assert_eq!(opens(&[1; 32], b"info", &sealed), Some(b"a file key".to_vec()));
        assert_eq!(opens(&[2; 32], b"info", &sealed), None);
        assert_eq!(opens(&[1; 32], b"inf", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(opens(&[1; 32], b"info", &changed), None, "{at}");
        }
    }

    #[test]
    fn keys_that_are_not_reduced_or_of_another_length_are_refused() {
        let good = value("pkRm");
        assert!(Public::from_bytes(&good).is_some());
        assert!(Public::from_bytes(&good[1..]).is_none());
        let mut large = good.clone();
        large[..3].fill(0xff); // two coefficients of 4095, above the modulus 3329
        assert!(Public::from_bytes(&large).is_none());
    }
}
