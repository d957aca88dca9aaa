//! Dates as sprig has them. What is no date is taken for now, as there; the clock is the caller's.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::object::Object;
use crate::time::{Moment, Zone, duration};
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("now", &[], |call| Ok(Object::time(now(call)?))),
    Function::new("date", &[Is::Text, Is::Any], |call| shown(call, 1, |call| call.text(0).to_vec(), |_| Zone::Utc)),
    Function::new("htmlDate", &[Is::Any], |call| shown(call, 0, |_| HTML.to_vec(), |_| Zone::Utc)),
    Function::new("htmlDateInZone", &[Is::Any, Is::Text], |call| shown(call, 0, |_| HTML.to_vec(), |call| zone(call, 1))),
    Function::new("dateInZone", &[Is::Text, Is::Any, Is::Text], in_zone),
    Function::new("date_in_zone", &[Is::Text, Is::Any, Is::Text], in_zone),
    Function::new("dateModify", &[Is::Text, Is::Any], |call| modify(call, false)),
    Function::new("date_modify", &[Is::Text, Is::Any], |call| modify(call, false)),
    Function::new("mustDateModify", &[Is::Text, Is::Any], |call| modify(call, true)),
    Function::new("must_date_modify", &[Is::Text, Is::Any], |call| modify(call, true)),
    Function::new("ago", &[Is::Any], |call| {
        let since = now(call)?.since(&moment(call, 0)?);
        call.answer(duration::text(duration::rounded_to_seconds(since)))
    }),
    Function::new("duration", &[Is::Any], |call| {
        let seconds = match call.any(0) {
            Value::Text(text) => whole(text),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        call.answer(duration::text(seconds.wrapping_mul(1_000_000_000)))
    }),
    Function::new("durationRound", &[Is::Any], |call| {
        let nanoseconds = match call.any(0) {
            Value::Text(text) => duration::parse(text).unwrap_or(0),
            Value::Int64(nanoseconds) => *nanoseconds,
            Value::Object(Object::Time(time)) => now(call)?.since(&time.0),
            _ => 0,
        };
        call.answer(duration::coarse(nanoseconds))
    }),
    Function::new("toDate", &[Is::Text, Is::Text], |call| {
        Ok(Object::time(Moment::parse(&call.text(0), &call.text(1)).unwrap_or_else(|_| Moment::zero())))
    }),
    Function::new("mustToDate", &[Is::Text, Is::Text], |call| Ok(Object::time(Moment::parse(&call.text(0), &call.text(1))?))),
    Function::new("unixEpoch", &[Is::Any], |call| {
        let seconds = time(call, 0)?.unix();
        call.answer(seconds.to_string())
    }),
];

const HTML: &[u8] = b"2006-01-02";

fn now(call: &Call<'_, '_>) -> Result<Moment, Fault> {
    let (seconds, nanoseconds) = call.budget.world.now();
    Ok(Moment::from_unix(seconds, nanoseconds)?)
}

/// A time, or seconds since 1970, or anything else for now.
fn moment(call: &Call<'_, '_>, n: usize) -> Result<Moment, Fault> {
    match call.any(n) {
        Value::Object(Object::Time(time)) => Ok(time.0.clone()),
        Value::Int(seconds) | Value::Int64(seconds) => Ok(Moment::from_unix(*seconds, 0)?),
        _ => now(call),
    }
}

fn time(call: &Call<'_, '_>, n: usize) -> Result<Moment, Fault> {
    match call.any(n) {
        Value::Object(Object::Time(time)) => Ok(time.0.clone()),
        _ => Err(Fault::because("this takes a time; `toDate` makes one of text")),
    }
}

fn zone(call: &Call<'_, '_>, n: usize) -> Zone {
    std::str::from_utf8(&call.text(n)).map_or(Zone::Utc, Zone::by_name)
}

fn shown(call: &mut Call<'_, '_>, date: usize, layout: fn(&Call<'_, '_>) -> Vec<u8>, zone: fn(&Call<'_, '_>) -> Zone) -> Answer {
    let text = moment(call, date)?.in_zone(zone(call)).format(&layout(call));
    call.answer(text)
}

fn in_zone(call: &mut Call<'_, '_>) -> Answer {
    shown(call, 1, |call| call.text(0).to_vec(), |call| zone(call, 2))
}

fn modify(call: &mut Call<'_, '_>, strict: bool) -> Answer {
    let time = time(call, 1)?;
    match duration::parse(&call.text(0)) {
        Ok(nanoseconds) => Ok(Object::time(time.plus(nanoseconds)?)),
        Err(failed) if strict => Err(failed.into()),
        Err(_) => Ok(Object::time(time)),
    }
}

/// `strconv.ParseInt` with base 10, whose nearest bound stands where the number does not fit.
fn whole(text: &[u8]) -> i64 {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let bound = if text[0] == b'-' { i64::MIN } else { i64::MAX };
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(bound)
}
