//! AES-256-CBC as sprig's `encryptAES` and `decryptAES` have it: the password, cut or zero-filled to 32 bytes, is the key.
//!
//! Kept for templates that exist. It authenticates nothing: new templates should not use it.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use cbc::{Decryptor, Encryptor};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Failed;

/// Base64 of a random first block and the ciphertext; nothing of nothing.
pub(crate) fn encrypt(password: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
    if plaintext.is_empty() {
        return Vec::new();
    }
    let mut iv = [0; 16];
    rng.fill_bytes(&mut iv);
    let ciphertext = Encryptor::<Aes256>::new(&(*key(password)).into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plaintext);
    STANDARD.encode([&iv[..], &ciphertext].concat()).into_bytes()
}

/// The other way round. The padding is only as long as its last byte says, as in sprig; what it cannot be is an error.
pub(crate) fn decrypt(password: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Failed> {
    if ciphertext.is_empty() {
        return Ok(Vec::new());
    }
    let joined: Vec<u8> = ciphertext.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(joined).map_err(|_| Failed("the ciphertext is not base64"))?;
    let (iv, blocks) =
        bytes.split_first_chunk::<16>().filter(|(_, blocks)| !blocks.is_empty()).ok_or(Failed("the ciphertext is too short"))?;
    let mut plain = Decryptor::<Aes256>::new(&(*key(password)).into(), &(*iv).into())
        .decrypt_padded_vec::<NoPadding>(blocks)
        .map_err(|_| Failed("the ciphertext is not a whole number of blocks"))?;
    let padding = plain.last().map_or(0, |last| usize::from(*last));
    let kept = plain.len().checked_sub(padding).ok_or(Failed("the ciphertext does not decrypt with this password"))?;
    plain.truncate(kept);
    Ok(plain)
}

fn key(password: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let used = password.len().min(32);
    key[..used].copy_from_slice(&password[..used]);
    key
}
