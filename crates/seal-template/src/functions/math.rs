//! Arithmetic. Integers wrap around as Go's do; decimals are added as the decimal library adds them, by their shortest spelling.

use super::builtin::ints;
use super::convert::{to_float, to_int64};
use crate::call::{Answer, Call, Fault, Function, Is};
use crate::decimal::Decimal;
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("add1", &[Is::Any], |call| Ok(Value::Int64(to_int64(call.any(0)).wrapping_add(1)))),
    Function::new("add", &[], |call| Ok(Value::Int64(call.args.iter().map(to_int64).fold(0, i64::wrapping_add))))
        .with_more(Is::Any),
    Function::new("sub", &[Is::Any, Is::Any], |call| Ok(Value::Int64(to_int64(call.any(0)).wrapping_sub(to_int64(call.any(1)))))),
    Function::new("div", &[Is::Any, Is::Any], |call| divided(call, i64::wrapping_div)),
    Function::new("mod", &[Is::Any, Is::Any], |call| divided(call, i64::wrapping_rem)),
    Function::new("mul", &[Is::Any], |call| Ok(Value::Int64(call.args.iter().map(to_int64).fold(1, i64::wrapping_mul))))
        .with_more(Is::Any),
    Function::new("add1f", &[Is::Any], |call| {
        Ok(Value::Float(decimals(&[call.any(0).clone(), Value::Int(1)], |a, b| Ok(a.add(b)))?))
    }),
    Function::new("addf", &[], |call| {
        let mut values = vec![Value::Int(0)];
        values.extend(call.args.iter().cloned());
        Ok(Value::Float(decimals(&values, |a, b| Ok(a.add(b)))?))
    })
    .with_more(Is::Any),
    Function::new("subf", &[Is::Any], |call| Ok(Value::Float(decimals(&call.args, |a, b| Ok(a.sub(b)))?))).with_more(Is::Any),
    Function::new("mulf", &[Is::Any], |call| Ok(Value::Float(decimals(&call.args, |a, b| Ok(a.mul(b)))?))).with_more(Is::Any),
    Function::new("divf", &[Is::Any], |call| {
        Ok(Value::Float(decimals(&call.args, |a, b| a.div(b).ok_or_else(|| Fault::because("division by zero")))?))
    })
    .with_more(Is::Any),
    Function::new("max", &[Is::Any], |call| Ok(Value::Int64(call.args.iter().map(to_int64).max().unwrap_or(0))))
        .with_more(Is::Any),
    Function::new("biggest", &[Is::Any], |call| Ok(Value::Int64(call.args.iter().map(to_int64).max().unwrap_or(0))))
        .with_more(Is::Any),
    Function::new("min", &[Is::Any], |call| Ok(Value::Int64(call.args.iter().map(to_int64).min().unwrap_or(0))))
        .with_more(Is::Any),
    Function::new("maxf", &[Is::Any], |call| Ok(Value::Float(folded(call, |a, b| if a.is_nan() || b > a { b } else { a }))))
        .with_more(Is::Any),
    Function::new("minf", &[Is::Any], |call| Ok(Value::Float(folded(call, |a, b| if a.is_nan() || b < a { b } else { a }))))
        .with_more(Is::Any),
    Function::new("ceil", &[Is::Any], |call| Ok(Value::Float(to_float(call.any(0)).ceil()))),
    Function::new("floor", &[Is::Any], |call| Ok(Value::Float(to_float(call.any(0)).floor()))),
    Function::new("round", &[Is::Any, Is::Int], round).with_more(Is::Float),
    Function::new("until", &[Is::Int], |call| {
        let count = call.int(0);
        steps(call, 0, count, if count < 0 { -1 } else { 1 }).map(ints)
    }),
    Function::new("untilStep", &[Is::Int, Is::Int, Is::Int], |call| {
        let (start, stop, step) = (call.int(0), call.int(1), call.int(2));
        steps(call, start, stop, step).map(ints)
    }),
    Function::new("seq", &[], seq).with_more(Is::Int),
];

fn divided(call: &Call<'_, '_>, how: fn(i64, i64) -> i64) -> Answer {
    match to_int64(call.any(1)) {
        0 => Err(Fault::because("division by zero")),
        by => Ok(Value::Int64(how(to_int64(call.any(0)), by))),
    }
}

fn folded(call: &Call<'_, '_>, how: fn(f64, f64) -> f64) -> f64 {
    call.args.iter().map(to_float).reduce(how).unwrap_or(0.0)
}

type Op = fn(&Decimal, &Decimal) -> Result<Decimal, Fault>;

fn decimals(values: &[Value], how: Op) -> Result<f64, Fault> {
    let read = |value: &Value| {
        Decimal::of_float(to_float(value))
            .ok_or_else(|| Fault::because("infinity and what is no number cannot be calculated with"))
    };
    let Some((first, rest)) = values.split_first() else { return Ok(0.0) };
    let mut sum = read(first)?;
    for value in rest {
        sum = how(&sum, &read(value)?)?;
    }
    Ok(sum.to_float())
}

fn round(call: &mut Call<'_, '_>) -> Answer {
    let on = if call.count() > 2 { call.float(2) } else { 0.5 };
    // By its text: the power function would be the only thing that brings in the mathematics library.
    let power: f64 = format!("1e{}", call.int(1)).parse().unwrap_or(f64::NAN);
    let digit = power * to_float(call.any(0));
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

/// Go's `untilStep`.
fn steps(call: &mut Call<'_, '_>, start: i64, stop: i64, step: i64) -> Result<Vec<Value>, Fault> {
    let span = i128::from(stop) - i128::from(start);
    let count = if (span < 0 && step < 0) || (span > 0 && step > 0) {
        (span.abs() + i128::from(step).abs() - 1) / i128::from(step).abs()
    } else {
        0
    };
    call.budget.make(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(size_of::<Value>()))?;
    Ok((0..count as i64).map(|n| Value::Int(start + n * step)).collect())
}

fn seq(call: &mut Call<'_, '_>) -> Answer {
    let (start, step, end) = match call.count() {
        1 => (1, None, call.int(0)),
        2 => (call.int(0), None, call.int(1)),
        3 => (call.int(0), Some(call.int(1)), call.int(2)),
        _ => return call.answer(""),
    };
    let towards: i64 = if end < start { -1 } else { 1 };
    if step.is_some_and(|step| end < start && step > 0) {
        return call.answer("");
    }
    let items = steps(call, start, end.saturating_add(towards), step.unwrap_or(towards))?;
    let texts: Vec<Vec<u8>> = items.iter().map(crate::print::plain).collect();
    call.answer(texts.join(&b' '))
}
