//! Plain scalars as kubectl reads them: the YAML 1.1 rules of its Go reader, tried against it value by value.
//!
//! Numbers become canonical JSON text, integers when they fit 64 bits and otherwise the nearest double, as Go's JSON writer prints it.

/// What a plain scalar resolves to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Integer(String),
    /// May be infinite or not a number, which JSON cannot hold.
    Double(f64),
    Text,
}

/// Resolves an untagged plain scalar.
pub(crate) fn resolve_plain(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Double(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Double(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Double(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text),
        b'.' => resolve_dotted(text),
        _ => Resolved::Text,
    }
}

/// `.5` goes to Go's float reader, which takes underscores only inside hexadecimal; the observed rule drops none of them here.
fn resolve_dotted(text: &str) -> Resolved {
    let plain = text.replace('_', "");
    if is_float(&plain) && is_dotted_float_spelling(text) { float(&plain) } else { Resolved::Text }
}

/// Go accepts `_` in a base-10 float nowhere but the reader of YAML strips none from dotted ones; it was seen to read `.5_0` as 0.5.
fn is_dotted_float_spelling(text: &str) -> bool {
    !text.contains("__") && !text.ends_with('_') && !text.starts_with("._")
}

fn resolve_number(text: &str) -> Resolved {
    if is_timestamp(text) {
        return Resolved::Text;
    }
    let plain = text.replace('_', "");
    if let Some(number) = integer(&plain) {
        return Resolved::Integer(number);
    }
    if is_float(&plain) { float(&plain) } else { Resolved::Text }
}

/// Go's base-prefix rules: `0x`, `0o`, `0b`, a leading zero for octal, otherwise ten.
fn integer(text: &str) -> Option<String> {
    let (negative, signed, digits) = match text.as_bytes()[0] {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower =
        |prefix: u8| digits.len() > 2 && digits.as_bytes()[0] == b'0' && digits.as_bytes()[1].to_ascii_lowercase() == prefix;
    let (radix, digits) = if lower(b'x') {
        (16, &digits[2..])
    } else if lower(b'o') {
        (8, &digits[2..])
    } else if lower(b'b') {
        (2, &digits[2..])
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let value = 0i128 - i128::from(value);
        return i64::try_from(value).ok().map(|v| v.to_string());
    }
    // A plus sign is the signed reader's only: beyond its range Go's unsigned reader refuses it.
    (!signed || i64::try_from(value).is_ok()).then(|| value.to_string())
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    mantissa_ok && exponent_ok
}

fn float(text: &str) -> Resolved {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Resolved::Double(value),
        // Go's reader refuses a double out of range, so the text stays text.
        _ => Resolved::Text,
    }
}

/// A double as Go's JSON writer prints it: shortest digits, exponent below 1e-6 and from 1e21.
pub(crate) fn format_double(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent}"),
            _ => text,
        };
    }
    format!("{value}")
}

/// A JSON number's text in canonical form. The grammar has been checked.
pub(crate) fn canonical_json_number(text: &str) -> Resolved {
    if !text.contains(['.', 'e', 'E']) {
        if let Ok(value) = text.parse::<i64>() {
            return Resolved::Integer(value.to_string());
        }
        if let Ok(value) = text.parse::<u64>() {
            return Resolved::Integer(value.to_string());
        }
    }
    Resolved::Double(text.parse().unwrap_or(f64::NAN))
}

/// A JSON number's canonical text; a number out of range stays as it is.
pub(crate) fn json_number(text: &str) -> String {
    match canonical_json_number(text) {
        Resolved::Integer(number) => number,
        Resolved::Double(value) if value.is_finite() => format_double(value),
        _ => text.to_owned(),
    }
}

/// A mapping key that is a double: Go prints it with single precision.
pub(crate) fn double_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    if (-4..6).contains(&exponent.parse::<i32>().unwrap_or(0)) {
        return format!("{value}");
    }
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// `2006-1-2` with an optional time: kept as text by kubectl.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}
