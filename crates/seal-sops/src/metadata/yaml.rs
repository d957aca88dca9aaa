//! The block as YAML text: written anew as sops 3.13 writes it, or changed line by line.

use std::ops::Range;

use super::edits::{Edit, Place, edits};
use super::entries::Meta;
use crate::layout::{Raw, RawForm};

/// The whole block under its key `sops`, each line ended by `newline`. `indent` as in sops' configuration; 4 is its default.
pub(crate) fn render(entries: &[(String, Meta)], indent: usize, newline: &str) -> String {
    let mut writer = Writer { out: String::from("sops:"), indent: indent.max(1) };
    writer.value(&Meta::Map(entries.to_vec()), 0);
    if newline == "\n" { writer.out } else { writer.out.replace('\n', newline) }
}

/// The block in flow style, in one line: for documents that are written so.
pub(crate) fn render_flow(entries: &[(String, Meta)]) -> String {
    super::json::render(entries, None)
}

/// Replacements that turn the block in `text` into the new one and leave every other byte. `None` when it must be written anew.
pub(crate) fn splices(text: &str, old: &Raw, new: &[(String, Meta)]) -> Option<Vec<(Range<usize>, String)>> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut all = Vec::new();
    for edit in edits(old, new)? {
        all.push(match edit {
            Edit::Scalar(span, value) => (span.clone(), restyle(&text[span], value, newline)?),
            Edit::AddItem(model, fields) => add_item(text, model, fields, newline)?,
            Edit::DropItem(item) => {
                let (start, _) = dash(text, item)?;
                (start..line_end(text, item.span.end), String::new())
            }
            Edit::FillList(entry, value) => fill_list(text, entry, value, newline)?,
            Edit::AddEntry(place, key, value) => add_entry(text, &place, key, value, newline)?,
            Edit::DropEntry(entry) => (entry_start(text, entry)?..line_end(text, entry.1.span.end), String::new()),
        });
    }
    all.sort_by_key(|(range, _)| (range.start, range.end));
    Some(all)
}

struct Writer {
    out: String,
    indent: usize,
}

impl Writer {
    /// Where content below column `at` starts: the next multiple of the indentation.
    fn below(&self, at: usize) -> usize {
        self.indent * ((at + self.indent) / self.indent)
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// What stands behind `key:` or `-`, with its line break.
    fn value(&mut self, value: &Meta, at: usize) {
        match value {
            Meta::Map(entries) if !entries.is_empty() => {
                self.out.push('\n');
                // Only the root's entries stand deeper by the whole indentation; elsewhere columns count.
                self.map(entries, self.below(at), false);
            }
            Meta::List(items) if !items.is_empty() => {
                self.out.push('\n');
                self.list(items, self.below(at));
            }
            other => {
                self.out.push(' ');
                self.scalar(other, at);
            }
        }
    }

    fn map(&mut self, entries: &[(String, Meta)], at: usize, mid_line: bool) {
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 || !mid_line {
                self.spaces(at);
            }
            self.out.push_str(&inline(key));
            self.out.push(':');
            self.value(value, at);
        }
    }

    fn list(&mut self, items: &[Meta], at: usize) {
        for item in items {
            self.spaces(at);
            self.out.push('-');
            match item {
                Meta::Map(entries) if !entries.is_empty() => {
                    self.out.push(' ');
                    self.map(entries, at + 2, true);
                }
                other => {
                    self.out.push(' ');
                    self.scalar(other, at);
                }
            }
        }
    }

    fn scalar(&mut self, value: &Meta, at: usize) {
        let below = self.below(at);
        match value {
            Meta::Text(text) if is_literal(text) => self.out.push_str(&literal(text, below, "\n")),
            Meta::Text(text) => {
                self.out.push_str(&inline(text));
                self.out.push('\n');
            }
            Meta::Bare(text) => {
                self.out.push_str(text);
                self.out.push('\n');
            }
            Meta::Null => self.out.push_str("null\n"),
            Meta::List(_) | Meta::Map(_) => {
                self.out.push_str(&super::json::render_value(value, None));
                self.out.push('\n');
            }
        }
    }
}

/// Texts of several lines that a literal block gives back to the byte.
fn is_literal(text: &str) -> bool {
    let lines_end_well = text.lines().all(|line| !line.ends_with([' ', '\t']) && line.chars().all(|c| c >= ' '));
    text.contains('\n') && !text.starts_with([' ', '\n']) && !text.ends_with("\n\n") && lines_end_well && text.is_ascii()
}

fn literal(text: &str, indent: usize, newline: &str) -> String {
    let mut out = String::from(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        out.push_str(newline);
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    out + newline
}

/// A text in one line: plain where that means the text, else quoted.
fn inline(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().all(|c| (' '..='~').contains(&c)) && !reads_as_other(text) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        super::json::quoted(text)
    }
}

fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts = first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '^' | '(' | '/' | '.' | '$' | '+'));
    let inside = text.chars().all(|c| (' '..='~').contains(&c)) && !text.contains(": ") && !text.contains(" #");
    starts && inside && !text.ends_with([':', ' ']) && !reads_as_other(text)
}

