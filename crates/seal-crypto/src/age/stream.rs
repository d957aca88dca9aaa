//! age files of any size in constant memory: 64 KiB at a time, each chunk authenticated before it is given out.
//!
//! What a stream has given out is authentic; whether it is *complete* is only known at its end. Whoever cannot wait until
//! then uses [`super::decrypt`], which gives out nothing before.

use super::pending::HeaderThen;
use super::write::{self, CHUNK_BYTES, Chunks, TAG_BYTES};
use super::{Caps, EncryptError, Identity, OpenError, Pending, Recipient, Stanza, armor};
use age::armor::ArmoredWriter;
use age::secrecy::SecretString;
use age::stream::StreamReader;
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use std::borrow::Borrow;
use std::io::{self, BufRead, Read, Write};
use zeroize::Zeroizing;

/// What is written here comes out encrypted. Dropped without [`Encrypting::finish`] it leaves a file that does not open.
pub struct Encrypting<W: Write> {
    output: ArmoredWriter<W>,
    chunks: Chunks,
    chunk: Zeroizing<Vec<u8>>,
}

impl<W: Write> Encrypting<W> {
    fn begin(output: W, armored: bool, (head, chunks): (Vec<u8>, Chunks)) -> Result<Self, EncryptError> {
        let io = |error: io::Error| EncryptError::Io(error.kind());
        let mut output = armor::writer(output, armored).map_err(io)?;
        output.write_all(&head).map_err(io)?;
        Ok(Self { output, chunks, chunk: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES + TAG_BYTES)) })
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        self.chunks.seal(&mut self.chunk, last);
        self.output.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }

    /// Writes the last chunk and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        self.output.finish()
    }
}

impl<W: Write> Write for Encrypting<W> {
    /// A full chunk waits for the next byte, because the last chunk is marked.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.write_chunk(false)?;
        }
        let length = bytes.len().min(CHUNK_BYTES - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Begins a file for these recipients, as text when `armored`. See [`super::encrypt`] for the extra stanzas.
///
/// # Errors
/// No or ill-matched recipients, or those of the output.
pub fn encrypt_to<W: Write>(
    output: W,
    armored: bool,
    recipients: &[Recipient],
    extra: &[Stanza],
    rng: &mut impl CryptoRng,
) -> Result<Encrypting<W>, EncryptError> {
    Encrypting::begin(output, armored, write::begin(recipients, extra, rng)?)
}

/// Begins a file for a passphrase; opening it costs 2^`log_n` scrypt work, 18 being age's choice (about a second).
///
/// # Errors
/// A passphrase that is not UTF-8, or those of the output.
pub fn encrypt_with_passphrase<W: Write>(
    output: W,
    armored: bool,
    passphrase: &SecretBytes,
    log_n: u8,
    rng: &mut impl CryptoRng,
) -> Result<Encrypting<W>, EncryptError> {
    let text = std::str::from_utf8(passphrase.expose());
    let text = text.map_err(|_| EncryptError::Foreign("the passphrase is not UTF-8".to_owned()))?;
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(text.to_owned()));
    recipient.set_work_factor(log_n);
    Encrypting::begin(output, armored, write::begin_alone(&recipient, rng)?)
}

/// Content that comes out of an age file. Errors of the file itself are [`OpenError`]s inside the [`io::Error`].
pub struct Decrypting<R: Read>(pub(super) StreamReader<HeaderThen<R>>);

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.get_ref() {
            Some(inner) if inner.is::<OpenError>() => error,
            _ if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
                io::Error::new(io::ErrorKind::InvalidData, OpenError::Payload)
            }
            _ => error,
        })
    }
}

/// Opens a binary file; put an [`armor::Reader`] around text. Says which identity opened it.
///
/// # Errors
/// The header's, or that no identity matches. No byte of content has been read then.
pub fn decrypt_from<R: BufRead, I: Borrow<Identity>>(
    input: R,
    identities: &[I],
    caps: &Caps,
) -> Result<(Decrypting<R>, usize), OpenError> {
    Pending::read(input, caps)?.open(identities)
}

/// What an error of [`Decrypting`] says about the file.
pub fn open_error_of(error: &io::Error) -> OpenError {
    armor::error_of(error)
}
