//! Splices in block style: values behind keys and dashes, whole lines of entries.

use std::ops::Range;

use crate::locate::{Parent, Place, Site};
use crate::output::Output;
use crate::render::Block;
use crate::splice::Splice;
use crate::tree::{Form, Style, Tree};
use crate::{Entry, Kind, Node, Problem};

impl Site<'_, '_> {
    fn block(&self, literals: bool) -> Block<'_> {
        Block { newline: self.newline, literals }
    }

    /// Writes a value over another one.
    pub(crate) fn replace_in_block(&self, old: &Tree<'_>, place: Place, value: &Node) -> Result<Vec<Splice>, Problem> {
        if is_filled(value) {
            return self.replace_by_collection(old, place, value);
        }
        let (parent, after) = match place {
            Place::Value { column, colon_end } => (column, colon_end),
            Place::Item { column, dash_end } => (column, dash_end),
            Place::Root | Place::Flow { .. } => (0, old.outer_start),
        };
        let mut text = Output::default();
        let range = if old.is_absent() {
            text.push(" ");
            after..after
        } else if is_block_collection(old) && !matches!(place, Place::Root) {
            text.push(" ");
            after..old.span.end
        } else {
            old.outer_start..old.span.end.max(old.outer_start)
        };
        let literal = !matches!(place, Place::Root) && self.may_end_literal(range.end, parent);
        self.block(literal).scalar(&mut text, value, parent);
        Ok(vec![Splice::new(range, text)])
    }

    /// A filled collection goes to lines of its own below the key or dash; a comment behind the colon stays there.
    fn replace_by_collection(&self, old: &Tree<'_>, place: Place, value: &Node) -> Result<Vec<Splice>, Problem> {
        let mut text = Output::default();
        let (column, after) = match place {
            Place::Root | Place::Flow { .. } => {
                if !self.is_first_on_line(old.outer_start) {
                    text.push(self.newline);
                }
                self.collection(&mut text, value, 0, old.span.end);
                return Ok(vec![Splice::new(old.outer_start..old.span.end, text)]);
            }
            Place::Value { column, colon_end } if matches!(value.kind, Kind::List(_)) => (column, colon_end),
            Place::Value { column, colon_end: after } | Place::Item { column, dash_end: after } => (column + 2, after),
        };
        let own_lines = is_block_collection(old) && self.is_first_on_line(old.outer_start);
        if own_lines {
            let start = self.line_start(old.outer_start);
            text.spaces(column);
            self.collection(&mut text, value, column, old.span.end);
            return Ok(vec![Splice::new(start..old.span.end, text)]);
        }
        if old.is_absent() || self.line_start(old.span.end) <= after {
            text.push(self.newline);
            text.spaces(column);
            let end = self.line_end(after);
            self.collection(&mut text, value, column, end);
            let mut splices = vec![Splice::new(end..end, text)];
            if !old.is_absent() {
                if old.span.end >= end {
                    let only = splices.remove(0);
                    return Ok(vec![Splice::new(after..old.span.end, only.text)]);
                }
                splices.push(Splice::delete(after..old.span.end));
            }
            return Ok(splices);
        }
        text.push(self.newline);
        text.spaces(column);
        self.collection(&mut text, value, column, old.span.end);
        Ok(vec![Splice::new(after..old.span.end, text)])
    }

    /// `end` is where the text goes on behind what is written here.
    fn collection(&self, out: &mut Output, value: &Node, column: usize, end: usize) {
        let block = self.block(self.may_end_literal(end, column));
        match &value.kind {
            Kind::Map(entries) => block.entries(out, entries, column),
            Kind::List(items) => block.items(out, items, column),
            _ => {}
        }
    }

    /// The first entry of `{}`, of null or of nothing.
    pub(crate) fn fill_in_block(&self, old: &Tree<'_>, place: Place, key: &str, value: Node) -> Result<Vec<Splice>, Problem> {
        let entry = Entry { key: key.to_owned(), key_at: old.at, value };
        self.replace_by_collection(old, place, &Node { kind: Kind::Map(vec![entry]), at: old.at })
    }

    /// One more entry behind the last one of a block mapping.
    pub(crate) fn append_to_block(
        &self,
        pairs: &[(Tree<'_>, Tree<'_>)],
        key: &str,
        value: &Node,
    ) -> Result<Vec<Splice>, Problem> {
        let Some((last_key, last_value)) = pairs.last() else {
            return Err(Problem::CannotEdit("an empty block mapping"));
        };
        let column = self.keys_column(pairs);
        let end = self.pair_end(last_key, last_value);
        let leaf = last_leaf(last_value);
        let mut text = Output::default();
        let mut splices = Vec::new();
        let at_end = self.line_end(end) == self.text.len();
        if self.is_kept_block(leaf) && !at_end {
            // Spaces that end the file without a line break are no line of the block: they stay behind the new entry.
            let at = self.line_start(self.after_blank_lines(end));
            text.spaces(column);
            let literals = at == self.after_blank_lines(end) && !self.is_deep_comment(at, column);
            self.block(literals).entry(&mut text, key, value, column);
            text.push(self.newline);
            return Ok(vec![Splice::new(at..at, text)]);
        }
        if at_end {
            splices.extend(self.strip_at_end(leaf));
        }
        self.block(true).line(&mut text, column);
        self.block(self.may_end_literal(end, column)).entry(&mut text, key, value, column);
        let at = self.line_end(end);
        splices.push(Splice::new(at..at, text));
        Ok(splices)
    }

    /// One more element behind the last one of a block sequence.
    pub(crate) fn append_to_block_list(&self, items: &[Tree<'_>], dashes: &[usize], value: Node) -> Result<Vec<Splice>, Problem> {
        let (Some(last), Some(first_dash), Some(last_dash)) = (items.last(), dashes.first(), dashes.last()) else {
            return Err(Problem::CannotEdit("an empty block sequence"));
        };
        let column = self.column(*first_dash);
        let end = if last.is_absent() { last_dash + 1 } else { last.span.end.max(last_dash + 1) };
        let leaf = last_leaf(last);
        let at_end = self.line_end(end) == self.text.len();
        if self.is_kept_block(leaf) {
            return Err(Problem::CannotEdit("an element behind a block of text that keeps its line breaks"));
        }
        let mut splices: Vec<Splice> = if at_end { self.strip_at_end(leaf).into_iter().collect() } else { Vec::new() };
        let mut text = Output::default();
        self.block(true).line(&mut text, column);
        self.block(self.may_end_literal(end, column)).items(&mut text, &[value], column);
        let at = self.line_end(end);
        splices.push(Splice::new(at..at, text));
        Ok(splices)
    }

    /// The first element of `[]`.
    pub(crate) fn fill_list_in_block(&self, old: &Tree<'_>, place: Place, value: Node) -> Result<Vec<Splice>, Problem> {
        self.replace_by_collection(old, place, &Node { kind: Kind::List(vec![value]), at: old.at })
    }

    /// A block scalar that ends the file without a line break has none in its value; the header must say so before a line follows.
    fn strip_at_end(&self, leaf: &Tree<'_>) -> Option<Splice> {
        if !is_block_scalar(leaf) {
            return None;
        }
        let header = leaf.span.start + 1..leaf.span.start + 1 + self.header(leaf).len();
        if self.header(leaf).contains('-') {
            return None;
        }
        let mut text = Output::default();
        text.push(&self.header(leaf).replace('+', ""));
        text.push("-");
        Some(Splice::new(header, text))
    }

    /// The indicators behind `|` or `>`.
    fn header(&self, leaf: &Tree<'_>) -> &str {
        let rest = &self.text[leaf.span.start + 1..];
        &rest[..rest.bytes().take_while(|b| matches!(b, b'+' | b'-' | b'1'..=b'9')).count()]
    }

    fn is_kept_block(&self, leaf: &Tree<'_>) -> bool {
        is_block_scalar(leaf) && self.header(leaf).contains('+')
    }

    fn after_blank_lines(&self, end: usize) -> usize {
        let mut at = self.next_line(end);
        while at < self.text.len() && self.is_rest_blank(at) {
            at = self.next_line(at);
        }
        at
    }

    /// Takes an entry's lines out of a block collection. `before` is the value in front of it.
    pub(crate) fn remove_from_block(
        &self,
        parent: &Parent<'_, '_>,
        ranges: &[Range<usize>],
        before: Option<&Tree<'_>>,
        empty: &str,
    ) -> Result<Vec<Splice>, Problem> {
        let range = ranges[parent.index].clone();
        if ranges.len() == 1 {
            return self.empty_block(parent, range, empty);
        }
        let line = self.line_start(range.start);
        if !self.is_first_on_line(range.start) {
            if self.text[line..range.start].contains('?') {
                return Err(Problem::CannotEdit("an explicit key"));
            }
            let next = ranges.get(parent.index + 1).ok_or(Problem::CannotEdit("an entry on another's line"))?.start;
            let gap = &self.text[self.line_end(range.end)..next];
            let end = if gap.contains('#') { self.line_end(range.end) } else { next };
            return Ok(vec![Splice::delete(range.start..end)]);
        }
        // Blank lines left behind would become part of a block scalar in front: all of one that keeps them, those with spaces of any.
        let before = before.map(last_leaf).filter(|before| is_block_scalar(before));
        let mut end = self.next_line(range.end);
        if let Some(before) = before {
            let column = self.column(range.start);
            let behind = self.after_blank_lines(range.end);
            if self.is_deep_comment(behind, column) {
                return Err(Problem::CannotEdit("an entry between a block of text and a comment that stands further in"));
            }
            if self.is_kept_block(before) || !self.may_end_literal(range.end, column) {
                end = behind;
            }
        }
        let mut start = line;
        let at_end = end == self.text.len() && !self.text.ends_with('\n');
        if at_end && line > 0 && before.is_none() {
            start = self.line_end(line - 1 - usize::from(self.text[..line].ends_with("\r\n")));
        }
        Ok(vec![Splice::delete(start..end)])
    }

    /// The last entry goes: the collection becomes `{}` or `[]`.
    fn empty_block(&self, parent: &Parent<'_, '_>, range: Range<usize>, empty: &str) -> Result<Vec<Splice>, Problem> {
        let mut text = Output::default();
        let after = match parent.place {
            Place::Value { colon_end: after, .. } | Place::Item { dash_end: after, .. } => after,
            Place::Root | Place::Flow { .. } => {
                text.push(empty);
                return Ok(vec![Splice::new(parent.node.outer_start..range.end, text)]);
            }
        };
        text.push(" ");
        text.push(empty);
        let own_line = self.is_first_on_line(range.start) && self.line_start(range.start) > after;
        if !own_line || parent.node.outer_start < parent.node.span.start {
            return Ok(vec![Splice::new(after..range.end, text)]);
        }
        let line = self.line_start(range.start);
        let end = self.next_line(range.end);
        let start = if self.text[..end].ends_with('\n') {
            line
        } else {
            self.line_end(line - 1 - usize::from(self.text[..line].ends_with("\r\n")))
        };
        if start <= after {
            return Ok(vec![Splice::new(after..end, text)]);
        }
        Ok(vec![Splice::new(after..after, text), Splice::delete(start..end)])
    }
}

fn is_filled(value: &Node) -> bool {
    match &value.kind {
        Kind::Map(entries) => !entries.is_empty(),
        Kind::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn is_block_collection(tree: &Tree<'_>) -> bool {
    matches!(tree.form, Form::Map { flow: false, .. } | Form::List { flow: false, .. })
}

fn is_block_scalar(tree: &Tree<'_>) -> bool {
    matches!(tree.form, Form::Scalar { style: Style::Block, .. })
}

/// The scalar that ends a subtree.
fn last_leaf<'t, 'a>(tree: &'t Tree<'a>) -> &'t Tree<'a> {
    match &tree.form {
        Form::List { flow: false, items, .. } => items.last().map_or(tree, last_leaf),
        Form::Map { flow: false, pairs } => pairs.last().map_or(tree, |(_, value)| last_leaf(value)),
        _ => tree,
    }
}
