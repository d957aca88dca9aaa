//! JSON strings and numbers, as text. Holds plaintext while it works, so buffers are made once at their full size.

use zeroize::Zeroizing;

/// The text of what stands between quotes; `None` when it stands for itself. The error is how far from the end it goes wrong.
/// Half a surrogate pair is refused: it would have to be replaced by something else.
pub(super) fn decode(inner: &str) -> Result<Option<Zeroizing<String>>, usize> {
    let Some(first) = inner.find('\\') else { return Ok(None) };
    // Never longer than its source, so it never grows.
    let mut out = Zeroizing::new(String::with_capacity(inner.len()));
    out.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some(escaped) = rest.strip_prefix('\\') {
        let simple = match escaped.as_bytes().first() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let (character, length) = unicode(escaped).ok_or(rest.len())?;
                out.push(character);
                rest = plain(&escaped[length..], &mut out);
                continue;
            }
            _ => return Err(rest.len()),
        };
        out.push(simple);
        rest = plain(&escaped[1..], &mut out);
    }
    Ok(Some(out))
}

/// Takes everything up to the next backslash.
fn plain<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let end = rest.find('\\').unwrap_or(rest.len());
    out.push_str(&rest[..end]);
    &rest[end..]
}

/// `u00e9`, or a pair `ud83d\ude00`, and its length.
fn unicode(escaped: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        let digits = text.get(1..5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(escaped)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second = unit(escaped.get(5..)?.strip_prefix('\\')?.strip_prefix('u').map(|_| &escaped[6..])?)?;
    let pair = (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second);
    let code = pair.then(|| 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
    Some((char::from_u32(code)?, 11))
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`
pub(super) fn is_number(word: &str) -> bool {
    let rest = word.strip_prefix('-').unwrap_or(word);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

/// Which characters a writer escapes beside those it must.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Escapes {
    /// No others.
    Few,
    /// Those that Go's encoder escapes: what HTML or JavaScript could take amiss.
    Go,
}

/// Appends a text as a JSON string.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    out.reserve(quoted_len(text, escapes));
    out.push(b'"');
    let mut start = 0;
    for (at, character) in text.char_indices() {
        let mut code = [0; 6];
        let Some(escape) = escape(character, escapes, &mut code) else { continue };
        out.extend_from_slice(&text.as_bytes()[start..at]);
        out.extend_from_slice(escape);
        start = at + character.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[start..]);
    out.push(b'"');
}

/// How long the string will be: buffers of plaintext must not grow.
pub(super) fn quoted_len(text: &str, escapes: Escapes) -> usize {
    let one = |character: char| escape(character, escapes, &mut [0; 6]).map_or(character.len_utf8(), <[u8]>::len);
    2 + text.chars().map(one).sum::<usize>()
}

fn escape(character: char, escapes: Escapes, code: &mut [u8; 6]) -> Option<&[u8]> {
    let simple: &[u8] = match character {
        '"' => b"\\\"",
        '\\' => b"\\\\",
        '\n' => b"\\n",
        '\r' => b"\\r",
        '\t' => b"\\t",
        '\u{8}' => b"\\b",
        '\u{c}' => b"\\f",
        '\0'..'\u{20}' => return Some(numeric(character, code)),
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escapes == Escapes::Go => return Some(numeric(character, code)),
        _ => return None,
    };
    Some(simple)
}

fn numeric(character: char, code: &mut [u8; 6]) -> &[u8] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let value = u32::from(character) as usize;
    *code = [b'\\', b'u', HEX[value >> 12 & 15], HEX[value >> 8 & 15], HEX[value >> 4 & 15], HEX[value & 15]];
    code
}
