//! One object as the cluster has it: what its conditions say, and what it was sealed with.

use crate::sops::keypath;
use seal_core::{claim::keys_of, sealed::SealedObject};
use seal_crypto::age::Recipient;
use seal_sops::{LeafState, SopsFile, Store, Type};
use serde_json::{Value, json};

/// Kinds that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    SealedSecret,
    SopsSecret,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::SealedSecret => "SealedSecret",
            Kind::SopsSecret => "SopsSecret",
        }
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) name: String,
    /// `True`, `False`, or `Waiting` while the controller has not looked at the present generation.
    pub(super) ready: String,
    pub(super) reason: String,
    pub(super) message: String,
    /// Seconds since it was created.
    pub(super) age: Option<i64>,
    /// Seconds since its Secret was known to be as sealed; `None` when that never was, or is not known.
    pub(super) last_success: Option<i64>,
    /// Items with the keys they claim; none is "not claimed".
    pub(super) items: Vec<(String, Vec<String>)>,
}

impl Row {
    /// From an item of a list.
    pub(super) fn of(kind: Kind, object: &Value, now: i64) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let of_type = |kind: &str| conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
        let condition = of_type("Synced").or_else(|| of_type("Ready"));
        let part = |field: &str| condition.and_then(|condition| condition[field].as_str()).unwrap_or_default().to_owned();
        let reason =
            of_type("Ready").and_then(|condition| condition["reason"].as_str()).map_or_else(|| part("reason"), str::to_owned);
        let behind = object.pointer("/status/observedGeneration").and_then(Value::as_i64)
            != object.pointer("/metadata/generation").and_then(Value::as_i64);
        let status = part("status");
        // When it ceased to be as sealed is told by the condition; that it ever was, by the record of the last write.
        let succeeded = match status.as_str() {
            "True" => part("lastUpdateTime"),
            "False" if object.pointer("/status/secret").is_some() => part("lastTransitionTime"),
            _ => String::new(),
        };
        let since = |text: String| text.parse::<jiff::Timestamp>().ok().map(|at| now - at.as_second());
        Row {
            kind,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            ready: if status.is_empty() || behind { "Waiting".to_owned() } else { status },
            reason,
            message: part("message"),
            age: since(text("/metadata/creationTimestamp")),
            last_success: since(succeeded),
            items: match kind {
                Kind::SealedSecret => sealed_items(object),
                Kind::SopsSecret => sops_items(&text("/spec/sops")),
            },
        }
    }

    /// The keys of all items, each once.
    pub(super) fn keys(&self) -> String {
        let of = |keys: &'_ [String]| if keys.is_empty() { "?".to_owned() } else { keys.join(",") };
        let mut keys: Vec<String> = self.items.iter().map(|(_, keys)| of(keys)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.join(",")
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready == "True"
    }

    pub(super) fn as_json(&self) -> Value {
        let item = |(item, keys): &(String, Vec<String>)| json!({"name": item, "claimedKey": keys.first(), "claimedKeys": keys});
        json!({
            "kind": self.kind.as_str(),
            "namespace": self.namespace,
            "name": self.name,
            "synced": self.ready,
            "reason": self.reason,
            "message": self.message,
            "ageSeconds": self.age,
            "lastSuccessSeconds": self.last_success,
            "items": self.items.iter().map(item).collect::<Vec<_>>(),
        })
    }
}

/// Items of a list carry no kind of their own.
fn sealed_items(object: &Value) -> Vec<(String, Vec<String>)> {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".into(), seal_core::sealed::API_VERSION.into());
        map.insert("kind".into(), seal_core::sealed::KIND.into());
    }
    let sealed = SealedObject::from_json(&object).unwrap_or_default();
    keys_of(&sealed).into_iter().map(|(item, keys)| (item, keys.iter().map(ToString::to_string).collect())).collect()
}

/// The sealed values of a document: each of them opens with any of its recipients.
fn sops_items(text: &str) -> Vec<(String, Vec<String>)> {
    let store = if text.trim_start().starts_with('{') { Store::Json } else { Store::Yaml };
    let Ok(file) = SopsFile::parse("spec.sops", store, text.to_owned()) else { return Vec::new() };
    let recipients = file.metadata().into_iter().flat_map(|metadata| metadata.age_keys());
    let keys: Vec<String> = recipients
        .filter_map(|key| key.recipient.parse::<Recipient>().ok())
        .map(|recipient| recipient.fingerprint().to_string())
        .collect();
    let sealed = |state: &LeafState<'_>| matches!(state, LeafState::Sealed(kind, _) if *kind != Type::Comment);
    let leaves = file.leaves().unwrap_or_default().into_iter().filter(|leaf| sealed(&leaf.state));
    leaves.map(|leaf| (keypath::shown(&leaf.path), keys.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Row};
    use serde_json::json;

    fn of(status: &str, record: bool) -> Row {
        let mut object = json!({
            "metadata": {"namespace": "shop", "name": "db", "generation": 1, "creationTimestamp": "1970-01-01T00:00:10Z"},
            "spec": {"sops": include_str!("../../../../tests/cli/cases/sops/files.in/prod/db.yaml")},
            "status": {"observedGeneration": 1, "conditions": [
                {"type": "Synced", "status": status, "lastUpdateTime": "1970-01-01T00:00:40Z", "lastTransitionTime": "1970-01-01T00:00:30Z"}]},
        });
        if record {
            object["status"]["secret"] = json!({});
        }
        Row::of(Kind::SopsSecret, &object, 100)
    }

    #[test]
    fn the_last_success_is_the_last_look_or_the_end_of_it() {
        for (status, record, expected) in [("True", true, Some(60)), ("False", true, Some(70)), ("False", false, None)] {
            assert_eq!(of(status, record).last_success, expected, "{status} {record}");
        }
    }

    #[test]
    fn values_of_a_document_are_items_without_their_text() {
        let row = of("True", true);
        let names: Vec<&str> = row.items.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["stringData.user", "stringData.password"]);
        assert!(row.keys().starts_with("SHA256:"), "{}", row.keys());
    }
}
