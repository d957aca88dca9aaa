//! DER as the key and certificate files here need it: one value at a time, definite lengths, low tags.
//!
//! Reads borrowed bytes without copying, never recurses by itself, and refuses indefinite lengths as Go's reader does.

use super::Failed;

/// Tags of the universal class, and what is added for constructed and context-specific ones.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// The context-specific tag `number` of a primitive value.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// The context-specific tag `number` around other values.
    pub(crate) const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }
}

const MALFORMED: Failed = Failed("malformed DER");

/// One value: its tag, its content, and both as they stood in the input.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// Walks over values that stand one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next value, whatever it is.
    pub(crate) fn item(&mut self) -> Result<Item<'a>, Failed> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(MALFORMED)?;
        if tag & 0x1f == 0x1f {
            return Err(MALFORMED);
        }
        let (length, header) = length(after_tag)?;
        let start = 1 + header;
        let end = start.checked_add(length).ok_or(MALFORMED)?;
        let raw = self.rest.get(..end).ok_or(MALFORMED)?;
        self.rest = &self.rest[end..];
        Ok(Item { tag, body: &raw[start..], raw })
    }

    /// The next value, which has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Failed> {
        let item = self.item()?;
        if item.tag == tag { Ok(item.body) } else { Err(MALFORMED) }
    }

    /// The next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Failed> {
        if self.rest.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The values inside the next one, which has this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Result<Reader<'a>, Failed> {
        self.expect(tag).map(Reader::new)
    }

    /// A whole number that fits 32 bits and is not negative.
    pub(crate) fn small(&mut self) -> Result<u32, Failed> {
        small(self.expect(tag::INTEGER)?)
    }

    /// Nothing follows.
    pub(crate) fn end(&self) -> Result<(), Failed> {
        if self.is_empty() { Ok(()) } else { Err(Failed("trailing data after the DER value")) }
    }
}

/// The values of the one value that `bytes` are.
pub(crate) fn whole(bytes: &[u8], tag: u8) -> Result<Reader<'_>, Failed> {
    let mut outer = Reader::new(bytes);
    let inner = outer.inside(tag)?;
    outer.end()?;
    Ok(inner)
}

/// The number in the content of an INTEGER, if small and not negative.
pub(crate) fn small(body: &[u8]) -> Result<u32, Failed> {
    let magnitude = unsigned(body)?;
    if magnitude.len() > 4 {
        return Err(Failed("a number in the DER is too large"));
    }
    Ok(magnitude.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// The magnitude in the content of an INTEGER that is not negative, without leading zeros.
pub(crate) fn unsigned(body: &[u8]) -> Result<&[u8], Failed> {
    match body {
        [] => Err(MALFORMED),
        [first, ..] if first & 0x80 != 0 => Err(Failed("a number in the DER is negative")),
        _ => Ok(&body[body.iter().take_while(|byte| **byte == 0).count()..]),
    }
}

fn length(bytes: &[u8]) -> Result<(usize, usize), Failed> {
    let (&first, rest) = bytes.split_first().ok_or(MALFORMED)?;
    if first < 0x80 {
        return Ok((usize::from(first), 1));
    }
    let count = usize::from(first & 0x7f);
    let digits = rest.get(..count).filter(|digits| (1..=4).contains(&digits.len())).ok_or(MALFORMED)?;
    let value = digits.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    if digits[0] == 0 || value < 0x80 {
        return Err(MALFORMED);
    }
    Ok((value, 1 + count))
}

/// One value with its header.
pub(crate) fn write(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 6);
    out.push(tag);
    if body.len() < 0x80 {
        out.push(body.len() as u8);
    } else {
        let digits = body.len().to_be_bytes();
        let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
        out.push(0x80 | digits.len() as u8);
        out.extend_from_slice(digits);
    }
    out.extend_from_slice(body);
    out
}

/// One value around several.
pub(crate) fn write_all<T: AsRef<[u8]>>(tag: u8, parts: &[T]) -> Vec<u8> {
    let body = zeroize::Zeroizing::new(parts.iter().flat_map(|part| part.as_ref()).copied().collect::<Vec<u8>>());
    write(tag, &body)
}

/// An INTEGER of this magnitude.
pub(crate) fn write_unsigned(magnitude: &[u8]) -> Vec<u8> {
    let digits = &magnitude[magnitude.iter().take_while(|byte| **byte == 0).count()..];
    let mut body = Vec::with_capacity(digits.len() + 1);
    if digits.first().is_none_or(|first| first & 0x80 != 0) {
        body.push(0);
    }
    body.extend_from_slice(digits);
    write(tag::INTEGER, &body)
}

/// A BIT STRING of whole bytes.
pub(crate) fn write_bits(bytes: &[u8]) -> Vec<u8> {
    write_all(tag::BIT_STRING, &[&[0][..], bytes])
}

/// An object identifier in dots; empty if it is malformed.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0u64;
    for byte in oid {
        arc = arc.checked_shl(7).unwrap_or(0) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}
