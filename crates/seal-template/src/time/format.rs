//! Writing a time by a layout.

use super::layout::{self, Element, Pad, ZoneForm};
use super::{Moment, Shown};

pub(super) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn format(moment: &Moment, layout: &[u8]) -> Vec<u8> {
    let shown = moment.shown();
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let (text, element, after) = layout::next(rest);
        out.extend_from_slice(text);
        let Some(element) = element else { return out };
        write(&mut out, element, &shown);
        rest = after;
    }
}

fn write(out: &mut Vec<u8>, element: Element, shown: &Shown) {
    let civil = shown.civil;
    let month = MONTHS[civil.month() as usize - 1];
    let weekday = DAYS[civil.weekday().to_sunday_zero_offset() as usize];
    let hour = i64::from(civil.hour());
    match element {
        Element::LongMonth => out.extend_from_slice(month.as_bytes()),
        Element::Month => out.extend_from_slice(&month.as_bytes()[..3]),
        Element::LongWeekday => out.extend_from_slice(weekday.as_bytes()),
        Element::Weekday => out.extend_from_slice(&weekday.as_bytes()[..3]),
        Element::MonthNumber(zero) => number(out, civil.month().into(), if zero { 2 } else { 0 }),
        Element::Day(pad) => padded(out, civil.day().into(), pad, 2),
        Element::YearDay(pad) => padded(out, civil.day_of_year().into(), pad, 3),
        Element::Hour => number(out, hour, 2),
        Element::Hour12(zero) => number(out, if hour % 12 == 0 { 12 } else { hour % 12 }, if zero { 2 } else { 0 }),
        Element::Minute(zero) => number(out, civil.minute().into(), if zero { 2 } else { 0 }),
        Element::Second(zero) => number(out, civil.second().into(), if zero { 2 } else { 0 }),
        Element::LongYear => number(out, civil.year().into(), 4),
        Element::Year => number(out, i64::from(civil.year().max(0)) % 100, 2),
        Element::HalfDay(true) => out.extend_from_slice(if hour >= 12 { b"PM" } else { b"AM" }),
        Element::HalfDay(false) => out.extend_from_slice(if hour >= 12 { b"pm" } else { b"am" }),
        Element::ZoneName if shown.abbreviation.is_empty() => {
            offset(out, shown.offset, ZoneForm { z: false, colons: false, parts: 2 })
        }
        Element::ZoneName => out.extend_from_slice(shown.abbreviation.as_bytes()),
        Element::Zone(form) => offset(out, shown.offset, form),
        Element::Fraction { separator, digits, all } => fraction(out, civil.subsec_nanosecond(), separator, digits, all),
    }
}

fn number(out: &mut Vec<u8>, value: i64, width: usize) {
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(format!("{:0width$}", value.unsigned_abs()).as_bytes());
}

fn padded(out: &mut Vec<u8>, value: i64, pad: Pad, width: usize) {
    let text = match pad {
        Pad::Nothing => format!("{value}"),
        Pad::Space => format!("{value:width$}"),
        Pad::Zero => format!("{value:0width$}"),
    };
    out.extend_from_slice(text.as_bytes());
}

fn offset(out: &mut Vec<u8>, seconds: i32, form: ZoneForm) {
    if form.z && seconds == 0 {
        out.push(b'Z');
        return;
    }
    // Go rounds to minutes first: an offset of less than one has no sign.
    let minutes = seconds / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let (minutes, seconds) = (i64::from(minutes.unsigned_abs()), i64::from(seconds.unsigned_abs()));
    let values = [minutes / 60, minutes % 60, seconds % 60];
    for (at, value) in values.iter().take(usize::from(form.parts)).enumerate() {
        if at > 0 && form.colons {
            out.push(b':');
        }
        number(out, *value, 2);
    }
}

fn fraction(out: &mut Vec<u8>, nanoseconds: i32, separator: u8, digits: usize, all: bool) {
    if all && nanoseconds == 0 {
        return;
    }
    let text = format!("{nanoseconds:09}");
    let text = &text[..digits.min(9)];
    let text = if all { text.trim_end_matches('0') } else { text };
    if !text.is_empty() {
        out.push(separator);
        out.extend_from_slice(text.as_bytes());
    }
}
