//! Finds the node an edit names and how it hangs in the text; refuses what is shared through anchors, aliases and merges.

use std::collections::HashSet;

use crate::edit::show_path;
use crate::resolve::{is_merge, key_name};
use crate::tree::{Form, Style, Tree};
use crate::{Format, Problem, Segment};

/// A document's text and tree, with what planning needs to know about it.
pub(crate) struct Site<'t, 'a> {
    pub(crate) text: &'a str,
    pub(crate) root: &'t Tree<'a>,
    pub(crate) format: Format,
    pub(crate) newline: &'static str,
    /// The text begins behind a `---` on the same line.
    pub(crate) starts_mid_line: bool,
    pub(crate) used_anchors: HashSet<usize>,
}

/// How a node hangs in its surroundings.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// The document's root.
    Root,
    /// The value of a block mapping's key: column of the key, end of the colon.
    Value { column: usize, colon_end: usize },
    /// An element of a block sequence: column and end of the dash.
    Item { column: usize, dash_end: usize },
    /// Inside brackets, braces or JSON. `colon_end` is absent for elements and for keys written without a colon.
    Flow { key_end: Option<usize>, colon_end: Option<usize> },
}

/// Where a path leads.
pub(crate) enum Target<'t, 'a, 'p> {
    /// To a node; with its parent and index there, unless it is the root.
    Present { node: &'t Tree<'a>, place: Place, parent: Option<Parent<'t, 'a>> },
    /// To a mapping (or nothing) that lacks the first of the remaining keys.
    Missing { node: &'t Tree<'a>, place: Place, rest: &'p [Segment] },
}

/// The collection around a node.
#[derive(Clone, Copy)]
pub(crate) struct Parent<'t, 'a> {
    pub(crate) node: &'t Tree<'a>,
    pub(crate) place: Place,
    pub(crate) index: usize,
}

impl<'t, 'a> Site<'t, 'a> {
    pub(crate) fn new(text: &'a str, root: &'t Tree<'a>, format: Format, starts_mid_line: bool, crlf: bool) -> Self {
        let mut used_anchors = HashSet::new();
        collect_aliases(root, &mut used_anchors);
        Site { text, root, format, newline: if crlf { "\r\n" } else { "\n" }, starts_mid_line, used_anchors }
    }

