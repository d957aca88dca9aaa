//! Times, durations and zones as Go's `time` has them, for the date functions. The clock is the caller's.
//!
//! `Local` is UTC, as in the container that External Secrets and sealed-secrets ship in.

pub(crate) mod duration;
mod format;
mod layout;
mod parse;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::keys::Failed;

/// A moment, and the zone it is shown in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    zone: Zone,
}

/// Where clocks show what.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Zone {
    Utc,
    Named(TimeZone),
    /// What a text said: offset and its name, which may be empty.
    Fixed(Offset, String),
}

/// What a clock shows.
struct Shown {
    civil: DateTime,
    offset: i32,
    abbreviation: String,
}

const OUT_OF_RANGE: Failed = Failed("the time is outside the years -9999 to 9999");

impl Moment {
    /// Seconds since 1970, shown in UTC.
    pub(crate) fn from_unix(seconds: i64, nanoseconds: i32) -> Result<Self, Failed> {
        let at = Timestamp::new(seconds, nanoseconds).map_err(|_| OUT_OF_RANGE)?;
        Ok(Self { at, zone: Zone::Utc })
    }

    /// Go's zero time: the first second of the year 1.
    pub(crate) fn zero() -> Self {
        Self { at: Timestamp::from_second(-62_135_596_800).expect("the year 1 is in range"), zone: Zone::Utc }
    }

    /// Whether it is Go's zero time.
    pub(crate) fn is_zero(&self) -> bool {
        self.at == Self::zero().at
    }

    /// The same moment shown elsewhere.
    pub(crate) fn in_zone(&self, zone: Zone) -> Self {
        Self { at: self.at, zone }
    }

    /// Seconds since 1970.
    pub(crate) fn unix(&self) -> i64 {
        self.at.as_nanosecond().div_euclid(1_000_000_000) as i64
    }

    /// Later by so many nanoseconds.
    pub(crate) fn plus(&self, nanoseconds: i64) -> Result<Self, Failed> {
        let at = self.at.checked_add(SignedDuration::from_nanos(nanoseconds)).map_err(|_| OUT_OF_RANGE)?;
        Ok(Self { at, zone: self.zone.clone() })
    }

    /// Nanoseconds since `earlier`; the largest or smallest duration where there are more.
    pub(crate) fn since(&self, earlier: &Self) -> i64 {
        let difference = self.at.as_nanosecond() - earlier.at.as_nanosecond();
        difference.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// By a layout that shows how the time of reference would be written.
    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        format::format(self, layout)
    }

    /// What printing it gives.
    pub(crate) fn text(&self) -> Vec<u8> {
        self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// Reads `text` by a layout; UTC where it names no zone.
    pub(crate) fn parse(layout: &[u8], text: &[u8]) -> Result<Self, Failed> {
        parse::parse(layout, text)
    }

    fn shown(&self) -> Shown {
        match &self.zone {
            Zone::Utc => Shown { civil: civil(self.at, Offset::UTC), offset: 0, abbreviation: "UTC".into() },
            Zone::Fixed(offset, name) => {
                Shown { civil: civil(self.at, *offset), offset: offset.seconds(), abbreviation: name.clone() }
            }
            Zone::Named(zone) => {
                let info = zone.to_offset_info(self.at);
                Shown {
                    civil: civil(self.at, info.offset()),
                    offset: info.offset().seconds(),
                    abbreviation: info.abbreviation().to_owned(),
                }
            }
        }
    }

    /// What clocks at `offset` show as these numbers. Go counts on where numbers leave their range (the 60th second).
    fn from_civil(date: Date, seconds: i64, nanoseconds: i32, offset: i64, zone: Zone) -> Result<Self, Failed> {
        let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| OUT_OF_RANGE)?;
        let at = midnight
            .checked_add(SignedDuration::new(seconds, nanoseconds))
            .and_then(|at| at.checked_sub(SignedDuration::from_secs(offset)))
            .map_err(|_| OUT_OF_RANGE)?;
        Ok(Self { at, zone })
    }
}

impl Zone {
    /// The zone of this name; UTC where there is none.
    pub(crate) fn by_name(name: &str) -> Self {
        match name {
            "" | "UTC" | "Local" => Self::Utc,
            _ => Self::strictly(name).unwrap_or(Self::Utc),
        }
    }

    /// Names of the database, spelled exactly so.
    fn strictly(name: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Self::Named(zone))
    }
}

fn civil(at: Timestamp, offset: Offset) -> DateTime {
    offset.to_datetime(at)
}
