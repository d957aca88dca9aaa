//! From one type to another, as the cast library does it: what cannot be read is zero.

use crate::call::{Function, Is};
use crate::print;
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("toString", &[Is::Any], |call| Ok(Value::Text(call.any(0).to_text()))),
    Function::new("atoi", &[Is::Text], |call| {
        let text = call.text(0);
        Ok(Value::Int(std::str::from_utf8(&text).ok().and_then(atoi).unwrap_or(0)))
    }),
    Function::new("int", &[Is::Any], |call| Ok(Value::Int(to_int64(call.any(0))))),
    Function::new("int64", &[Is::Any], |call| Ok(Value::Int64(to_int64(call.any(0))))),
    Function::new("float64", &[Is::Any], |call| Ok(Value::Float(to_float(call.any(0))))),
    Function::new("toDecimal", &[Is::Any], |call| {
        let text = print::plain(call.any(0));
        Ok(Value::Int64(std::str::from_utf8(&text).ok().and_then(|text| i64::from_str_radix(text, 8).ok()).unwrap_or(0)))
    }),
];

/// `strconv.Atoi`, which sprig makes saturate: out of range it answers the nearest bound.
fn atoi(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// `cast.ToInt64`.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Byte(value) => i64::from(*value),
        Value::Uint(value) => *value as i64,
        // As the processor Go is compiled for does it: what does not fit is the least number.
        Value::Float(value)
            if value.is_nan() || *value >= 9_223_372_036_854_775_808.0 || *value < -9_223_372_036_854_775_808.0 =>
        {
            i64::MIN
        }
        Value::Float(value) => *value as i64,
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => std::str::from_utf8(text).ok().and_then(|text| parse_int(without_zeros(text))).unwrap_or(0),
        _ => 0,
    }
}

/// `12.00` is taken for `12`.
fn without_zeros(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

/// `strconv.ParseInt` with base 0: prefixes and underscores as in Go's source.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, rest, prefixed) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..], true),
        [b'0', b'b', ..] => (2, &lower[2..], true),
        [b'0', b'o', ..] => (8, &lower[2..], true),
        [b'0', _, ..] => (8, &lower[1..], true),
        _ => (10, &lower[..], false),
    };
    let underscores = rest.contains('_');
    if underscores && (rest.contains("__") || rest.ends_with('_') || (!prefixed && rest.starts_with('_'))) {
        return None;
    }
    let plain = if underscores { rest.replace('_', "") } else { rest.to_owned() };
    if plain.is_empty() || plain.starts_with(['+', '-']) {
        return None;
    }
    let size = u64::from_str_radix(&plain, base).ok()?;
    match negative {
        true if size <= 1 << 63 => Some((size as i64).wrapping_neg()),
        false => i64::try_from(size).ok(),
        true => None,
    }
}

/// `cast.ToFloat64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Byte(value) => f64::from(*value),
        Value::Uint(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Text(text) => std::str::from_utf8(text).ok().and_then(parse_float).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// `strconv.ParseFloat`: underscores and hexadecimal as in Go's source.
fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (negative, size) = match lower.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, lower.strip_prefix('+').unwrap_or(&lower)),
    };
    let value = if matches!(size, "inf" | "infinity" | "nan") {
        size.parse().ok()?
    } else if let Some(digits) = size.strip_prefix("0x") {
        hexadecimal(&without_underscores(digits, true)?)?
    } else if size.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        // Out of range is an error there.
        without_underscores(size, false)?.parse().ok().filter(|value: &f64| value.is_finite())?
    } else {
        return None;
    };
    Some(if negative { -value } else { value })
}

/// An underscore stands between digits, or behind a prefix.
fn without_underscores(digits: &str, prefixed: bool) -> Option<String> {
    let mut before = if prefixed { '0' } else { '.' };
    for c in digits.chars() {
        let digit = |c: char| c.is_ascii_hexdigit() && (prefixed || c.is_ascii_digit());
        if (c == '_' && !digit(before)) || (before == '_' && !digit(c)) {
            return None;
        }
        before = c;
    }
    (before != '_').then(|| digits.replace('_', ""))
}

/// `1.8p1`: digits and a power of two, which must be there.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, power) = text.split_once('p')?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let power: i32 = power.parse().ok()?;
    let all = format!("{whole}{part}");
    if all.is_empty() || all.len() > 13 {
        return None;
    }
    let size = u64::from_str_radix(&all, 16).ok()? as f64;
    let value = size * 2f64.powi(power.checked_sub(4 * part.len() as i32)?);
    value.is_finite().then_some(value)
}
