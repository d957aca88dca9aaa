//! Which quoting a text gets in YAML as kubeseal prints it: plain where nothing would misread it, else the mildest quotes.

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// `'...'`
    Single,
    /// `"..."` with escapes.
    Double,
    /// `|` and the lines below.
    Literal,
}

/// What the characters of a text forbid.
#[derive(Default)]
struct Findings {
    plain_forbidden: bool,
    single_forbidden: bool,
    block_forbidden: bool,
}

/// The style of a value, or of a key.
pub fn style_of(text: &str, is_key: bool) -> Style {
    let found = examine(text);
    if text.contains('\n') {
        return if is_key || found.block_forbidden { Style::Double } else { Style::Literal };
    }
    if text.is_empty() || reads_as_other_type(text) {
        return Style::Double;
    }
    match (found.plain_forbidden, found.single_forbidden) {
        (false, _) => Style::Plain,
        (true, false) => Style::Single,
        (true, true) => Style::Double,
    }
}

/// True for characters that need no escape in a double-quoted scalar.
pub fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

fn examine(text: &str) -> Findings {
    let mut found = Findings { plain_forbidden: text.starts_with("---") || text.starts_with("..."), ..Findings::default() };
    let chars: Vec<char> = text.chars().collect();
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let blank = |c: char| matches!(c, ' ' | '\t');
    let (mut previous_space, mut previous_break, mut after_white) = (false, false, true);
    for (index, &c) in chars.iter().enumerate() {
        let next_white = chars.get(index + 1).is_none_or(|&next| blank(next));
        found.plain_forbidden |= match c {
            '#' => index == 0 || after_white,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => index == 0,
            '?' | '-' => index == 0 && next_white,
            ':' => next_white,
            _ => false,
        };
        let special = if is_break(c) { c == '\r' || c == '\u{85}' } else { !printable(c) };
        if special {
            found = Findings { plain_forbidden: true, single_forbidden: true, block_forbidden: true };
        }
        let (first, last) = (index == 0, index + 1 == chars.len());
        if c == ' ' {
            found.plain_forbidden |= first || last || previous_break;
            found.block_forbidden |= last;
            found.single_forbidden |= previous_break;
        } else if is_break(c) {
            found.plain_forbidden = true;
            if previous_space {
                found.single_forbidden = true;
                found.block_forbidden = true;
            }
        }
        (previous_space, previous_break) = (c == ' ', is_break(c));
        after_white = blank(c) || is_break(c);
    }
    found
}

/// True when YAML 1.1 reads the bare text as a boolean, null, number, date or merge key.
fn reads_as_other_type(text: &str) -> bool {
    const WORDS: [&str; 34] = [
        "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false", "False",
        "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf",
        "-.inf",
    ];
    if WORDS.contains(&text) || ["+.Inf", "+.INF", "-.Inf", "-.INF"].contains(&text) {
        return true;
    }
    match text.as_bytes().first() {
        Some(b'.') => float(text),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            let bare: String = text.chars().filter(|c| *c != '_').collect();
            timestamp(text) || integer(&bare) || float(&bare) || base_60(text)
        }
        _ => false,
    }
}

/// Go's integers: sign, `0x`, `0o`, `0b` or a leading zero for octal, within 64 bits.
fn integer(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        Some(_) if lower.starts_with('0') => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return false;
    }
    u64::from_str_radix(digits, radix).is_ok_and(|value| match text.as_bytes().first() {
        Some(b'-') => value <= 1 << 63,
        Some(b'+') => value < 1 << 63,
        _ => true,
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let mantissa_ok = digits(whole) && fraction.is_none_or(digits) && !(whole.is_empty() && fraction.is_none_or(str::is_empty));
    mantissa_ok
        && exponent.is_none_or(|e| {
            let e = e.strip_prefix(['+', '-']).unwrap_or(e);
            !e.is_empty() && digits(e)
        })
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let of = |part: &str, allowed: &[u8]| part.bytes().all(|b| b.is_ascii_digit() || allowed.contains(&b));
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && of(first, b"_")
        && !rest.is_empty()
        && rest.iter().all(|part| matches!(part.len(), 1 | 2) && of(part, b"") && part.parse::<u8>().is_ok_and(|n| n < 60))
        && of(fraction, b"_")
}

/// `2006-1-2`, alone or with a time of day after `T`, `t` or a space.
fn timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let small = |part: &str, most: u8| matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok_and(|n| (1..=most).contains(&n));
    let [year, month, day] = parts[..] else { return false };
    let date_ok = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && small(month, 12) && small(day, 31);
    date_ok && time.is_none_or(|time| time.split(':').count() >= 3 && time.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Style, style_of};

    #[test]
    fn the_mildest_quotes_that_no_reader_mistakes() {
        let table = [
            (Style::Plain, "a|a & b <c>|:x|-x|a#b|a:b|12:30:99|0x|1.2.3|é ☃|SHA256:x|p=|NaN|it's \"quoted\"|http://x/y"),
            (Style::Single, "&x|@x|!x|[x|{x|x:|,x|- x|---|...|{\"a\": \"b\"}|%x|'x|? x| lead|trail |*x|-|a: b|a #b|#x"),
            (
                Style::Double,
                "|yes|y|N|on|null|~|123|1.5|0x1f|1e3|0o17|1_000|.inf|0123|089|12:30:45|2020-01-01|-0b11|a\tb|a\rb|\u{1}|+.inf|18446744073709551615|2001-12-14 21:59:43",
            ),
        ];
        for (style, texts) in table {
            for text in texts.split('|').filter(|text| !text.is_empty()) {
                assert_eq!(style_of(text, false), style, "{text:?}");
            }
        }
        assert_eq!(style_of("", false), Style::Double);
        assert_eq!(style_of("|x", false), Style::Single);
        assert_eq!(style_of("a\nb", false), Style::Literal);
        assert_eq!(style_of("a \nb", false), Style::Double);
        assert_eq!(style_of("a\nb", true), Style::Double);
    }
}
