//! Values of Go's struct types: times, versions, certificates with their key. Templates read their fields and call their methods.
//!
//! Only methods that look at the value itself: nothing here does I/O. They hold plaintext: no Debug.

use std::rc::Rc;

use jiff::tz::TimeZone;

use crate::call::{Answer, Fault};
use crate::error::Problem;
use crate::keys::issue::Pair;
use crate::semver::Version;
use crate::time::{Moment, Zone};
use crate::value::Value;

/// One of them.
#[derive(Clone)]
pub enum Object {
    /// `time.Time`.
    Time(Rc<Time>),
    /// `*semver.Version`.
    Version(Rc<SemVer>),
    /// What the functions that make certificates answer.
    Certificate(Rc<Certificate>),
}

/// A moment in a zone.
pub struct Time(pub(crate) Moment);

/// A semantic version.
pub struct SemVer(pub(crate) Version);

/// A certificate and its private key.
pub struct Certificate(pub(crate) Pair);

impl Object {
    pub(crate) fn time(moment: Moment) -> Value {
        Value::Object(Self::Time(Rc::new(Time(moment))))
    }

    pub(crate) fn version(version: Version) -> Value {
        Value::Object(Self::Version(Rc::new(SemVer(version))))
    }

    pub(crate) fn certificate(pair: Pair) -> Value {
        Value::Object(Self::Certificate(Rc::new(Certificate(pair))))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Time(_) | Self::Certificate(_) => "struct",
            Self::Version(_) => "ptr",
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Time(_) => "time.Time",
            Self::Version(_) => "*semver.Version",
            Self::Certificate(_) => "sprig.certificate",
        }
    }

    /// What printing it gives.
    pub(crate) fn text(&self) -> Vec<u8> {
        match self {
            Self::Time(time) => time.0.text(),
            Self::Version(version) => version.0.text().into_bytes(),
            Self::Certificate(pair) => [b"{", pair.0.certificate.as_slice(), b" ", &pair.0.key, b"}"].concat(),
        }
    }

    /// What it is in JSON and YAML.
    pub(crate) fn plain(&self) -> Value {
        match self {
            Self::Time(time) => Value::text(time.0.format(b"2006-01-02T15:04:05.999999999Z07:00")),
            Self::Version(version) => Value::text(version.0.text()),
            Self::Certificate(pair) => {
                let entries = [("Cert", &pair.0.certificate), ("Key", &pair.0.key)];
                Value::map(entries.into_iter().map(|(name, text)| (name.as_bytes().into(), Value::text(text))).collect())
            }
        }
    }

    pub(crate) fn equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Time(one), Self::Time(other)) => one.0 == other.0,
            (Self::Version(one), Self::Version(other)) => one.0.text() == other.0.text() && one.0.original == other.0.original,
            (Self::Certificate(one), Self::Certificate(other)) => {
                one.0.certificate == other.0.certificate && one.0.key == other.0.key
            }
            _ => false,
        }
    }

    /// A field, or a method with these arguments.
    pub(crate) fn member(&self, name: &str, args: &[Value]) -> Answer {
        match self {
            Self::Time(time) => of_time(&time.0, name, args),
            Self::Version(version) => of_version(&version.0, name, args),
            Self::Certificate(pair) => match (name, args) {
                ("Cert", []) => Ok(Value::text(&pair.0.certificate)),
                ("Key", []) => Ok(Value::text(&pair.0.key)),
                _ => Err(Problem::NoFields.into()),
            },
        }
    }
}

