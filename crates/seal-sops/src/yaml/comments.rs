//! Where comments belong. The format binds a comment to the mapping or list that sops' reader attaches it to, so that is what is modelled.
//!
//! By columns, as that reader does it: a comment on a line of its own belongs to the block that starts at its column, a comment behind
//! a value to that value. Where the model is wrong, opening tries the neighbours too (see `open`).

use std::ops::Range;

use crate::layout::{Form, Layout, Name, Node, NodeId};
use crate::lines::Lines;

/// A piece of the file that is no white space and no comment.
pub(crate) struct Token {
    span: Range<usize>,
    /// The mapping or list it is in.
    around: NodeId,
    /// The node it belongs to, or that follows it.
    node: usize,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A key; `block` when its value is on lines of its own.
    Key {
        block: bool,
    },
    Value,
    Dash,
    /// Opening bracket or brace.
    Open,
    /// Closing bracket or brace.
    Close,
    /// The whole `sops` block.
    Block,
}

impl Token {
    pub(crate) fn scalar(span: Range<usize>, around: NodeId, node: usize, role: Role) -> Token {
        Token { span, around, node, role }
    }
}

/// A comment that was found: in front of which node it goes, and in what.
struct Found {
    before: usize,
    around: NodeId,
    span: Range<usize>,
}

/// The file and where its lines begin.
struct Source<'a> {
    text: &'a str,
    lines: Lines,
}

/// Puts a node for every comment into the layout.
pub(crate) fn insert(text: &str, layout: &mut Layout, tokens: &[Token]) {
    if !text.contains('#') || layout.nodes.is_empty() {
        return;
    }
    let source = Source { text, lines: Lines::new(text) };
    let mut found = Vec::new();
    for index in 0..=tokens.len() {
        let start = index.checked_sub(1).map_or(0, |before| tokens[before].span.end);
        let end = tokens.get(index).map_or(text.len(), |token| token.span.start);
        if start < end {
            gap(&source, start..end, layout, tokens, index, &mut found);
        }
        headers(text, tokens, index, layout, &mut found);
    }
    if !found.is_empty() {
        merge(layout, found);
    }
}

/// Comments in the header line of a block scalar: `key: | # like this`.
fn headers(text: &str, tokens: &[Token], index: usize, layout: &Layout, found: &mut Vec<Found>) {
    let Some(token) = tokens.get(index).filter(|token| token.role == Role::Value) else { return };
    if layout.nodes.get(token.node).is_none_or(|node| node.style & super::read::style::BLOCK == 0) {
        return;
    }
    let header = text[token.span.clone()].split(['\n', '\r']).next().unwrap_or_default();
    if let Some(at) = header.find(" #").or_else(|| header.find("\t#")) {
        let start = token.span.start + at + 2;
        found.push(Found { before: token.node, around: token.around, span: start..token.span.start + header.len() });
    }
}

/// Finds the comments between two tokens.
fn gap(source: &Source<'_>, range: Range<usize>, layout: &Layout, tokens: &[Token], index: usize, found: &mut Vec<Found>) {
    let before = index.checked_sub(1).map(|before| &tokens[before]);
    let next = tokens.get(index);
    let mut lines = lines(source, range.clone()).peekable();
    if let Some(before) = before {
        while let Some(line) = lines.next_if(|line| !line.alone && before.span.end > line.start) {
            let (before, around) = beside(before);
            found.push(Found { before, around, span: line.hash + 1..line.end });
        }
    }
    let (mut ends, mut begins): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
    let edge = separator(source, range);
    for line in lines {
        if edge.is_some_and(|edge| line.start >= edge) { begins.push(line) } else { ends.push(line) }
    }
    let below = next.and_then(|next| below_empty_end(layout, next, &tokens[index + 1..]));
    let mut add = |lines: &[Line], before, next: Option<&Token>, at| {
        for (run, around) in runs(source, lines, before, next, layout) {
            let around = below.filter(|_| next.is_some() && run.end == lines.len()).unwrap_or(around);
            found.extend(lines[run].iter().map(|line| Found { before: at, around, span: line.hash + 1..line.end }));
        }
    };
    let at = next.map_or(layout.nodes.len(), |token| token.node);
    if edge.is_some() && before.is_some() {
        let end = next.and_then(|next| layout.documents.iter().find(|document| document.root == root_of(layout, next.around)));
        add(&ends, before, None, end.map_or(at, |document| document.root as usize));
    } else {
        add(&ends, before, next, at);
    }
    add(&begins, None, next, at);
}

