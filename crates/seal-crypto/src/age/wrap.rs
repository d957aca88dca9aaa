//! From our recipients and identities to the traits of the `age` crate: extra stanzas go in, the opener's index comes out.

use super::header::is_word;
use super::recipient::Key;
use super::xwing::RANDOM_BYTES;
use super::{Caps, EncryptError, Identity, OpenError, Recipient, Stanza, foreign, pq};
use rand_core::CryptoRng;
use std::cell::Cell;
use std::collections::HashSet;
use zeroize::Zeroizing;

const POST_QUANTUM: &str = "postquantum";

/// The crate's encryptor for these recipients. The extra stanzas come first; the header's MAC covers them.
pub(super) fn encryptor(
    recipients: &[Recipient],
    extra: &[Stanza],
    rng: &mut impl CryptoRng,
) -> Result<age::Encryptor, EncryptError> {
    check(recipients, extra)?;
    let mut wraps: Vec<Wrap<'_>> = recipients.iter().map(|recipient| Wrap::new(recipient, rng)).collect();
    if let Some(first) = wraps.first_mut() {
        first.extra = extra;
    }
    age::Encryptor::with_recipients(wraps.iter().map(|wrap| wrap as &dyn age::Recipient)).map_err(|error| match error {
        age::EncryptError::MissingRecipients => EncryptError::NoRecipients,
        age::EncryptError::Io(error) => EncryptError::Io(error.kind()),
        age::EncryptError::IncompatibleRecipients { .. } => EncryptError::Incompatible,
        other => EncryptError::Foreign(other.to_string()),
    })
}

fn check(recipients: &[Recipient], extra: &[Stanza]) -> Result<(), EncryptError> {
    let of = |strong: bool| recipients.iter().find(|recipient| recipient.is_post_quantum() == strong).map(Recipient::short);
    match (of(true), of(false)) {
        (None, None) => return Err(EncryptError::NoRecipients),
        (Some(post_quantum), Some(classic)) => return Err(EncryptError::Mixed { post_quantum, classic }),
        _ => {}
    }
    let good = |stanza: &Stanza| is_word(&stanza.kind) && stanza.args.iter().all(|arg| is_word(arg));
    extra.iter().all(good).then_some(()).ok_or(EncryptError::Stanza)
}

struct Wrap<'a> {
    recipient: &'a Recipient,
    random: Zeroizing<[u8; RANDOM_BYTES]>,
    extra: &'a [Stanza],
}

impl<'a> Wrap<'a> {
    fn new(recipient: &'a Recipient, rng: &mut impl CryptoRng) -> Self {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        if matches!(recipient.key, Key::PostQuantum(_)) {
            rng.fill_bytes(&mut random[..]);
        }
        Self { recipient, random, extra: &[] }
    }
}

impl age::Recipient for Wrap<'_> {
    fn wrap_file_key(&self, key: &foreign::FileKey) -> Result<(Vec<foreign::Stanza>, HashSet<String>), age::EncryptError> {
        let (stanzas, labels) = match &self.recipient.key {
            Key::X25519(recipient) => recipient.wrap_file_key(key)?,
            Key::PostQuantum(public) => (vec![pq::wrap(public, key, &self.random)], HashSet::from([POST_QUANTUM.to_owned()])),
            Key::Tag(recipient) => recipient.wrap_file_key(key)?,
            Key::TagPostQuantum(recipient) => recipient.wrap_file_key(key)?,
            #[cfg(feature = "ssh")]
            Key::Ssh(recipient) => recipient.wrap_file_key(key)?,
            Key::Foreign { recipient, .. } => recipient.wrap_file_key(key)?,
        };
        let extra = self.extra.iter().cloned().map(|Stanza { kind: tag, args, body }| foreign::Stanza { tag, args, body });
        Ok((extra.chain(stanzas).collect(), labels))
    }
}

/// Refuses before any private key is used what would cost more than the cap.
pub(super) fn check_work(stanzas: &[Stanza], identities: &[&Identity], caps: &Caps) -> Result<(), OpenError> {
    let cost =
        |identity: &&Identity| stanzas.iter().filter(|stanza| identity.tries().is_none_or(|kind| kind == stanza.kind)).count();
    let operations: usize = identities.iter().map(cost).sum();
    let limit = caps.operations;
    if operations > limit { Err(OpenError::TooMuch { limit, what: "private-key operations to ask for" }) } else { Ok(()) }
}

/// An identity that says when it was the one.
pub(super) struct Tracked<'a> {
    pub(super) identity: &'a Identity,
    pub(super) index: usize,
    pub(super) opened: &'a Cell<Option<usize>>,
}

impl age::Identity for Tracked<'_> {
    fn unwrap_stanza(&self, _: &foreign::Stanza) -> Option<Result<foreign::FileKey, age::DecryptError>> {
        None // the crate asks for all stanzas at once
    }

    fn unwrap_stanzas(&self, stanzas: &[foreign::Stanza]) -> Option<Result<foreign::FileKey, age::DecryptError>> {
        let unwrapped = self.identity.unwrap(stanzas);
        if matches!(unwrapped, Some(Ok(_))) {
            self.opened.set(Some(self.index));
        }
        unwrapped
    }
}

/// The crate's answer in our words.
pub(super) fn open_error(error: age::DecryptError) -> OpenError {
    match error {
        age::DecryptError::InvalidHeader => OpenError::Stanza,
        age::DecryptError::UnknownFormat => OpenError::Version,
        age::DecryptError::InvalidMac => OpenError::Mac,
        age::DecryptError::NoMatchingKeys => OpenError::NoMatch,
        age::DecryptError::KeyDecryptionFailed | age::DecryptError::DecryptionFailed => OpenError::Passphrase,
        age::DecryptError::ExcessiveWork { required, .. } => OpenError::Work { log_n: required },
        age::DecryptError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => OpenError::Truncated,
        age::DecryptError::Io(error) => super::armor::error_of(&error),
        other => OpenError::Foreign(other.to_string()),
    }
}