    pub(crate) fn find<'p>(&self, path: &'p [Segment]) -> Result<Target<'t, 'a, 'p>, Problem> {
        let missing = || Problem::NoSuchField(show_path(path));
        let (mut node, mut place, mut parent) = (self.root, Place::Root, None);
        for (depth, segment) in path.iter().enumerate() {
            self.refuse_shared(node)?;
            let index = match (segment, &node.form) {
                (Segment::Key(key), Form::Map { pairs, .. }) => {
                    let found = self.pair_with_key(pairs, key)?;
                    match found {
                        Some(index) => index,
                        None => return Ok(Target::Missing { node, place, rest: &path[depth..] }),
                    }
                }
                (Segment::Key(_), Form::Scalar { style: Style::Plain, .. }) => {
                    return Ok(Target::Missing { node, place, rest: &path[depth..] });
                }
                (Segment::Index(index), Form::List { items, .. }) if *index < items.len() => *index,
                (Segment::Index(index), Form::List { items, .. }) if *index == items.len() => {
                    return Ok(Target::Missing { node, place, rest: &path[depth..] });
                }
                _ => return Err(missing()),
            };
            parent = Some(Parent { node, place, index });
            (node, place) = self.child(node, index)?;
        }
        Ok(Target::Present { node, place, parent })
    }

    fn pair_with_key(&self, pairs: &[(Tree<'_>, Tree<'_>)], name: &str) -> Result<Option<usize>, Problem> {
        for (index, (key, _)) in pairs.iter().enumerate() {
            let (target, alias) = match &key.form {
                Form::Alias(id) => (find_anchor(self.root, *id), true),
                _ => (Some(key), false),
            };
            if is_merge(key) || target.and_then(|key| key_name(key, self.format)).as_deref() != Some(name) {
                continue;
            }
            return if alias { Err(Problem::CannotEdit("a key that is an alias")) } else { Ok(Some(index)) };
        }
        Ok(None)
    }

    fn child(&self, node: &'t Tree<'a>, index: usize) -> Result<(&'t Tree<'a>, Place), Problem> {
        match &node.form {
            Form::Map { flow, pairs } => {
                let (key, value) = &pairs[index];
                let colon_end = self.colon_end(key, value);
                let place = match (flow, colon_end) {
                    (true, colon_end) => Place::Flow { key_end: Some(key.span.end), colon_end },
                    (false, Some(colon_end)) => Place::Value { column: self.column(key.outer_start), colon_end },
                    (false, None) => return Err(Problem::CannotEdit("a key without a colon")),
                };
                Ok((value, place))
            }
            Form::List { flow: true, items, .. } => Ok((&items[index], Place::Flow { key_end: None, colon_end: None })),
            Form::List { flow: false, items, dashes } => {
                let dash = dashes[index];
                Ok((&items[index], Place::Item { column: self.column(dash), dash_end: dash + 1 }))
            }
            Form::Scalar { .. } | Form::Alias(_) => Err(Problem::CannotEdit("something that is not a collection")),
        }
    }

    /// Refuses to go through a node that means more than this place.
    pub(crate) fn refuse_shared(&self, node: &Tree<'_>) -> Result<(), Problem> {
        if matches!(node.form, Form::Map { flow: true, .. }) && !self.text[node.span.start..].starts_with('{') {
            return Err(Problem::CannotEdit("a pair without braces"));
        }
        if matches!(node.form, Form::Alias(_)) {
            return Err(Problem::CannotEdit("a value behind an alias"));
        }
        if node.anchor != 0 && self.used_anchors.contains(&node.anchor) {
            return Err(Problem::CannotEdit("a value inside an anchor that is used elsewhere"));
        }
        Ok(())
    }

    /// Refuses to replace or remove a subtree that other places refer to.
    pub(crate) fn refuse_referenced(&self, node: &Tree<'_>) -> Result<(), Problem> {
        if node.anchor != 0 && self.used_anchors.contains(&node.anchor) {
            return Err(Problem::CannotEdit("an anchor that is used elsewhere"));
        }
        match &node.form {
            Form::List { items, .. } => items.iter().try_for_each(|item| self.refuse_referenced(item)),
            Form::Map { pairs, .. } => pairs.iter().try_for_each(|(key, value)| {
                self.refuse_referenced(key)?;
                self.refuse_referenced(value)
            }),
            Form::Scalar { .. } | Form::Alias(_) => Ok(()),
        }
    }

    /// The offset behind the colon of a pair; none for a key that stands alone.
    pub(crate) fn colon_end(&self, key: &Tree<'_>, value: &Tree<'_>) -> Option<usize> {
        let start =
            if matches!(key.form, Form::Scalar { style: Style::Block, .. }) { self.line_end(key.span.end) } else { key.span.end };
        let at = crate::yaml_read::skip_blank(self.text, start);
        let found = match value.is_absent() {
            true => crate::yaml_read::is_bare_colon(self.text, at),
            false => self.text[at..].starts_with(':') && at < value.outer_start,
        };
        found.then_some(at + 1)
    }

    /// Bytes between the start of a line and an offset on it.
    pub(crate) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    pub(crate) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |found| found + 1)
    }

    /// The offset of the line break that ends a line (of its `\r` when there is one), or the end of the text.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        match self.text[at..].find('\n') {
            None => self.text.len(),
            Some(found) if self.text[..at + found].ends_with('\r') && found > 0 => at + found - 1,
            Some(found) => at + found,
        }
    }

    /// The offset behind the line break that ends a line.
    pub(crate) fn next_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    /// A literal block below a key or dash at a column may end here: nothing else follows on the line, the line has an end, no blank line
    /// behind it holds spaces that would become part of the text, and no comment behind it stands far enough in to.
    pub(crate) fn may_end_literal(&self, at: usize, column: usize) -> bool {
        let mut next = self.next_line(at);
        if !self.is_rest_blank(at) || !self.text[..next].ends_with('\n') {
            return false;
        }
        while next < self.text.len() && self.is_rest_blank(next) {
            if self.line_end(next) > next {
                return false;
            }
            next = self.next_line(next);
        }
        !self.is_deep_comment(next, column)
    }

    /// True when a line is a comment that stands further in than a column, or behind a tab: text to a literal block that ends in front of it.
    pub(crate) fn is_deep_comment(&self, line: usize, column: usize) -> bool {
        let rest = &self.text[line..];
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        (indent > column || rest[..indent].contains('\t')) && rest[indent..].starts_with('#')
    }

    /// True when one of the blank lines behind an offset's line (or the rest of that line, when the offset starts one) holds a tab, or the
    /// comment behind them stands behind one.
    pub(crate) fn has_tab_line_behind(&self, at: usize) -> bool {
        let mut next = if self.line_start(at) == at { at } else { self.next_line(at) };
        while next < self.text.len() {
            let rest = &self.text[next..];
            let blank = &rest[..rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len()];
            if blank.contains('\t') && (self.is_rest_blank(next) || rest[blank.len()..].starts_with('#')) {
                return true;
            }
            if !self.is_rest_blank(next) {
                return false;
            }
            next = self.next_line(next);
        }
        false
    }

    /// The column of a block mapping's keys, from one that starts its line or from the mark of an explicit key.
    pub(crate) fn keys_column(&self, pairs: &[(Tree<'_>, Tree<'_>)]) -> usize {
        if let Some((key, _)) = pairs.iter().find(|(key, _)| self.is_first_on_line(key.outer_start)) {
            return self.column(key.outer_start);
        }
        let first = pairs.first().map_or(0, |(key, _)| key.outer_start);
        let before = self.text[self.line_start(first)..first].trim_end_matches(' ');
        if before.ends_with('?') { before.len() - 1 } else { self.column(first) }
    }

    /// Nothing but white space from an offset to the end of its line.
    pub(crate) fn is_rest_blank(&self, at: usize) -> bool {
        self.text[at..self.line_end(at)].trim_matches([' ', '\t', '\r']).is_empty()
    }

    /// Nothing but white space before an offset on its line.
    pub(crate) fn is_first_on_line(&self, at: usize) -> bool {
        let start = self.line_start(at);
        !(start == 0 && self.starts_mid_line) && self.text[start..at].trim_matches([' ', '\u{feff}']).is_empty()
    }
}

fn collect_aliases(tree: &Tree<'_>, into: &mut HashSet<usize>) {
    match &tree.form {
        Form::Alias(id) => {
            into.insert(*id);
        }
        Form::List { items, .. } => items.iter().for_each(|item| collect_aliases(item, into)),
        Form::Map { pairs, .. } => {
            for (key, value) in pairs {
                collect_aliases(key, into);
                collect_aliases(value, into);
            }
        }
        Form::Scalar { .. } => {}
    }
}

/// The node that carries an anchor.
pub(crate) fn find_anchor<'t, 'a>(tree: &'t Tree<'a>, id: usize) -> Option<&'t Tree<'a>> {
    if tree.anchor == id {
        return Some(tree);
    }
    match &tree.form {
        Form::List { items, .. } => items.iter().find_map(|item| find_anchor(item, id)),
        Form::Map { pairs, .. } => pairs.iter().find_map(|(key, value)| find_anchor(key, id).or_else(|| find_anchor(value, id))),
        Form::Scalar { .. } | Form::Alias(_) => None,
    }
}
