//! Statuses of ExternalSecrets and stores: upstream's fields, and what we add to them.

use crate::Condition;
use crate::status::SecretRecord;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What keeps an object from being in step, in terms that say what to do. Never a value, never an answer's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cause {
    /// One word of [`CauseCode`].
    pub code: String,
    /// Where: path of the entry, such as `spec.data[0]`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The store, `kind/name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub store: String,
    /// The key in the store.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// RFC 3339, since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// Why an object is not in step: the same word in status, event, metric and log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CauseCode {
    /// The object cannot be worked on as it is written.
    InvalidSpec,
    /// A kind, provider or field that is not served.
    Unsupported,
    /// The store does not exist.
    NoStore,
    /// The store exists and is not ready.
    StoreNotReady,
    /// The store may not be used from this namespace, or not for this key.
    NotAllowed,
    /// The store has no such secret or version.
    NoSecret,
    /// The secret has no such property.
    NoProperty,
    /// The store refuses us.
    Denied,
    /// The store asks for patience.
    Throttled,
    /// The store does not answer, or not sensibly.
    Unavailable,
    /// A value is not what the entry says it is.
    InvalidData,
    /// The template cannot be rendered.
    TemplateFailed,
    /// The target belongs to somebody else.
    Conflict,
    /// The target is immutable.
    Immutable,
    /// The target would be of a type or in a place that is never written.
    Refused,
    /// More targets than allowed would lose their data at once.
    Held,
    /// The API server refused or did not answer.
    ApiFailed,
}

impl CauseCode {
    /// Every code, for documentation and tests.
    pub const ALL: [CauseCode; 17] = [
        CauseCode::InvalidSpec,
        CauseCode::Unsupported,
        CauseCode::NoStore,
        CauseCode::StoreNotReady,
        CauseCode::NotAllowed,
        CauseCode::NoSecret,
        CauseCode::NoProperty,
        CauseCode::Denied,
        CauseCode::Throttled,
        CauseCode::Unavailable,
        CauseCode::InvalidData,
        CauseCode::TemplateFailed,
        CauseCode::Conflict,
        CauseCode::Immutable,
        CauseCode::Refused,
        CauseCode::Held,
        CauseCode::ApiFailed,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            CauseCode::InvalidSpec => "InvalidSpec",
            CauseCode::Unsupported => "Unsupported",
            CauseCode::NoStore => "NoStore",
            CauseCode::StoreNotReady => "StoreNotReady",
            CauseCode::NotAllowed => "NotAllowed",
            CauseCode::NoSecret => "NoSecret",
            CauseCode::NoProperty => "NoProperty",
            CauseCode::Denied => "Denied",
            CauseCode::Throttled => "Throttled",
            CauseCode::Unavailable => "Unavailable",
            CauseCode::InvalidData => "InvalidData",
            CauseCode::TemplateFailed => "TemplateFailed",
            CauseCode::Conflict => "Conflict",
            CauseCode::Immutable => "Immutable",
            CauseCode::Refused => "Refused",
            CauseCode::Held => "Held",
            CauseCode::ApiFailed => "ApiFailed",
        }
    }

    /// What to do about it, in one line.
    pub fn hint(self) -> &'static str {
        match self {
            CauseCode::InvalidSpec => "correct the field that is named",
            CauseCode::Unsupported => "use a provider or field that is served, or leave the object to the other controller",
            CauseCode::NoStore => "create the store, or correct its name and kind in the reference",
            CauseCode::StoreNotReady => "see the conditions of the store",
            CauseCode::NotAllowed => "ask the administrator of the store for access from this namespace",
            CauseCode::NoSecret => "create the secret in the store, or correct the key; deletionPolicy says what absence means",
            CauseCode::NoProperty => "correct the property, or add it to the secret",
            CauseCode::Denied => "grant the store's identity the right to read this key",
            CauseCode::Throttled => "it is tried again later; a longer refreshInterval asks less often",
            CauseCode::Unavailable => "it is tried again; see whether the store is up and reachable from the controller",
            CauseCode::InvalidData => "correct the value in the store, or the strategy in the entry",
            CauseCode::TemplateFailed => "correct the template at the position that is named",
            CauseCode::Conflict => "choose another target name, or let the target be taken over",
            CauseCode::Immutable => "delete the target so that it is made again, or choose another name",
            CauseCode::Refused => "choose another type or place for the target",
            CauseCode::Held => "see whether the store lost its data; raise the limit or annotate the object to go on",
            CauseCode::ApiFailed => "it is tried again; see whether the controller's rights are those of its manifests",
        }
    }

    /// True when waiting alone may help.
    pub fn is_transient(self) -> bool {
        matches!(self, CauseCode::StoreNotReady | CauseCode::Throttled | CauseCode::Unavailable | CauseCode::ApiFailed)
    }
}

