//! `lastmodified`: the text of a time, as Go reads and writes RFC 3339. No clock.

/// The text written anew as Go's `Parse` and `Format` come to it: fractions of a second dropped, a zero offset as `Z`, other offsets
/// kept. `None` when it is no such time.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let shape = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    let marks = shape(4, b'-') && shape(7, b'-') && shape(10, b'T') && shape(13, b':') && shape(16, b':');
    if !marks || !text.is_ascii() {
        return None;
    }
    let number = |at: usize, digits: usize| {
        let part = text.get(at..at + digits)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().expect("up to four digits"))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let clock = number(11, 2)? < 24 && number(14, 2)? < 60 && number(17, 2)? < 60;
    if !clock || !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return None;
    }
    let mut zone = &text[19..];
    if let Some(fraction) = zone.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        zone = (digits > 0).then(|| &fraction[digits..])?;
    }
    let offset = match zone.as_bytes() {
        b"Z" => "Z",
        [b'+' | b'-', _, _, b':', _, _] => {
            let at = text.len() - 6;
            let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
            if hours > 24 || minutes > 60 {
                return None;
            }
            if hours == 0 && minutes == 0 { "Z" } else { zone }
        }
        _ => return None,
    };
    Some(format!("{}{offset}", &text[..19]))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (text, written) in [
            ("2026-11-25T03:19:30Z", Some("2026-11-25T03:19:30Z")),
            ("2026-11-25T03:19:30.123456Z", Some("2026-11-25T03:19:30Z")),
            ("2026-11-25T03:19:30+00:00", Some("2026-11-25T03:19:30Z")),
            ("2026-11-25T03:19:30-05:30", Some("2026-11-25T03:19:30-05:30")),
            ("2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00Z")),
            ("2023-02-29T00:00:00Z", None),
            ("2026-11-25 03:19:30Z", None),
            ("2026-11-25T03:19:30", None),
            ("2026-11-25T24:00:00Z", None),
            ("2026-11-25T03:19:30.Z", None),
            ("2026-13-25T03:19:30Z", None),
            ("2026-11-25T03:19:30z", None),
            ("2026-1é-25T03:19:30Z", None),
            ("", None),
        ] {
            assert_eq!(canonical(text).as_deref(), written, "{text}");
        }
    }
}
