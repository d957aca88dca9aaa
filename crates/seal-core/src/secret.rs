//! A Secret in clear, read from a document by the rules of the API server: `data` is base64, `stringData` is text and wins.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use seal_crypto::Scope;
use seal_manifest::{Entry, Kind, Node, Position};
use seal_secret::SecretBytes;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Most bytes all values of one Secret may have together (`MaxSecretSize` of the API server): 1 MiB.
pub const MAX_SECRET_BYTES: usize = 1024 * 1024;

/// Metadata fields that belong to one stored object, never to a sealed one.
const SERVER_FIELDS: [&str; 9] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "ownerReferences",
    "managedFields",
];

/// Annotations that hold the whole Secret in clear.
const LEAKING_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "kubecfg.ksonnet.io/last-applied-configuration"];

/// A Secret manifest in clear. Holds plaintext: no Debug.
#[derive(Clone, Default)]
pub struct SecretObject {
    /// `metadata` without what the server wrote and without annotations that hold plaintext.
    pub metadata: Map<String, Value>,
    /// `type`, when given.
    pub type_: Option<String>,
    /// `immutable`, when given.
    pub immutable: Option<bool>,
    /// `data` decoded, overlaid with `stringData`.
    pub data: BTreeMap<String, SecretBytes>,
}

/// Why a document is not a Secret that can be sealed. Names fields and keys, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", Place(*.at))]
pub struct SecretError {
    /// Where in the document.
    pub at: Position,
    /// What is wrong.
    pub problem: SecretProblem,
}

struct Place(Position);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.line {
            0 => Ok(()),
            line => write!(f, "{line}:{}: ", self.0.column),
        }
    }
}

/// What is wrong with a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretProblem {
    /// Some other kind; named so that the user sees which document it was.
    #[error("expected a Secret of apiVersion v1, found {0}")]
    NotASecret(String),
    /// A field has the wrong type.
    #[error("{field} must be {expected}, found {found}")]
    Type {
        /// Path of the field.
        field: String,
        /// What the API server wants.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A value of `data` that is not base64.
    #[error("data.{0} is not base64 (put clear text under stringData)")]
    Base64(String),
    /// A key that the API server refuses: 1 to 253 of letters, digits, `-`, `_`, `.`.
    #[error("key {0:?} is not valid: use 1 to 253 letters, digits, '-', '_' or '.'")]
    Key(String),
    /// All values together are more than the API server stores.
    #[error("the values are larger than the 1 MiB that a Secret can hold")]
    TooLarge,
}

/// The objects of a document: itself, or the items of a `v1.List` (also nested).
pub fn objects(root: &Node) -> Vec<&Node> {
    let kind = root.get("kind").and_then(Node::public_text).unwrap_or_default();
    match root.get("items").and_then(Node::elements) {
        Some(items) if kind == "List" || kind.ends_with("List") => items.iter().flat_map(objects).collect(),
        _ => vec![root],
    }
}

/// `apiVersion/kind` of an object, for messages and dispatch.
pub fn kind_of(node: &Node) -> (&str, &str) {
    let text = |key| node.get(key).and_then(Node::public_text).unwrap_or_default();
    (text("apiVersion"), text("kind"))
}

