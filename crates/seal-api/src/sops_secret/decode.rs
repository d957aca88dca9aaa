//! The tolerant view of a SopsSecret: a wrong JSON type in one field becomes a problem of that object and never an error.

use crate::object::Reader;
use crate::{Meta, Status};
use serde_json::{Map, Value};

/// `spec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The SOPS-encrypted Secret, YAML or JSON, to the byte.
    pub sops: String,
    /// Leave the Secret as it is until this is taken away.
    pub suspend: bool,
    /// A Secret of the object's own namespace whose `*.agekey` entries open the document, and nothing else does.
    pub key_secret: Option<String>,
}

/// A SopsSecret as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SopsSecret {
    /// Metadata.
    pub meta: Meta,
    /// Spec.
    pub spec: Spec,
    /// Status as last written.
    pub status: Status,
    /// Paths of fields that are missing or have a wrong JSON type. Never values.
    pub problems: Vec<String>,
}

impl SopsSecret {
    /// Reads any JSON value.
    pub fn from_value(value: &Value) -> Self {
        let mut reader = Reader::default();
        let (meta, spec) = reader.halves(value);
        let spec = spec.map(|spec| read_spec(&mut reader, spec)).unwrap_or_default();
        Self { meta, spec, status: Status::from_value(value.get("status")), problems: reader.problems }
    }
}

fn read_spec(reader: &mut Reader, map: &Map<String, Value>) -> Spec {
    let sops = reader.text(map, "spec", "sops");
    let reference = reader.map(map, "spec", "keySecretRef");
    let key_secret = reference.map(|reference| reader.text(reference, "spec.keySecretRef", "name"));
    // A reference to nothing must not fall back to the installation's own identities.
    if key_secret.as_ref().is_some_and(String::is_empty) {
        reader.problems.push("spec.keySecretRef.name".into());
    }
    Spec { sops, suspend: reader.flag(map, "spec", "suspend").unwrap_or(false), key_secret }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_object_is_read() {
        let read = SopsSecret::from_value(&json!({
            "metadata": {"namespace": "prod", "name": "db", "uid": "u1", "generation": 2},
            "spec": {"sops": "kind: Secret\n", "suspend": true, "keySecretRef": {"name": "team"}},
            "status": {"observedGeneration": 1},
        }));
        assert_eq!(read.problems, Vec::<String>::new());
        let spec = Spec { sops: "kind: Secret\n".into(), suspend: true, key_secret: Some("team".into()) };
        assert_eq!((read.spec, read.status.observed_generation), (spec, 1));
    }

    #[test]
    fn what_is_wrong_is_named_by_path_and_never_by_value() {
        for (value, expected) in [
            (json!(null), vec!["the object", "spec"]),
            (json!({"spec": "hunter2"}), vec!["spec"]),
            (json!({"spec": {"sops": {"a": "hunter2"}}}), vec!["spec.sops"]),
            (json!({"spec": {"sops": "x", "suspend": "hunter2"}}), vec!["spec.suspend"]),
            (json!({"spec": {"sops": "x", "keySecretRef": {}}}), vec!["spec.keySecretRef.name"]),
            (json!({"spec": {"sops": "x", "keySecretRef": "team"}}), vec!["spec.keySecretRef"]),
            (json!({"spec": {"sops": "x"}}), vec![]),
        ] {
            assert_eq!(SopsSecret::from_value(&value).problems, expected, "{value}");
        }
    }
}