fn of_time(time: &Moment, name: &str, args: &[Value]) -> Answer {
    let shown = |layout: &[u8]| {
        let text = String::from_utf8_lossy(&time.format(layout)).into_owned();
        text.trim_start().parse::<i64>().map_or(Value::Nil, Value::Int)
    };
    let nanosecond = time.at.as_nanosecond();
    Ok(match (name, args) {
        ("Format", [Value::Text(layout)]) => Value::text(time.format(layout)),
        ("String", []) => Value::text(time.text()),
        ("Unix", []) => Value::Int64(time.unix()),
        ("UnixMilli", []) => Value::Int64(nanosecond.div_euclid(1_000_000) as i64),
        ("UnixMicro", []) => Value::Int64(nanosecond.div_euclid(1_000) as i64),
        ("UnixNano", []) => Value::Int64(nanosecond as i64),
        ("UTC" | "Local", []) => Object::time(time.in_zone(Zone::Utc)),
        ("Year", []) => shown(b"2006"),
        ("Day", []) => shown(b"2"),
        ("Hour", []) => shown(b"15"),
        ("Minute", []) => shown(b"4"),
        ("Second", []) => shown(b"5"),
        ("YearDay", []) => shown(b"__2"),
        ("Nanosecond", []) => Value::Int(nanosecond.rem_euclid(1_000_000_000) as i64),
        ("IsZero", []) => Value::Bool(time.is_zero()),
        ("AddDate", [Value::Int(years), Value::Int(months), Value::Int(days)]) => {
            Object::time(added(time, *years, *months, *days)?)
        }
        ("Before", [Value::Object(Object::Time(other))]) => Value::Bool(time.at < other.0.at),
        ("After", [Value::Object(Object::Time(other))]) => Value::Bool(time.at > other.0.at),
        ("Equal", [Value::Object(Object::Time(other))]) => Value::Bool(time.at == other.0.at),
        _ => return Err(Problem::NoFields.into()),
    })
}

/// Years and months by the calendar; a day that the month lacks counts on into the next, as in Go.
fn added(time: &Moment, years: i64, months: i64, days: i64) -> Result<Moment, Fault> {
    let far = || Fault::because("the time is outside the years -9999 to 9999");
    let bounded = |number: i64| Some(number).filter(|number| number.unsigned_abs() <= 4_000_000).ok_or_else(far);
    let civil = time.at.to_zoned(TimeZone::UTC).datetime();
    let months = i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1 + bounded(years)? * 12 + bounded(months)?;
    let (year, month) = (i16::try_from(months.div_euclid(12)).map_err(|_| far())?, months.rem_euclid(12) as i8 + 1);
    let first = jiff::civil::Date::new(year, month, 1).map_err(|_| far())?;
    let days = i64::from(civil.day()) - 1 + bounded(days)?;
    let date = first.checked_add(jiff::Span::new().days(days)).map_err(|_| far())?;
    let at = date.to_datetime(civil.time()).to_zoned(TimeZone::UTC).map_err(|_| far())?.timestamp();
    Moment::from_unix(at.as_second(), at.subsec_nanosecond()).map_err(|failed| Fault::because(failed.0))
}

fn of_version(version: &Version, name: &str, args: &[Value]) -> Answer {
    let order = |other: &SemVer| version.compare(&other.0);
    Ok(match (name, args) {
        ("Major", []) => Value::Uint(version.numbers[0]),
        ("Minor", []) => Value::Uint(version.numbers[1]),
        ("Patch", []) => Value::Uint(version.numbers[2]),
        ("Prerelease", []) => Value::text(&version.prerelease),
        ("Metadata", []) => Value::text(&version.metadata),
        ("Original", []) => Value::text(&version.original),
        ("String", []) => Value::text(version.text()),
        ("IncMajor" | "IncMinor" | "IncPatch", []) => Object::version(version.next(name)),
        ("Compare", [Value::Object(Object::Version(other))]) => Value::Int(order(other) as i64),
        ("Equal", [Value::Object(Object::Version(other))]) => Value::Bool(order(other).is_eq()),
        ("LessThan", [Value::Object(Object::Version(other))]) => Value::Bool(order(other).is_lt()),
        ("LessThanEqual", [Value::Object(Object::Version(other))]) => Value::Bool(order(other).is_le()),
        ("GreaterThan", [Value::Object(Object::Version(other))]) => Value::Bool(order(other).is_gt()),
        ("GreaterThanEqual", [Value::Object(Object::Version(other))]) => Value::Bool(order(other).is_ge()),
        _ => return Err(Problem::NoFields.into()),
    })
}
