//! One random case: a document, the rule it is sealed under, an edit and a way to tamper with the sealed file.

use super::{
    dice::Dice,
    document::{self, Entry, Shape},
    write,
};
use crate::pair::{TO_ALICE, TO_BOB};
use std::fmt::Write as _;

/// A key nobody holds.
const TO_NOBODY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const STORES: [&str; 5] = ["yaml", "json", "dotenv", "ini", "binary"];
const SELECTORS: [&str; 13] = [
    "",
    "unencrypted_suffix: _unencrypted",
    "unencrypted_suffix: d",
    "encrypted_suffix: _enc",
    "encrypted_suffix: a",
    "encrypted_regex: '^(data|stringData|key|a)$'",
    "encrypted_regex: '[a-d]'",
    "encrypted_regex: '\\w\\s\\w|\\bx\\b|a'",
    "unencrypted_regex: '^(kind|metadata|user)$'",
    "unencrypted_regex: 'A|é'",
    "encrypted_comment_regex: '^ ?seal:'",
    "unencrypted_comment_regex: 'plain:'",
    "encrypted_regex: '(?i)PASS|B'",
];
const VALUES: [&str; 8] =
    ["\"new\"", "7", "1.5", "true", "\"two\\nlines\\n\"", "{\"k\": \"v\", \"n\": [1, \"x\"]}", "\"\"", "\"yes\""];

/// A case.
pub(crate) struct Case {
    /// `yaml`, `json`, `dotenv`, `ini`, `binary`.
    pub(crate) store: &'static str,
    /// The document in clear.
    pub(crate) clear: Vec<u8>,
    /// The configuration file.
    pub(crate) rules: String,
    /// `set` or `unset` with what follows the file, when there is a place for it.
    pub(crate) edit: Option<(&'static str, Vec<String>)>,
    /// How the sealed file is spoilt.
    pub(crate) tamper: Tamper,
}

/// Ways to spoil a sealed file; the numbers choose where.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tamper {
    FlipCiphertext(usize),
    SwapValues(usize, usize),
    DropLine(usize),
    RepeatLine(usize),
    ChangeLetter(usize),
    MoveTime,
    Cut(usize),
    ChangeType(usize),
}

impl Case {
    /// Draws one. `SEAL_SOPS_STORE` keeps to one store.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let drawn = dice.one(&["yaml", "json", "yaml", "dotenv", "yaml", "ini", "yaml", "binary"]);
        let only = std::env::var("SEAL_SOPS_STORE").ok();
        let store = STORES.into_iter().find(|store| only.as_deref() == Some(*store)).unwrap_or(drawn);
        let tree = Shape { depth: 3, lists: true, comments: true, bare: true, json: false };
        let (clear, entries) = match store {
            "yaml" => yaml(dice, tree),
            "json" => {
                let entries = document::map(dice, Shape { comments: false, json: true, ..tree });
                (write::json(dice, &entries).into_bytes(), entries)
            }
            "dotenv" => {
                let entries = document::map(dice, Shape { depth: 1, ..tree });
                (write::dotenv(dice, &entries).into_bytes(), Vec::new())
            }
            "ini" => {
                let entries = document::map(dice, Shape { depth: 2, lists: false, ..tree });
                (write::ini(dice, &entries).into_bytes(), Vec::new())
            }
            _ => ((0..dice.below(40)).map(|_| dice.below(256) as u8).collect(), Vec::new()),
        };
        let rules = rules(dice);
        let edit = edit(dice, &entries);
        Self { store, clear, rules, edit, tamper: tamper(dice) }
    }

    /// The ending of its files.
    pub(crate) fn ending(&self) -> &'static str {
        match self.store {
            "dotenv" => "env",
            "binary" => "bin",
            store => store,
        }
    }
}

fn yaml(dice: &mut Dice, shape: Shape) -> (Vec<u8>, Vec<Entry>) {
    let first = document::map(dice, shape);
    let mut text = String::new();
    if dice.once_in(6) {
        text.push_str("---\n");
    }
    text.push_str(&write::yaml(dice, &first));
    while dice.once_in(8) {
        let more = document::map(dice, shape);
        text.push_str("---\n");
        text.push_str(&write::yaml(dice, &more));
    }
    if dice.once_in(10) {
        text.push_str("# last\n");
    }
    if dice.once_in(15) {
        text = text.replace('\n', "\r\n");
    }
    (text.into_bytes(), first)
}

