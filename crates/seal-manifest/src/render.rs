//! Printing new documents: YAML that both YAML 1.1 and 1.2 readers resolve to the same values, and JSON compact or pretty.

use std::borrow::Cow;

use crate::output::Output;
use crate::scalar_write::{fits_literal, push_inline, push_literal, push_quoted};
use crate::{Entry, Kind, Node};
use seal_secret::SecretBytes;

/// Longest key written as `key: value`; YAML readers look no further than 1024 characters for the colon.
pub(crate) const MAX_SIMPLE_KEY: usize = 900;

/// Block-style YAML, two-space indent, no leading `---`, final newline. Strings that any YAML version would read as something else are quoted;
/// multi-line text becomes a literal block.
pub fn to_yaml(node: &Node) -> SecretBytes {
    let mut out = Output::with_capacity(256);
    let block = Block { newline: "\n", literals: true };
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => block.entries(&mut out, entries, 0),
        Kind::List(items) if !items.is_empty() => block.items(&mut out, items, 0),
        Kind::Text(text) => push_inline(&mut out, &utf8(text), false),
        _ => json(&mut out, node, &Layout::Compact),
    }
    out.push("\n");
    out.finish()
}

/// Two-space indented JSON with a final newline.
pub fn to_json_pretty(node: &Node) -> SecretBytes {
    let mut out = Output::with_capacity(256);
    json(&mut out, node, &Layout::Pretty { newline: "\n", step: 2, indent: 0 });
    out.push("\n");
    out.finish()
}

pub(crate) fn compact_json(node: &Node) -> SecretBytes {
    let mut out = Output::with_capacity(256);
    json(&mut out, node, &Layout::Compact);
    out.finish()
}

/// The text of a node. Nodes hold UTF-8; anything else would be a caller's mistake and shows as replacement characters.
fn utf8(text: &SecretBytes) -> Cow<'_, str> {
    String::from_utf8_lossy(text.expose())
}

/// How block YAML is laid out.
pub(crate) struct Block<'a> {
    pub(crate) newline: &'a str,
    /// Text of several lines may become a literal block.
    pub(crate) literals: bool,
}

impl Block<'_> {
    /// Entries at a column. The first stands where the cursor is; no line break after the last.
    pub(crate) fn entries(&self, out: &mut Output, entries: &[Entry], column: usize) {
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                self.line(out, column);
            }
            self.entry(out, &entry.key, &entry.value, column);
        }
    }

    pub(crate) fn entry(&self, out: &mut Output, key: &str, value: &Node, column: usize) {
        if key.chars().count() > MAX_SIMPLE_KEY {
            out.push("? ");
            push_quoted(out, key);
            self.line(out, column);
        } else {
            push_inline(out, key, false);
        }
        out.push(":");
        match &value.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                self.line(out, column + 2);
                self.entries(out, entries, column + 2);
            }
            Kind::List(items) if !items.is_empty() => {
                self.line(out, column);
                self.items(out, items, column);
            }
            _ => {
                out.push(" ");
                self.scalar(out, value, column);
            }
        }
    }

    pub(crate) fn items(&self, out: &mut Output, items: &[Node], column: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.line(out, column);
            }
            out.push("- ");
            match &item.kind {
                Kind::Map(entries) if !entries.is_empty() => self.entries(out, entries, column + 2),
                Kind::List(items) if !items.is_empty() => self.items(out, items, column + 2),
                _ => self.scalar(out, item, column),
            }
        }
    }

    /// A scalar or an empty collection; `parent` is the column of the key or dash it belongs to.
    pub(crate) fn scalar(&self, out: &mut Output, node: &Node, parent: usize) {
        let Kind::Text(text) = &node.kind else { return json(out, node, &Layout::Compact) };
        let text = utf8(text);
        if self.literals && fits_literal(&text) {
            push_literal(out, &text, parent, parent + 2, self.newline);
        } else {
            push_inline(out, &text, false);
        }
    }

    pub(crate) fn line(&self, out: &mut Output, column: usize) {
        out.push(self.newline);
        out.spaces(column);
    }
}

/// How JSON is laid out.
#[derive(Clone)]
pub(crate) enum Layout<'a> {
    /// No space at all.
    Compact,
    /// On one line with a space after commas and colons. `plain` leaves out quotes where YAML flow style allows.
    Spaced { plain: bool },
    /// One entry a line.
    Pretty { newline: &'a str, step: usize, indent: usize },
}

impl Layout<'_> {
    fn deeper(&self) -> Self {
        match self {
            Layout::Pretty { newline, step, indent } => Layout::Pretty { newline, step: *step, indent: indent + step },
            other => other.clone(),
        }
    }
    fn line(&self, out: &mut Output) {
        if let Layout::Pretty { newline, indent, .. } = self {
            out.push(newline);
            out.spaces(*indent);
        }
    }
    fn comma(&self, out: &mut Output) {
        out.push(if matches!(self, Layout::Spaced { .. }) { ", " } else { "," });
        self.line(out);
    }
    pub(crate) fn string(&self, out: &mut Output, text: &str) {
        match self {
            Layout::Spaced { plain: true } => push_inline(out, text, true),
            _ => push_quoted(out, text),
        }
    }
    fn entry(&self, out: &mut Output, key: &str, value: &Node) {
        self.entry_like(out, key, value, if matches!(self, Layout::Compact) { ":" } else { ": " });
    }
    /// An entry with the colon its neighbours use.
    pub(crate) fn entry_like(&self, out: &mut Output, key: &str, value: &Node, colon: &str) {
        self.string(out, key);
        out.push(colon);
        json(out, value, self);
    }
}

/// Writes a tree as JSON, or as YAML flow style when the layout asks for plain scalars.
pub(crate) fn json(out: &mut Output, node: &Node, layout: &Layout<'_>) {
    match &node.kind {
        Kind::Null => out.push("null"),
        Kind::Bool(value) => out.push(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push(number),
        Kind::Text(text) => layout.string(out, &utf8(text)),
        Kind::List(items) if items.is_empty() => out.push("[]"),
        Kind::Map(entries) if entries.is_empty() => out.push("{}"),
        Kind::List(items) => collection(out, ["[", "]"], items.len(), layout, |out, at, inner| json(out, &items[at], inner)),
        Kind::Map(entries) => collection(out, ["{", "}"], entries.len(), layout, |out, at, inner| {
            inner.entry(out, &entries[at].key, &entries[at].value);
        }),
    }
}

fn collection(
    out: &mut Output,
    marks: [&str; 2],
    len: usize,
    layout: &Layout<'_>,
    write: impl Fn(&mut Output, usize, &Layout<'_>),
) {
    let inner = layout.deeper();
    out.push(marks[0]);
    for at in 0..len {
        if at == 0 {
            inner.line(out);
        } else {
            inner.comma(out);
        }
        write(out, at, &inner);
    }
    layout.line(out);
    out.push(marks[1]);
}
