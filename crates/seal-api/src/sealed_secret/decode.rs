//! The tolerant view of a SealedSecret: a wrong JSON type in one field becomes a problem of that object and never an error.
//!
//! A strict decoder would fail a whole list or watch because of one object, so nothing here returns `Result`.

use super::Status;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

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

/// `spec.template`: what the Secret looks like besides its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Labels for the Secret.
    pub labels: BTreeMap<String, String>,
    /// Annotations for the Secret.
    pub annotations: BTreeMap<String, String>,
    /// Finalizers asked for.
    pub finalizers: Vec<String>,
    /// True when the template names owners.
    pub has_owner_references: bool,
    /// Secret type; empty when not given.
    pub kind: String,
    /// Immutable flag.
    pub immutable: Option<bool>,
    /// Go templates by key; `None` is an explicit null.
    pub data: BTreeMap<String, Option<String>>,
}

/// `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Sealed items by key, base64 text.
    pub encrypted_data: BTreeMap<String, String>,
    /// The deprecated single blob, base64 text.
    pub data: Option<String>,
    /// The template.
    pub template: Template,
}

/// A SealedSecret as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedSecret {
    /// Metadata.
    pub meta: Meta,
    /// Spec.
    pub spec: Spec,
    /// Status as last written.
    pub status: Status,
    /// Paths of fields with a wrong JSON type, in document order of our reading. Never values.
    pub problems: Vec<String>,
}

impl SealedSecret {
    /// Reads any JSON value.
    pub fn from_value(value: &Value) -> Self {
        let mut reader = Reader { problems: Vec::new() };
        let empty = Map::new();
        let root = value.as_object().unwrap_or(&empty);
        if !value.is_object() {
            reader.problems.push("the object".into());
        }
        let meta = reader.meta(reader_object(root, "metadata").unwrap_or(&empty));
        let spec = match root.get("spec") {
            Some(Value::Object(spec)) => reader.spec(spec),
            _ => {
                reader.problems.push("spec".into());
                Spec::default()
            }
        };
        let status = Status::from_value(root.get("status"));
        Self { meta, spec, status, problems: reader.problems }
    }

    /// True when a scope, `managed`, `patch` or similar annotation of the object is exactly `true`.
    pub fn is_annotated(&self, name: &str) -> bool {
        self.meta.annotations.get(name).is_some_and(|v| v == "true")
    }
}

fn reader_object<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    map.get(key).and_then(Value::as_object)
}

struct Reader {
    problems: Vec<String>,
}

impl Reader {
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

    fn spec(&mut self, map: &Map<String, Value>) -> Spec {
        let data = match map.get("data") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                self.problems.push("spec.data".into());
                None
            }
        };
        Spec { encrypted_data: self.texts(map, "spec", "encryptedData"), data, template: self.template(map.get("template")) }
    }

    fn template(&mut self, value: Option<&Value>) -> Template {
        let map = match value {
            None | Some(Value::Null) => return Template::default(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.problems.push("spec.template".into());
                return Template::default();
            }
        };
        let empty = Map::new();
        let meta = match map.get("metadata") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(meta)) => meta,
            Some(_) => {
                self.problems.push("spec.template.metadata".into());
                &empty
            }
        };
        let immutable = match map.get("immutable") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.problems.push("spec.template.immutable".into());
                None
            }
        };
        Template {
            labels: self.texts(meta, "spec.template.metadata", "labels"),
            annotations: self.texts(meta, "spec.template.metadata", "annotations"),
            finalizers: meta
                .get("finalizers")
                .and_then(Value::as_array)
                .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
            has_owner_references: meta.get("ownerReferences").and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
            kind: self.text(map, "spec.template", "type"),
            immutable,
            data: self.template_data(map.get("data")),
        }
    }

    fn template_data(&mut self, value: Option<&Value>) -> BTreeMap<String, Option<String>> {
        let mut out = BTreeMap::new();
        match value {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                for (key, value) in map {
                    match value {
                        Value::Null => drop(out.insert(key.clone(), None)),
                        Value::String(text) => drop(out.insert(key.clone(), Some(text.clone()))),
                        _ => self.problems.push(format!("spec.template.data.{key}")),
                    }
                }
            }
            Some(_) => self.problems.push("spec.template.data".into()),
        }
        out
    }

    fn text(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> String {
        match map.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => {
                self.problems.push(format!("{path}.{key}"));
                String::new()
            }
        }
    }

    fn texts(&mut self, map: &Map<String, Value>, path: &str, key: &str) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        match map.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => {
                for (name, value) in entries {
                    match value {
                        Value::String(text) => drop(out.insert(name.clone(), text.clone())),
                        _ => self.problems.push(format!("{path}.{key}.{name}")),
                    }
                }
            }
            Some(_) => self.problems.push(format!("{path}.{key}")),
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(value: Value) -> Vec<String> {
        SealedSecret::from_value(&value).problems
    }

    #[test]
    fn a_whole_object_is_read() {
        let read = SealedSecret::from_value(&json!({
            "metadata": {"namespace": "prod", "name": "db", "uid": "u1", "resourceVersion": "7", "generation": 3, "annotations": {super::super::CLUSTER_WIDE: "true"}},
            "spec": {
                "encryptedData": {"password": "AgA="},
                "template": {"metadata": {"labels": {"a": "b"}, "finalizers": ["x/y"]}, "type": "Opaque", "immutable": true, "data": {"url": "{{ .password }}", "gone": null}},
            },
        }));
        assert_eq!(read.problems, Vec::<String>::new());
        assert_eq!(read.meta.generation, 3);
        assert!(read.is_annotated(super::super::CLUSTER_WIDE));
        assert_eq!(read.spec.encrypted_data["password"], "AgA=");
        assert_eq!(read.spec.template.immutable, Some(true));
        assert_eq!(read.spec.template.data["gone"], None);
        assert_eq!(read.spec.template.finalizers, ["x/y"]);
    }

    #[test]
    fn a_wrong_type_is_a_problem_of_that_field_and_the_rest_is_still_read() {
        let read = SealedSecret::from_value(
            &json!({"metadata": {"name": "a"}, "spec": {"encryptedData": {"good": "AgA=", "bad": 5, "worse": {"x": "hunter2"}}}}),
        );
        assert_eq!(read.problems, ["spec.encryptedData.bad", "spec.encryptedData.worse"]);
        assert_eq!(read.spec.encrypted_data.len(), 1);
    }

    #[test]
    fn nothing_of_any_shape_panics_or_repeats_a_value() {
        for (value, expected) in [
            (json!(null), vec!["the object", "spec"]),
            (json!({"spec": []}), vec!["spec"]),
            (json!({"spec": {"encryptedData": "hunter2"}}), vec!["spec.encryptedData"]),
            (json!({"spec": {"template": 1}}), vec!["spec.template"]),
            (json!({"spec": {"template": {"metadata": "hunter2"}}}), vec!["spec.template.metadata"]),
            (
                json!({"spec": {"template": {"immutable": "yes", "type": 4, "data": {"k": 1}}}}),
                vec!["spec.template.immutable", "spec.template.type", "spec.template.data.k"],
            ),
            (json!({"metadata": {"labels": {"a": 1}}, "spec": {"data": {}}}), vec!["metadata.labels.a", "spec.data"]),
        ] {
            assert_eq!(problems(value), expected);
        }
    }
}
