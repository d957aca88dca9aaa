//! A file whose header is read and whose content is not: identities may be looked for now, and tried as often as needed.

use super::stream::Decrypting;
use super::tracked::{Tracked, check_work, open_error};
use super::write::NONCE_BYTES;
use super::{Caps, Identity, OpenError, Stanza, header};
use std::borrow::Borrow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// An age file up to its first chunk.
pub struct Pending<R> {
    raw: header::Raw,
    nonce: Vec<u8>,
    rest: Shared<R>,
    caps: Caps,
}

impl<R: BufRead> Pending<R> {
    /// Reads the header and the payload's nonce.
    ///
    /// # Errors
    /// The header's.
    pub fn read(mut input: R, caps: &Caps) -> Result<Self, OpenError> {
        let raw = header::read(&mut input, caps)?;
        let mut nonce = Vec::new();
        input.by_ref().take(NONCE_BYTES as u64).read_to_end(&mut nonce).map_err(|error| super::armor::error_of(&error))?;
        if nonce.len() != NONCE_BYTES {
            return Err(OpenError::Truncated);
        }
        Ok(Self { raw, nonce, rest: Shared(Arc::new(Mutex::new(input))), caps: *caps })
    }

    /// The recipient stanzas.
    pub fn stanzas(&self) -> &[Stanza] {
        &self.raw.stanzas
    }

    /// True when a passphrase opens it.
    pub fn is_passphrase(&self) -> bool {
        header::is_passphrase(&self.raw.stanzas)
    }

    /// Opens it, and says which identity did. When none does, others may be tried.
    ///
    /// # Errors
    /// That no identity matches, that a stanza for one is malformed, or that the header was changed.
    pub fn open<I: Borrow<Identity>>(&self, identities: &[I]) -> Result<(Decrypting<R>, usize), OpenError> {
        let identities: Vec<&Identity> = identities.iter().map(Borrow::borrow).collect();
        check_work(&self.raw.stanzas, &identities, &self.caps)?;
        let opened = Cell::new(None);
        let tracked: Vec<Tracked<'_>> =
            identities.iter().enumerate().map(|(index, identity)| Tracked { identity, index, opened: &opened }).collect();
        let input = HeaderThen { header: self.raw.bytes.clone(), nonce: self.nonce.clone(), rest: self.rest.clone() };
        let identities = tracked.iter().map(|identity| identity as &dyn age::Identity);
        let reader = age::Decryptor::new_buffered(input).and_then(|decryptor| decryptor.decrypt(identities));
        let reader = reader.map_err(|error| match open_error(error) {
            // Only a passphrase can be wrong; an SSH key that is named and does not fit was not meant.
            OpenError::Passphrase if !self.is_passphrase() => OpenError::Stanza,
            error => error,
        })?;
        Ok((Decrypting(reader), opened.get().expect("a file that opened was opened by one of the identities")))
    }
}

/// The input behind the nonce, kept here while an attempt may still fail.
struct Shared<R>(Arc<Mutex<R>>);

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Read> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)
    }
}

/// What was read already, then the rest. Gives the whole header to the first `read_until`, so that the crate, which parses
/// from the start after every line, parses once.
pub(super) struct HeaderThen<R> {
    header: Vec<u8>,
    nonce: Vec<u8>,
    rest: Shared<R>,
}

impl<R: Read> Read for HeaderThen<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for part in [&mut self.header, &mut self.nonce] {
            if !part.is_empty() {
                let length = buffer.len().min(part.len());
                buffer[..length].copy_from_slice(&part[..length]);
                part.drain(..length);
                return Ok(length);
            }
        }
        self.rest.read(buffer)
    }
}

impl<R: Read> BufRead for HeaderThen<R> {
    /// Only the header is read in lines.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.header)
    }

    fn consume(&mut self, amount: usize) {
        self.header.drain(..amount);
    }

    fn read_until(&mut self, _: u8, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let length = self.header.len();
        buffer.append(&mut self.header);
        Ok(length)
    }
}
