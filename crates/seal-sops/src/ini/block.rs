//! The block as section `[sops]`: line breaks written as `\n`, equal signs in one column.

use super::emit::quoted;
use super::parse::{Section, Words};
use crate::Metadata;
use crate::layout::Raw;
use crate::metadata::{entries, flat};
use crate::patch::Patches;

/// A new section; an empty line sets it apart.
pub(super) fn fresh(newline: &str, new: &Metadata, first: bool) -> String {
    let flat = flat::flatten(&entries(new, None));
    let width = flat.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let mut out = if first { String::new() } else { newline.to_owned() };
    out.push_str(&format!("[{}]{newline}", super::BLOCK));
    for (key, value) in &flat {
        out.push_str(&line(key, value, width, newline));
    }
    out
}

/// Changed values where they stand, gone lines out, new lines behind the one before them.
pub(super) fn change(text: &str, newline: &str, old: &Section, raw: &Raw, new: &Metadata, patches: &mut Patches) {
    let flat = flat::flatten(&entries(new, Some(raw)));
    let column = |key: &super::parse::Key| text[key.lines.start..key.value.start].rfind(['=', ':']).unwrap_or(0);
    let width = old.keys.iter().map(column).max().unwrap_or(0).saturating_sub(1);
    let mut at = old.header.as_ref().map_or(0, |header| header.end);
    for (name, value) in &flat {
        match old.keys.iter().find(|key| key.name == *name) {
            Some(key) => {
                let (Words::Span(range), was) = (&key.text, &key.value) else { continue };
                if text[range.clone()].replace("\\n", "\n") != *value {
                    patches.replace(was.clone(), written(value));
                }
                at = key.lines.end;
            }
            None => {
                let ended = if text[..at].ends_with('\n') { "" } else { newline };
                patches.replace(at..at, format!("{ended}{}", line(name, value, width, newline)));
            }
        }
    }
    for key in old.keys.iter().filter(|key| !flat.iter().any(|(name, _)| *name == key.name)) {
        patches.delete(key.lines.clone());
    }
}

fn line(key: &str, value: &str, width: usize, newline: &str) -> String {
    format!("{key:width$} = {}{newline}", written(value))
}

fn written(value: &str) -> String {
    quoted(&value.replace('\n', "\\n"))
}
