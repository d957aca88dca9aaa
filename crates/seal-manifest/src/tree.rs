//! What a reader saw, with the byte range of everything: the ground for both the resolved tree and edits in place.
//!
//! Scalars that needed decoding are wiped on drop; the others borrow from the file.

use std::ops::Range;
use zeroize::Zeroizing;

use crate::Position;

/// Depth of nesting accepted. Deeper input is refused before anything recurses over it.
pub(crate) const MAX_DEPTH: usize = 128;
/// Nodes accepted in one file, aliases expanded.
pub(crate) const MAX_NODES: usize = 4_000_000;
/// Bytes accepted in one file.
pub(crate) const MAX_BYTES: usize = 256 << 20;

/// A scalar's text after unescaping.
pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Owned(Zeroizing<String>),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Owned(text) => text,
        }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A tag, as far as kubectl's reader tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// `!` alone and tags nobody resolves: the text as it stands.
    Other,
}

/// The shape of a node.
pub(crate) enum Form<'a> {
    Scalar {
        text: Text<'a>,
        style: Style,
    },
    Alias(usize),
    /// `dashes` holds the offset of every element's dash in block style.
    List {
        flow: bool,
        dashes: Vec<usize>,
        items: Vec<Tree<'a>>,
    },
    Map {
        flow: bool,
        pairs: Vec<(Tree<'a>, Tree<'a>)>,
    },
}

/// One node and where it is.
pub(crate) struct Tree<'a> {
    pub(crate) form: Form<'a>,
    pub(crate) tag: Option<Tag>,
    /// Anchor number, 0 for none.
    pub(crate) anchor: usize,
    /// Start including tag and anchor.
    pub(crate) outer_start: usize,
    /// The content. Block collections end with their last child; a block scalar ends before its last line break.
    pub(crate) span: Range<usize>,
    pub(crate) at: Position,
}

impl Tree<'_> {
    /// True for nothing at all between two separators.
    pub(crate) fn is_absent(&self) -> bool {
        self.span.is_empty()
            && self.tag.is_none()
            && self.anchor == 0
            && matches!(&self.form, Form::Scalar { text, style: Style::Plain } if text.as_str().is_empty())
    }
}

/// One document as read.
pub(crate) struct RawDocument<'a> {
    pub(crate) root: Tree<'a>,
    pub(crate) span: Range<usize>,
}

/// A reader's refusal: where and what, never the input.
pub(crate) struct Failure {
    pub(crate) at: Position,
    pub(crate) problem: crate::Problem,
}

impl Failure {
    pub(crate) fn new(at: Position, problem: crate::Problem) -> Failure {
        Failure { at, problem }
    }
}

/// Line and column of a byte offset.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before[line_start..].chars().filter(|c| *c != '\u{feff}').count() + 1;
    Position { line: line as u32, column: column as u32 }
}
