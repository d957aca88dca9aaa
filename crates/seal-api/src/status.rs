//! `status` of every kind: upstream's fields, and beside them the record that lets a restart skip unchanged objects.
//!
//! Upstream's controller ignores and drops the added fields, so going back needs no clean-up.

use crate::{Condition, ConditionType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What was last written to the Secret. A cache: its only effect may be to skip work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretRecord {
    /// UID of the Secret.
    pub uid: String,
    /// Its resource version right after our write.
    pub resource_version: String,
    /// True when the Secret is owned by or managed for this object, so that it is made again after a deletion.
    pub owned: bool,
    /// MAC over everything the Secret was made from.
    pub inputs: String,
    /// MAC over the Secret's data.
    pub data: String,
    /// MAC over this record, so that no field of it can be swapped.
    pub seal: String,
}

/// `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Generation that the conditions speak of.
    pub observed_generation: i64,
    /// Conditions, `Synced` first.
    pub conditions: Vec<Condition>,
    /// The record of the last write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretRecord>,
    /// Fingerprints of the keys that opened the items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

impl Status {
    /// Reads whatever is there; an unreadable part is as if absent and is written anew.
    pub fn from_value(value: Option<&Value>) -> Self {
        let Some(Value::Object(map)) = value else { return Self::default() };
        let conditions = map.get("conditions").and_then(Value::as_array);
        Self {
            observed_generation: map.get("observedGeneration").and_then(Value::as_i64).unwrap_or(0),
            conditions: conditions.into_iter().flatten().filter_map(|c| Condition::deserialize(c).ok()).collect(),
            secret: map.get("secret").and_then(|s| SecretRecord::deserialize(s).ok()),
            keys: map.get("keys").and_then(|k| Vec::deserialize(k).ok()).unwrap_or_default(),
        }
    }

    /// The condition of a type.
    pub fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_broken_condition_does_not_hide_the_others() {
        let status = Status::from_value(Some(&json!({
            "observedGeneration": 2,
            "conditions": [{"type": 4}, {"type": "Synced", "status": "True"}],
            "secret": "no",
            "keys": {"a": 1},
        })));
        assert_eq!(status.observed_generation, 2);
        assert!(status.condition(ConditionType::Synced).is_some());
        assert_eq!(status.secret, None);
        assert!(status.keys.is_empty());
    }

    #[test]
    fn a_status_survives_writing_and_reading() {
        let status = Status {
            observed_generation: 4,
            conditions: vec![],
            secret: Some(SecretRecord {
                uid: "u".into(),
                resource_version: "9".into(),
                owned: true,
                inputs: "i".into(),
                data: "d".into(),
                seal: "s".into(),
            }),
            keys: vec!["SHA256:x".into()],
        };
        assert_eq!(Status::from_value(Some(&serde_json::to_value(&status).unwrap())), status);
    }
}
