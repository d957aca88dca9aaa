//! The block as JSON text: scalars replaced where they stand, or the object written anew in the file's own indentation.

use std::ops::Range;

use super::edits::{Edit, edits};
use super::entries::Meta;
use crate::layout::Raw;

/// How JSON is laid out over several lines.
pub(crate) struct Pretty<'a> {
    /// One step of indentation.
    pub(crate) unit: &'a str,
    /// How deep the value itself stands.
    pub(crate) depth: usize,
    /// What ends a line.
    pub(crate) newline: &'a str,
}

/// The object; in one line without `pretty`.
pub(crate) fn render(entries: &[(String, Meta)], pretty: Option<&Pretty<'_>>) -> String {
    render_value(&Meta::Map(entries.to_vec()), pretty)
}

/// One value.
pub(crate) fn render_value(value: &Meta, pretty: Option<&Pretty<'_>>) -> String {
    let mut out = String::new();
    write(&mut out, value, pretty, pretty.map_or(0, |pretty| pretty.depth));
    out
}

/// Replacements of scalars. `None` when more than scalars change: the object must be written anew.
pub(crate) fn splices(text: &str, old: &Raw, new: &[(String, Meta)]) -> Option<Vec<(Range<usize>, String)>> {
    let replace = |edit| match edit {
        Edit::Scalar(span, Meta::Bare(bare)) if !text[span.clone()].starts_with('"') => Some((span, bare.clone())),
        Edit::Scalar(span, Meta::Text(new) | Meta::Bare(new)) => Some((span, quoted(new))),
        _ => None,
    };
    edits(old, new)?.into_iter().map(replace).collect()
}

fn write(out: &mut String, value: &Meta, pretty: Option<&Pretty<'_>>, depth: usize) {
    match value {
        Meta::Null => out.push_str("null"),
        Meta::Bare(text) => out.push_str(text),
        Meta::Text(text) => out.push_str(&quoted(text)),
        Meta::List(items) => {
            let item = |out: &mut String, item: &Meta| write(out, item, pretty, depth + 1);
            collection(out, ['[', ']'], items, item, pretty, depth);
        }
        Meta::Map(entries) => {
            let entry = |out: &mut String, (key, value): &(String, Meta)| {
                out.push_str(&quoted(key));
                out.push_str(": ");
                write(out, value, pretty, depth + 1);
            };
            collection(out, ['{', '}'], entries, entry, pretty, depth);
        }
    }
}

fn collection<T>(
    out: &mut String,
    brackets: [char; 2],
    items: &[T],
    mut write: impl FnMut(&mut String, &T),
    pretty: Option<&Pretty<'_>>,
    depth: usize,
) {
    out.push(brackets[0]);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(if pretty.is_some() { "," } else { ", " });
        }
        line(out, pretty, depth + 1);
        write(out, item);
    }
    if !items.is_empty() {
        line(out, pretty, depth);
    }
    out.push(brackets[1]);
}

fn line(out: &mut String, pretty: Option<&Pretty<'_>>, depth: usize) {
    if let Some(Pretty { unit, newline, .. }) = pretty {
        out.push_str(newline);
        (0..depth).for_each(|_| out.push_str(unit));
    }
}

/// A text as a JSON string, which is a double-quoted YAML scalar too.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is always a JSON string")
}
