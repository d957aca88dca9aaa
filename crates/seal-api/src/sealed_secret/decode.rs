//! The tolerant view of a SealedSecret: a wrong JSON type in one field becomes a problem of that object and never an error.

use crate::object::Reader;
use crate::{Meta, Status};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

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
        let mut reader = Reader::default();
        let (meta, spec) = reader.halves(value);
        let spec = spec.map(|spec| read_spec(&mut reader, spec)).unwrap_or_default();
        Self { meta, spec, status: Status::from_value(value.get("status")), problems: reader.problems }
    }
}

fn read_spec(reader: &mut Reader, map: &Map<String, Value>) -> Spec {
    let data = reader.optional_text(map, "spec", "data");
    let encrypted_data = reader.texts(map, "spec", "encryptedData");
    let template = reader.map(map, "spec", "template").map(|template| read_template(reader, template)).unwrap_or_default();
    Spec { encrypted_data, data, template }
}

fn read_template(reader: &mut Reader, map: &Map<String, Value>) -> Template {
    let empty = Map::new();
    let meta = reader.map(map, "spec.template", "metadata").unwrap_or(&empty);
    let list = |name: &str| meta.get(name).and_then(Value::as_array);
    Template {
        immutable: reader.flag(map, "spec.template", "immutable"),
        labels: reader.texts(meta, "spec.template.metadata", "labels"),
        annotations: reader.texts(meta, "spec.template.metadata", "annotations"),
        finalizers: list("finalizers").into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        has_owner_references: list("ownerReferences").is_some_and(|list| !list.is_empty()),
        kind: reader.text(map, "spec.template", "type"),
        data: read_template_data(reader, map),
    }
}

fn read_template_data(reader: &mut Reader, map: &Map<String, Value>) -> BTreeMap<String, Option<String>> {
    let mut out = BTreeMap::new();
    for (key, value) in reader.map(map, "spec.template", "data").into_iter().flatten() {
        match value {
            Value::Null => drop(out.insert(key.clone(), None)),
            Value::String(text) => drop(out.insert(key.clone(), Some(text.clone()))),
            _ => reader.problems.push(format!("spec.template.data.{key}")),
        }
    }
    out
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
        assert!(read.meta.is_annotated(super::super::CLUSTER_WIDE));
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