/// A list that ends with a dash and nothing behind it: sops' reader takes a comment above that dash for one of what follows the list.
fn below_empty_end(layout: &Layout, dash: &Token, after: &[Token]) -> Option<NodeId> {
    let item = layout.nodes.get(dash.node).filter(|_| dash.role == Role::Dash)?;
    if !matches!(item.form, Form::Null) || !item.span.is_empty() {
        return None;
    }
    let root = root_of(layout, dash.around);
    let next = after.iter().find(|token| token.span.start > dash.span.start && !token.span.is_empty());
    match next.filter(|next| root_of(layout, next.around) == root) {
        Some(next) if next.around == dash.around => None,
        Some(next) => Some(next.around),
        None => Some(root),
    }
}

fn root_of(layout: &Layout, id: NodeId) -> NodeId {
    std::iter::successors(Some(id), |id| layout.nodes[*id as usize].parent).last().unwrap_or(id)
}

/// The line that ends a document, `---` or `...`, between two tokens.
fn separator(source: &Source<'_>, range: Range<usize>) -> Option<usize> {
    let text = source.text;
    let mut found = None;
    let mut start = if source.lines.start(range.start) == range.start {
        range.start
    } else {
        range.start + text[range.clone()].find('\n')? + 1
    };
    loop {
        let line = text[start..range.end].split('\n').next().unwrap_or_default();
        let ends =
            |mark: &str| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']));
        if ends("---") || ends("...") {
            found = Some(start);
        }
        start += line.len() + 1;
        if start >= range.end {
            return found;
        }
    }
}

/// Cuts the lines between two tokens into the comments that sops' reader makes of them, each with what it belongs to. A foot belongs to
/// what is before it, a head to what follows.
fn runs(
    source: &Source<'_>,
    lines: &[Line],
    before: Option<&Token>,
    next: Option<&Token>,
    layout: &Layout,
) -> Vec<(Range<usize>, NodeId)> {
    let mut runs = Vec::new();
    let Some(first) = lines.first() else { return runs };
    let text = source.text;
    let place = Place { source, layout, before, next };
    let indent = before.map_or(0, |before| place.block_indent(before.around));
    let below = before.is_some_and(|before| newlines(text, before.span.end, first.start) == 1);
    let on_foot_line = below && before.is_some_and(|before| is_value(before) && source.lines.start(before.span.end) > 0);
    let mut first_blank = below || before.is_none();
    let mut start = 0;
    // A foot right behind a token belongs to it; once something was cut off, what follows is on its own.
    let mut behind_token = true;
    for index in 0..lines.len() {
        let line = &lines[index];
        let (next_start, next_column) = match lines.get(index + 1) {
            Some(next) => (Some(next.start), Some(next.column)),
            None => (next.map(|next| next.span.start), next.map(|next| source.lines.column(next.span.start))),
        };
        // That reader takes the two characters of CRLF for two line breaks here.
        let blank = next_start.is_none_or(|next| newlines(text, line.end, next) > 1) || text[line.end..].starts_with("\r\n");
        let column = lines[start].column;
        let closes = index + 1 == lines.len() && next.is_some_and(|next| next.role == Role::Close);
        let mut cut = None;
        if closes {
            cut = Some(place.around_before());
        } else if blank {
            if first_blank && ((start == 0 && on_foot_line) || column < indent) {
                cut = Some(if column < indent { place.head(column) } else { place.around_before() });
            }
            first_blank = false;
        }
        if cut.is_none() && next_column.is_some_and(|next| next < indent && next != column) {
            cut = Some(if behind_token { place.around_before() } else { place.head(column) });
        }
        if let Some(around) = cut {
            runs.push((start..index + 1, around));
            start = index + 1;
            behind_token = false;
        }
    }
    if start < lines.len() {
        runs.push((start..lines.len(), place.head(lines[start].column)));
    }
    runs
}

fn is_value(token: &Token) -> bool {
    !matches!(token.role, Role::Key { block: true } | Role::Dash)
}

/// One comment.
struct Line {
    /// Start of its line.
    start: usize,
    hash: usize,
    end: usize,
    column: usize,
    /// Nothing else is on its line.
    alone: bool,
}

fn lines(source: &Source<'_>, range: Range<usize>) -> impl Iterator<Item = Line> {
    let text = source.text;
    let bytes = text.as_bytes();
    let mut at = range.start;
    std::iter::from_fn(move || {
        loop {
            let hash = text[at..range.end].find('#').map(|hash| at + hash)?;
            let starts =
                hash == 0 || matches!(bytes[hash - 1], b' ' | b'\t' | b'\n' | b'\r') || text[..hash].ends_with('\u{feff}');
            let start = source.lines.start(hash);
            if !starts || bytes[start] == b'%' {
                at = hash + 1;
                continue;
            }
            let end = text[hash..range.end].find(['\n', '\r']).map_or(range.end, |newline| hash + newline);
            let alone = text[start..hash].trim_start_matches('\u{feff}').trim_matches([' ', '\t']).is_empty();
            at = end;
            return Some(Line { start, hash, end, column: hash - start, alone });
        }
    })
}

