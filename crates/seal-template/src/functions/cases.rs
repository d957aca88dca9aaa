//! Upper and lower case, and the spellings of names.

use crate::call::{Answer, Call, Function, Is};

pub(super) const ALL: &[Function] = &[
    Function::new("upper", &[Is::Text], |call| mapped(call, |text| text.chars().map(upper).collect())),
    Function::new("lower", &[Is::Text], |call| mapped(call, |text| text.chars().map(lower).collect())),
    Function::new("title", &[Is::Text], |call| mapped(call, title)),
    Function::new("untitle", &[Is::Text], |call| mapped(call, untitle)),
    Function::new("swapcase", &[Is::Text], |call| mapped(call, swap)),
    Function::new("snakecase", &[Is::Text], |call| parted(call, '_')),
    Function::new("kebabcase", &[Is::Text], |call| parted(call, '-')),
    Function::new("camelcase", &[Is::Text], |call| mapped(call, pascal)),
];

/// What is no character comes out as the replacement character, as in Go.
fn mapped(call: &mut Call<'_, '_>, change: impl Fn(&str) -> String) -> Answer {
    let text = call.text(0);
    let changed = change(&String::from_utf8_lossy(&text));
    call.answer(changed)
}

/// Go maps one character to one: those whose upper case is longer stay.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        (Some(first), Some(_)) if c == 'İ' => first,
        _ => c,
    }
}

fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let begins = match before {
                before if before.is_ascii() => !before.is_ascii_alphanumeric() && before != '_',
                before => before.is_whitespace(),
            };
            before = c;
            if begins { upper(c) } else { c }
        })
        .collect()
}

fn untitle(text: &str) -> String {
    let mut next = true;
    text.chars()
        .map(|c| {
            let changed = if next && !c.is_whitespace() { lower(c) } else { c };
            next = c.is_whitespace();
            changed
        })
        .collect()
}

