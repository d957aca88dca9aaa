//! Schedules: five fields of cron, words such as `@daily`, and `@every` with a duration; UTC. What it refuses: seconds, years,
//! time zones, and days that have no name.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use seal_api::external_secrets::Interval;

/// No schedule of five fields is silent for longer: 29 February around a century without a leap day.
const MOST_DAYS: usize = 8 * 366 + 3;

/// When something begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Always this long after being asked.
    Every(SignedDuration),
    /// At minutes that match.
    Fields(Fields),
}

/// One bit for each value that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Neither kind of day is `*`: one of them is enough.
    either_day: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One field: where it begins, where it ends, and names that count up from the beginning.
struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const BOUNDS: [Bounds; 5] = [
    Bounds { least: 0, most: 59, names: &[] },
    Bounds { least: 0, most: 23, names: &[] },
    Bounds { least: 1, most: 31, names: &[] },
    Bounds { least: 1, most: 12, names: &MONTHS },
    Bounds { least: 0, most: 6, names: &WEEKDAYS },
];

impl Schedule {
    /// Reads a schedule.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(every) = text.strip_prefix("@every ") {
            let seconds = Interval::parse(every.trim())?.0.as_secs().max(1);
            return Some(Schedule::Every(SignedDuration::from_secs(i64::try_from(seconds).ok()?)));
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let parts: Vec<_> = fields.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays]: [&str; 5] = parts.try_into().ok()?;
        let read = |text, at: usize| field(text, &BOUNDS[at]);
        let (days, any_day) = read(days, 2)?;
        let (weekdays, any_weekday) = read(weekdays, 4)?;
        Some(Schedule::Fields(Fields {
            minutes: read(minutes, 0)?.0,
            hours: read(hours, 1)?.0,
            days,
            months: read(months, 3)?.0,
            weekdays,
            either_day: !any_day && !any_weekday,
        }))
    }

    /// The first beginning after a point in time; `None` when there is none, as on 31 February.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Schedule::Every(delay) => Timestamp::from_second(after.as_second()).ok()?.checked_add(*delay).ok(),
            Schedule::Fields(fields) => fields.next(after),
        }
    }
}

/// The bits of a field, and whether it is `*`.
fn field(text: &str, bounds: &Bounds) -> Option<(u64, bool)> {
    let (mut bits, mut any) = (0, false);
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let star = matches!(range, "*" | "?");
        let (from, to) = match range.split_once('-') {
            _ if star => (bounds.least, bounds.most),
            Some((from, to)) => (value(from, bounds)?, value(to, bounds)?),
            None => {
                let from = value(range, bounds)?;
                (from, if step.is_some() { bounds.most } else { from })
            }
        };
        if from > to {
            return None;
        }
        any |= star && step.unwrap_or(1) == 1;
        bits |= (from..=to).step_by(step.unwrap_or(1) as usize).fold(0, |bits, at| bits | 1_u64 << at);
    }
    Some((bits, any))
}

fn value(text: &str, bounds: &Bounds) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let named = bounds.names.iter().zip(bounds.least..).find(|(name, _)| **name == lower).map(|(_, at)| at);
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let value = named.or_else(|| digits.then(|| text.parse().ok()).flatten())?;
    (bounds.least..=bounds.most).contains(&value).then_some(value)
}

fn has(bits: u64, at: i8) -> bool {
    u32::try_from(at).is_ok_and(|at| bits >> at & 1 == 1)
}

impl Fields {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let first = after.to_zoned(TimeZone::UTC).datetime().checked_add(1.minute()).ok()?;
        let (mut day, mut from) = (first.date(), (first.hour(), first.minute()));
        for _ in 0..MOST_DAYS {
            if self.on(day)
                && let Some(time) = self.at(from)
            {
                return DateTime::from_parts(day, time).to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
            }
            day = day.tomorrow().ok()?;
            from = (0, 0);
        }
        None
    }

    fn on(&self, day: jiff::civil::Date) -> bool {
        let (date, weekday) = (has(self.days, day.day()), has(self.weekdays, day.weekday().to_sunday_zero_offset()));
        has(self.months, day.month()) && if self.either_day { date || weekday } else { date && weekday }
    }

    /// The first time of a day that is not before.
    fn at(&self, (hour, minute): (i8, i8)) -> Option<Time> {
        (hour..24).filter(|h| has(self.hours, *h)).find_map(|h| {
            let from = if h == hour { minute } else { 0 };
            (from..60).find(|m| has(self.minutes, *m)).and_then(|m| Time::new(h, m, 0, 0).ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_begin_when_cron_says() {
        for (schedule, after, wanted) in [
            ("* * * * *", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"),
            ("0 2 * * *", "2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z"),
            ("0 2 * * *", "2026-01-01T01:59:59Z", "2026-01-01T02:00:00Z"),
            ("*/15 8-9 * * MON-FRI", "2026-01-02T09:50:00Z", "2026-01-05T08:00:00Z"),
            ("5/20 * * * *", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 ? jan,Jul 1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"),
            ("@daily", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"),
            ("@every 90m", "2026-01-01T00:00:00.5Z", "2026-01-01T01:30:00Z"),
        ] {
            let found = Schedule::parse(schedule).and_then(|s| s.next(after.parse().unwrap()));
            assert_eq!(found, Some(wanted.parse().unwrap()), "{schedule} after {after}");
        }
    }

    #[test]
    fn what_never_comes_is_said_and_what_is_no_schedule_is_refused() {
        let after = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(Schedule::parse("0 0 31 2 *").and_then(|s| s.next(after)), None);
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* * 0 * *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "@often",
            "@every",
            "@every x",
            "a * * * *",
            "TZ=UTC * * * * *",
            "-1 * * * *",
            "1,,2 * * * *",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text:?}");
        }
    }
}
