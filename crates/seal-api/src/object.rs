//! What every kind has: its names, its metadata, and a reader that never fails. A wrong JSON type in one field becomes a
//! problem of that object, named by path; a strict decoder would fail a whole list or watch because of one object.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How the API server knows a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// `apiVersion` of an object.
    pub api_version: &'static str,
    /// `kind` of an object.
    pub kind: &'static str,
    /// The resource's name in URLs.
    pub plural: &'static str,
}

/// Metadata the controller looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Resource version, opaque.
    pub resource_version: String,
    /// Generation; 0 when absent.
    pub generation: i64,
    /// True when a deletion timestamp is set.
    pub deleting: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Meta {
    /// True when a scope, `managed`, `patch` or similar annotation of the object is exactly `true`.
    pub fn is_annotated(&self, name: &str) -> bool {
        self.annotations.get(name).is_some_and(|v| v == "true")
    }
}

/// Reads fields and notes what is wrong. Problems are paths, in the order of reading; never values.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<String>,
}

impl Reader {
    /// `metadata` and `spec` of an object.
    pub(crate) fn halves<'a>(&mut self, value: &'a Value) -> (Meta, Option<&'a Map<String, Value>>) {
        if !value.is_object() {
            self.problems.push("the object".into());
        }
        let empty = Map::new();
        let meta = self.meta(value.get("metadata").and_then(Value::as_object).unwrap_or(&empty));
        let spec = value.get("spec").and_then(Value::as_object);
        if spec.is_none() {
            self.problems.push("spec".into());
        }
        (meta, spec)
    }

    fn meta(&mut self, map: &Map<String, Value>) -> Meta {
        Meta {
            namespace: self.text(map, "metadata", "namespace"),
            name: self.text(map, "metadata", "name"),
            uid: self.text(map, "metadata", "uid"),
            resource_version: self.text(map, "metadata", "resourceVersion"),
            generation: map.get("generation").and_then(Value::as_i64).unwrap_or(0),
            deleting: map.get("deletionTimestamp").is_some_and(|v| !v.is_null()),
            labels: self.texts(map, "metadata", "labels"),
            annotations: self.texts(map, "metadata", "annotations"),
        }
    }

    /// A text; empty when absent.
    pub(crate) fn text(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> String {
        self.optional_text(map, path, key).unwrap_or_default()
    }

    /// A text; `None` when absent.
    pub(crate) fn optional_text(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> Option<String> {
        match map.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => self.wrong(path, key),
        }
    }

    /// A flag; `None` when absent.
    pub(crate) fn flag(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> Option<bool> {
        match map.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => self.wrong(path, key),
        }
    }

    /// A map; `None` when absent.
    pub(crate) fn map<'a>(&mut self, map: &'a Map<String, Value>, path: &str, key: &str) -> Option<&'a Map<String, Value>> {
        match map.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Object(inner)) => Some(inner),
            Some(_) => self.wrong(path, key),
        }
    }

    /// A map of texts; entries of another type are problems and left out.
    pub(crate) fn texts(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let here = format!("{path}.{key}");
        for (name, value) in self.map(map, path, key).into_iter().flatten() {
            match value {
                Value::String(text) => drop(out.insert(name.clone(), text.clone())),
                _ => self.problems.push(format!("{here}.{name}")),
            }
        }
        out
    }

    fn wrong<T>(&mut self, path: &str, key: &str) -> Option<T> {
        self.problems.push(format!("{path}.{key}"));
        None
    }
}
