//! Reading a time by a layout, with what Go lets pass and what it refuses.

use jiff::civil::Date;
use jiff::tz::Offset;

use super::format::{DAYS, MONTHS};
use super::layout::{self, Element, Pad, ZoneForm};
use super::{Moment, Zone};
use crate::keys::Failed;

const WRONG: Failed = Failed("the text is not a time of this layout");

/// What was read so far.
#[derive(Default)]
struct Read {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: i64,
    /// PM, or AM.
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: Vec<u8>,
}

pub(super) fn parse(layout: &[u8], text: &[u8]) -> Result<Moment, Failed> {
    let mut read = Read::default();
    let (mut layout, mut text) = (layout, text);
    loop {
        let (prefix, element, after) = layout::next(layout);
        text = skip(text, prefix)?;
        let Some(element) = element else {
            return if text.is_empty() { read.finish() } else { Err(WRONG) };
        };
        layout = after;
        text = read.element(element, text, layout)?;
    }
}

impl Read {
    /// Reads one element; the rest of the text.
    fn element<'t>(&mut self, element: Element, text: &'t [u8], layout: &[u8]) -> Result<&'t [u8], Failed> {
        let mut rest = text;
        match element {
            Element::Year => {
                let year = digits(take(&mut rest, 2)?)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Element::LongYear => self.year = digits(take(&mut rest, 4)?)?,
            Element::Month => self.month = Some(1 + name(&mut rest, &MONTHS, 3)?),
            Element::LongMonth => self.month = Some(1 + name(&mut rest, &MONTHS, usize::MAX)?),
            Element::MonthNumber(zero) => self.month = Some(number(&mut rest, zero, 1..=12)?),
            Element::Weekday => drop(name(&mut rest, &DAYS, 3)?),
            Element::LongWeekday => drop(name(&mut rest, &DAYS, usize::MAX)?),
            Element::Day(pad) => {
                if pad == Pad::Space {
                    rest = rest.strip_prefix(b" ").unwrap_or(rest);
                }
                self.day = Some(number(&mut rest, pad == Pad::Zero, 0..=99)?);
            }
            Element::YearDay(pad) => {
                for _ in 0..2 {
                    if pad == Pad::Space {
                        rest = rest.strip_prefix(b" ").unwrap_or(rest);
                    }
                }
                self.year_day = Some(number3(&mut rest, pad == Pad::Zero)?);
            }
            Element::Hour => self.hour = number(&mut rest, false, 0..=23)?,
            Element::Hour12(zero) => self.hour = number(&mut rest, zero, 0..=12)?,
            Element::Minute(zero) => self.minute = number(&mut rest, zero, 0..=59)?,
            Element::Second(zero) => {
                self.second = number(&mut rest, zero, 0..=59)?;
                let announced = matches!(layout::next(layout).1, Some(Element::Fraction { .. }));
                if !announced && has_fraction(rest) {
                    self.nanoseconds = fraction(&mut rest, None)?;
                }
            }
            Element::HalfDay(capitals) => {
                let (after, before): (&[u8], &[u8]) = if capitals { (b"PM", b"AM") } else { (b"pm", b"am") };
                let found = take(&mut rest, 2)?;
                self.afternoon = Some(found == after);
                if found != after && found != before {
                    return Err(WRONG);
                }
            }
            Element::Zone(form) => self.zone(form, &mut rest)?,
            Element::ZoneName => match rest.strip_prefix(b"UTC") {
                Some(after) => (self.utc, rest) = (true, after),
                None => self.zone_name = take(&mut rest, zone_name_length(text).ok_or(WRONG)?)?.to_vec(),
            },
            Element::Fraction { digits, all: false, .. } => self.nanoseconds = fraction(&mut rest, Some(digits))?,
            Element::Fraction { .. } if has_fraction(rest) => self.nanoseconds = fraction(&mut rest, None)?,
            Element::Fraction { .. } => {}
        }
        Ok(rest)
    }

    fn zone(&mut self, form: ZoneForm, rest: &mut &[u8]) -> Result<(), Failed> {
        if form.z
            && form.parts < 3
            && let Some(after) = rest.strip_prefix(b"Z")
        {
            (self.utc, *rest) = (true, after);
            return Ok(());
        }
        let sign = take(rest, 1)?[0];
        let mut values = [0; 3];
        for (at, value) in values.iter_mut().take(usize::from(form.parts)).enumerate() {
            if at > 0 && form.colons && take(rest, 1)? != b":" {
                return Err(WRONG);
            }
            *value = two_digits(take(rest, 2)?)?;
        }
        let [hours, minutes, seconds] = values;
        let within = hours <= 24 && minutes <= 60 && seconds <= 60;
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = match sign {
            b'+' if within => Some(offset),
            b'-' if within => Some(-offset),
            _ => return Err(WRONG),
        };
        Ok(())
    }

    fn finish(self) -> Result<Moment, Failed> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let seconds = (hour * 60 + self.minute) * 60 + self.second;
        let date = self.date()?;
        let moment = |offset, zone| Moment::from_civil(date, seconds, self.nanoseconds as i32, offset, zone);
        if self.utc {
            return moment(0, Zone::Utc);
        }
        let name = String::from_utf8_lossy(&self.zone_name).into_owned();
        let zone = |seconds: i64| {
            let offset = i32::try_from(seconds).ok().and_then(|seconds| Offset::from_seconds(seconds).ok());
            offset.map(|offset| Zone::Fixed(offset, name.clone())).ok_or(WRONG)
        };
        match (self.offset, name.as_str()) {
            (Some(0), "" | "UTC") | (None, "") => moment(0, Zone::Utc),
            // Go uses -1 for "none": the offset of minus one second is not told from it.
            (Some(-1), "") => moment(0, Zone::Utc),
            (Some(offset), _) if offset != -1 => moment(offset, zone(offset)?),
            // An abbreviation says where clocks are, not when it is; of GMT+3 Go takes the offset for the zone alone.
            _ => {
                let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).unwrap_or(0);
                moment(0, zone(hours * 3600)?)
            }
        }
    }

    fn date(&self) -> Result<Date, Failed> {
        let year = i16::try_from(self.year).map_err(|_| WRONG)?;
        let make = |month: i64, day: i64| Date::new(year, month as i8, day as i8).map_err(|_| WRONG);
        let Some(of_year) = self.year_day else {
            return make(self.month.unwrap_or(1), self.day.unwrap_or(1));
        };
        let first = make(1, 1)?;
        if of_year < 1 || of_year > i64::from(first.days_in_year()) {
            return Err(WRONG);
        }
        let date = first.checked_add(jiff::Span::new().days(of_year - 1)).map_err(|_| WRONG)?;
        let fits = self.month.is_none_or(|month| month == i64::from(date.month()))
            && self.day.is_none_or(|day| day == i64::from(date.day()));
        if fits { Ok(date) } else { Err(WRONG) }
    }
}