fn rules(dice: &mut Dice) -> String {
    let mut text = "creation_rules:\n- ".to_owned();
    match dice.one(&SELECTORS) {
        "" => {}
        selector => text.push_str(&format!("{selector}\n  ")),
    }
    if dice.once_in(4) {
        text.push_str("mac_only_encrypted: true\n  ");
    }
    match dice.below(6) {
        0..3 => text.push_str(&format!("age: {TO_ALICE}\n")),
        3 => text.push_str(&format!("age: '{TO_BOB}, {TO_ALICE}'\n")),
        4 => text.push_str(&format!("key_groups:\n  - age: [{TO_ALICE}]\n  - age: [{TO_NOBODY}, {TO_BOB}]\n")),
        _ => {
            let _ = write!(
                text,
                "shamir_threshold: 2\n  key_groups:\n  - age: [{TO_NOBODY}]\n  - age: [{TO_ALICE}]\n  - age: [{TO_BOB}]\n"
            );
        }
    }
    text
}

fn edit(dice: &mut Dice, entries: &[Entry]) -> Option<(&'static str, Vec<String>)> {
    let places = document::places(entries);
    if places.is_empty() || dice.once_in(3) {
        return None;
    }
    let place = places[dice.below(places.len())].clone();
    Some(match dice.below(5) {
        0..3 => ("set", vec![place, dice.one(&VALUES).to_owned()]),
        3 => ("set", vec!["[\"fresh\"]".to_owned(), dice.one(&VALUES).to_owned()]),
        _ => ("unset", vec![place]),
    })
}

fn tamper(dice: &mut Dice) -> Tamper {
    let at = dice.below(1 << 20);
    match dice.below(8) {
        0 => Tamper::FlipCiphertext(at),
        1 => Tamper::SwapValues(at, dice.below(1 << 20)),
        2 => Tamper::DropLine(at),
        3 => Tamper::RepeatLine(at),
        4 => Tamper::ChangeLetter(at),
        5 => Tamper::MoveTime,
        6 => Tamper::Cut(at),
        _ => Tamper::ChangeType(at),
    }
}

impl Tamper {
    /// The spoilt file, or nothing when there is nothing to spoil in this way.
    pub(crate) fn apply(self, sealed: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(sealed).ok()?;
        let starts: Vec<usize> = text.match_indices("ENC[AES256_GCM,data:").map(|(at, _)| at).collect();
        let pick = |at: usize| (!starts.is_empty()).then(|| starts[at % starts.len()]);
        let end = |start: usize| text[start..].find(']').map(|length| start + length + 1);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let spoilt = match self {
            Tamper::FlipCiphertext(at) => {
                let at = pick(at)? + 20;
                let other = if text[at..].starts_with('A') { "B" } else { "A" };
                format!("{}{other}{}", &text[..at], &text[at + 1..])
            }
            Tamper::SwapValues(a, b) => {
                let (a, b) = (pick(a)?.min(pick(b)?), pick(a)?.max(pick(b)?));
                let (a_end, b_end) = (end(a)?, end(b)?);
                if a == b {
                    return None;
                }
                format!("{}{}{}{}{}", &text[..a], &text[b..b_end], &text[a_end..b], &text[a..a_end], &text[b_end..])
            }
            Tamper::DropLine(at) => {
                let drop = at % lines.len();
                lines.iter().enumerate().filter(|(line, _)| *line != drop).map(|(_, line)| *line).collect()
            }
            Tamper::RepeatLine(at) => {
                let again = at % lines.len();
                lines.iter().enumerate().map(|(at, line)| line.repeat(if at == again { 2 } else { 1 })).collect()
            }
            Tamper::ChangeLetter(at) => {
                let letters: Vec<(usize, char)> = text.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase()).collect();
                let (at, letter) = *letters.get(at % letters.len().max(1))?;
                let other = if letter == 'z' { 'y' } else { 'z' };
                format!("{}{other}{}", &text[..at], &text[at + 1..])
            }
            Tamper::MoveTime => {
                let year = text.find("lastmodified").and_then(|at| text[at..].find("20").map(|year| at + year))?;
                format!("{}1999{}", &text[..year], &text[year + 4..])
            }
            Tamper::Cut(at) => text.char_indices().nth(at % text.chars().count().max(1)).map(|(at, _)| text[..at].to_owned())?,
            Tamper::ChangeType(at) => {
                let at = pick(at)?;
                let kind = at + text[at..].find("type:")? + 5;
                let close = kind + text[kind..].find(']')?;
                format!("{}{}{}", &text[..kind], if &text[kind..close] == "str" { "bool" } else { "str" }, &text[close..])
            }
        };
        Some(spoilt.into_bytes())
    }
}
