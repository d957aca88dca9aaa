//! How Go prints values: `%v` and its parts. Source: the behaviour of Go's `fmt` and `strconv`.

use crate::value::{List, Value};
use std::fmt::Write;

/// `%v`.
pub(crate) fn plain(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, value);
    out
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Absent | Value::Nil => out.extend(b"<nil>"),
        Value::Bool(value) => out.extend(value.to_string().as_bytes()),
        Value::Int(value) | Value::Int64(value) => out.extend(value.to_string().as_bytes()),
        Value::Byte(value) => out.extend(value.to_string().as_bytes()),
        Value::Uint(value) => out.extend(value.to_string().as_bytes()),
        Value::Float(value) => out.extend(shortest(*value, 6, 2).as_bytes()),
        Value::Text(text) => out.extend(&**text),
        Value::List(list) => put_list(out, list),
        Value::Map(map) => {
            out.extend(b"map[");
            for (n, (key, value)) in map.entries.borrow().iter().enumerate() {
                if n > 0 {
                    out.push(b' ');
                }
                out.extend(&**key);
                out.push(b':');
                put(out, value);
            }
            out.push(b']');
        }
        Value::Object(object) => out.extend(object.text()),
    }
}

fn put_list(out: &mut Vec<u8>, list: &List) {
    out.push(b'[');
    for (n, item) in list.items.iter().enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        put(out, item);
    }
    out.push(b']');
}

/// The shortest text that reads back as the number: with an exponent (of at least so many digits) below -4 and from `above` on.
pub(crate) fn shortest(value: f64, above: i32, exponent_digits: usize) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..above).contains(&power) {
        return value.to_string();
    }
    exponential(digits, power, exponent_digits)
}

/// `digits` times ten to the `power`, as Go writes it.
pub(crate) fn exponential(digits: &str, power: i32, exponent_digits: usize) -> String {
    let mut out = format!("{digits}e{}", if power < 0 { '-' } else { '+' });
    let _ = write!(out, "{:0exponent_digits$}", power.unsigned_abs());
    out
}

/// `%q` of a string: in double quotes, escaped as in Go's source.
pub(crate) fn quoted(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape(&mut out, text, '"', false);
    out.push('"');
    out
}

/// Escapes as Go's `strconv` does; `ascii`: nothing else stays as it is.
pub(crate) fn escape(out: &mut String, text: &[u8], quote: char, ascii: bool) {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape_char(out, c, quote, ascii);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// One character of [`escape`].
pub(crate) fn escape_char(out: &mut String, c: char, quote: char, ascii: bool) {
    match c {
        c if c == quote || c == '\\' => out.extend(['\\', c]),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if is_printable(c) && (c.is_ascii() || !ascii) => out.push(c),
        c if c < ' ' || c == '\x7f' => drop(write!(out, "\\x{:02x}", c as u32)),
        c if (c as u32) < 0x10000 => drop(write!(out, "\\u{:04x}", c as u32)),
        c => drop(write!(out, "\\U{:08x}", c as u32)),
    }
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    // The escapes of `str` leave alone what can be printed; behind a letter also marks.
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100000.0, "100000"),
            (1000000.0, "1e+06"),
            (123456789.0, "1.23456789e+08"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (1e100, "1e+100"),
            (2.75, "2.75"),
            (1234567.5, "1.2345675e+06"),
            (123456.5, "123456.5"),
        ] {
            assert_eq!(shortest(value, 6, 2), text);
        }
        assert_eq!(shortest(f64::INFINITY, 6, 2), "+Inf");
    }

    #[test]
    fn quotes_as_go_writes_them() {
        assert_eq!(quoted("a\"b\\\n\x01ü\u{301}\u{200b}😀".as_bytes()), "\"a\\\"b\\\\\\n\\x01ü\u{301}\\u200b😀\"");
        assert_eq!(quoted(b"\xff"), "\"\\xff\"");
    }
}
