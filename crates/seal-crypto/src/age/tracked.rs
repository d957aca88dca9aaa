//! From our identities to the trait of the `age` crate: work is capped before, and the opener's index comes out.

use super::{Caps, Identity, OpenError, Stanza, foreign};
use std::cell::Cell;

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
