//! Writes age files (C2SP `age.md`): a header under its MAC, then the content in chunks. Every random byte comes from the
//! caller's generator, but for what foreign recipients draw themselves.
//!
//! | part | bytes |
//! |---|---|
//! | file key | 16, random |
//! | header | version line, stanzas, `--- ` and the unpadded base64 of HMAC-SHA256(HKDF-SHA256(file key, "", "header"), header up to `---`) |
//! | nonce | 16, random |
//! | chunks | 64 KiB each, ChaCha20-Poly1305 under HKDF-SHA256(file key, nonce, "payload"); nonce = 11 bytes of counter, 1 byte: is it the last |

use super::header::is_word;
use super::{EncryptError, Recipient, Stanza, foreign, recipient};
use crate::base64text;
use age_core::format::{FILE_KEY_BYTES, FileKey};
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret;
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, KeyInit as _, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use std::collections::HashSet;
use zeroize::Zeroizing;

/// Bytes of content in every chunk but the last.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of tag behind every chunk.
pub(super) const TAG_BYTES: usize = 16;
/// Bytes of nonce between header and chunks.
pub(super) const NONCE_BYTES: usize = 16;
const COLUMNS: usize = 64;

/// The bytes up to the first chunk, and the cipher of the chunks.
pub(super) fn begin(
    recipients: &[Recipient],
    extra: &[Stanza],
    rng: &mut impl CryptoRng,
) -> Result<(Vec<u8>, Chunks), EncryptError> {
    check(recipients, extra)?;
    let key = file_key(rng);
    let mut stanzas = extra.to_vec();
    let mut company: Option<HashSet<String>> = None;
    for recipient in recipients {
        let (wrapped, labels) = recipient::wrap(recipient, &key, rng)?;
        if company.get_or_insert_with(|| labels.clone()) != &labels {
            return Err(EncryptError::Incompatible);
        }
        stanzas.extend(wrapped.into_iter().map(ours));
    }
    finish(&stanzas, &key, rng)
}

/// The same for a recipient that must be alone, such as a passphrase.
pub(super) fn begin_alone(
    recipient: &dyn foreign::Recipient,
    rng: &mut impl CryptoRng,
) -> Result<(Vec<u8>, Chunks), EncryptError> {
    let key = file_key(rng);
    let (wrapped, _) = recipient.wrap_file_key(&key).map_err(|error| EncryptError::Foreign(error.to_string()))?;
    finish(&wrapped.into_iter().map(ours).collect::<Vec<_>>(), &key, rng)
}

fn check(recipients: &[Recipient], extra: &[Stanza]) -> Result<(), EncryptError> {
    let of = |strong: bool| recipients.iter().find(|recipient| recipient.is_post_quantum() == strong).map(Recipient::short);
    match (of(true), of(false)) {
        (None, None) => return Err(EncryptError::NoRecipients),
        (Some(post_quantum), Some(classic)) => return Err(EncryptError::Mixed { post_quantum, classic }),
        _ => {}
    }
    extra.iter().all(is_printable).then_some(()).ok_or(EncryptError::Stanza)
}

fn is_printable(stanza: &Stanza) -> bool {
    is_word(&stanza.kind) && stanza.args.iter().all(|arg| is_word(arg))
}

fn file_key(rng: &mut impl CryptoRng) -> FileKey {
    FileKey::init_with_mut(|key: &mut [u8; FILE_KEY_BYTES]| rng.fill_bytes(key))
}

fn ours(stanza: foreign::Stanza) -> Stanza {
    Stanza { kind: stanza.tag, args: stanza.args, body: stanza.body }
}

fn finish(stanzas: &[Stanza], key: &FileKey, rng: &mut impl CryptoRng) -> Result<(Vec<u8>, Chunks), EncryptError> {
    if !stanzas.iter().all(is_printable) {
        return Err(EncryptError::Foreign("a recipient made a stanza with an empty or unprintable field".to_owned()));
    }
    let mut head = header(stanzas, key.expose_secret()).into_bytes();
    let mut nonce = [0; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    head.extend_from_slice(&nonce);
    let payload = Zeroizing::new(hkdf(&nonce, b"payload", key.expose_secret()));
    Ok((head, Chunks { cipher: ChaCha20Poly1305::new(Key::from_slice(&payload[..])), counter: 0 }))
}

fn header(stanzas: &[Stanza], key: &[u8; FILE_KEY_BYTES]) -> String {
    let mut text = "age-encryption.org/v1\n".to_owned();
    for Stanza { kind, args, body } in stanzas {
        let words = args.iter().fold(format!("-> {kind}"), |words, arg| words + " " + arg);
        text.push_str(&words);
        text.push('\n');
        let body = base64text::encode_bare(body);
        // The last line is always short, if need be empty: that is how readers know the end.
        for line in 0..=body.len() / COLUMNS {
            text.push_str(&body[line * COLUMNS..body.len().min((line + 1) * COLUMNS)]);
            text.push('\n');
        }
    }
    text.push_str("---");
    let mac_key = Zeroizing::new(hkdf(&[], b"header", key));
    let mut mac = Hmac::<Sha256>::new_from_slice(&mac_key[..]).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    text + " " + &base64text::encode_bare(&mac.finalize().into_bytes()) + "\n"
}

/// The cipher of the chunks, in order.
pub(super) struct Chunks {
    cipher: ChaCha20Poly1305,
    counter: u64,
}

impl Chunks {
    /// Encrypts a chunk where it stands and puts its tag behind it.
    pub(super) fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.counter.to_be_bytes());
        nonce[11] = u8::from(last);
        self.counter += 1;
        self.cipher.encrypt_in_place(Nonce::from_slice(&nonce), &[], chunk).expect("a chunk is far below the cipher's limit");
    }
}
