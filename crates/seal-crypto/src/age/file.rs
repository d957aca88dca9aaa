//! Whole age files in memory: nothing of the content is given out before the last chunk has been authenticated.

use super::{Caps, EncryptError, Identity, OpenError, Recipient, Stanza, header, stream};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use std::borrow::Borrow;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// What a file takes beyond its content for a few recipients.
const ROOM: usize = 2048;

/// A binary age file for these recipients.
///
/// The extra stanzas stand first in the header and are covered by its MAC; every age program skips types that it does not
/// know. They can be read without a key and carry no secret.
///
/// # Errors
/// No recipients, or post-quantum and classic ones together.
pub fn encrypt(
    value: &SecretBytes,
    recipients: &[Recipient],
    extra: &[Stanza],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let io = |error: std::io::Error| EncryptError::Io(error.kind());
    let mut writer = stream::encrypt_to(Vec::with_capacity(value.len() + ROOM), false, recipients, extra, rng)?;
    writer.write_all(value.expose()).map_err(io)?;
    writer.finish().map_err(io)
}

/// The content of a binary age file and the index of the identity that opened it.
///
/// # Errors
/// When it is no age file, exceeds a cap, is damaged, or is for nobody here.
pub fn decrypt<I: Borrow<Identity>>(bytes: &[u8], identities: &[I], caps: &Caps) -> Result<(SecretBytes, usize), OpenError> {
    let header = header::header(bytes, caps)?;
    let (mut reader, index) = stream::decrypt_from(bytes, identities, caps)?;
    // The exact length, so that the buffer never moves and leaves no copy behind.
    let mut value = Zeroizing::new(Vec::with_capacity(header.content_len().unwrap_or_default()));
    reader.read_to_end(&mut value).map_err(|error| stream::open_error_of(&error))?;
    Ok((value.into(), index))
}