/// What follows `prefix`; blanks of the layout stand for any number of blanks.
fn skip<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Result<&'t [u8], Failed> {
    while let Some((&first, after)) = prefix.split_first() {
        if first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(WRONG);
            }
            prefix = without_blanks(prefix);
            text = without_blanks(text);
            continue;
        }
        text = text.strip_prefix(&[first]).ok_or(WRONG)?;
        prefix = after;
    }
    Ok(text)
}

fn without_blanks(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

fn take<'t>(rest: &mut &'t [u8], count: usize) -> Result<&'t [u8], Failed> {
    let (taken, after) = rest.split_at_checked(count).ok_or(WRONG)?;
    *rest = after;
    Ok(taken)
}

fn digits(text: &[u8]) -> Result<i64, Failed> {
    if text.iter().all(u8::is_ascii_digit) {
        Ok(text.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    } else {
        Err(WRONG)
    }
}

fn two_digits(text: &[u8]) -> Result<i64, Failed> {
    digits(text)
}

/// One digit or two; two where `fixed`.
fn number(rest: &mut &[u8], fixed: bool, range: std::ops::RangeInclusive<i64>) -> Result<i64, Failed> {
    let count = rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || fixed && count < 2 {
        return Err(WRONG);
    }
    let value = digits(take(rest, count)?)?;
    if range.contains(&value) { Ok(value) } else { Err(WRONG) }
}

fn number3(rest: &mut &[u8], fixed: bool) -> Result<i64, Failed> {
    let count = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || fixed && count < 3 {
        return Err(WRONG);
    }
    digits(take(rest, count)?)
}

/// The place of the name (cut to `length`) that the text begins with, in any case.
fn name(rest: &mut &[u8], names: &[&str], length: usize) -> Result<i64, Failed> {
    let cut = |name: &'_ str| name.len().min(length);
    let fits = |name: &&str| rest.get(..cut(name)).is_some_and(|text| text.eq_ignore_ascii_case(&name.as_bytes()[..cut(name)]));
    let at = names.iter().position(fits).ok_or(WRONG)?;
    take(rest, cut(names[at]))?;
    Ok(at as i64)
}

fn has_fraction(rest: &[u8]) -> bool {
    matches!(rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit())
}

/// A separator and so many digits, or all there are; nanoseconds.
fn fraction(rest: &mut &[u8], count: Option<usize>) -> Result<i64, Failed> {
    let all = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
    let text = take(rest, 1 + count.unwrap_or(all))?;
    if !matches!(text[0], b'.' | b',') {
        return Err(WRONG);
    }
    let used = &text[1..text.len().min(10)];
    Ok(digits(used)? * 10i64.pow(9 - used.len() as u32))
}

/// How much of the text is an abbreviation such as CET, GMT+3 or -03.
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if text.starts_with(b"GMT") {
        return Some(3 + signed_offset_length(&text[3..]));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset_length(text)).filter(|length| *length > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

fn signed_offset_length(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let count = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[1..=count].iter().fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    if count == 0 || value > 23 { 0 } else { 1 + count }
}