fn newlines(text: &str, from: usize, to: usize) -> usize {
    text.get(from..to).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count()
}

/// A comment behind something on its line.
fn beside(token: &Token) -> (usize, NodeId) {
    match token.role {
        Role::Value | Role::Key { .. } | Role::Open | Role::Dash => (token.node, token.around),
        // Behind a bracket: sops' reader puts it into the collection, in front of everything.
        Role::Close => (token.around as usize + 1, token.around),
        Role::Block => (token.node, token.around),
    }
}

/// Between two tokens.
struct Place<'a> {
    source: &'a Source<'a>,
    layout: &'a Layout,
    before: Option<&'a Token>,
    next: Option<&'a Token>,
}

impl Place<'_> {
    fn around_before(&self) -> NodeId {
        let Some(token) = self.before.or(self.next) else { return 0 };
        let outer = self.layout.nodes[token.around as usize].parent;
        if token.role == Role::Close { outer.unwrap_or(token.around) } else { token.around }
    }

    /// A node and what it is in, innermost first.
    fn upwards(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(id), |id| self.layout.nodes[*id as usize].parent)
    }

    /// The column of the innermost block around a node.
    fn block_indent(&self, mut id: NodeId) -> usize {
        while let Some(parent) = self.layout.nodes[id as usize].parent {
            let flow = self.source.text[self.layout.nodes[id as usize].span.clone()].starts_with(['{', '[']);
            if !flow && !is_indentless(self.source, id, self.layout) {
                break;
            }
            id = parent;
        }
        indent_of(self.source, id, self.layout)
    }

    /// What a comment in front of the next token belongs to: what the token is in, unless the comment is in line with a block that the
    /// token closes; then it belongs to what that block is in.
    fn head(&self, column: usize) -> NodeId {
        let next = self.next.map(|next| next.around);
        let from = self.around_before();
        if let Some(next) = next.filter(|next| !self.upwards(from).any(|id| id == *next)) {
            return next;
        }
        for id in self.upwards(from).take_while(|id| Some(*id) != next) {
            let parent = self.layout.nodes[id as usize].parent;
            if let Some(parent) = parent
                .filter(|_| !is_indentless(self.source, id, self.layout) && indent_of(self.source, id, self.layout) == column)
            {
                return parent;
            }
        }
        next.or_else(|| self.upwards(from).last()).unwrap_or(0)
    }
}

/// A list whose dashes stand below the key, not behind it, opens no block of its own.
fn is_indentless(source: &Source<'_>, id: NodeId, layout: &Layout) -> bool {
    let node = &layout.nodes[id as usize];
    let parent = node.parent.filter(|parent| matches!(layout.nodes[*parent as usize].form, Form::Map));
    matches!(node.form, Form::List)
        && parent.is_some_and(|parent| indent_of(source, parent, layout) == indent_of(source, id, layout))
}

fn indent_of(source: &Source<'_>, id: NodeId, layout: &Layout) -> usize {
    source.lines.column(layout.nodes[id as usize].span.start)
}

/// Rebuilds the nodes with the comments among them; ids move.
fn merge(layout: &mut Layout, mut found: Vec<Found>) {
    found.sort_by_key(|comment| comment.before);
    let old = std::mem::take(&mut layout.nodes);
    let mut new_ids = Vec::with_capacity(old.len());
    let mut nodes = Vec::with_capacity(old.len() + found.len());
    let mut comments = found.into_iter().peekable();
    let comment = |comment: Found, new_ids: &[NodeId]| Node {
        parent: new_ids.get(comment.around as usize).copied().or(Some(0)),
        name: Name::None,
        form: Form::Comment,
        span: comment.span,
        style: 0,
    };
    for (index, mut node) in old.into_iter().enumerate() {
        while let Some(found) = comments.next_if(|comment| comment.before <= index && (comment.around as usize) < index) {
            nodes.push(comment(found, &new_ids));
        }
        node.parent = node.parent.map(|parent| new_ids[parent as usize]);
        new_ids.push(nodes.len() as NodeId);
        nodes.push(node);
    }
    for found in comments {
        nodes.push(comment(found, &new_ids));
    }
    for document in &mut layout.documents {
        document.root = new_ids[document.root as usize];
    }
    layout.nodes = nodes;
}
