//! Values of numbers and quoted strings, by the rules of Go's literals.

use super::ast::Number;

/// A number: decimal, hexadecimal, octal, binary or floating, with `_` between digits.
pub(super) fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if !underscores_are_fine(digits) {
        return None;
    }
    let plain = digits.replace('_', "");
    if let Some(magnitude) = whole(&plain) {
        return match (negative, i64::try_from(magnitude)) {
            (false, Ok(value)) => Some(Number::Int(value)),
            (true, Ok(value)) => Some(Number::Int(-value)),
            (true, Err(_)) if magnitude == 1 << 63 => Some(Number::Int(i64::MIN)),
            // A signed number is no unsigned one, not even with a plus.
            (false, Err(_)) if digits.len() == text.len() => Some(Number::Uint(magnitude)),
            _ => None,
        };
    }
    let value = if plain.starts_with("0x") || plain.starts_with("0X") { hex_float(&plain[2..])? } else { decimal_float(&plain)? };
    Some(Number::Float(if negative { -value } else { value }))
}

fn whole(digits: &str) -> Option<u64> {
    let (radix, rest) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if rest.starts_with(['+', '-']) { None } else { u64::from_str_radix(rest, radix).ok() }
}

/// A float must look like one: whole digits that did not fit are too large, not floats.
fn decimal_float(digits: &str) -> Option<f64> {
    let looks = digits.contains(['.', 'e', 'E']) && digits.contains(|c: char| c.is_ascii_digit());
    digits.parse::<f64>().ok().filter(|value| looks && value.is_finite())
}

/// `1.8p3`: hexadecimal digits times a power of two, which must be given.
fn hex_float(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = digits.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let value = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()? * 4)?;
    let value = value as f64 * 2f64.powi(exponent);
    value.is_finite().then_some(value)
}

/// Only between digits, or right after a prefix such as `0x`.
fn underscores_are_fine(digits: &str) -> bool {
    if !digits.contains('_') {
        return true;
    }
    let bytes = digits.as_bytes();
    let prefixed = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').all(|(n, _)| {
        let digit = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_hexdigit);
        n > 0 && digit(n + 1) && (digit(n - 1) || (prefixed && n == 2))
    })
}

/// A string between quotes or backquotes: any bytes.
pub(super) fn string(quoted: &str) -> Option<Vec<u8>> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if quoted.starts_with('`') {
        return Some(inner.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, left) = unit(rest, '"')?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = left;
    }
    Some(out)
}

/// A character between single quotes: its code point.
pub(super) fn character(quoted: &str) -> Option<i64> {
    match unit(quoted.strip_prefix('\'')?, '\'')? {
        (Unit::Byte(byte), "'") => Some(i64::from(byte)),
        (Unit::Char(c), "'") => Some(i64::from(u32::from(c))),
        _ => None,
    }
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// One character or escape, and what follows it.
fn unit(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if first == quote || first == '\n' {
        return None;
    }
    if first != '\\' {
        return Some((Unit::Char(first), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\x0b'),
        '\\' => Some('\\'),
        c if c == quote => Some(c),
        _ => None,
    };
    if let Some(c) = simple {
        return Some((Unit::Char(c), rest));
    }
    let digits = |text: &'_ str, count: usize, radix: u32| {
        let digits = text.get(..count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
        u32::from_str_radix(digits, radix).ok()
    };
    match escape {
        'x' => Some((Unit::Byte(u8::try_from(digits(rest, 2, 16)?).ok()?), &rest[2..])),
        'u' => Some((Unit::Char(char::from_u32(digits(rest, 4, 16)?)?), &rest[4..])),
        'U' => Some((Unit::Char(char::from_u32(digits(rest, 8, 16)?)?), &rest[8..])),
        '0'..='7' => Some((Unit::Byte(u8::try_from(digits(&text[1..], 3, 8)?).ok()?), &text[4..])),
        _ => None,
    }
}
