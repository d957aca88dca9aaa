//! PEM blocks with the leniency and the refusals of Go's `encoding/pem`.
//!
//! What one reader takes for a key another must not take for junk: templates move between programs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::Failed;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// Go's decoder does not look at the bits that padding leaves over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// One block: its type, its headers in order of name, its bytes.
pub(crate) struct Block {
    pub(crate) kind: Vec<u8>,
    pub(crate) headers: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// The first block in `data` and what follows it.
pub(crate) fn decode(data: &[u8]) -> Option<(Block, &[u8])> {
    let mut rest = data;
    loop {
        let end = find(rest, END)?;
        let after_end = end + END.len();
        // The last BEGIN before this END: earlier ones have no END of their own.
        let begin = find_last(&rest[..end], BEGIN).filter(|begin| *begin == 0 || rest[begin - 1] == b'\n');
        match begin.map(|begin| block(rest, begin, end)) {
            Some(Attempt::Found(block, after)) => return Some((block, after)),
            Some(Attempt::GiveUp) => return None,
            Some(Attempt::Skip) | None => rest = &rest[after_end..],
        }
    }
}

/// Every block in `data`, and what stands behind the last.
pub(crate) fn decode_all(data: &[u8]) -> (Vec<Block>, &[u8]) {
    let mut blocks = Vec::new();
    let mut rest = data;
    while let Some((block, after)) = decode(rest) {
        blocks.push(block);
        rest = after;
    }
    (blocks, rest)
}

/// A block in lines of 64 characters.
pub(crate) fn encode(kind: &[u8], headers: &BTreeMap<Vec<u8>, Vec<u8>>, bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    if headers.keys().any(|name| name.contains(&b':')) {
        return Err(Failed("a PEM header name has a colon"));
    }
    let mut out = [BEGIN, kind, DASHES, b"\n"].concat();
    let (first, others): (Vec<_>, Vec<_>) = headers.iter().partition(|(name, _)| name.as_slice() == b"Proc-Type");
    for (name, value) in first.into_iter().chain(others) {
        out.extend_from_slice(&[name, &b": "[..], value, b"\n"].concat());
    }
    if !headers.is_empty() {
        out.push(b'\n');
    }
    let text = Zeroizing::new(BASE64.encode(bytes));
    for line in text.as_bytes().chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(&[&END[1..], kind, DASHES, b"\n"].concat());
    Ok(out)
}

/// A block without headers.
pub(crate) fn plain(kind: &str, bytes: &[u8]) -> Vec<u8> {
    encode(kind.as_bytes(), &BTreeMap::new(), bytes).expect("a block without headers has no colon in one")
}

/// `input` from its first BEGIN on, whatever stands before it, even on the same line.
pub(crate) fn trim_junk(input: &[u8]) -> &[u8] {
    find(input, b"-----BEGIN").map_or(input, |start| &input[start..])
}

/// The blocks of one type (in any case), written again.
pub(crate) fn filter(kind: &[u8], input: &[u8]) -> Result<Vec<u8>, Failed> {
    let (blocks, rest) = decode_all(trim_junk(input));
    let mut out = Vec::new();
    for block in blocks.iter().filter(|block| same_type(&block.kind, kind)) {
        out.extend_from_slice(&encode(&block.kind, &block.headers, &block.bytes)?);
    }
    if out.is_empty() && !rest.is_empty() {
        return Err(Failed("no PEM block of this type, and text that is not PEM"));
    }
    Ok(out)
}

fn same_type(one: &[u8], other: &[u8]) -> bool {
    match (std::str::from_utf8(one), std::str::from_utf8(other)) {
        (Ok(one), Ok(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one.eq_ignore_ascii_case(other),
    }
}

enum Attempt<'a> {
    Found(Block, &'a [u8]),
    Skip,
    GiveUp,
}

/// Reads the block that begins at `begin` and whose END line is announced at `end`.
fn block(data: &[u8], begin: usize, end: usize) -> Attempt<'_> {
    let (type_line, body) = line(&data[begin + BEGIN.len()..]);
    let Some(kind) = type_line.strip_suffix(DASHES) else { return Attempt::Skip };
    let end_mark = data.len() - end;
    let mut headers = BTreeMap::new();
    let mut body = body;
    loop {
        if body.is_empty() {
            return Attempt::GiveUp;
        }
        let (header, next) = line(body);
        let Some(colon) = header.iter().position(|byte| *byte == b':') else { break };
        headers.insert(trim(&header[..colon]).to_vec(), trim(&header[colon + 1..]).to_vec());
        body = next;
    }
    // An empty block shares its line break with the END line: then `body` begins one byte behind `end`.
    let inside = body.len() >= end_mark;
    if !headers.is_empty() && !inside {
        return Attempt::Skip;
    }
    let Some(trailer) = data.get(end + END.len()..) else { return Attempt::Skip };
    let Some(after_type) = trailer.strip_prefix(kind) else { return Attempt::Skip };
    let Some(rest_of_line) = after_type.strip_prefix(DASHES) else { return Attempt::Skip };
    let (remainder, after) = line(rest_of_line);
    if !remainder.is_empty() {
        return Attempt::Skip;
    }
    let content = if inside { &body[..body.len() - end_mark] } else { &[] };
    let content: Zeroizing<Vec<u8>> =
        Zeroizing::new(content.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).collect());
    match BASE64.decode(&*content) {
        Ok(bytes) => Attempt::Found(Block { kind: kind.to_vec(), headers, bytes: Zeroizing::new(bytes) }, after),
        Err(_) => Attempt::Skip,
    }
}

/// The first line without its end and trailing blanks, and what follows it.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &data[data.len()..]),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let kept = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1);
    (&line[..kept], rest)
}

fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn find_last(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle)
}
