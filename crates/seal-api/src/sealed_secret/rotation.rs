//! Asking the controller through the object itself: an annotation is the question, `status.rotation` the answer.
//!
//! Who may update a SealedSecret may ask. Question and answer hold ciphertext and names only.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// On the SealedSecret: seal its items to the newest key, and answer under this id.
pub const ROTATE_REQUEST: &str = "sealkit.dev/rotate-request";

/// Shortest and longest id.
const ID: std::ops::RangeInclusive<usize> = 8..=64;

/// `status.rotation`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rotation {
    /// The id that is answered.
    pub request: String,
    /// Generation whose items were looked at.
    pub observed_generation: i64,
    /// Scope that the new items are bound to.
    pub scope: String,
    /// Fingerprint of the key they are sealed to.
    pub key: String,
    /// New ciphertext of the items that were stale, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, String>,
    /// Why there is none, when it could not be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

impl Rotation {
    /// The answer in an object; one that cannot be read counts as an answer to nobody.
    pub fn of(object: &Value) -> Option<Self> {
        let answer = object.pointer("/status/rotation").filter(|answer| !answer.is_null())?;
        Some(Self::deserialize(answer).unwrap_or_default())
    }

    /// The id that an object asks under; anything that is not one is no question.
    pub fn asked(object: &Value) -> Option<&str> {
        let id = object.get("metadata")?.get("annotations")?.get(ROTATE_REQUEST)?.as_str()?;
        let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (plain && ID.contains(&id.len())).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_plain_id_of_sensible_length_is_a_question() {
        for (id, asked) in [
            (json!("0123456789abcdef"), true),
            (json!("by-hand-1"), true),
            (json!("short"), false),
            (json!("a".repeat(64)), true),
            (json!("a".repeat(65)), false),
            (json!("UPPER-CASE"), false),
            (json!("new\nline-in-it"), false),
            (json!(12345678), false),
            (json!(null), false),
        ] {
            let object = json!({"metadata": {"annotations": {ROTATE_REQUEST: id}}});
            assert_eq!(Rotation::asked(&object).is_some(), asked, "{id}");
        }
        assert_eq!(Rotation::asked(&json!({"metadata": {}})), None);
    }

    #[test]
    fn an_answer_survives_writing_and_reading_and_rubbish_is_an_answer_to_nobody() {
        let answer = Rotation {
            request: "0123456789abcdef".into(),
            observed_generation: 3,
            scope: "strict".into(),
            key: "SHA256:x".into(),
            items: [("a".into(), "AgA=".into())].into(),
            problem: String::new(),
        };
        assert_eq!(Rotation::of(&json!({"status": {"rotation": answer}})), Some(answer));
        assert_eq!(Rotation::of(&json!({"status": {"rotation": [1]}})), Some(Rotation::default()));
        for none in [json!({}), json!({"status": {"rotation": null}})] {
            assert_eq!(Rotation::of(&none), None);
        }
    }
}
