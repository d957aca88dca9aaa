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
    let (cipher, nonce) = schedule(shared, info);
    cipher.encrypt(&nonce, message).expect("a file key is far below the cipher's limit")
}

/// `Open(key, base_nonce, "", sealed)`.
pub(super) fn open(shared: &[u8; 32], info: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (cipher, nonce) = schedule(shared, info);
    cipher.decrypt(&nonce, sealed).ok().map(Zeroizing::new)
}

/// `KeySchedule<mode_base>` (RFC 9180 section 5.1) with an empty PSK.
fn schedule(shared: &[u8; 32], info: &[u8]) -> (ChaCha20Poly1305, Nonce) {
    let psk_id_hash = labeled_extract(&[], b"psk_id_hash", &[]);
    let info_hash = labeled_extract(&[], b"info_hash", info);
    let context = [MODE_BASE, &psk_id_hash[..], &info_hash[..]].concat();
    let secret = labeled_extract(shared, b"secret", &[]);
    let key = labeled_expand(&secret, b"key", &context, KEY_BYTES);
    let nonce = labeled_expand(&secret, b"base_nonce", &context, NONCE_BYTES);
    (ChaCha20Poly1305::new(Key::from_slice(&key[..])), *Nonce::from_slice(&nonce[..NONCE_BYTES]))
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
