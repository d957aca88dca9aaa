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
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
    /// Follows keys downwards: `node.at_path(&["metadata", "name"])`.
    pub fn at_path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }
    /// Entries when this is a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        if let Kind::Map(entries) = &self.kind { Some(entries) } else { None }
    }
    /// Elements when this is a sequence.
    pub fn elements(&self) -> Option<&[Node]> {
        if let Kind::List(items) = &self.kind { Some(items) } else { None }
    }
    /// The text as secret bytes, when this is text.
    pub fn secret_text(&self) -> Option<&SecretBytes> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }
    /// The text as `&str`, for fields that are not secret by their place (kind, names, annotations, ciphertext).
    pub fn public_text(&self) -> Option<&str> {
        self.secret_text().and_then(|text| std::str::from_utf8(text.expose()).ok())
    }
    /// True for `Kind::Null`.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }
    /// What it is in one word: null, boolean, number, string, list or map.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::Text(_) => "string",
            Kind::List(_) => "list",
            Kind::Map(_) => "map",
        }
    }
    /// The whole subtree as JSON text; may hold plaintext, hence the type.
    pub fn to_json(&self) -> SecretBytes {
        crate::render::compact_json(self)
    }
    /// The subtree as a JSON value, for parts that hold no plaintext (metadata, a SealedSecret).
    pub fn to_public_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => public_number(text),
            Kind::Text(text) => Value::String(String::from_utf8_lossy(text.expose()).into_owned()),
            Kind::List(items) => Value::Array(items.iter().map(Node::to_public_json).collect()),
            Kind::Map(entries) => Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_public_json())).collect()),
        }
    }
    /// A tree made in memory from a JSON value (map order as serde_json gives it).
    pub fn from_json(value: &serde_json::Value) -> Node {
        use serde_json::Value;
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(*value),
            Value::Number(number) => Kind::Number(crate::scalar::json_number(&number.to_string())),
            Value::String(text) => Kind::Text(text.clone().into()),
            Value::Array(items) => Kind::List(items.iter().map(Node::from_json).collect()),
            Value::Object(map) => Kind::Map(
                map.iter()
                    .map(|(key, value)| Entry { key: key.clone(), key_at: Position::default(), value: Node::from_json(value) })
                    .collect(),
            ),
        };
        Node { kind, at: Position::default() }
    }

    /// True when both mean the same: positions and the order of keys do not count, the order of elements does.
    pub fn means_the_same(&self, other: &Node) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => a == b || crate::scalar::json_number(a) == crate::scalar::json_number(b),
            (Kind::Text(a), Kind::Text(b)) => a == b,
            (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means_the_same(b)),
            (Kind::Map(a), Kind::Map(b)) => a.len() == b.len() && same_entries(a, b),
            _ => false,
        }
    }
}

/// A number without the last-digit errors of serde_json's quick reader.
fn public_number(text: &str) -> serde_json::Value {
    match (text.parse::<i64>(), text.parse::<u64>(), text.parse::<f64>()) {
        (Ok(value), _, _) => value.into(),
        (_, Ok(value), _) => value.into(),
        (_, _, Ok(value)) => value.into(),
        _ => serde_json::Value::Null,
    }
}

/// Keys are unique, so equal length and every key of one found in the other is enough. In the same order it costs one walk.
fn same_entries(a: &[Entry], b: &[Entry]) -> bool {
    let mut sorted: Option<Vec<&Entry>> = None;
    a.iter().enumerate().all(|(at, entry)| {
        if b[at].key == entry.key {
            return entry.value.means_the_same(&b[at].value);
        }
        let sorted = sorted.get_or_insert_with(|| {
            let mut all: Vec<&Entry> = b.iter().collect();
            all.sort_by(|x, y| x.key.cmp(&y.key));
            all
        });
        let found = sorted.binary_search_by(|x| x.key.cmp(&entry.key));
        found.is_ok_and(|found| entry.value.means_the_same(&sorted[found].value))
    })
}
