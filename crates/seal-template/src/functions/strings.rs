//! Strings: cutting, joining, quoting.

use crate::call::{Answer, Call, Fault, Function, Is};
use crate::print;
use crate::value::{Entries, List, Map, Of, Text, Value};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const ALL: &[Function] = &[
    Function::new("hello", &[], |call| call.answer("Hello!")),
    Function::new("abbrev", &[Is::Int, Is::Text], |call| abbrev(call, None)),
    Function::new("abbrevboth", &[Is::Int, Is::Int, Is::Text], |call| abbrev(call, Some(call.int(0)))),
    Function::new("trunc", &[Is::Int, Is::Text], trunc),
    Function::new("trim", &[Is::Text], |call| call.answer(trim_space(&call.text(0)))),
    Function::new("trimall", &[Is::Text, Is::Text], |call| call.answer(trim_all(&call.text(1), &call.text(0)))),
    Function::new("trimAll", &[Is::Text, Is::Text], |call| call.answer(trim_all(&call.text(1), &call.text(0)))),
    Function::new("trimSuffix", &[Is::Text, Is::Text], |call| {
        let (cut, text) = (call.text(0), call.text(1));
        call.answer(text.strip_suffix(&*cut).unwrap_or(&text))
    }),
    Function::new("trimPrefix", &[Is::Text, Is::Text], |call| {
        let (cut, text) = (call.text(0), call.text(1));
        call.answer(text.strip_prefix(&*cut).unwrap_or(&text))
    }),
    Function::new("substr", &[Is::Int, Is::Int, Is::Text], substr),
    Function::new("repeat", &[Is::Int, Is::Text], repeat),
    Function::new("contains", &[Is::Text, Is::Text], |call| Ok(Value::Bool(find(&call.text(1), &call.text(0)).is_some()))),
    Function::new("hasPrefix", &[Is::Text, Is::Text], |call| Ok(Value::Bool(call.text(1).starts_with(&call.text(0))))),
    Function::new("hasSuffix", &[Is::Text, Is::Text], |call| Ok(Value::Bool(call.text(1).ends_with(&call.text(0))))),
    Function::new("quote", &[], |call| {
        let parts: Vec<String> = not_nil(&call.args).map(|value| print::quoted(&value.to_text())).collect();
        call.answer(parts.join(" "))
    })
    .with_more(Is::Any),
    Function::new("squote", &[], |call| {
        let parts: Vec<Vec<u8>> = not_nil(&call.args).map(|value| [&b"'"[..], &print::plain(value), b"'"].concat()).collect();
        call.answer(parts.join(&b' '))
    })
    .with_more(Is::Any),
    Function::new("cat", &[], |call| {
        let parts: Vec<Vec<u8>> = not_nil(&call.args).map(print::plain).collect();
        call.answer(parts.join(&b' '))
    })
    .with_more(Is::Any),
    Function::new("indent", &[Is::Int, Is::Text], |call| indent(call, "")),
    Function::new("nindent", &[Is::Int, Is::Text], |call| indent(call, "\n")),
    Function::new("replace", &[Is::Text, Is::Text, Is::Text], replace),
    Function::new("plural", &[Is::Text, Is::Text, Is::Int], |call| Ok(call.any(if call.int(2) == 1 { 0 } else { 1 }).clone())),
    Function::new("nospace", &[Is::Text], nospace),
    Function::new("initials", &[Is::Text], initials),
    Function::new("wrap", &[Is::Int, Is::Text], |call| wrap(call, call.int(0), b"", &call.text(1), false)),
    Function::new("wrapWith", &[Is::Int, Is::Text, Is::Text], |call| wrap(call, call.int(0), &call.text(1), &call.text(2), true)),
    Function::new("split", &[Is::Text, Is::Text], |call| split_map(call, -1)),
    Function::new("splitn", &[Is::Text, Is::Int, Is::Text], |call| split_map(call, call.int(1))),
    Function::new("splitList", &[Is::Text, Is::Text], |call| {
        let (separator, text) = (call.text(0), call.text(1));
        call.budget.make(text.len() * 2)?;
        Ok(Value::texts(split(&separator, &text, -1)))
    }),
    Function::new("join", &[Is::Text, Is::Any], |call| {
        let parts = to_texts(call.any(1));
        let separator = call.text(0);
        let parts: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
        call.answer(parts.join(&*separator))
    }),
    Function::new("sortAlpha", &[Is::Any], |call| {
        let mut parts = match call.any(0) {
            list @ Value::List(_) => to_texts(list),
            other => vec![other.to_text()],
        };
        parts.sort();
        Ok(Value::texts(parts))
    }),
    Function::new("toStrings", &[Is::Any], |call| Ok(Value::texts(to_texts(call.any(0))))),
];

