//! Regular expressions in Go's syntax.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::value::{List, Of, Value};
use seal_manifest::go_regex::GoRegex;
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    // What cannot be compiled matches nothing.
    Function::new("regexMatch", &[Is::Text, Is::Text], |call| {
        Ok(Value::Bool(compiled(call).is_ok_and(|regex| regex.is_match_in(&call.text(1)))))
    }),
    Function::new("mustRegexMatch", &[Is::Text, Is::Text], |call| Ok(Value::Bool(compiled(call)?.is_match_in(&call.text(1))))),
    Function::new("regexFind", &[Is::Text, Is::Text], find),
    Function::new("mustRegexFind", &[Is::Text, Is::Text], find),
    Function::new("regexFindAll", &[Is::Text, Is::Text, Is::Int], find_all),
    Function::new("mustRegexFindAll", &[Is::Text, Is::Text, Is::Int], find_all),
    Function::new("regexReplaceAll", &[Is::Text, Is::Text, Is::Text], |call| replace(call, false)),
    Function::new("mustRegexReplaceAll", &[Is::Text, Is::Text, Is::Text], |call| replace(call, false)),
    Function::new("regexReplaceAllLiteral", &[Is::Text, Is::Text, Is::Text], |call| replace(call, true)),
    Function::new("mustRegexReplaceAllLiteral", &[Is::Text, Is::Text, Is::Text], |call| replace(call, true)),
    Function::new("regexSplit", &[Is::Text, Is::Text, Is::Int], split),
    Function::new("mustRegexSplit", &[Is::Text, Is::Text, Is::Int], split),
    Function::new("regexQuoteMeta", &[Is::Text], |call| {
        let mut out = Vec::new();
        for byte in call.text(0).iter() {
            if br"\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        call.answer(out)
    }),
];

fn compiled(call: &mut Call<'_, '_>) -> Result<GoRegex, Fault> {
    let text = call.utf8(0)?;
    // Compiling is slow work.
    for _ in 0..64 {
        call.budget.step()?;
    }
    GoRegex::new(&text).map_err(|error| Fault::because(error.what))
}

fn find(call: &mut Call<'_, '_>) -> Answer {
    let regex = compiled(call)?;
    let text = call.text(1);
    call.answer(regex.matches(&text).next().map(|found| found.as_bytes()).unwrap_or_default())
}

fn find_all(call: &mut Call<'_, '_>) -> Answer {
    let regex = compiled(call)?;
    let (text, most) = (call.text(1), most(call.int(2)));
    call.budget.make(text.len() * 2)?;
    let found: Vec<Value> = regex.matches(&text).take(most).map(|found| Value::text(found.as_bytes())).collect();
    Ok(Value::List(List { items: Rc::new(found), of: Of::Text }))
}

fn most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn replace(call: &mut Call<'_, '_>, literal: bool) -> Answer {
    let regex = compiled(call)?;
    let (text, by) = (call.text(1), call.text(2));
    let (mut out, mut at) = (Vec::new(), 0);
    for captures in regex.captures(&text) {
        let Some(found) = captures.get(0) else { continue };
        let before = out.len();
        out.extend(&text[at..found.start()]);
        match literal {
            true => out.extend(&*by),
            false => captures.expand(&by, &mut out),
        }
        call.budget.make(out.len() - before)?;
        at = found.end();
    }
    out.extend(&text[at..]);
    call.answer(out)
}

/// `Regexp.Split`.
fn split(call: &mut Call<'_, '_>) -> Answer {
    let regex = compiled(call)?;
    let (pattern, text, count) = (call.text(0), call.text(1), call.int(2));
    if count == 0 {
        return Ok(Value::texts(Vec::<Vec<u8>>::new()));
    }
    if !pattern.is_empty() && text.is_empty() {
        return Ok(Value::texts([""]));
    }
    call.budget.make(text.len() * 2)?;
    let most = most(count);
    let (mut parts, mut begin, mut end) = (Vec::new(), 0, 0);
    for found in regex.matches(&text) {
        if count > 0 && parts.len() + 1 == most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(text[begin..end].to_vec());
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(text[begin..].to_vec());
    }
    Ok(Value::texts(parts))
}
