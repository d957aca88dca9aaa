//! Numbers as Go prints and parses them, for the one spelling that is sealed and hashed.

/// A double without exponent, shortest digits: `1.50` is `1.5`, `1e3` is `1000`.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value}")
    }
}

/// A finite double, or one of the words for the others. Out of range is `None`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    (value.is_finite() || !has_digits).then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
pub(crate) fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

/// What a whole number came to.
pub(crate) enum Whole {
    /// It fits 64 bits with sign.
    Fits(i64),
    /// It fits 64 bits without sign only.
    TooLarge,
    /// It is none, or needs more than 64 bits.
    No,
}

/// Go's base-prefix rules: `0x`, `0o`, `0b`, a leading zero for octal, otherwise ten.
pub(crate) fn whole(text: &str) -> Whole {
    let (negative, signed, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Whole::No;
    }
    let Ok(value) = u64::from_str_radix(digits, radix) else { return Whole::No };
    let value = if negative { -i128::from(value) } else { i128::from(value) };
    match i64::try_from(value) {
        Ok(value) => Whole::Fits(value),
        Err(_) if signed => Whole::No,
        Err(_) => Whole::TooLarge,
    }
}
