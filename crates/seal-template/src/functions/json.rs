//! JSON as Go's `encoding/json` reads and writes it.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::error::Problem;
use crate::print::shortest;
use crate::value::{Entries, List, Of, Value};
use base64::Engine;
use serde_json::Value as Json;
use std::borrow::Cow;

pub(super) const ALL: &[Function] = &[
    Function::new("fromJson", &[Is::Text], |call| Ok(read(call)?.unwrap_or(Value::Nil))),
    Function::new("mustFromJson", &[Is::Text], |call| read(call)?.ok_or_else(|| Fault::because("this is not JSON"))),
    Function::new("toJson", &[Is::Any], |call| written(call, Style { html: true, pretty: false })),
    Function::new("mustToJson", &[Is::Any], |call| strictly(call, Style { html: true, pretty: false })),
    Function::new("toPrettyJson", &[Is::Any], |call| written(call, Style { html: true, pretty: true })),
    Function::new("mustToPrettyJson", &[Is::Any], |call| strictly(call, Style { html: true, pretty: true })),
    Function::new("toRawJson", &[Is::Any], |call| strictly(call, Style { html: false, pretty: false })),
    Function::new("mustToRawJson", &[Is::Any], |call| strictly(call, Style { html: false, pretty: false })),
];

fn read(call: &mut Call<'_, '_>) -> Result<Option<Value>, Fault> {
    let text = call.text(0);
    call.budget.make(text.len().saturating_mul(4))?;
    // Bytes that are no UTF-8 are replaced, as Go does it.
    let text = String::from_utf8_lossy(&text);
    Ok(serde_json::from_str::<Json>(&without_lone_surrogates(&text)).ok().map(|json| of_json(&json)))
}

/// Half a pair of surrogates is read as the replacement character, as Go does it.
fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(next) = text[at..].find('\\').map(|found| at + found) {
        out.push_str(&text[at..next]);
        let (length, kept) = match unit(next) {
            Some(0xd800..0xdc00) if matches!(unit(next + 6), Some(0xdc00..0xe000)) => (12, true),
            Some(0xd800..0xe000) => (6, false),
            Some(_) => (6, true),
            None => (1 + text[next + 1..].chars().next().map_or(0, char::len_utf8), true),
        };
        out.push_str(if kept { &text[next..next + length] } else { "\\ufffd" });
        at = next + length;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

pub(super) fn of_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(0.0)),
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::list(items.iter().map(of_json).collect()),
        Json::Object(entries) => {
            let entries: Entries = entries.iter().map(|(key, value)| (key.as_bytes().into(), of_json(value))).collect();
            Value::map(entries)
        }
    }
}

#[derive(Clone, Copy)]
struct Style {
    html: bool,
    pretty: bool,
}

/// A value as JSON in one line; `None` when JSON cannot hold it.
pub(super) fn compact(value: &Value) -> Result<Option<String>, Problem> {
    let mut out = String::new();
    match write(&mut out, value, Style { html: false, pretty: false }, 0) {
        Ok(()) => Ok(Some(out)),
        Err(Fault(problem @ Problem::Limit(_))) => Err(problem),
        Err(_) => Ok(None),
    }
}

/// What cannot be written is the empty string.
fn written(call: &mut Call<'_, '_>, style: Style) -> Answer {
    let mut out = String::new();
    match write(&mut out, call.any(0), style, 0) {
        Ok(()) => call.answer(out),
        Err(Fault(Problem::Limit(what))) => Err(Problem::Limit(what).into()),
        Err(_) => call.answer(""),
    }
}

fn strictly(call: &mut Call<'_, '_>, style: Style) -> Answer {
    let mut out = String::new();
    write(&mut out, call.any(0), style, 0)?;
    call.answer(out)
}

/// Levels of nesting that are written.
const DEPTH: usize = 200;

fn write(out: &mut String, value: &Value, style: Style, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Problem::Limit("depth").into());
    }
    match value {
        Value::Absent | Value::Nil => out.push_str("null"),
        Value::Bool(value) => out.push_str(&value.to_string()),
        Value::Int(value) | Value::Int64(value) => out.push_str(&value.to_string()),
        Value::Byte(value) => out.push_str(&value.to_string()),
        Value::Uint(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)?),
        Value::Text(text) => string(out, text, style),
        Value::List(List { items, of: Of::Byte }) => {
            let bytes: Vec<u8> = items.iter().map(|item| if let Value::Byte(byte) = item { *byte } else { 0 }).collect();
            out.push('"');
            out.push_str(&base64::engine::general_purpose::STANDARD.encode(bytes));
            out.push('"');
        }
        Value::List(list) => {
            let mut items = Items::new(out, '[', ']', style, depth);
            for item in list.items.iter() {
                write(items.next(), item, style, depth + 1)?;
            }
            items.end();
        }
        Value::Map(map) => {
            let mut items = Items::new(out, '{', '}', style, depth);
            for (key, item) in map.entries.borrow().iter() {
                let out = items.next();
                string(out, key, style);
                out.push_str(if style.pretty { ": " } else { ":" });
                write(out, item, style, depth + 1)?;
            }
            items.end();
        }
        Value::Object(object) => write(out, &object.plain(), style, depth)?,
    }
    Ok(())
}

struct Items<'a> {
    out: &'a mut String,
    close: char,
    style: Style,
    depth: usize,
    empty: bool,
}

impl<'a> Items<'a> {
    fn new(out: &'a mut String, open: char, close: char, style: Style, depth: usize) -> Self {
        out.push(open);
        Self { out, close, style, depth, empty: true }
    }

    fn line(&mut self, depth: usize) {
        if self.style.pretty {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(depth));
        }
    }

    fn next(&mut self) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.line(self.depth + 1);
        self.out
    }

    fn end(mut self) {
        if !self.empty {
            self.line(self.depth);
        }
        self.out.push(self.close);
    }
}

fn float(value: f64) -> Result<String, Fault> {
    if !value.is_finite() {
        return Err(Fault::because("JSON has no word for this number"));
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = shortest(value, -400, 1);
        return Ok(text);
    }
    Ok(value.to_string())
}

fn string(out: &mut String, text: &[u8], style: Style) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '<' | '>' | '&' if !style.html => out.push(c),
                c if c < ' ' || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}') => {
                    out.push_str(&format!("\\u{:04x}", c as u32));
                }
                c => out.push(c),
            }
        }
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}
