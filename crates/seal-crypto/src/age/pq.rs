//! `mlkem768x25519`: age's own post-quantum recipient, which the `age` crate lacks.
//!
//! Stanza `-> mlkem768x25519 ENC`, ENC the unpadded base64 of X-Wing's 1120 bytes; body 32 bytes: the 16-byte file key sealed by
//! single-shot HPKE. Recipient and identity are Bech32 of the 1216-byte public key and of the 32-byte seed.

use super::xwing::{self, CIPHERTEXT_BYTES, Private, Public, RANDOM_BYTES};
use super::{IdentityError, RecipientError, hpke};
use crate::base64text;
use age::DecryptError;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{bech32_decode, bech32_encode};
use age_core::secrecy::ExposeSecret;
use bech32::Hrp;
use seal_secret::SecretBytes;
use zeroize::Zeroizing;

pub(super) const KIND: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const RECIPIENT: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY: Hrp = Hrp::parse_unchecked("age-secret-key-pq-");
const BODY_BYTES: usize = FILE_KEY_BYTES + 16;

/// `age1pq1...`, 1959 characters.
pub(super) fn parse_recipient(text: &str) -> Result<Public, RecipientError> {
    bech32_decode(
        text,
        |_| RecipientError::Checksum,
        |hrp| (hrp == RECIPIENT).then_some(()).ok_or(RecipientError::NotAge),
        |_, bytes| Public::from_bytes(&bytes.collect::<Vec<_>>()).ok_or(RecipientError::Key("post-quantum")),
    )
}

pub(super) fn recipient_text(public: &Public) -> String {
    bech32_encode(RECIPIENT, public.bytes())
}

/// An identity: the seed and what follows from it.
pub(super) struct PqIdentity {
    seed: Zeroizing<[u8; 32]>,
    private: Private,
}

impl PqIdentity {
    pub(super) fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        let private = Private::from_seed(&seed);
        Self { seed, private }
    }

    pub(super) fn parse(text: &str) -> Result<Self, IdentityError> {
        bech32_decode(
            text,
            |_| IdentityError::Checksum,
            |hrp| (hrp == IDENTITY).then_some(()).ok_or(IdentityError::NotAge),
            |_, bytes| {
                let mut seed = Zeroizing::new([0; 32]);
                let mut bytes = bytes.fuse();
                seed.iter_mut().try_for_each(|byte| bytes.next().map(|next| *byte = next)).ok_or(IdentityError::Key)?;
                bytes.next().is_none().then(|| Self::from_seed(seed)).ok_or(IdentityError::Key)
            },
        )
    }

    pub(super) fn to_text(&self) -> SecretBytes {
        let lower = Zeroizing::new(bech32_encode(IDENTITY, &self.seed[..]).into_bytes());
        lower.to_ascii_uppercase().into()
    }

    pub(super) fn public(&self) -> &Public {
        self.private.public()
    }

    /// `None` when the stanza is for another identity; an error when it breaks its format.
    pub(super) fn unwrap(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        (stanza.tag == KIND).then_some(())?;
        let [enc] = stanza.args.as_slice() else { return Some(Err(DecryptError::InvalidHeader)) };
        let Some(enc) = base64text::decode_bare_exact::<CIPHERTEXT_BYTES>(enc) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        if stanza.body.len() != BODY_BYTES {
            return Some(Err(DecryptError::InvalidHeader));
        }
        let Some(shared) = self.private.decapsulate(&enc) else { return Some(Err(DecryptError::InvalidHeader)) };
        let opened = hpke::open(&shared, INFO, &stanza.body)?;
        Some(Ok(FileKey::init_with_mut(|key| key.copy_from_slice(&opened))))
    }
}

/// The stanza for one recipient.
pub(super) fn wrap(public: &Public, key: &FileKey, random: &[u8; RANDOM_BYTES]) -> Stanza {
    let (shared, enc): (_, [u8; xwing::CIPHERTEXT_BYTES]) = public.encapsulate(random);
    Stanza {
        tag: KIND.to_owned(),
        args: vec![base64text::encode_bare(&enc)],
        body: hpke::seal(&shared, INFO, key.expose_secret()),
    }
}
