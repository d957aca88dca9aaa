//! Durations as Go writes them. Refuses what is negative, has no unit, or is longer than anyone means.

use std::time::Duration;

/// The longest interval that is taken: ten years. Longer ones overflow a time stamp sooner or later.
pub const MAX_INTERVAL: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// A duration that was read from an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(pub Duration);

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl Interval {
    /// One hour, what an absent interval means.
    pub const HOUR: Interval = Interval(Duration::from_secs(3600));

    /// Reads `1h30m`, `1.5s`, `0`; `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        if text == "0" || text == "-0" {
            return Some(Self::default());
        }
        // The longest text that means something: every unit with twenty digits on both sides of the point.
        if text.is_empty() || text.len() > 512 {
            return None;
        }
        let (mut rest, mut total) = (text, 0_u128);
        while !rest.is_empty() {
            let (nanoseconds, after) = one(rest)?;
            total = total.checked_add(nanoseconds)?;
            rest = after;
        }
        let total = u64::try_from(total / 1_000_000_000).ok().map(|s| Duration::new(s, (total % 1_000_000_000) as u32))?;
        (total <= MAX_INTERVAL).then_some(Self(total))
    }

    /// True for the interval that means once.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

/// The nanoseconds of one number with its unit, and what follows.
fn one(text: &str) -> Option<(u128, &str)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => after.split_at(digits(after)),
        None => ("", rest),
    };
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 19 {
        return None;
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let unit = u128::from(UNITS.iter().find(|(name, _)| *name == unit)?.1);
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let kept = &fraction[..fraction.len().min(15)];
    let scale = 10_u128.pow(kept.len() as u32);
    let fraction: u128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    Some((whole.checked_mul(unit)?.checked_add(fraction * unit / scale)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read_and_nothing_else() {
        let read = |text: &str| Interval::parse(text).map(|interval| interval.0.as_nanos());
        for (text, wanted) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("1h", Some(3_600_000_000_000)),
            ("1h0m0s", Some(3_600_000_000_000)),
            ("+1h30m", Some(5_400_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("100\u{b5}s", Some(100_000)),
            ("1h0.000000001s", Some(3_600_000_000_001)),
            ("87600h", Some(315_360_000_000_000_000)),
            ("", None),
            ("s", None),
            (".s", None),
            ("5", None),
            ("1d", None),
            ("1 h", None),
            ("-1h", None),
            ("NaN", None),
            ("Inf", None),
            ("1e9h", None),
            ("99999999999999999h", None),
            ("9999999999999999999999h", None),
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
    }
}
