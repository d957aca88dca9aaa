//! Lists. None is changed where it is.

use crate::call::{Answer, Call, Fault, Function, Is, items};
use crate::functions::convert::to_int64;
use crate::value::{List, Of, Value};
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    Function::new("list", &[], list).with_more(Is::Any),
    Function::new("tuple", &[], list).with_more(Is::Any),
    Function::new("append", &[Is::Any, Is::Any], append),
    Function::new("push", &[Is::Any, Is::Any], append),
    Function::new("mustAppend", &[Is::Any, Is::Any], append),
    Function::new("mustPush", &[Is::Any, Is::Any], append),
    Function::new("prepend", &[Is::Any, Is::Any], prepend),
    Function::new("mustPrepend", &[Is::Any, Is::Any], prepend),
    Function::new("first", &[Is::Any], first),
    Function::new("mustFirst", &[Is::Any], first),
    Function::new("last", &[Is::Any], last),
    Function::new("mustLast", &[Is::Any], last),
    Function::new("rest", &[Is::Any], |call| part(call, |items| &items[1..])),
    Function::new("mustRest", &[Is::Any], |call| part(call, |items| &items[1..])),
    Function::new("initial", &[Is::Any], |call| part(call, |items| &items[..items.len() - 1])),
    Function::new("mustInitial", &[Is::Any], |call| part(call, |items| &items[..items.len() - 1])),
    Function::new("reverse", &[Is::Any], reverse),
    Function::new("mustReverse", &[Is::Any], reverse),
    Function::new("uniq", &[Is::Any], uniq),
    Function::new("mustUniq", &[Is::Any], uniq),
    Function::new("without", &[Is::Any], without).with_more(Is::Any),
    Function::new("mustWithout", &[Is::Any], without).with_more(Is::Any),
    Function::new("has", &[Is::Any, Is::Any], has),
    Function::new("mustHas", &[Is::Any, Is::Any], has),
    Function::new("compact", &[Is::Any], compact),
    Function::new("mustCompact", &[Is::Any], compact),
    Function::new("slice", &[Is::Any], slice).with_more(Is::Any),
    Function::new("mustSlice", &[Is::Any], slice).with_more(Is::Any),
    Function::new("concat", &[], concat).with_more(Is::Any),
    Function::new("chunk", &[Is::Int, Is::Any], chunk),
    Function::new("mustChunk", &[Is::Int, Is::Any], chunk),
];

fn list(call: &mut Call<'_, '_>) -> Answer {
    let items = call.args.clone();
    call.answer_list(items)
}

fn append(call: &mut Call<'_, '_>) -> Answer {
    let mut all = call.items(0)?.to_vec();
    all.push(call.any(1).clone());
    call.answer_list(all)
}

fn prepend(call: &mut Call<'_, '_>) -> Answer {
    let items = call.items(0)?;
    let mut all = vec![call.any(1).clone()];
    all.extend(items.iter().cloned());
    call.answer_list(all)
}

fn first(call: &mut Call<'_, '_>) -> Answer {
    Ok(call.items(0)?.first().cloned().unwrap_or(Value::Nil))
}

fn last(call: &mut Call<'_, '_>) -> Answer {
    Ok(call.items(0)?.last().cloned().unwrap_or(Value::Nil))
}

/// `rest` and `initial`: of an empty list a nil one, which prints as an empty one.
fn part(call: &mut Call<'_, '_>, of: fn(&[Value]) -> &[Value]) -> Answer {
    let items = call.items(0)?;
    let part = if items.is_empty() { Vec::new() } else { of(&items).to_vec() };
    call.answer_list(part)
}

fn reverse(call: &mut Call<'_, '_>) -> Answer {
    let items = call.items(0)?.iter().rev().cloned().collect();
    call.answer_list(items)
}

/// Comparing everything with everything costs steps.
fn kept(call: &mut Call<'_, '_>, keep: impl Fn(&[Value], &Value) -> bool, compared: usize) -> Answer {
    let items = call.items(0)?;
    let mut out: Vec<Value> = Vec::new();
    for item in items.iter() {
        for _ in 0..=(out.len() + compared) / 64 {
            call.budget.step()?;
        }
        if keep(&out, item) {
            out.push(item.clone());
        }
    }
    call.answer_list(out)
}

fn uniq(call: &mut Call<'_, '_>) -> Answer {
    kept(call, |before, item| !before.iter().any(|other| other.deep_equal(item)), 0)
}

fn without(call: &mut Call<'_, '_>) -> Answer {
    let omitted = call.rest(1).to_vec();
    let count = omitted.len();
    kept(call, |_, item| !omitted.iter().any(|other| other.deep_equal(item)), count)
}

fn compact(call: &mut Call<'_, '_>) -> Answer {
    kept(call, |_, item| item.is_true(), 0)
}

fn has(call: &mut Call<'_, '_>) -> Answer {
    if matches!(call.any(1), Value::Nil | Value::Absent) {
        return Ok(Value::Bool(false));
    }
    let needle = call.any(0);
    Ok(Value::Bool(call.items(1)?.iter().any(|item| item.deep_equal(needle))))
}

fn slice(call: &mut Call<'_, '_>) -> Answer {
    let Value::List(list) = call.any(0) else { return Err(Fault::because("this takes a list")) };
    let items = &list.items;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let at = |n: usize, default: i64| if call.count() > n { to_int64(call.any(n)) } else { default };
    let (start, end) = (at(1, 0), at(2, items.len() as i64));
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let part = range.and_then(|(start, end)| items.get(start..end));
    let part = part.ok_or_else(|| Fault::because("the positions are outside the list"))?;
    Ok(Value::List(List { items: Rc::new(part.to_vec()), of: list.of }))
}

fn concat(call: &mut Call<'_, '_>) -> Answer {
    let mut all = Vec::new();
    for list in &call.args {
        all.extend(items(list)?.iter().cloned());
    }
    call.answer_list(all)
}

/// Sprig's arithmetic, which makes sense of some negative sizes.
fn chunk(call: &mut Call<'_, '_>) -> Answer {
    let wrong = || Fault::because("chunks of this size cannot be made of this list");
    let items = call.items(1)?;
    let (size, length) = (call.int(0), items.len() as i64);
    if size == 0 {
        return Err(wrong());
    }
    let count = usize::try_from(((length - 1) as f64 / size as f64).floor() as i64 + 1).map_err(|_| wrong())?;
    call.budget.make(items.len().saturating_add(count).saturating_mul(size_of::<Value>()))?;
    let mut chunks = Vec::with_capacity(count);
    for n in 0..count {
        let last = if length % size == 0 { size } else { length % size };
        let width = usize::try_from(if n + 1 == count { last } else { size }).map_err(|_| wrong())?;
        let start = (n as i64).checked_mul(size).and_then(|start| usize::try_from(start).ok()).ok_or_else(wrong)?;
        let part = start.checked_add(width).and_then(|end| items.get(start..end)).ok_or_else(wrong)?;
        chunks.push(Value::list(part.to_vec()));
    }
    Ok(Value::List(List { items: Rc::new(chunks), of: Of::Lists }))
}
