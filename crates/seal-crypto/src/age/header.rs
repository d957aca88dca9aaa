//! The header of an age file, read strictly and without any key (C2SP `age.md`, "Header"). Refuses everything the format
//! does not allow, older spellings included, before the bytes reach any other parser.

use super::write::{CHUNK_BYTES, NONCE_BYTES, TAG_BYTES};
use super::{Caps, OpenError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::io::{BufRead, Read};

const MAGIC: &[u8] = b"age-encryption.org/";
const VERSION: &[u8] = b"age-encryption.org/v1";
const STANZA: &[u8] = b"-> ";
const MAC: &[u8] = b"--- ";
const MAC_BYTES: usize = 32;
const COLUMNS: usize = 64;
const SCRYPT: &str = "scrypt";

/// One recipient stanza, or one that only carries information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Its type, such as `X25519`.
    pub kind: String,
    /// The other words of its first line.
    pub args: Vec<String>,
    /// Its body, decoded.
    pub body: Vec<u8>,
}

/// What an age file says in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// In the order of the file.
    pub stanzas: Vec<Stanza>,
    /// Bytes from the version line to the end of the MAC line.
    pub header_len: usize,
    /// Bytes after the header: a nonce of 16, then chunks of 64 KiB with 16 bytes of tag each.
    pub payload_len: usize,
}

impl Header {
    /// True when a passphrase opens the file.
    pub fn is_passphrase(&self) -> bool {
        is_passphrase(&self.stanzas)
    }

    /// True when there is a recipient and every stanza of a known recipient type is post-quantum.
    pub fn is_post_quantum(&self) -> bool {
        let strengths: Vec<bool> = self.stanzas.iter().filter_map(Stanza::post_quantum).collect();
        !strengths.is_empty() && strengths.iter().all(|strong| *strong)
    }

    /// Bytes of the content once opened, or nothing when the payload is shorter than the format allows.
    pub fn content_len(&self) -> Option<usize> {
        let chunks = self.payload_len.checked_sub(NONCE_BYTES)?;
        chunks.checked_sub(TAG_BYTES * chunks.div_ceil(CHUNK_BYTES + TAG_BYTES).max(1))
    }
}

pub(super) fn is_passphrase(stanzas: &[Stanza]) -> bool {
    stanzas.iter().any(|stanza| stanza.kind == SCRYPT)
}

impl Stanza {
    /// Whether the recipient withstands a quantum computer; nothing for types that are not recipients known here.
    pub fn post_quantum(&self) -> Option<bool> {
        match self.kind.as_str() {
            "mlkem768x25519" | "mlkem768p256tag" => Some(true),
            "X25519" | "p256tag" | "ssh-ed25519" | "ssh-rsa" | "piv-p256" => Some(false),
            _ => None,
        }
    }
}

/// The header of a whole file in memory, without any key.
///
/// # Errors
/// When it is not an age file, breaks the format, or exceeds a cap.
pub fn header(bytes: &[u8], caps: &Caps) -> Result<Header, OpenError> {
    let mut rest = bytes;
    let raw = read(&mut rest, caps)?;
    Ok(Header { stanzas: raw.stanzas, header_len: raw.bytes.len(), payload_len: rest.len() })
}

/// A header with its bytes, which the MAC is computed over.
pub(super) struct Raw {
    pub(super) bytes: Vec<u8>,
    pub(super) stanzas: Vec<Stanza>,
}

/// Reads exactly the header; the input then stands at the payload.
pub(super) fn read(input: &mut impl BufRead, caps: &Caps) -> Result<Raw, OpenError> {
    let mut lines = Lines { input, bytes: Vec::new(), start: 0, number: 0, limit: caps.header_bytes };
    version(&mut lines)?;
    let mut stanzas = Vec::new();
    loop {
        let line = lines.next()?;
        if let Some(mac) = line.strip_prefix(MAC) {
            let canonical = STANDARD_NO_PAD.decode(mac).is_ok_and(|mac| mac.len() == MAC_BYTES);
            canonical.then_some(()).ok_or_else(|| lines.error("the MAC is not 32 bytes of canonical base64"))?;
            break;
        }
        let (kind, args) = first_line(line).ok_or_else(|| lines.error("neither a stanza nor the MAC"))?;
        if stanzas.len() == caps.stanzas {
            return Err(OpenError::TooMuch { limit: caps.stanzas, what: "recipient stanzas" });
        }
        let body = body(&mut lines)?;
        stanzas.push(Stanza { kind, args, body });
    }
    if stanzas.len() > 1 && is_passphrase(&stanzas) {
        return Err(lines.error("a passphrase stanza must be the only one"));
    }
    Ok(Raw { bytes: lines.bytes, stanzas })
}

fn version(lines: &mut Lines<'_, impl BufRead>) -> Result<(), OpenError> {
    match lines.next().map(|line| (line == VERSION, line.starts_with(MAGIC))) {
        Ok((true, _)) => Ok(()),
        Ok((_, true)) => Err(OpenError::Version),
        Ok(_) | Err(OpenError::TooMuch { .. }) => Err(OpenError::NotAge),
        Err(OpenError::Truncated) if lines.bytes.is_empty() || !VERSION.starts_with(&lines.bytes) => Err(OpenError::NotAge),
        Err(error) => Err(error),
    }
}

/// `-> TYPE ARG...`: words of printable ASCII, one space between them.
fn first_line(line: &[u8]) -> Option<(String, Vec<String>)> {
    let words = std::str::from_utf8(line.strip_prefix(STANZA)?).ok()?;
    let mut words = words.split(' ').map(|word| is_word(word).then(|| word.to_owned()));
    let kind = words.next()??;
    Some((kind, words.collect::<Option<_>>()?))
}

/// What may stand in a stanza's first line.
pub(super) fn is_word(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

/// Lines of 64 columns of canonical base64, the last one shorter and possibly empty.
fn body(lines: &mut Lines<'_, impl BufRead>) -> Result<Vec<u8>, OpenError> {
    let mut body = Vec::new();
    loop {
        let line = lines.next()?;
        let decoded = (line.len() <= COLUMNS).then(|| STANDARD_NO_PAD.decode(line).ok()).flatten();
        let last = line.len() < COLUMNS;
        body.extend(decoded.ok_or_else(|| lines.error("a stanza's body is not canonical base64 in 64 columns"))?);
        if last {
            return Ok(body);
        }
    }
}

/// Lines ended by LF, all kept, never more than the limit.
struct Lines<'a, R> {
    input: &'a mut R,
    bytes: Vec<u8>,
    start: usize,
    number: usize,
    limit: usize,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<&[u8], OpenError> {
        self.start = self.bytes.len();
        self.number += 1;
        let left = self.limit - self.start;
        let mut line = self.input.by_ref().take(left as u64);
        line.read_until(b'\n', &mut self.bytes).map_err(|error| super::armor::error_of(&error))?;
        match self.bytes[self.start..].split_last() {
            Some((b'\n', line)) => Ok(line),
            _ if self.bytes.len() == self.limit => Err(OpenError::TooMuch { limit: self.limit, what: "bytes of header" }),
            _ => Err(OpenError::Truncated),
        }
    }

    fn error(&self, what: &'static str) -> OpenError {
        OpenError::Header { line: self.number, what }
    }
}
