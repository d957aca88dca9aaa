//! PEM blocks (RFC 7468, and RFC 1421 headers so far as to see that a key is encrypted), read as tolerantly as Go reads them.
//!
//! It finds blocks and decodes base64. What a label means is decided by the caller.

use crate::base64text;
use zeroize::Zeroizing;

/// Larger texts hold no key or certificate that we would want; checked before anything is parsed.
pub(crate) const MAX_PEM_BYTES: usize = 1 << 20;
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// One armoured block.
pub(crate) struct Block<'a> {
    /// Between `BEGIN` and the dashes.
    pub(crate) label: &'a [u8],
    /// The RFC 1421 header `Proc-Type: 4,ENCRYPTED` is present.
    pub(crate) encrypted: bool,
    /// DER bytes; `None` when the base64 is broken.
    pub(crate) der: Option<Zeroizing<Vec<u8>>>,
}

/// The blocks of a text in order. Text around blocks is skipped; a block without its end line ends the iteration.
/// One pass over the text: each line is looked at once, so hostile files cost linear time.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let text = if text.len() > MAX_PEM_BYTES { &[] } else { text };
    let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    std::iter::from_fn(move || {
        let label = lines.find_map(|line| marker(line, BEGIN))?;
        read_body(label, &mut lines)
    })
}

/// Some block with a label that `wanted` accepts begins and has no end line of its own: a file that was copied in part.
pub(crate) fn cut_short(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
    let text = if text.len() > MAX_PEM_BYTES { &[] } else { text };
    let mut open = None;
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(label) = marker(line, BEGIN) {
            if open.is_some_and(&wanted) {
                return true;
            }
            open = Some(label);
        } else if open.is_some() && marker(line, END) == open {
            open = None;
        }
    }
    open.is_some_and(wanted)
}

fn read_body<'a>(mut label: &'a [u8], lines: &mut impl Iterator<Item = &'a [u8]>) -> Option<Block<'a>> {
    let mut encrypted = false;
    let mut body = Zeroizing::new(Vec::new());
    for line in lines {
        if let Some(next) = marker(line, BEGIN) {
            // The last block was cut off: its beginning is forgotten, as Go does.
            (label, encrypted) = (next, false);
            body = Zeroizing::new(Vec::new());
        } else if marker(line, END) == Some(label) {
            return Some(Block { label, encrypted, der: base64text::decode_lenient(&body) });
        } else if let Some(colon) = line.iter().position(|&byte| byte == b':') {
            encrypted |= &line[..colon] == b"Proc-Type" && line.ends_with(b"ENCRYPTED");
        } else {
            append(&mut body, line);
        }
    }
    None
}

/// Grows by hand so that an outgrown buffer is wiped rather than freed as it is.
fn append(body: &mut Zeroizing<Vec<u8>>, line: &[u8]) {
    if body.len() + line.len() > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + line.len()).max(4096) * 2));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend(line.iter().copied().filter(|byte| !byte.is_ascii_whitespace()));
}

fn marker<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(prefix)?.strip_suffix(DASHES)
}

/// Armours DER with lines of 64 characters, as OpenSSL and Go do.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(base64text::encode(der));
    // Sized up front: growing would leave an unwiped copy of a private key behind.
    let mut text = Zeroizing::new(String::with_capacity(base64.len() / 64 * 65 + 2 * label.len() + 64));
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    for line in base64.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        text.push('\n');
    }
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{blocks, cut_short, encode};

    fn found(text: &str) -> Vec<(String, bool, Option<Vec<u8>>)> {
        let owned = |b: super::Block<'_>| (String::from_utf8_lossy(b.label).into_owned(), b.encrypted, b.der.map(|d| d.to_vec()));
        blocks(text.as_bytes()).map(owned).collect()
    }

    #[test]
    fn blocks_are_found_among_other_text() {
        let hi = |label: &str| (label.to_owned(), false, Some(b"hi".to_vec()));
        let text = "notes\r\n-----BEGIN A-----\r\n aG\r\nk=\r\n-----END A-----\r\nBag Attributes\n-----BEGIN B C-----\naGk=\n-----END B C-----";
        assert_eq!(found(text), [hi("A"), hi("B C")]);
        let cut_off = "-----BEGIN A-----\naGk=\n-----BEGIN B-----\naGk=\n-----END B-----\n";
        assert_eq!(found(cut_off), [hi("B")]);
        assert_eq!(found("-----BEGIN A-----\naGk=\n-----END B-----\n"), []);
        assert_eq!(found("-----BEGIN A-----\n!!\n-----END A-----\n"), [("A".to_owned(), false, None)]);
        let encrypted = "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x,y\n\naGk=\n-----END A-----\n";
        assert_eq!(found(encrypted), [("A".to_owned(), true, Some(b"hi".to_vec()))]);
    }

    #[test]
    fn a_block_without_its_end_line_is_cut_short() {
        let whole = "-----BEGIN A-----\naGk=\n-----END A-----\n";
        let cut = "-----BEGIN A-----\naGk=\n-----END";
        let other = "-----BEGIN B-----\naGk=\n-----END B-----\n";
        for (text, expected) in [
            (String::new(), false),
            (whole.to_owned(), false),
            (other.replace("END B-----", ""), false),
            (cut.to_owned(), true),
            (format!("{whole}{cut}"), true),
            (format!("{cut}\n{other}"), true),
            ("-----BEGIN A-----\n-----END B-----\n".to_owned(), true),
            ("-----BEGIN A".to_owned(), false),
        ] {
            assert_eq!(cut_short(text.as_bytes(), |label| label == b"A"), expected, "{text}");
        }
    }

    #[test]
    fn armour_round_trips_at_every_length() {
        for length in 0..200 {
            let der = vec![0xA5; length];
            let text = encode("A KEY", &der);
            assert_eq!(found(&text), [("A KEY".to_owned(), false, Some(der))]);
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }
}
