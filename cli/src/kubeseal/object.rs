//! Objects in the field order of the API's own types, which is the order kubeseal prints JSON in. Fields the types do not know are dropped,
//! as they are by the original.

use seal_core::{
    sealed::{API_VERSION, KIND, SealedObject, Template},
    secret::SecretObject,
};
use seal_manifest::{Entry, Kind, Node, Position};
use serde_json::{Map, Value};

/// ObjectMeta in its order.
const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// A mapping in the given order.
pub fn map(entries: Vec<(&str, Node)>) -> Node {
    let entries =
        entries.into_iter().map(|(key, value)| Entry { key: key.to_owned(), key_at: Position::default(), value }).collect();
    Node { kind: Kind::Map(entries), at: Position::default() }
}

fn text(text: &str) -> Node {
    Node::text(text.to_owned())
}

/// Known metadata fields that are not empty.
pub fn metadata(fields: &Map<String, Value>) -> Node {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    };
    let present = METADATA.into_iter().filter_map(|name| fields.get(name).map(|value| (name, value)));
    map(present.filter(|(_, value)| !empty(value)).map(|(name, value)| (name, Node::from_json(value))).collect())
}

/// A SealedSecret.
pub fn sealed(object: &SealedObject) -> Node {
    let items = object.items.iter().map(|(key, item)| (key.as_str(), text(item))).collect();
    let mut spec = vec![("template", template(&object.template))];
    if let Some(blob) = &object.blob {
        spec.push(("data", text(blob)));
    }
    spec.push(("encryptedData", map(items)));
    map(vec![
        ("kind", text(KIND)),
        ("apiVersion", text(API_VERSION)),
        ("metadata", metadata(&object.metadata)),
        ("spec", map(spec)),
    ])
}

fn template(template: &Template) -> Node {
    let mut fields = vec![("metadata", metadata(&template.metadata))];
    if let Some(type_) = &template.type_ {
        fields.push(("type", text(type_)));
    }
    if let Some(immutable) = template.immutable {
        fields.push(("immutable", Node::from_json(&Value::Bool(immutable))));
    }
    if !template.data.is_empty() {
        fields.push(("data", Node::from_json(&serde_json::json!(template.data))));
    }
    map(fields)
}

/// A Secret in clear, values in base64.
pub fn secret(object: &SecretObject) -> Node {
    let mut fields = vec![("kind", text("Secret")), ("apiVersion", text("v1")), ("metadata", metadata(&object.metadata))];
    if let Some(immutable) = object.immutable {
        fields.push(("immutable", Node::from_json(&Value::Bool(immutable))));
    }
    if let Some(data) = object.to_node().get("data").filter(|_| !object.data.is_empty()) {
        fields.push(("data", data.clone()));
    }
    if let Some(type_) = &object.type_ {
        fields.push(("type", text(type_)));
    }
    map(fields)
}
