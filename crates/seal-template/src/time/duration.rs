//! Durations as Go writes and reads them: `1h30m0.5s`, in whole nanoseconds.

use crate::keys::Failed;

const NO_DURATION: Failed = Failed("this is no duration; write it like 1h30m or 250ms");

const SECOND: u64 = 1_000_000_000;

/// Units, longest spelling first where one begins like another.
const UNITS: [(&[u8], u64); 8] = [
    (b"ns", 1),
    (b"us", 1_000),
    ("µs".as_bytes(), 1_000),
    ("μs".as_bytes(), 1_000),
    (b"ms", 1_000_000),
    (b"s", SECOND),
    (b"m", 60 * SECOND),
    (b"h", 3600 * SECOND),
];

/// Nanoseconds in the text.
pub(crate) fn parse(text: &[u8]) -> Result<i64, Failed> {
    let (negative, mut rest) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(NO_DURATION);
    }
    let mut sum = 0u64;
    while !rest.is_empty() {
        let (amount, after) = amount(rest)?;
        sum = sum.checked_add(amount).filter(|sum| *sum <= 1 << 63).ok_or(NO_DURATION)?;
        rest = after;
    }
    match (negative, sum) {
        (true, sum) => Ok((sum as i64).wrapping_neg()),
        (false, sum) => i64::try_from(sum).map_err(|_| NO_DURATION),
    }
}

/// A number, its unit, and what follows.
fn amount(text: &[u8]) -> Result<(u64, &[u8]), Failed> {
    let (whole, after) = digits(text);
    let (fraction, after) = match after.split_first() {
        Some((b'.', after)) => digits(after),
        _ => (&[][..], after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(NO_DURATION);
    }
    let end = after.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(after.len());
    let (unit, rest) = after.split_at(end);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NO_DURATION)?;
    let mut value = 0u64;
    for digit in whole {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .filter(|value| *value <= 1 << 63)
            .ok_or(NO_DURATION)?;
    }
    let value = value.checked_mul(*unit).filter(|value| *value <= 1 << 63).ok_or(NO_DURATION)?;
    let value = value.checked_add(part(fraction, *unit)).filter(|value| *value <= 1 << 63).ok_or(NO_DURATION)?;
    Ok((value, rest))
}

/// The digits behind the point, in units, by floating numbers as Go does it; digits beyond what an i64 holds are passed over.
fn part(digits: &[u8], unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in digits {
        match value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0'))).filter(|value| *value <= 1 << 63)
        {
            Some(next) => (value, scale) = (next, scale * 10.0),
            None => break,
        }
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// The shortest exact text.
pub(crate) fn text(nanoseconds: i64) -> String {
    let amount = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let text = match amount {
        0 => return "0s".into(),
        1..1_000 => format!("{amount}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(amount, 1_000, 3)),
        1_000_000..SECOND => format!("{}ms", decimal(amount, 1_000_000, 6)),
        _ => {
            let minutes = amount / SECOND / 60;
            let seconds = decimal(amount % (60 * SECOND), SECOND, 9);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

fn decimal(amount: u64, unit: u64, digits: usize) -> String {
    let fraction = format!("{:0digits$}", amount % unit);
    match fraction.trim_end_matches('0') {
        "" => format!("{}", amount / unit),
        fraction => format!("{}.{fraction}", amount / unit),
    }
}

/// To whole seconds, halves away from zero.
pub(crate) fn rounded_to_seconds(nanoseconds: i64) -> i64 {
    let second = SECOND as i64;
    let rest = nanoseconds % second;
    let down = nanoseconds - rest;
    if rest.unsigned_abs() * 2 < SECOND {
        down
    } else {
        down.checked_add(second * rest.signum()).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
    }
}

/// In the one largest unit that it is more than one of, as `durationRound` prints it.
pub(crate) fn coarse(nanoseconds: i64) -> String {
    const HOUR: u64 = 3600 * SECOND;
    const COARSE: [(u64, &str); 6] =
        [(365 * 24 * HOUR, "y"), (30 * 24 * HOUR, "mo"), (24 * HOUR, "d"), (HOUR, "h"), (60 * SECOND, "m"), (SECOND, "s")];
    let amount = nanoseconds.unsigned_abs();
    let found = COARSE.iter().find(|(unit, _)| amount > *unit);
    found.map_or_else(|| "0s".into(), |(unit, name)| format!("{}{name}", amount / unit))
}
