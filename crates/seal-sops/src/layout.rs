//! What a store's reader found: nodes in document order with the bytes they stand in, and the `sops` block beside them.
//!
//! The contract between the stores and everything that knows no store. Holds plaintext, so no Debug.

use std::ops::Range;

use seal_secret::SecretBytes;

use crate::{Metadata, Path, Segment, Type, Value};

/// A file as its store read it.
#[derive(Clone)]
pub(crate) struct Layout {
    /// All nodes but those of `sops` blocks. A parent stands before its children, children in document order.
    pub(crate) nodes: Vec<Node>,
    /// The documents; every store but YAML has exactly one.
    pub(crate) documents: Vec<Document>,
    /// Comments that are not for sops' reader what they are for people, in order.
    pub(crate) odd: Vec<(NodeId, Odd)>,
}

/// What sops' reader does with a comment that people take for something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It loses it.
    Lost,
    /// It does not take it for one of what stands below it.
    Misleading,
}

/// One document.
#[derive(Clone)]
pub(crate) struct Document {
    /// Its top-level mapping.
    pub(crate) root: NodeId,
    /// Its `sops` block, when it has one.
    pub(crate) block: Option<Block>,
    /// Its bytes.
    pub(crate) span: Range<usize>,
}

/// A `sops` block.
#[derive(Clone)]
pub(crate) struct Block {
    /// The bytes the block stands in (its key included), to take out or replace.
    pub(crate) span: Range<usize>,
    /// Its content, for `Metadata` to read.
    pub(crate) raw: Raw,
    /// The place in the file of the block's start, for errors.
    pub(crate) at: usize,
}

/// The content of a `sops` block whatever the store: flattened forms are unflattened by their stores.
#[derive(Clone)]
pub(crate) struct Raw {
    /// The value.
    pub(crate) form: RawForm,
    /// The bytes it stands in (of a scalar: with its quotes), for edits in place.
    pub(crate) span: Range<usize>,
}

/// A metadata value: ciphertext and public names only.
#[derive(Clone)]
pub(crate) enum RawForm {
    /// Nothing.
    Null,
    /// A scalar, whatever its type: metadata is weakly typed.
    Scalar(String),
    /// A list.
    List(Vec<Raw>),
    /// A mapping in file order.
    Map(Vec<(String, Raw)>),
}

/// Index into `Layout::nodes`.
pub(crate) type NodeId = u32;

/// One node.
#[derive(Clone)]
pub(crate) struct Node {
    /// The mapping or list it is in; the root of a document has none.
    pub(crate) parent: Option<NodeId>,
    /// Under which name.
    pub(crate) name: Name,
    /// What it is.
    pub(crate) form: Form,
    /// The bytes of its value: what is replaced when the value changes. Of a comment: from behind the `#` to the end of the line.
    pub(crate) span: Range<usize>,
    /// How it is written, in the store's own terms: a store that writes it anew may need it.
    pub(crate) style: u8,
}

/// How a parent calls its child.
#[derive(Clone)]
pub(crate) enum Name {
    /// The root of a document.
    Root,
    /// A key, decoded.
    Key(Box<str>),
    /// An element of a list, counted without comments.
    Item(u32),
    /// A comment has no name.
    None,
}

/// What a node is.
#[derive(Clone)]
pub(crate) enum Form {
    /// A mapping; its children follow.
    Map,
    /// A list; its children follow.
    List,
    /// Nothing: never sealed.
    Null,
    /// Text that stands in the file as it is, sealed or not, at these bytes: within the node's span, without its quotes.
    Span(Range<usize>),
    /// Text that had to be decoded (quotes, folding), sealed or not.
    Text(SecretBytes),
    /// A value of another type than text.
    Typed(Value),
    /// A comment; its text is the node's span.
    Comment,
    /// A comment put together from several places of the file.
    JoinedComment(SecretBytes),
}

impl Form {
    /// Whether it is a comment of either form.
    pub(crate) fn is_comment(&self) -> bool {
        matches!(self, Form::Comment | Form::JoinedComment(_))
    }
}

