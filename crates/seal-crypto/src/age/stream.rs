//! age files of any size in constant memory: 64 KiB at a time, each chunk authenticated before it is given out.
//!
//! What a stream has given out is authentic; whether it is *complete* is only known at its end. Whoever cannot wait until
//! then uses [`super::decrypt`], which gives out nothing before.

use super::pending::HeaderThen;
use super::wrap::encryptor;
use super::{Caps, EncryptError, Identity, OpenError, Pending, Recipient, Stanza, armor};
use age::armor::ArmoredWriter;
use age::secrecy::SecretString;
use age::stream::{StreamReader, StreamWriter};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;
use std::borrow::Borrow;
use std::io::{self, BufRead, Read, Write};

/// What is written here comes out encrypted. Dropped without [`Encrypting::finish`] it leaves a file that does not open.
pub struct Encrypting<W: Write>(StreamWriter<ArmoredWriter<W>>);

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Encrypting<W> {
    /// Writes the last chunk and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish().and_then(ArmoredWriter::finish)
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
    begin(encryptor(recipients, extra, rng)?, output, armored)
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
) -> Result<Encrypting<W>, EncryptError> {
    let text = std::str::from_utf8(passphrase.expose());
    let text = text.map_err(|_| EncryptError::Foreign("the passphrase is not UTF-8".to_owned()))?;
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(text.to_owned()));
    recipient.set_work_factor(log_n);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient));
    begin(encryptor.map_err(|error| EncryptError::Foreign(error.to_string()))?, output, armored)
}

fn begin<W: Write>(encryptor: age::Encryptor, output: W, armored: bool) -> Result<Encrypting<W>, EncryptError> {
    let io = |error: io::Error| EncryptError::Io(error.kind());
    let output = armor::writer(output, armored).map_err(io)?;
    encryptor.wrap_output(output).map(Encrypting).map_err(io)
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
