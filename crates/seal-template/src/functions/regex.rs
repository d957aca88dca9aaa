//! Regular expressions in Go's syntax.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::value::{List, Of, Value};
use regex::bytes::{Regex, RegexBuilder};
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    // What cannot be compiled matches nothing.
    Function::new("regexMatch", &[Is::Text, Is::Text], |call| {
        Ok(Value::Bool(compiled(call).is_ok_and(|regex| regex.is_match(&call.text(1)))))
    }),
    Function::new("mustRegexMatch", &[Is::Text, Is::Text], |call| Ok(Value::Bool(compiled(call)?.is_match(&call.text(1))))),
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

/// A compiled expression may take this much memory.
const MOST: usize = 1 << 20;

fn compiled(call: &mut Call<'_, '_>) -> Result<Regex, Fault> {
    let wrong = || Fault::because("this is not a regular expression of Go's");
    let text = call.utf8(0)?;
    for _ in 0..16 {
        call.budget.step()?;
    }
    let regex = RegexBuilder::new(&ascii_classes(&text).ok_or_else(wrong)?).size_limit(MOST).dfa_size_limit(MOST).build();
    regex.map_err(|_| wrong())
}

/// Perl's classes and word boundaries are ASCII in Go.
fn ascii_classes(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut chars, mut in_class) = (text.chars(), false);
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                'w' => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                's' => out.push_str(if in_class { r"\t\n\f\r " } else { r"[\t\n\f\r ]" }),
                'D' => out.push_str("[^0-9]"),
                'W' => out.push_str("[^0-9A-Za-z_]"),
                'S' => out.push_str(r"[^\t\n\f\r ]"),
                'b' if in_class => return None,
                'b' => out.push_str(r"(?-u:\b)"),
                'B' => out.push_str(r"(?-u:\B)"),
                'C' => return None,
                'Q' => {
                    let rest = chars.as_str();
                    let (literal, after) = rest.split_once(r"\E").unwrap_or((rest, ""));
                    out.push_str(&regex::escape(literal));
                    chars = after.chars();
                }
                next @ ('<' | '>') => out.push(next),
                next => out.extend(['\\', next]),
            },
            '[' if in_class && !chars.as_str().starts_with(':') => out.push_str(r"\["),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                let mut rest = chars.as_str();
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
                if let Some(after) = rest.strip_prefix(']') {
                    out.push_str(r"\]");
                    rest = after;
                }
                chars = rest.chars();
            }
            '[' => {
                // A class such as [:alpha:], which is written in ASCII there too.
                let end = chars.as_str().find(":]")?;
                out.push('[');
                out.push_str(&chars.as_str()[..end + 2]);
                chars = chars.as_str()[end + 2..].chars();
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '-' if in_class && chars.as_str().starts_with('-') => out.push_str(r"\-"),
            c => out.push(c),
        }
    }
    Some(out)
}

fn find(call: &mut Call<'_, '_>) -> Answer {
    let regex = compiled(call)?;
    let text = call.text(1);
    call.answer(regex.find(&text).map(|found| found.as_bytes()).unwrap_or_default())
}

/// Matches as Go finds them: an empty one right behind another does not count, which is the crate's rule too.
fn find_all(call: &mut Call<'_, '_>) -> Answer {
    let regex = compiled(call)?;
    let (text, most) = (call.text(1), most(call.int(2)));
    call.budget.make(text.len() * 2)?;
    let found: Vec<Value> = regex.find_iter(&text).take(most).map(|found| Value::text(found.as_bytes())).collect();
    Ok(Value::List(List { items: Rc::new(found), of: Of::Text }))
}

fn most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn replace(call: &mut Call<'_, '_>, literal: bool) -> Answer {
    let regex = compiled(call)?;
    let (text, by) = (call.text(1), call.text(2));
    let matches = regex.find_iter(&text).count();
    call.budget.make(text.len().saturating_add(matches.saturating_mul(by.len() + if literal { 0 } else { text.len() })))?;
    let replaced = match literal {
        true => regex.replace_all(&text, regex::bytes::NoExpand(&by)),
        false => regex.replace_all(&text, &*by),
    };
    Ok(Value::text(replaced))
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
    for found in regex.find_iter(&text) {
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