fn not_nil(values: &[Value]) -> impl Iterator<Item = &Value> {
    values.iter().filter(|value| !matches!(value, Value::Nil | Value::Absent))
}

/// Sprig's `strslice`.
pub(super) fn to_texts(value: &Value) -> Vec<Text> {
    match value {
        Value::List(List { items, of: Of::Text }) => items.iter().map(Value::to_text).collect(),
        Value::List(list) => not_nil(&list.items).map(Value::to_text).collect(),
        Value::Nil | Value::Absent => Vec::new(),
        other => vec![other.to_text()],
    }
}

/// Where `part` begins.
pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// `strings.TrimSpace`.
pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_matches(is_space).as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

fn trim_all(text: &[u8], cut: &[u8]) -> Vec<u8> {
    match (std::str::from_utf8(text), std::str::from_utf8(cut)) {
        (Ok(text), Ok(cut)) => text.trim_matches(|c| cut.contains(c)).as_bytes().to_vec(),
        _ => {
            let inside = |byte: &u8| !cut.contains(byte);
            let (Some(from), Some(to)) = (text.iter().position(inside), text.iter().rposition(inside)) else { return Vec::new() };
            text[from..=to].to_vec()
        }
    }
}

fn trunc(call: &mut Call<'_, '_>) -> Answer {
    let (count, text) = (call.int(0), call.text(1));
    let length = text.len() as i64;
    let part = if count < 0 && length.saturating_add(count) > 0 {
        &text[(length + count) as usize..]
    } else if count >= 0 && length > count {
        &text[..count as usize]
    } else {
        &text
    };
    call.answer(part)
}

fn substr(call: &mut Call<'_, '_>) -> Answer {
    let (start, end, text) = (call.int(0), call.int(1), call.text(2));
    let length = text.len() as i64;
    let (from, to) = if start < 0 {
        (0, end)
    } else if end < 0 || end > length {
        (start, length)
    } else {
        (start, end)
    };
    if from > to || to < 0 || to > length {
        return Err(Fault::because("the positions are outside the string"));
    }
    call.answer(&text[from as usize..to as usize])
}

fn repeat(call: &mut Call<'_, '_>) -> Answer {
    let text = call.text(1);
    let count = usize::try_from(call.int(0)).map_err(|_| Fault::because("a count cannot be negative"))?;
    call.budget.make(text.len().saturating_mul(count))?;
    Ok(Value::text(text.repeat(count)))
}

fn indent(call: &mut Call<'_, '_>, before: &str) -> Answer {
    let count = usize::try_from(call.int(0)).map_err(|_| Fault::because("a count cannot be negative"))?;
    let text = call.text(1);
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    call.budget.make(text.len().saturating_add(lines.saturating_mul(count)))?;
    let pad = vec![b' '; count];
    let mut out = before.as_bytes().to_vec();
    for (n, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if n > 0 {
            out.push(b'\n');
        }
        out.extend(&pad);
        out.extend(line);
    }
    Ok(Value::text(out))
}

fn replace(call: &mut Call<'_, '_>) -> Answer {
    let (old, new, text) = (call.text(0), call.text(1), call.text(2));
    let mut out = Vec::new();
    if old.is_empty() {
        // Before every character and at the end.
        let characters: Vec<&[u8]> = characters(&text).collect();
        call.budget.make(text.len().saturating_add(new.len().saturating_mul(characters.len() + 1)))?;
        for character in characters {
            out.extend(&*new);
            out.extend(character);
        }
        out.extend(&*new);
    } else {
        let parts = split(&old, &text, -1);
        call.budget.make(text.len().saturating_add(new.len().saturating_mul(parts.len())))?;
        out = parts.join(&*new);
    }
    Ok(Value::text(out))
}

/// Characters as their bytes; a byte that belongs to none is one.
pub(super) fn characters(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid();
        valid.char_indices().map(move |(at, c)| &valid.as_bytes()[at..at + c.len_utf8()]).chain(chunk.invalid().chunks(1))
    })
}

