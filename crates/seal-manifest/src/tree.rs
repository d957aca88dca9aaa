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
pub enum Text<'a> {
    /// As it stands in the file.
    Borrowed(&'a str),
    /// Decoded.
    Owned(Zeroizing<String>),
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Owned(text) => text,
        }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A literal or folded block.
    Block,
}

/// A tag, as far as kubectl's reader tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!!str`
    Str,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`
    Merge,
    /// `!` alone and tags nobody resolves: the text as it stands.
    Other,
}

/// The shape of a node.
pub enum Form<'a> {
    /// A scalar, unresolved.
    Scalar {
        /// After unescaping.
        text: Text<'a>,
        /// How it is written.
        style: Style,
    },
    /// An alias of the node with this anchor number.
    Alias(usize),
    /// A sequence.
    List {
        /// In brackets.
        flow: bool,
        /// The offset of every element's dash in block style.
        dashes: Vec<usize>,
        /// Its elements.
        items: Vec<Tree<'a>>,
    },
    /// A mapping.
    Map {
        /// In braces.
        flow: bool,
        /// Keys and values in document order.
        pairs: Vec<(Tree<'a>, Tree<'a>)>,
    },
}

/// One node and where it is.
pub struct Tree<'a> {
    /// Its shape.
    pub form: Form<'a>,
    /// Its tag.
    pub tag: Option<Tag>,
    /// Anchor number, 0 for none.
    pub anchor: usize,
    /// Start including tag and anchor.
    pub outer_start: usize,
    /// The content. Block collections end with their last child; a block scalar ends before its last line break.
    pub span: Range<usize>,
    /// Where it starts.
    pub at: Position,
}

impl Tree<'_> {
    /// True for nothing at all between two separators.
    pub fn is_absent(&self) -> bool {
        self.span.is_empty()
            && self.tag.is_none()
            && self.anchor == 0
            && matches!(&self.form, Form::Scalar { text, style: Style::Plain } if text.as_str().is_empty())
    }
}

/// One document as read.
pub struct RawDocument<'a> {
    /// Its content.
    pub root: Tree<'a>,
    /// Its bytes in the file, separators excluded.
    pub span: Range<usize>,
}

/// A reader's refusal: where and what, never the input.
pub struct Failure {
    /// Where.
    pub at: Position,
    /// What.
    pub problem: crate::Problem,
}

impl Failure {
    pub(crate) fn new(at: Position, problem: crate::Problem) -> Failure {
        Failure { at, problem }
    }
}

/// Line and column of a byte offset.
pub fn position(text: &str, offset: usize) -> Position {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before[line_start..].chars().filter(|c| *c != '\u{feff}').count() + 1;
    Position { line: line as u32, column: column as u32 }
}
