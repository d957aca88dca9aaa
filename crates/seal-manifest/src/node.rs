//! A parsed document: values with positions. Holds plaintext of Secrets, so no Debug, Display or Serialize.

use seal_secret::SecretBytes;

/// Where a node starts. Both count from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// Where it starts; (0,0) for nodes made in memory.
    pub at: Position,
}

/// The value, resolved by kubectl's YAML 1.1 rules.
#[derive(Clone)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// Booleans, including `yes`, `on`, `y` and friends.
    Bool(bool),
    /// A number as canonical JSON number text (`420` for `0644`).
    Number(String),
    /// Text, UTF-8.
    Text(SecretBytes),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in document order; keys are strings as kubectl's JSON has them.
    Map(Vec<Entry>),
}

/// One key and its value.
#[derive(Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key starts.
    pub key_at: Position,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A text node made in memory.
    pub fn text(text: impl Into<SecretBytes>) -> Node {
        Node { kind: Kind::Text(text.into()), at: Position::default() }
    }
    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let _ = key;
        todo!()
    }
    /// Follows keys downwards: `node.at_path(&["metadata", "name"])`.
    pub fn at_path(&self, keys: &[&str]) -> Option<&Node> {
        let _ = keys;
        todo!()
    }
    /// Entries when this is a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        todo!()
    }
    /// Elements when this is a sequence.
    pub fn elements(&self) -> Option<&[Node]> {
        todo!()
    }
    /// The text as secret bytes, when this is text.
    pub fn secret_text(&self) -> Option<&SecretBytes> {
        todo!()
    }
    /// The text as `&str`, for fields that are not secret by their place (kind, names, annotations, ciphertext).
    pub fn public_text(&self) -> Option<&str> {
        todo!()
    }
    /// True for `Kind::Null`.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }
    /// What it is in one word: null, boolean, number, string, list or map.
    pub fn kind_name(&self) -> &'static str {
        todo!()
    }
    /// The whole subtree as JSON text; may hold plaintext, hence the type.
    pub fn to_json(&self) -> SecretBytes {
        todo!()
    }
    /// The subtree as a JSON value, for parts that hold no plaintext (metadata, a SealedSecret).
    pub fn to_public_json(&self) -> serde_json::Value {
        todo!()
    }
    /// A tree made in memory from a JSON value (map order as serde_json gives it).
    pub fn from_json(value: &serde_json::Value) -> Node {
        let _ = value;
        todo!()
    }
}