/// Texts that stand for something else when no quotes are around them.
fn reads_as_other(text: &str) -> bool {
    const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", ""];
    let word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let number = digits && text.replace('_', "").parse::<f64>().is_ok();
    let other_base = ["0x", "0o", "0b"].iter().any(|base| text.trim_start_matches(['+', '-']).starts_with(base));
    let date = text.as_bytes().get(4) == Some(&b'-') && text.bytes().take(4).all(|b| b.is_ascii_digit());
    let infinite = text.to_ascii_lowercase().trim_start_matches(['+', '-']).starts_with('.')
        && [".inf", ".nan"].contains(&text.to_ascii_lowercase().trim_start_matches(['+', '-']));
    word || number || other_base || date || infinite
}

/// A new text in the style of the one it replaces.
fn restyle(old: &str, new: &Meta, newline: &str) -> Option<String> {
    let (Meta::Text(text) | Meta::Bare(text)) = new else { return None };
    match old.as_bytes().first() {
        Some(b'|' | b'>') => {
            let body = old.split_once('\n')?.1;
            let body = body.lines().find(|line| !line.trim().is_empty())?;
            let indent = body.len() - body.trim_start_matches(' ').len();
            let written = is_literal(text).then(|| literal(text, indent, newline))?;
            let ends = old.ends_with('\n');
            Some(if ends { written } else { written.trim_end_matches(['\r', '\n']).to_owned() })
        }
        Some(b'"') => Some(super::json::quoted(text)),
        Some(b'\'') if text.chars().all(|c| (' '..='~').contains(&c)) => Some(format!("'{}'", text.replace('\'', "''"))),
        Some(b'\'') => Some(super::json::quoted(text)),
        _ if matches!(new, Meta::Bare(_)) => Some(text.clone()),
        _ => Some(inline(text)),
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Behind the line break of the line that the bytes before `at` end in.
fn line_end(text: &str, at: usize) -> usize {
    if text[..at].ends_with('\n') { at } else { text[at..].find('\n').map_or(text.len(), |end| at + end + 1) }
}

/// The start of an item's line and what stands before the item, when that is a dash and nothing else.
fn dash<'t>(text: &'t str, item: &Raw) -> Option<(usize, &'t str)> {
    let start = line_start(text, item.span.start);
    let prefix = &text[start..item.span.start];
    let dash = prefix.trim_matches(' ') == "-" && prefix.ends_with(' ');
    dash.then_some((start, prefix))
}

/// The start of an entry's line, when its key stands there with nothing before it and nothing but white space up to its value.
fn entry_start(text: &str, (key, value): &(String, Raw)) -> Option<usize> {
    let before = text[..value.span.start].trim_end_matches([' ', '\r', '\n', '-']);
    let before = before.strip_suffix(':')?.strip_suffix(key.as_str())?;
    let start = line_start(text, before.len());
    before[start..].bytes().all(|byte| byte == b' ').then_some(start)
}

fn add_item(text: &str, model: &Raw, fields: &[(String, Meta)], newline: &str) -> Option<(Range<usize>, String)> {
    let (_, prefix) = dash(text, model)?;
    let RawForm::Map(old) = &model.form else { return None };
    if old.len() != fields.len() {
        return None;
    }
    let mut out = prefix.to_owned();
    let mut at = model.span.start;
    for ((old_key, old), (key, value)) in old.iter().zip(fields) {
        if old_key != key || !matches!(old.form, RawForm::Scalar(_)) {
            return None;
        }
        out.push_str(&text[at..old.span.start]);
        out.push_str(&restyle(&text[old.span.clone()], value, newline)?);
        at = old.span.end;
    }
    if !out.ends_with('\n') {
        out.push_str(newline);
    }
    let end = line_end(text, model.span.end);
    Some((end..end, ended(text, end, newline) + &out))
}

fn fill_list(text: &str, entry: &(String, Raw), value: &Meta, newline: &str) -> Option<(Range<usize>, String)> {
    let start = entry_start(text, entry)?;
    let colon = text[..entry.1.span.start].rfind(':')? + 1;
    let written = block(text, start, "", value, newline)?;
    Some((colon..entry.1.span.end, written.strip_prefix(':')?.trim_end_matches(['\r', '\n']).to_owned()))
}

fn add_entry(text: &str, place: &Place<'_>, key: &str, value: &Meta, newline: &str) -> Option<(Range<usize>, String)> {
    let (start, at) = match place {
        Place::Behind(entry) => (entry_start(text, entry)?, line_end(text, entry.1.span.end)),
        Place::Before(entry) => entry_start(text, entry).map(|start| (start, start))?,
    };
    let written = block(text, start, &inline(key), value, newline)?;
    let indent: String = text[start..].chars().take_while(|c| *c == ' ').collect();
    Some((at..at, ended(text, at, newline) + &indent + &written))
}

/// An entry as it is written beside the one whose line starts at `start`, without its own indentation. Deeper lines are indented by as
/// much as the entries of the block are.
fn block(text: &str, start: usize, key: &str, value: &Meta, newline: &str) -> Option<String> {
    let column = text[start..].bytes().take_while(|byte| *byte == b' ').count();
    let mut writer = Writer { out: format!("{key}:"), indent: column.clamp(2, 8) };
    if column == 0 {
        return None;
    }
    writer.value(value, column);
    Some(if newline == "\n" { writer.out } else { writer.out.replace('\n', newline) })
}

/// A line break where the text ends without one.
fn ended(text: &str, at: usize, newline: &str) -> String {
    if at == 0 || text[..at].ends_with('\n') { String::new() } else { newline.to_owned() }
}