fn swap(text: &str) -> String {
    let mut space = true;
    text.chars()
        .map(|c| {
            if c.is_uppercase() {
                space = false;
                lower(c)
            } else if c.is_lowercase() {
                space = false;
                upper(c)
            } else {
                space = c.is_whitespace();
                c
            }
        })
        .collect()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// Upper case at the start and behind connectors, which go; runs of connectors keep all but the last.
fn pascal(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let Some(start) = chars.iter().position(|c| !is_connector(*c)) else {
        // The library writes the last one twice.
        return chars.iter().chain(chars.last()).collect();
    };
    out.extend(&chars[..start]);
    let mut was_upper = chars[start].is_uppercase();
    let mut pending = upper(chars[start]);
    for &next in &chars[start + 1..] {
        let before = pending;
        pending = next;
        if is_connector(before) {
            if is_connector(pending) {
                out.push(before);
                continue;
            }
            was_upper = pending.is_uppercase();
            pending = upper(pending);
            continue;
        }
        if was_upper {
            if pending.is_uppercase() {
                pending = lower(pending);
            } else {
                was_upper = false;
            }
        }
        out.push(before);
    }
    out.push(pending);
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

fn is_punctuation(c: char) -> bool {
    // Categories P*; outside ASCII the general punctuation block stands for them.
    (c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c))
        || matches!(c, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
}

/// The first word, its length, and what it is.
fn word(rest: &[char]) -> (Word, usize) {
    // What is no UTF-8 belongs to the character behind it, or at the end to the one before.
    let run = |from: usize, inside: &dyn Fn(char) -> bool| {
        let mut end = from;
        while let Some(at) = rest[end..].iter().position(|c| !is_invalid(*c)).map(|at| end + at) {
            if !inside(rest[at]) {
                return end;
            }
            end = at + 1;
        }
        rest.len()
    };
    let Some(at) = rest.iter().position(|c| !is_invalid(*c)) else { return (Word::None, rest.len()) };
    let first = rest[at];
    if at > 0 {
        let (kind, length) = word(&rest[at..]);
        return (kind, at + length);
    }
    let small = |c: char| is_letter(c) && !c.is_uppercase();
    if is_connector(first) {
        (Word::Connector, run(1, &is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(1, &is_punctuation))
    } else if first.is_uppercase() {
        let end = match rest.get(1) {
            Some(second) if second.is_uppercase() => {
                let end = run(2, &char::is_uppercase);
                // In "HTTPStatus" the S belongs to what follows.
                if rest.get(end).is_some_and(|c| is_letter(*c)) { end - 1 } else { end }
            }
            Some(second) if is_letter(*second) => run(2, &small),
            _ => 1,
        };
        (Word::Upper, end)
    } else if is_letter(first) {
        (Word::Letters, run(1, &small))
    } else if first.is_numeric() {
        (Word::Number, run(1, &char::is_numeric))
    } else {
        let other = |c: char| !is_connector(c) && !is_letter(c) && !c.is_numeric() && !is_punctuation(c);
        (Word::Other, run(1, &other))
    }
}

/// A byte that is no UTF-8 is this character and the byte, of a plane that nobody uses.
const INVALID: u32 = 0x10_ff00;

fn is_invalid(c: char) -> bool {
    c as u32 >= INVALID
}

/// Words in lower case with a connector between them, as xstrings parts them.
fn parted(call: &mut Call<'_, '_>, connector: char) -> Answer {
    let text = call.text(0);
    let mut chars: Vec<char> = Vec::new();
    for chunk in text.utf8_chunks() {
        chars.extend(chunk.valid().chars());
        chars.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(INVALID + u32::from(*byte))));
    }
    let out = parted_words(&chars, connector);
    call.answer(out)
}

fn parted_words(chars: &[char], connector: char) -> Vec<u8> {
    let mut words = Words { rest: chars, connector, out: Vec::new() };
    let (mut kind, mut now) = words.next();
    while !words.rest.is_empty() {
        if kind != Word::Connector {
            words.put(kind, now);
        }
        let (before, last) = (kind, now);
        (kind, now) = words.next();
        match before {
            Word::Number => {
                (kind, now) = words.put_while_alphanumeric(kind, now);
                if !matches!(kind, Word::None | Word::Punctuation | Word::Connector) {
                    words.out.push(connector as u8);
                }
            }
            Word::Connector => words.put(before, last),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punctuation) {
                    words.out.push(connector as u8);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = now;
                (kind, now) = words.next();
                if kind != Word::Letters {
                    words.put(Word::Number, number);
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        words.out.push(connector as u8);
                    }
                } else {
                    words.out.push(connector as u8);
                    words.put(Word::Number, number);
                    (kind, now) = words.put_while_alphanumeric(kind, now);
                    if !matches!(kind, Word::None | Word::Connector | Word::Punctuation) {
                        words.out.push(connector as u8);
                    }
                }
            }
        }
    }
    words.put(kind, now);
    words.out
}

struct Words<'a> {
    rest: &'a [char],
    connector: char,
    out: Vec<u8>,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> (Word, &'a [char]) {
        let (kind, length) = word(self.rest);
        let (now, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, now)
    }

    fn put(&mut self, kind: Word, chars: &[char]) {
        for &c in chars {
            let changed = match kind {
                Word::Upper | Word::Connector if is_connector(c) => self.connector,
                Word::Upper | Word::Connector if is_invalid(c) => '\u{fffd}',
                Word::Upper | Word::Connector => lower(c),
                _ => c,
            };
            match is_invalid(changed) {
                true => self.out.push((changed as u32 - INVALID) as u8),
                false => self.out.extend(changed.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn put_while_alphanumeric(&mut self, mut kind: Word, mut now: &'a [char]) -> (Word, &'a [char]) {
        while matches!(kind, Word::Letters | Word::Number) {
            self.put(kind, now);
            (kind, now) = self.next();
        }
        (kind, now)
    }
}
