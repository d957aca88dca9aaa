//! The `X25519` stanza, written: `-> X25519 EPHEMERAL_SHARE`, body ChaCha20-Poly1305 of the file key under
//! HKDF-SHA256(shared secret, share | recipient, "age-encryption.org/v1/X25519"). Opening is the crate's.

use super::RecipientError;
use crate::base64text;
use age_core::format::{FileKey, Stanza};
use age_core::primitives::{aead_encrypt, bech32_decode, bech32_encode, hkdf};
use age_core::secrecy::ExposeSecret;
use bech32::Hrp;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub(super) const KIND: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const RECIPIENT: Hrp = Hrp::parse_unchecked("age");

/// `age1...`, 62 characters. A point of low order is no key: everybody would know the shared secret.
pub(super) fn parse_recipient(text: &str) -> Result<PublicKey, RecipientError> {
    let bad = RecipientError::Key("X25519");
    bech32_decode(
        text,
        |_| RecipientError::Checksum,
        |hrp| (hrp == RECIPIENT).then_some(()).ok_or(RecipientError::NotAge),
        |_, bytes| {
            let bytes: [u8; 32] = bytes.collect::<Vec<_>>().try_into().map_err(|_| bad.clone())?;
            let key = PublicKey::from(bytes);
            let contributes = StaticSecret::from([1; 32]).diffie_hellman(&key).was_contributory();
            contributes.then_some(key).ok_or(bad.clone())
        },
    )
}

pub(super) fn recipient_text(key: &PublicKey) -> String {
    bech32_encode(RECIPIENT, key.as_bytes())
}

/// The stanza for one recipient.
pub(super) fn wrap(recipient: &PublicKey, key: &FileKey, random: [u8; 32]) -> Stanza {
    let ephemeral = StaticSecret::from(random);
    let share = PublicKey::from(&ephemeral);
    let shared = ephemeral.diffie_hellman(recipient);
    let salt = [*share.as_bytes(), *recipient.as_bytes()].concat();
    let wrapping = Zeroizing::new(hkdf(&salt, LABEL, shared.as_bytes()));
    Stanza {
        tag: KIND.to_owned(),
        args: vec![base64text::encode_bare(share.as_bytes())],
        body: aead_encrypt(&wrapping, key.expose_secret()),
    }
}
