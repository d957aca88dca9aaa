//! What a store's reader found: nodes in document order with the bytes they stand in, and the `sops` block beside them.
//!
//! The contract between the stores and everything that knows no store. Holds plaintext, so no Debug.

use std::ops::Range;

use seal_secret::SecretBytes;

use crate::{Metadata, Value};

/// A file as its store read it.
pub(crate) struct Layout {
    /// All nodes but those of `sops` blocks. A parent stands before its children, children in document order.
    pub(crate) nodes: Vec<Node>,
    /// The documents; every store but YAML has exactly one.
    pub(crate) documents: Vec<Document>,
}

/// One document.
pub(crate) struct Document {
    /// Its top-level mapping.
    pub(crate) root: NodeId,
    /// Its `sops` block, when it has one.
    pub(crate) block: Option<Block>,
    /// Its bytes.
    pub(crate) span: Range<usize>,
}

/// A `sops` block.
pub(crate) struct Block {
    /// The bytes the block stands in (its key included), to take out or replace.
    pub(crate) span: Range<usize>,
    /// Its content, for `Metadata` to read.
    pub(crate) raw: Raw,
    /// The place in the file of the block's start, for errors.
    pub(crate) at: usize,
}

/// The content of a `sops` block whatever the store: flattened forms are unflattened by their stores.
pub(crate) struct Raw {
    /// The value.
    pub(crate) form: RawForm,
    /// The bytes it stands in (of a scalar: with its quotes), for edits in place.
    pub(crate) span: Range<usize>,
}

/// A metadata value: ciphertext and public names only.
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
    /// New children: parent, name (for a list: the end), content.
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