/// True for a name that may be a key of `data` (`IsConfigMapKey` of the API server).
pub fn valid_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 253
        && key != "."
        && !key.starts_with("..")
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl SecretObject {
    /// Reads a Secret from a resolved document node.
    pub fn from_node(node: &Node) -> Result<Self, SecretError> {
        let (api, kind) = kind_of(node);
        if (api, kind) != ("v1", "Secret") {
            let found = match (api, kind) {
                ("", "") => format!("a {} without apiVersion and kind", node.kind_name()),
                (api, kind) => format!("kind {kind:?} of apiVersion {api:?}"),
            };
            return Err(SecretError { at: node.at, problem: SecretProblem::NotASecret(found) });
        }
        let mut data = BTreeMap::new();
        for entry in map_entries(node, "data")? {
            data.insert(entry.key.clone(), decode(entry)?);
        }
        for entry in map_entries(node, "stringData")? {
            data.insert(entry.key.clone(), text_value(entry)?);
        }
        if data.values().map(SecretBytes::len).sum::<usize>() > MAX_SECRET_BYTES {
            return Err(SecretError { at: node.at, problem: SecretProblem::TooLarge });
        }
        Ok(Self { metadata: metadata(node)?, type_: type_field(node)?, immutable: immutable_field(node)?, data })
    }

    /// `metadata.namespace`, empty when absent.
    pub fn namespace(&self) -> &str {
        self.metadata.get("namespace").and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.name`, empty when absent.
    pub fn name(&self) -> &str {
        self.metadata.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The scope its annotations ask for.
    pub fn scope(&self) -> Scope {
        crate::scope_of(&self.metadata)
    }

    /// The Secret as a document, with `data` in base64 and sorted keys.
    pub fn to_node(&self) -> Node {
        let public = |value: &Value| Node::from_json(value);
        let mut entries = vec![entry("apiVersion", Node::text("v1".to_owned())), entry("kind", Node::text("Secret".to_owned()))];
        entries.push(entry("metadata", public(&Value::Object(self.metadata.clone()))));
        if let Some(type_) = &self.type_ {
            entries.push(entry("type", Node::text(type_.clone())));
        }
        if let Some(immutable) = self.immutable {
            entries.push(entry("immutable", public(&Value::Bool(immutable))));
        }
        let data = self.data.iter().map(|(key, value)| entry(key, Node::text(STANDARD.encode(value.expose())))).collect();
        entries.push(entry("data", Node { kind: Kind::Map(data), at: Position::default() }));
        Node { kind: Kind::Map(entries), at: Position::default() }
    }
}

/// An entry made in memory.
pub(crate) fn entry(key: &str, value: Node) -> Entry {
    Entry { key: key.to_owned(), key_at: Position::default(), value }
}

fn wrong_type(at: Position, field: impl Into<String>, expected: &'static str, found: &'static str) -> SecretError {
    SecretError { at, problem: SecretProblem::Type { field: field.into(), expected, found } }
}

fn map_entries<'a>(node: &'a Node, field: &str) -> Result<&'a [Entry], SecretError> {
    let Some(map) = node.get(field).filter(|value| !value.is_null()) else { return Ok(&[]) };
    let entries = map.entries().ok_or_else(|| wrong_type(map.at, field, "a map", map.kind_name()))?;
    match entries.iter().find(|entry| !valid_key(&entry.key)) {
        Some(bad) => Err(SecretError { at: bad.key_at, problem: SecretProblem::Key(bad.key.clone()) }),
        None => Ok(entries),
    }
}

/// Go's decoding of `[]byte`: standard alphabet, padded, CR and LF skipped.
fn decode(entry: &Entry) -> Result<SecretBytes, SecretError> {
    let value = &entry.value;
    if value.is_null() {
        return Ok(SecretBytes::default());
    }
    let text = value
        .secret_text()
        .ok_or_else(|| wrong_type(value.at, format!("data.{}", entry.key), "base64 text (quote it)", value.kind_name()))?;
    let packed: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.expose().iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect());
    STANDARD
        .decode(&*packed)
        .map(SecretBytes::from)
        .map_err(|_| SecretError { at: value.at, problem: SecretProblem::Base64(entry.key.clone()) })
}

fn text_value(entry: &Entry) -> Result<SecretBytes, SecretError> {
    let value = &entry.value;
    match &value.kind {
        Kind::Null => Ok(SecretBytes::default()),
        Kind::Text(text) => Ok(text.clone()),
        _ => Err(wrong_type(value.at, format!("stringData.{}", entry.key), "text (quote it)", value.kind_name())),
    }
}

fn metadata(node: &Node) -> Result<Map<String, Value>, SecretError> {
    let Some(meta) = node.get("metadata").filter(|meta| !meta.is_null()) else { return Ok(Map::new()) };
    let Value::Object(mut map) = meta.to_public_json() else {
        return Err(wrong_type(meta.at, "metadata", "a map", meta.kind_name()));
    };
    strip_server_fields(&mut map);
    for field in ["name", "namespace"] {
        if let Some(bad) = meta.get(field).filter(|value| value.public_text().is_none() && !value.is_null()) {
            return Err(wrong_type(bad.at, format!("metadata.{field}"), "text (quote it)", bad.kind_name()));
        }
    }
    Ok(map)
}

/// Takes away what the server wrote and the annotations that hold a whole Secret in clear.
pub fn strip_server_fields(metadata: &mut Map<String, Value>) {
    metadata.retain(|key, value| !SERVER_FIELDS.contains(&key.as_str()) && !value.is_null());
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !LEAKING_ANNOTATIONS.contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}

fn type_field(node: &Node) -> Result<Option<String>, SecretError> {
    let Some(value) = node.get("type").filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.public_text().ok_or_else(|| wrong_type(value.at, "type", "text", value.kind_name()))?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn immutable_field(node: &Node) -> Result<Option<bool>, SecretError> {
    match node.get("immutable").map(|value| (&value.kind, value)) {
        None | Some((Kind::Null, _)) => Ok(None),
        Some((Kind::Bool(flag), _)) => Ok(Some(*flag)),
        Some((_, value)) => Err(wrong_type(value.at, "immutable", "true or false", value.kind_name())),
    }
}

#[cfg(test)]
mod tests {
    use seal_manifest::ManifestFile;

    use super::*;

    fn read(text: &str) -> Result<SecretObject, String> {
        let file = ManifestFile::parse("test.yaml", text.to_owned()).map_err(|error| error.to_string())?;
        SecretObject::from_node(&file.documents[0].root).map_err(|error| error.to_string())
    }

    fn head(rest: &str) -> String {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: database, namespace: shop}}\n{rest}")
    }

    #[test]
    fn string_data_wins_over_data_and_null_is_empty() {
        let secret = read(&head("data: {a: b25l, b: dHdv, gone: null}\nstringData: {a: three, e: null}\n")).expect("a Secret");
        let expected = [("a", "three"), ("b", "two"), ("e", ""), ("gone", "")];
        assert_eq!(secret.data.len(), expected.len());
        for (key, value) in expected {
            assert!(secret.data[key] == SecretBytes::from(value.to_owned()), "key {key}");
        }
    }

    #[test]
    fn base64_may_be_wrapped_over_lines() {
        let secret = read(&head("data:\n  a: |\n    b25\n    l\n")).expect("a Secret");
        assert!(secret.data["a"] == SecretBytes::from("one".to_owned()));
    }

    #[test]
    fn what_the_api_server_refuses_is_refused_with_its_place_and_without_the_value() {
        let cases = [
            ("data: {a: hunter2!}\n", "4:11: data.a is not base64 (put clear text under stringData)"),
            ("data: {a: b25}\n", "4:11: data.a is not base64 (put clear text under stringData)"),
            ("stringData: {a: 42}\n", "4:17: stringData.a must be text (quote it), found number"),
            ("stringData: {a: yes}\n", "4:17: stringData.a must be text (quote it), found boolean"),
            ("data: [a]\n", "4:7: data must be a map, found list"),
            ("stringData: {a/b: x}\n", "4:14: key \"a/b\" is not valid: use 1 to 253 letters, digits, '-', '_' or '.'"),
            ("type: [a]\n", "4:7: type must be text, found list"),
            ("immutable: 1\n", "4:12: immutable must be true or false, found number"),
        ];
        for (rest, expected) in cases {
            assert_eq!(read(&head(rest)).err().as_deref(), Some(expected), "{rest}");
        }
    }

    #[test]
    fn another_kind_is_named_not_sealed() {
        let error = read("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n").err().expect("refused");
        assert_eq!(error, "1:1: expected a Secret of apiVersion v1, found kind \"ConfigMap\" of apiVersion \"v1\"");
        assert!(read("{}").err().expect("refused").contains("without apiVersion and kind"));
    }

    #[test]
    fn server_fields_and_leaking_annotations_are_left_behind() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  uid: x\n  resourceVersion: '1'\n  creationTimestamp: null\n  \
                    managedFields: []\n  ownerReferences: []\n  labels: {keep: 'yes'}\n  annotations:\n    \
                    kubectl.kubernetes.io/last-applied-configuration: hunter2\n    keep: me\n";
        let secret = read(text).expect("a Secret");
        assert_eq!(
            Value::Object(secret.metadata),
            serde_json::json!({"name": "a", "labels": {"keep": "yes"}, "annotations": {"keep": "me"}})
        );
    }

    #[test]
    fn a_list_gives_its_items() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret}\n- {apiVersion: v1, kind: SecretList, items: [{apiVersion: v1, kind: Secret}]}\n";
        let file = ManifestFile::parse("test.yaml", text.to_owned()).expect("YAML");
        assert_eq!(objects(&file.documents[0].root).iter().map(|node| kind_of(node)).collect::<Vec<_>>(), [("v1", "Secret"); 2]);
    }

    #[test]
    fn more_than_the_api_server_stores_is_refused() {
        let text = head(&format!("stringData: {{a: {}}}\n", "x".repeat(MAX_SECRET_BYTES + 1)));
        assert!(read(&text).err().expect("refused").contains("1 MiB"));
    }
}