impl Layout {
    /// What stands in the file at a leaf, with its type; `None` for mappings, lists and `null`.
    pub(crate) fn content<'a>(&'a self, bytes: &'a SecretBytes, id: NodeId) -> Option<(Type, &'a [u8])> {
        let node = &self.nodes[id as usize];
        match &node.form {
            Form::Map | Form::List | Form::Null => None,
            Form::Span(range) => Some((Type::Str, &bytes.expose()[range.clone()])),
            Form::Text(text) => Some((Type::Str, text.expose())),
            Form::Typed(value) => Some((value.kind, value.bytes.expose())),
            Form::Comment => Some((Type::Comment, &bytes.expose()[node.span.clone()])),
            Form::JoinedComment(text) => Some((Type::Comment, text.expose())),
        }
    }

    /// What is written in the file at a node, quotes and all.
    pub(crate) fn source<'a>(&self, bytes: &'a SecretBytes, id: NodeId) -> &'a [u8] {
        bytes.expose().get(self.nodes[id as usize].span.clone()).unwrap_or_default()
    }

    /// The text of a leaf that is a text or a comment.
    pub(crate) fn text<'a>(&'a self, bytes: &'a SecretBytes, id: NodeId) -> Option<&'a str> {
        let (Type::Str | Type::Comment, text) = self.content(bytes, id)? else { return None };
        std::str::from_utf8(text).ok()
    }

    /// Whether sops' reader takes a comment for something else than it looks like.
    pub(crate) fn odd(&self, id: NodeId) -> Option<Odd> {
        self.odd.binary_search_by_key(&id, |(id, _)| *id).ok().map(|at| self.odd[at].1)
    }

    /// The path of a node; of a comment: of what is around it.
    pub(crate) fn path(&self, id: NodeId) -> Path {
        let mut segments = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let node = &self.nodes[id as usize];
            match &node.name {
                Name::Key(key) => segments.push(Segment::Key(key.to_string())),
                Name::Item(index) => segments.push(Segment::Index(*index as usize)),
                Name::Root | Name::None => {}
            }
            at = node.parent;
        }
        segments.reverse();
        Path(segments)
    }

    /// Ids of the children of a node.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        (id + 1..self.nodes.len() as NodeId).filter(move |child| self.nodes[*child as usize].parent == Some(id))
    }

    /// The document a node is in, from zero.
    pub(crate) fn document_of(&self, id: NodeId) -> usize {
        self.documents.partition_point(|document| document.root <= id).saturating_sub(1)
    }

    /// Ids of all nodes.
    pub(crate) fn ids(&self) -> std::ops::Range<NodeId> {
        0..NodeId::try_from(self.nodes.len()).expect("readers stop long before")
    }
}

/// New content for one node.
pub(crate) enum New {
    /// An `ENC[…]` text in place of the value or of a comment's text.
    Sealed(String),
    /// A value in clear in place of an `ENC[…]` text.
    Clear(Value),
}

/// What is to be written. Everything not named keeps its bytes.
#[derive(Default)]
pub(crate) struct Changes<'a> {
    /// Nodes with new content, in document order.
    pub(crate) nodes: Vec<(NodeId, New)>,
    /// New children: parent, name, content. A child of that name is replaced where it stands; an element behind the last one is appended.
    pub(crate) inserts: Vec<(NodeId, Name, Tree<New>)>,
    /// Nodes that go, with everything below them.
    pub(crate) removed: Vec<NodeId>,
    /// What happens to the `sops` block.
    pub(crate) block: BlockChange<'a>,
}

/// What happens to the `sops` block of every document.
#[derive(Default)]
pub(crate) enum BlockChange<'a> {
    /// It stays.
    #[default]
    Keep,
    /// It goes: the file will be in clear.
    Remove,
    /// It becomes this; lines that say the same stay as they are.
    Become(&'a Metadata),
}

/// A value that is not in the file yet, or a whole document apart from any file.
pub(crate) enum Tree<T> {
    /// One value.
    Leaf(T),
    /// `null`.
    Null,
    /// A list.
    List(Vec<Tree<T>>),
    /// A mapping.
    Map(Vec<(String, Tree<T>)>),
    /// A comment between entries (its name in a mapping is empty).
    Comment(T),
}
