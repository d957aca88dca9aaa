//! Dicts. `set`, `unset` and `merge` change the dict they are given, as in Go.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::error::Problem;
use crate::value::{Entries, List, Map, Value};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    Function::new("dict", &[], dict).with_more(Is::Any),
    Function::new("get", &[Is::Dict, Is::Text], |call| {
        Ok(call.dict(0).borrow().get(&call.text(1)).cloned().unwrap_or(Value::text("")))
    }),
    Function::new("set", &[Is::Dict, Is::Text, Is::Any], set),
    Function::new("unset", &[Is::Dict, Is::Text], |call| {
        let entries = call.dict(0);
        entries.borrow_mut().remove(&call.text(1));
        Ok(Value::Map(Map { entries, of_text: false }))
    }),
    Function::new("hasKey", &[Is::Dict, Is::Text], |call| Ok(Value::Bool(call.dict(0).borrow().contains_key(&call.text(1))))),
    Function::new("pluck", &[Is::Text], |call| {
        let key = call.text(0);
        let found = (1..call.count()).filter_map(|n| call.dict(n).borrow().get(&key).cloned()).collect();
        call.answer_list(found)
    })
    .with_more(Is::Dict),
    Function::new("keys", &[], |call| {
        let keys: Vec<_> = (0..call.count()).flat_map(|n| call.dict(n).borrow().keys().cloned().collect::<Vec<_>>()).collect();
        Ok(Value::texts(keys))
    })
    .with_more(Is::Dict),
    Function::new("values", &[Is::Dict], |call| {
        let values = call.dict(0).borrow().values().cloned().collect();
        call.answer_list(values)
    }),
    Function::new("pick", &[Is::Dict], |call| chosen(call, true)).with_more(Is::Text),
    Function::new("omit", &[Is::Dict], |call| chosen(call, false)).with_more(Is::Text),
    Function::new("merge", &[Is::Dict], |call| merge(call, false)).with_more(Is::Dict),
    Function::new("mustMerge", &[Is::Dict], |call| merge(call, false)).with_more(Is::Dict),
    Function::new("mergeOverwrite", &[Is::Dict], |call| merge(call, true)).with_more(Is::Dict),
    Function::new("mustMergeOverwrite", &[Is::Dict], |call| merge(call, true)).with_more(Is::Dict),
    Function::new("deepCopy", &[Is::Any], deep_copy),
    Function::new("mustDeepCopy", &[Is::Any], deep_copy),
    Function::new("dig", &[], dig).with_more(Is::Any),
];

/// Dicts within dicts that functions go down to.
const DEPTH: usize = 200;

fn dict(call: &mut Call<'_, '_>) -> Answer {
    let mut entries = Entries::new();
    for pair in call.args.chunks(2) {
        entries.insert(pair[0].to_text(), pair.get(1).cloned().unwrap_or(Value::text("")));
    }
    call.budget.make(entries.len() * 64)?;
    Ok(Value::map(entries))
}

fn set(call: &mut Call<'_, '_>) -> Answer {
    let Value::Map(map) = call.any(0) else { return Err(Fault::because("a dict that is nil cannot be written to")) };
    let (key, value) = (call.text(1), call.any(2).clone());
    if reaches(&value, map, 0)? {
        return Err(Fault::because("a dict cannot hold itself"));
    }
    let map = map.clone();
    call.budget.make(64 + key.len())?;
    map.entries.borrow_mut().insert(key, value);
    Ok(Value::Map(map))
}

/// Whether the map can be reached from the value: writing it there would make a circle.
fn reaches(value: &Value, map: &Map, depth: usize) -> Result<bool, Fault> {
    if depth > DEPTH {
        return Err(Problem::Limit("depth").into());
    }
    Ok(match value {
        Value::Map(inner) => {
            Rc::ptr_eq(&inner.entries, &map.entries)
                || any(inner.entries.borrow().values(), |value| reaches(value, map, depth + 1))?
        }
        Value::List(List { items, .. }) => any(items.iter(), |value| reaches(value, map, depth + 1))?,
        _ => false,
    })
}

