//! Points in time: the spellings that sops' YAML reader takes for one, and the one spelling that is sealed and hashed.
//!
//! Checked and re-spelled as text; no calendar arithmetic is done and no clock is read.

/// RFC 3339 with fractions of a second as far as they say something; `None` for every text the YAML reader takes for something else.
/// Accepted: `2006-1-2`, `2006-1-2 15:4:5.9`, `2006-1-2T15:4:5.9Z` and the same with `t` or an offset.
pub(crate) fn from_yaml(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let mut rest = Rest(text);
    let date = rest.date()?;
    if rest.0.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let zoned = match rest.0.as_bytes()[0] {
        b'T' | b't' => true,
        b' ' => false,
        _ => return None,
    };
    rest.0 = &rest.0[1..];
    let clock = rest.clock()?;
    let zone = if zoned { rest.zone()? } else { "Z".to_owned() };
    rest.0.is_empty().then(|| format!("{date}T{clock}{zone}"))
}

/// RFC 3339 as it is sealed: fields of full width and an upper-case `T`.
pub(crate) fn from_sealed(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let full = bytes.len() >= 20 && bytes[7] == b'-' && bytes[10] == b'T' && bytes[13] == b':' && bytes[16] == b':';
    if full { from_yaml(text) } else { None }
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// One or two digits.
    fn number(&mut self) -> Option<u32> {
        let digits = self.0.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = self.0.get(..digits)?.parse().ok()?;
        self.0 = &self.0[digits..];
        Some(number)
    }

    fn skip(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn date(&mut self) -> Option<String> {
        let year: u32 = self.0.get(..4)?.parse().ok()?;
        self.0 = &self.0[4..];
        self.skip('-')?;
        let month = self.number()?;
        self.skip('-')?;
        let day = self.number()?;
        let fits = (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
        fits.then(|| format!("{year:04}-{month:02}-{day:02}"))
    }

    fn clock(&mut self) -> Option<String> {
        let hour = self.number()?;
        self.skip(':')?;
        let minute = self.number()?;
        self.skip(':')?;
        let second = self.number()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(format!("{hour:02}:{minute:02}:{second:02}{}", self.fraction()))
    }

    /// Nine digits at most, zeros at the end dropped. A point or a comma may lead.
    fn fraction(&mut self) -> String {
        let Some(behind) = self.0.strip_prefix(['.', ',']) else { return String::new() };
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return String::new();
        }
        self.0 = &behind[digits..];
        match behind[..digits.min(9)].trim_end_matches('0') {
            "" => String::new(),
            kept => format!(".{kept}"),
        }
    }

    fn zone(&mut self) -> Option<String> {
        if let Some(behind) = self.0.strip_prefix('Z') {
            self.0 = behind;
            return Some("Z".to_owned());
        }
        let bytes = self.0.as_bytes();
        let shaped = bytes.len() >= 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|at| bytes[*at].is_ascii_digit());
        if !shaped {
            return None;
        }
        let (zone, behind) = self.0.split_at(6);
        self.0 = behind;
        let fits = zone[1..3].parse::<u32>().is_ok_and(|hours| hours < 24) && zone[4..6].parse::<u32>().is_ok_and(|m| m < 60);
        fits.then(|| if &zone[1..] == "00:00" { "Z".to_owned() } else { zone.to_owned() })
    }
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
    use super::{from_sealed, from_yaml};

    #[test]
    fn yaml_times_are_re_spelled() {
        for (text, time) in [
            ("2020-01-02", Some("2020-01-02T00:00:00Z")),
            ("2020-1-2", Some("2020-01-02T00:00:00Z")),
            ("2020-01-02 3:04:05", Some("2020-01-02T03:04:05Z")),
            ("2020-01-02T03:04:05.120Z", Some("2020-01-02T03:04:05.12Z")),
            ("2020-01-02t03:04:05+02:00", Some("2020-01-02T03:04:05+02:00")),
            ("2020-01-02T03:04:05-00:00", Some("2020-01-02T03:04:05Z")),
            ("2020-01-02 03:04:05Z", None),
            ("2020-01-02T03:04:05", None),
            ("2020-02-30", None),
            ("2020-13-01", None),
            ("12020-01-01", None),
            ("2020-01-02x", None),
        ] {
            assert_eq!(from_yaml(text).as_deref(), time, "{text}");
        }
    }

    #[test]
    fn sealed_times_have_full_width() {
        assert_eq!(from_sealed("2020-01-02T03:04:05Z").as_deref(), Some("2020-01-02T03:04:05Z"));
        assert_eq!(from_sealed("2020-01-02"), None);
        assert_eq!(from_sealed("2020-1-02T03:04:05+01:00"), None);
    }
}