/// `status` of an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalSecretStatus {
    /// RFC 3339, when the store was last asked with success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_time: Option<String>,
    /// What the object was like then: generation, `-`, and a digest of labels and annotations.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub synced_resource_version: String,
    /// Upstream's conditions: `Ready`, and `Deleted` of old.
    pub conditions: Vec<Condition>,
    /// `binding.name`: the target, for service bindings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// Generation that the conditions speak of.
    pub observed_generation: i64,
    /// Why it is not in step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Record of the target last written. It is only ever used to skip work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretRecord>,
}

/// `binding`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Name of the target.
    pub name: String,
}

/// `status` of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreStatus {
    /// Upstream's one condition: `Ready`.
    pub conditions: Vec<Condition>,
    /// What it can do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capabilities: String,
    /// Generation that the condition speaks of.
    pub observed_generation: i64,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

fn conditions(status: &Value) -> Vec<Condition> {
    let list = status.get("conditions").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|c| Condition::deserialize(c).ok()).collect()
}

fn part<T: for<'a> Deserialize<'a>>(status: &Value, key: &str) -> Option<T> {
    T::deserialize(status.get(key)?).ok()
}

impl ExternalSecretStatus {
    /// Reads whatever is there; an unreadable part is as if absent and is written anew.
    pub fn from_value(value: Option<&Value>) -> Self {
        let Some(status) = value else { return Self::default() };
        Self {
            refresh_time: part(status, "refreshTime"),
            synced_resource_version: part(status, "syncedResourceVersion").unwrap_or_default(),
            conditions: conditions(status),
            binding: part(status, "binding"),
            observed_generation: part(status, "observedGeneration").unwrap_or_default(),
            cause: part(status, "cause"),
            secret: part(status, "secret"),
        }
    }
}

impl StoreStatus {
    /// Reads whatever is there.
    pub fn from_value(value: Option<&Value>) -> Self {
        let Some(status) = value else { return Self::default() };
        Self {
            conditions: conditions(status),
            capabilities: part(status, "capabilities").unwrap_or_default(),
            observed_generation: part(status, "observedGeneration").unwrap_or_default(),
            cause: part(status, "cause"),
        }
    }

    /// True when objects may use the store.
    pub fn is_ready(&self) -> bool {
        self.conditions.iter().any(|c| c.kind == "Ready" && c.status == crate::ConditionStatus::True)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_each_says_what_to_do() {
        let words: BTreeSet<_> = CauseCode::ALL.iter().map(|code| code.as_str()).collect();
        let hints: BTreeSet<_> = CauseCode::ALL.iter().map(|code| code.hint()).collect();
        assert_eq!((words.len(), hints.len()), (CauseCode::ALL.len(), CauseCode::ALL.len()));
    }

    #[test]
    fn a_broken_part_of_a_status_hides_nothing_else() {
        let status = ExternalSecretStatus::from_value(Some(&json!({
            "refreshTime": 4, "syncedResourceVersion": "1-a", "conditions": [{"type": 1}, {"type": "Ready", "status": "True"}],
            "binding": "x", "observedGeneration": "1", "cause": "x", "secret": 4,
        })));
        assert_eq!((status.refresh_time, status.synced_resource_version.as_str(), status.conditions.len()), (None, "1-a", 1));
        assert_eq!((status.binding, status.cause, status.secret), (None, None, None));
    }

    #[test]
    fn a_status_survives_writing_and_reading() {
        let status = ExternalSecretStatus {
            refresh_time: Some("2026-01-01T00:00:00Z".into()),
            synced_resource_version: "1-a".into(),
            binding: Some(Binding { name: "x".into() }),
            observed_generation: 3,
            cause: Some(Cause { code: "Denied".into(), message: "m".into(), ..Cause::default() }),
            ..ExternalSecretStatus::default()
        };
        assert_eq!(ExternalSecretStatus::from_value(Some(&serde_json::to_value(&status).unwrap())), status);
    }
}
