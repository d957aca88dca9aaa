//! What Go's templates have by themselves. Sprig's `slice` takes the place of Go's.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::compare::{equal, order};
use crate::error::Problem;
use crate::format::sprintf;
use crate::print;
use crate::value::{List, Map, Of, Value};
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    // `and` and `or` are run by the executor, which knows when to stop.
    Function::new("and", &[Is::Raw], |call| Ok(call.any(0).clone())).with_more(Is::Raw),
    Function::new("or", &[Is::Raw], |call| Ok(call.any(0).clone())).with_more(Is::Raw),
    Function::new("not", &[Is::Raw], |call| Ok(Value::Bool(!call.any(0).is_true()))),
    Function::new("len", &[Is::Raw], len),
    Function::new("index", &[Is::Raw], index).with_more(Is::Raw),
    Function::new("print", &[], print).with_more(Is::Any),
    Function::new("println", &[], println).with_more(Is::Any),
    Function::new("printf", &[Is::Text], printf).with_more(Is::Any),
    Function::new("html", &[], html).with_more(Is::Any),
    Function::new("js", &[], js).with_more(Is::Any),
    Function::new("urlquery", &[], urlquery).with_more(Is::Any),
    Function::new("call", &[Is::Raw], |_| Err(Fault::because("there are no functions among values"))).with_more(Is::Raw),
    Function::new("eq", &[Is::Raw], eq).with_more(Is::Raw),
    Function::new("ne", &[Is::Raw, Is::Raw], |call| Ok(Value::Bool(!equal(call.any(0), call.any(1))?))),
    Function::new("lt", &[Is::Raw, Is::Raw], |call| ordered(call, |order| order == Ordering::Less)),
    Function::new("le", &[Is::Raw, Is::Raw], |call| ordered(call, |order| order != Ordering::Greater)),
    Function::new("gt", &[Is::Raw, Is::Raw], |call| ordered(call, |order| order == Ordering::Greater)),
    Function::new("ge", &[Is::Raw, Is::Raw], |call| ordered(call, |order| order != Ordering::Less)),
];

fn ordered(call: &mut Call<'_, '_>, holds: fn(Ordering) -> bool) -> Answer {
    // A number that is none is neither less nor equal; Go's `gt` is "not less or equal", so it holds there.
    let (a, b) = (call.any(0), call.any(1));
    Ok(Value::Bool(match order(a, b)? {
        Some(order) => holds(order),
        None => holds(Ordering::Greater),
    }))
}

fn eq(call: &mut Call<'_, '_>) -> Answer {
    if call.count() < 2 {
        return Err(Problem::ArgumentCount.into());
    }
    for other in call.rest(1) {
        if equal(call.any(0), other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn len(call: &mut Call<'_, '_>) -> Answer {
    let count = match call.any(0) {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.entries.borrow().len(),
        _ => return Err(Fault::because("this has no length")),
    };
    Ok(Value::Int(count as i64))
}

fn position(value: &Value, most: usize) -> Result<usize, Fault> {
    let at = match value {
        Value::Int(at) | Value::Int64(at) => usize::try_from(*at).ok(),
        Value::Byte(at) => Some(usize::from(*at)),
        Value::Uint(at) => usize::try_from(*at).ok(),
        _ => return Err(Fault::because("a position must be a number")),
    };
    at.filter(|at| *at < most).ok_or_else(|| Fault::because("the position is outside"))
}

fn index(call: &mut Call<'_, '_>) -> Answer {
    let mut value = call.any(0).clone();
    if matches!(value, Value::Absent | Value::Nil) {
        return Err(Fault::because("nil cannot be indexed"));
    }
    for at in call.rest(1) {
        value = match &value {
            Value::Text(text) => Value::Byte(text[position(at, text.len())?]),
            Value::List(list) => list.items[position(at, list.items.len())?].clone(),
            Value::Map(Map { entries, of_text }) => match at {
                Value::Text(key) => {
                    let zero = if *of_text { Value::text("") } else { Value::Nil };
                    entries.borrow().get(key).cloned().unwrap_or(zero)
                }
                _ => return Err(Fault::because("keys of a map are strings")),
            },
            _ => return Err(Fault::because("this cannot be indexed")),
        };
    }
    Ok(value)
}

/// `Sprint`: a space between two neighbours of which neither is a string.
pub(super) fn sprint(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if n > 0 && !is_text(value) && !is_text(&values[n - 1]) {
            out.push(b' ');
        }
        out.extend(print::plain(value));
    }
    out
}

fn print(call: &mut Call<'_, '_>) -> Answer {
    let text = sprint(&call.args);
    call.answer(text)
}

fn println(call: &mut Call<'_, '_>) -> Answer {
    let parts: Vec<Vec<u8>> = call.args.iter().map(print::plain).collect();
    let mut text = parts.join(&b' ');
    text.push(b'\n');
    call.answer(text)
}

fn printf(call: &mut Call<'_, '_>) -> Answer {
    let most = call.budget.limits().output;
    let text = sprintf(&call.text(0), call.rest(1), most).ok_or(Problem::Limit("output"))?;
    call.answer(text)
}

/// What `html`, `js` and `urlquery` work on.
fn joined(call: &Call<'_, '_>) -> Vec<u8> {
    match call.args.as_slice() {
        [Value::Text(text)] => text.to_vec(),
        values => {
            let told = |value: &Value| if matches!(value, Value::Nil) { Value::text("<no value>") } else { value.clone() };
            sprint(&values.iter().map(told).collect::<Vec<_>>())
        }
    }
}

fn html(call: &mut Call<'_, '_>) -> Answer {
    let mut out = Vec::new();
    for byte in joined(call) {
        match byte {
            0 => out.extend("\u{fffd}".as_bytes()),
            b'"' => out.extend(b"&#34;"),
            b'\'' => out.extend(b"&#39;"),
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            byte => out.push(byte),
        }
    }
    call.answer(out)
}

fn js(call: &mut Call<'_, '_>) -> Answer {
    let mut out = Vec::new();
    for chunk in joined(call).utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.extend(b"\\\\"),
                '\'' => out.extend(b"\\'"),
                '"' => out.extend(b"\\\""),
                '<' => out.extend(b"\\u003C"),
                '>' => out.extend(b"\\u003E"),
                '&' => out.extend(b"\\u0026"),
                '=' => out.extend(b"\\u003D"),
                c if c < ' ' => out.extend(format!("\\u00{:02X}", c as u32).as_bytes()),
                c if print::is_printable(c) || c.is_ascii() => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.extend(format!("\\u{:04X}", c as u32).as_bytes()),
            }
        }
        out.extend(chunk.invalid());
    }
    call.answer(out)
}

fn urlquery(call: &mut Call<'_, '_>) -> Answer {
    let mut out = String::new();
    for byte in joined(call) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    call.answer(out)
}

/// A list of `int`.
pub(super) fn ints(items: Vec<Value>) -> Value {
    Value::List(List { items: Rc::new(items), of: Of::Int })
}