fn any<'v>(values: impl Iterator<Item = &'v Value>, holds: impl Fn(&'v Value) -> Result<bool, Fault>) -> Result<bool, Fault> {
    for value in values {
        if holds(value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn chosen(call: &mut Call<'_, '_>, named: bool) -> Answer {
    let names: Vec<_> = (1..call.count()).map(|n| call.text(n)).collect();
    let entries = call.dict(0);
    let chosen =
        entries.borrow().iter().filter(|(key, _)| names.contains(key) == named).map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok(Value::map(chosen))
}

fn merge(call: &mut Call<'_, '_>, overwrite: bool) -> Answer {
    let Value::Map(into) = call.any(0).clone() else {
        // Go makes a map where there is none.
        let mut all = Entries::new();
        for n in 1..call.count() {
            merge_entries(&mut all, &call.dict(n).borrow().clone(), overwrite, 0)?;
        }
        return Ok(Value::map(all));
    };
    for n in 1..call.count() {
        let from = call.dict(n);
        if Rc::ptr_eq(&from, &into.entries) {
            continue;
        }
        let entries = from.borrow().clone();
        call.budget.make(entries.len() * 64)?;
        for value in entries.values() {
            if reaches(value, &into, 0)? {
                return Err(Fault::because("a dict cannot hold itself"));
            }
        }
        merge_entries(&mut into.entries.borrow_mut(), &entries, overwrite, 0)?;
    }
    Ok(Value::Map(into))
}

/// mergo's rules: what is empty is filled, dicts are merged into dicts, and with `overwrite` the rest is replaced.
fn merge_entries(into: &mut Entries, from: &Entries, overwrite: bool, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Problem::Limit("depth").into());
    }
    for (key, value) in from {
        if matches!(value, Value::Nil | Value::Absent) {
            if overwrite {
                into.insert(key.clone(), Value::Nil);
            }
            continue;
        }
        let there = into.get(key).cloned();
        if let (Value::Map(from), Some(Value::Map(there))) = (value, &there)
            && !Rc::ptr_eq(&from.entries, &there.entries)
            && from.of_text == there.of_text
        {
            let entries = from.entries.borrow().clone();
            merge_entries(&mut there.entries.borrow_mut(), &entries, overwrite, depth + 1)?;
            if !there.entries.borrow().is_empty() {
                continue;
            }
        }
        if overwrite || there.is_none_or(|there| !there.is_true()) {
            into.insert(key.clone(), value.clone());
        }
    }
    Ok(())
}

fn deep_copy(call: &mut Call<'_, '_>) -> Answer {
    let value = call.any(0).clone();
    if matches!(value, Value::Nil) {
        return Err(Fault::because("nil cannot be copied"));
    }
    copied(call, &value, 0)
}

fn copied(call: &mut Call<'_, '_>, value: &Value, depth: usize) -> Answer {
    if depth > DEPTH {
        return Err(Problem::Limit("depth").into());
    }
    call.budget.make(size_of::<Value>())?;
    Ok(match value {
        Value::Map(map) => {
            let entries = map.entries.borrow().clone();
            let mut copy = Entries::new();
            for (key, value) in entries {
                let value = copied(call, &value, depth + 1)?;
                copy.insert(key, value);
            }
            Value::Map(Map { entries: Rc::new(RefCell::new(copy)), of_text: map.of_text })
        }
        Value::List(list) => {
            let mut items = Vec::with_capacity(list.items.len());
            for item in list.items.iter() {
                items.push(copied(call, item, depth + 1)?);
            }
            Value::List(List { items: Rc::new(items), of: list.of })
        }
        other => other.clone(),
    })
}

fn dig(call: &mut Call<'_, '_>) -> Answer {
    let [keys @ .., default, dict] = call.args.as_slice() else { return Err(Problem::ArgumentCount.into()) };
    if keys.is_empty() {
        return Err(Problem::ArgumentCount.into());
    }
    if !keys.iter().all(|key| matches!(key, Value::Text(_))) {
        return Err(Fault::because("keys of a dict are strings"));
    }
    let mut at = dict.clone();
    for key in keys {
        let Value::Map(Map { entries, of_text: false }) = &at else {
            return Err(Fault::because("one step of the way is no dict"));
        };
        let next = entries.borrow().get(&key.to_text()).cloned();
        match next {
            Some(next) => at = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(at)
}
