//! Splices inside brackets and braces: JSON documents and YAML's flow style.

use std::ops::Range;

use crate::locate::{Place, Site};
use crate::output::Output;
use crate::render::{Layout, json};
use crate::splice::Splice;
use crate::tree::{Form, Tree};
use crate::{Format, Node, Problem};

impl Site<'_, '_> {
    pub(crate) fn replace_in_flow(
        &self,
        node: &Tree<'_>,
        key_end: Option<usize>,
        colon_end: Option<usize>,
        value: &Node,
    ) -> Result<Vec<Splice>, Problem> {
        let mut text = Output::default();
        let range = match (node.is_absent(), key_end, colon_end) {
            (false, _, _) => node.outer_start..node.span.end.max(node.outer_start),
            (true, _, Some(colon_end)) => {
                text.push(" ");
                colon_end..colon_end
            }
            (true, Some(_), None) => return Err(Problem::CannotEdit("a key without a colon")),
            (true, None, None) => return Err(Problem::CannotEdit("an empty element")),
        };
        let collection = matches!(value.kind, crate::Kind::Map(_) | crate::Kind::List(_));
        let layout = self.layout(range.start, collection);
        json(&mut text, value, &layout);
        Ok(vec![Splice::new(range, text)])
    }

    pub(crate) fn append_to_flow(
        &self,
        map: &Tree<'_>,
        pairs: &[(Tree<'_>, Tree<'_>)],
        key: &str,
        value: &Node,
    ) -> Result<Vec<Splice>, Problem> {
        let mut text = Output::default();
        let Some((last_key, last_value)) = pairs.last() else {
            return Ok(vec![self.fill_flow(map, key, value)]);
        };
        let end = self.pair_end(last_key, last_value);
        if last_value.is_absent() && self.colon_end(last_key, last_value).is_some() {
            text.push(" ");
        }
        text.push(",");
        if self.is_first_on_line(last_key.outer_start) {
            text.push(self.newline);
            let start = self.line_start(last_key.outer_start);
            text.push(&self.text[start..last_key.outer_start]);
            self.layout(last_key.outer_start, true).entry_like(&mut text, key, value, self.colon(pairs));
        } else {
            text.push(self.gap(pairs));
            self.one_line().entry_like(&mut text, key, value, self.colon(pairs));
        }
        Ok(vec![Splice::new(end..end, text)])
    }

    /// One more element of a sequence.
    pub(crate) fn append_item(&self, list: &Tree<'_>, place: Place, value: Node) -> Result<Vec<Splice>, Problem> {
        let (items, dashes) = match &list.form {
            Form::List { flow: false, items, dashes } => return self.append_to_block_list(items, dashes, value),
            Form::List { flow: true, items, dashes } => (items, dashes),
            _ => return Err(Problem::CannotEdit("something that is not a sequence")),
        };
        debug_assert!(dashes.is_empty(), "dashes stand in block style only");
        let Some(last) = items.last() else {
            if self.format == Format::Yaml && !matches!(place, Place::Flow { .. }) {
                return self.fill_list_in_block(list, place, value);
            }
            let mut text = Output::default();
            json(&mut text, &Node { kind: crate::Kind::List(vec![value]), at: list.at }, &self.layout(list.span.start, true));
            return Ok(vec![Splice::new(list.span.clone(), text)]);
        };
        let mut text = Output::default();
        text.push(",");
        if self.is_first_on_line(last.outer_start) {
            text.push(self.newline);
            let start = self.line_start(last.outer_start);
            text.push(&self.text[start..last.outer_start]);
            json(&mut text, &value, &self.layout(last.outer_start, true));
        } else {
            let tight = matches!(items.as_slice(), [.., one, two] if two.outer_start == one.span.end + 1);
            text.push(if tight { "" } else { " " });
            json(&mut text, &value, &self.one_line());
        }
        let end = last.span.end.max(last.outer_start);
        Ok(vec![Splice::new(end..end, text)])
    }

    /// `{}` becomes a mapping of one: over several lines when the document has several.
    fn fill_flow(&self, map: &Tree<'_>, key: &str, value: &Node) -> Splice {
        let mut text = Output::default();
        let entry = crate::Entry { key: key.to_owned(), key_at: map.at, value: value.clone() };
        let whole = Node { kind: crate::Kind::Map(vec![entry]), at: map.at };
        json(&mut text, &whole, &self.layout(map.span.start, true));
        Splice::new(map.span.clone(), text)
    }

    pub(crate) fn remove_from_flow(&self, collection: &Tree<'_>, ranges: &[Range<usize>], index: usize) -> Vec<Splice> {
        let range = if ranges.len() == 1 {
            collection.span.start + 1..collection.span.end - 1
        } else if index + 1 < ranges.len() {
            ranges[index].start..ranges[index + 1].start
        } else {
            ranges[index - 1].end..ranges[index].end
        };
        vec![Splice::delete(range)]
    }

    /// The layout for a value that starts at an offset.
    fn layout(&self, at: usize, collection: bool) -> Layout<'_> {
        if collection && self.format == Format::Json && self.text[self.root.span.clone()].contains('\n') {
            let start = self.line_start(at);
            let indent = self.text[start..].bytes().take_while(|b| *b == b' ').count();
            return Layout::Pretty { newline: self.newline, step: self.json_step(), indent };
        }
        self.one_line()
    }

    fn one_line(&self) -> Layout<'_> {
        match self.format {
            Format::Yaml => Layout::Spaced { plain: true },
            Format::Json if self.colon(root_pairs(self.root)) == ":" => Layout::Compact,
            Format::Json => Layout::Spaced { plain: false },
        }
    }

    /// How far a document indents its first level.
    fn json_step(&self) -> usize {
        let first = match &self.root.form {
            Form::Map { pairs, .. } => pairs.first().map(|(key, _)| key.span.start),
            Form::List { items, .. } => items.first().map(|item| item.span.start),
            Form::Scalar { .. } | Form::Alias(_) => None,
        };
        first
            .filter(|first| self.is_first_on_line(*first))
            .map_or(2, |first| self.column(first).saturating_sub(self.column(self.root.span.start)))
            .clamp(1, 16)
    }

    /// The colon with the spaces this mapping puts behind it.
    fn colon(&self, pairs: &[(Tree<'_>, Tree<'_>)]) -> &'static str {
        let tight = pairs.first().is_some_and(|(key, value)| self.format == Format::Json && value.span.start == key.span.end + 1);
        if tight { ":" } else { ": " }
    }

    /// What stands between a comma and the next entry on the same line.
    fn gap(&self, pairs: &[(Tree<'_>, Tree<'_>)]) -> &'static str {
        match pairs {
            [.., (key, value), (next, _)] if next.outer_start == self.pair_end(key, value) + 1 => "",
            [_] if self.colon(pairs) == ":" => "",
            _ => " ",
        }
    }
}

fn root_pairs<'t, 'a>(root: &'t Tree<'a>) -> &'t [(Tree<'a>, Tree<'a>)] {
    match &root.form {
        Form::Map { pairs, .. } => pairs,
        _ => &[],
    }
}
