//! Where comments belong. The format binds a comment to the mapping or list that sops' reader attaches it to, so that is what is modelled.
//!
//! By columns, as that reader does it: a comment on a line of its own belongs to the block that starts at its column, a comment behind
//! a value to that value. Where the model is wrong, opening tries the neighbours too (see `open`).

use std::ops::Range;

use crate::layout::{Form, Layout, Name, Node, NodeId};

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

/// Puts a node for every comment into the layout.
pub(crate) fn insert(text: &str, layout: &mut Layout, tokens: &[Token]) {
    if !text.contains('#') || layout.nodes.is_empty() {
        return;
    }
    let mut found = Vec::new();
    for index in 0..=tokens.len() {
        let start = index.checked_sub(1).map_or(0, |before| tokens[before].span.end);
        let end = tokens.get(index).map_or(text.len(), |token| token.span.start);
        if start < end {
            gap(text, start..end, layout, tokens, index, &mut found);
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
fn gap(text: &str, range: Range<usize>, layout: &Layout, tokens: &[Token], index: usize, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    while let Some(hash) = text[at..range.end].find('#').map(|hash| at + hash) {
        let starts = hash == 0 || matches!(bytes[hash - 1], b' ' | b'\t' | b'\n' | b'\r') || text[..hash].ends_with('\u{feff}');
        let line_start = text[..hash].rfind('\n').map_or(0, |newline| newline + 1);
        if !starts || bytes[line_start] == b'%' {
            at = hash + 1;
            continue;
        }
        let end = text[hash..range.end].find(['\n', '\r']).map_or(range.end, |newline| hash + newline);
        let own_line = text[line_start..hash].trim_start_matches('\u{feff}').trim_matches([' ', '\t']).is_empty();
        let before = index.checked_sub(1).map(|before| &tokens[before]);
        let next = tokens.get(index);
        let (before, around) = match (own_line, before, next) {
            (false, Some(before), _) if before.span.end > line_start => beside(before, layout),
            (_, before, next) => alone(text, hash - line_start, before, next, layout),
        };
        found.push(Found { before, around, span: hash + 1..end });
        at = end;
    }
}

/// A comment behind something on its line.
fn beside(token: &Token, layout: &Layout) -> (usize, NodeId) {
    match token.role {
        Role::Value | Role::Key { .. } | Role::Open => (token.node, token.around),
        Role::Dash => (token.node, token.around),
        Role::Close | Role::Block => {
            // Behind a collection: it belongs to what the collection is in.
            let around = layout.nodes[token.around as usize].parent.unwrap_or(token.around);
            (if token.role == Role::Block { token.node } else { token.around as usize }, around)
        }
    }
}

/// A comment on a line of its own.
fn alone(text: &str, column: usize, before: Option<&Token>, next: Option<&Token>, layout: &Layout) -> (usize, NodeId) {
    let end = next.map_or(layout.nodes.len(), |token| token.node);
    let next_around = next.map(|token| token.around);
    let Some(before) = before else { return (end, next_around.unwrap_or(0)) };
    if next.is_some_and(|token| column_of(text, token.span.start) == column && token.role != Role::Close) {
        return (end, next_around.unwrap_or(before.around));
    }
    // The blocks that are open here, innermost first.
    let mut around = Some(before.around);
    while let Some(id) = around {
        let node = &layout.nodes[id as usize];
        let starts = column_of(text, node.span.start);
        if starts == column
            || (starts < column && next.is_none_or(|token| column_of(text, token.span.start) < column))
            || node.parent.is_none()
        {
            return (end, id);
        }
        around = node.parent;
    }
    (end, next_around.unwrap_or(before.around))
}

fn column_of(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |newline| newline + 1)
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
