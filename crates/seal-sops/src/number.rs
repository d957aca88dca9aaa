//! Numbers as Go prints and parses them, for the one spelling that is sealed and hashed.

/// A double without exponent, shortest digits: `1.50` is `1.5`, `1e3` is `1000`.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        let shortest = format!("{value}");
        even_at_tie(value, &shortest).unwrap_or(shortest)
    }
}

/// Of two shortest spellings that are equally far from the value, Go writes the one with the even last digit.
fn even_at_tie(value: f64, shortest: &str) -> Option<String> {
    let scientific = format!("{value:e}");
    let (mantissa, _) = scientific.split_once('e')?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    // Fifteen digits name one double at most; from sixteen on there may be two names.
    let odd = mantissa.ends_with(['1', '3', '5', '7', '9']);
    if digits < 16 || !odd {
        return None;
    }
    // A double has no more than 767 digits.
    let exact = format!("{value:.767e}");
    let (exact, exponent) = exact.split_once('e')?;
    let kept = digits + exact.len() - exact.trim_start_matches('-').len() + 1;
    let (down, rest) = exact.split_at_checked(kept)?;
    let tie = rest.starts_with('5') && rest[1..].bytes().all(|digit| digit == b'0');
    let even = down.ends_with(['0', '2', '4', '6', '8']);
    let other: f64 = format!("{down}e{exponent}").parse().ok()?;
    // Rust has rounded the odd one up; the even one is below it.
    (tie && even && other == value).then(|| plain(shortest, down))
}

/// The digits of `mantissa` in the places of those of `shortest`, which has as many.
fn plain(shortest: &str, mantissa: &str) -> String {
    let mut digits = mantissa.chars().filter(char::is_ascii_digit);
    let leading = |c: &char| !matches!(c, '1'..='9');
    let start = shortest.chars().take_while(leading).count();
    let place = |(at, c): (usize, char)| if at < start || !c.is_ascii_digit() { c } else { digits.next().unwrap_or('0') };
    shortest.chars().enumerate().map(place).collect()
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

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    #[expect(clippy::excessive_precision, reason = "the ties are the point")]
    fn doubles_are_spelt_as_go_spells_them() {
        for (value, spelt) in [
            (1.5, "1.5"),
            (-0.0, "-0"),
            (1e21, "1000000000000000000000"),
            (0.1, "0.1"),
            (1_009_765_736_512_978.25, "1009765736512978.2"),
            (1_009_765_736_512_978.75, "1009765736512978.8"),
            (-4_503_599_627_370_497.5, "-4503599627370498"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(float(value), spelt);
        }
    }
}