/// `strings.SplitN`.
pub(super) fn split(separator: &[u8], text: &[u8], most: i64) -> Vec<Vec<u8>> {
    if most == 0 {
        return Vec::new();
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    if separator.is_empty() {
        let mut rest = text;
        for character in characters(text) {
            if parts.len() + 1 >= most {
                break;
            }
            parts.push(character.to_vec());
            rest = &rest[character.len()..];
        }
        if !rest.is_empty() {
            parts.push(rest.to_vec());
        }
        return parts;
    }
    let mut rest = text;
    while parts.len() + 1 < most {
        let Some(at) = find(rest, separator) else { break };
        parts.push(rest[..at].to_vec());
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest.to_vec());
    parts
}

fn split_map(call: &mut Call<'_, '_>, most: i64) -> Answer {
    let (separator, text) = (call.text(0), call.text(call.count() - 1));
    call.budget.make(text.len() * 4)?;
    let entries: Entries = split(&separator, &text, most)
        .into_iter()
        .enumerate()
        .map(|(n, part)| (format!("_{n}").into_bytes().into(), Value::text(part)))
        .collect();
    Ok(Value::Map(Map { entries: Rc::new(RefCell::new(entries)), of_text: true }))
}

fn nospace(call: &mut Call<'_, '_>) -> Answer {
    // As the library does it: byte by byte, each taken for a character; untouched when there is no space.
    let text = call.text(0);
    let kept: Vec<char> = text.iter().map(|byte| char::from(*byte)).filter(|c| !is_space(*c)).collect();
    if kept.len() == text.len() {
        return Ok(call.any(0).clone());
    }
    call.answer(kept.into_iter().collect::<String>())
}

fn initials(call: &mut Call<'_, '_>) -> Answer {
    let (mut out, mut gap) = (String::new(), true);
    for c in call.text(0).iter().map(|byte| char::from(*byte)) {
        if is_space(c) {
            gap = true;
        } else if gap {
            out.push(c);
            gap = false;
        }
    }
    call.answer(out)
}

/// `both`: the offset of sprig's `abbrevboth`.
fn abbrev(call: &mut Call<'_, '_>, both: Option<i64>) -> Answer {
    let (width, text) = (call.int(call.count() - 2), call.text(call.count() - 1));
    let offset = both.unwrap_or(0);
    if width < 4 || (offset > 0 && width < 7) {
        return Ok(call.any(call.count() - 1).clone());
    }
    let out = abbreviate(&text, offset, width).ok_or_else(|| Fault::because("the positions are outside the string"))?;
    call.answer(out)
}

fn abbreviate(text: &[u8], offset: i64, width: i64) -> Option<Vec<u8>> {
    let length = text.len() as i64;
    if length <= width {
        return Some(text.to_vec());
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let part = |from: i64, to: i64| text.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?);
    if offset <= 4 {
        return Some([part(0, width - 3)?, b"..."].concat());
    }
    if offset + width - 3 < length {
        let inner = part(offset, length)?;
        // The library answers nothing when the inner width is too small.
        let inner = if width - 3 < 4 && !inner.is_empty() { Vec::new() } else { abbreviate(inner, 0, width - 3)? };
        return Some([b"...", &inner[..]].concat());
    }
    Some([b"...", part(length - (width - 3), length)?].concat())
}

fn wrap(call: &mut Call<'_, '_>, width: i64, newline: &[u8], text: &[u8], long_words: bool) -> Answer {
    if text.is_empty() {
        return call.answer("");
    }
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width).unwrap_or(1).max(1);
    call.budget.make(text.len().saturating_add(newline.len().saturating_mul(text.len() / width + 1)))?;
    let (mut out, mut at) = (Vec::new(), 0);
    while text.len() - at > width {
        if text[at] == b' ' {
            at += 1;
            continue;
        }
        let space = text[at..at + width + 1].iter().rposition(|byte| *byte == b' ');
        if let Some(space) = space {
            out.extend(&text[at..at + space]);
            out.extend(newline);
            at += space + 1;
        } else if long_words {
            out.extend(&text[at..at + width]);
            out.extend(newline);
            at += width;
        } else {
            match text[at + width..].iter().position(|byte| *byte == b' ') {
                Some(space) => {
                    out.extend(&text[at..at + width + space]);
                    out.extend(newline);
                    at += width + space + 1;
                }
                None => {
                    out.extend(&text[at..]);
                    at = text.len();
                }
            }
        }
    }
    out.extend(&text[at..]);
    Ok(Value::text(out))
}
