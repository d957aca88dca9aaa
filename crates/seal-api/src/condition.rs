//! Conditions and the closed list of reasons. No other place in the workspace spells one.

use serde::{Deserialize, Serialize};

/// The condition types Seal writes, in the order they appear in `status.conditions`.
///
/// `Synced` comes first: the printer columns of the CRD and Argo CD's health check read index 0 or this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// Upstream's one condition: the Secret carries what the object says.
    Synced,
    /// The same answer under the name that Flux and kstatus read.
    Ready,
    /// Present and true only when nothing but a user's action can help.
    Stalled,
    /// Present and true while the object is only as strong as its weakest item.
    Weak,
}

impl ConditionType {
    /// Its name in the object.
    pub fn as_str(self) -> &'static str {
        match self {
            ConditionType::Synced => "Synced",
            ConditionType::Ready => "Ready",
            ConditionType::Stalled => "Stalled",
            ConditionType::Weak => "Weak",
        }
    }
}

/// `True`, `False` or `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows yet.
    Unknown,
}

/// One entry of `status.conditions`, with upstream's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Name of the condition; a string because other writers may add theirs.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// RFC 3339, when this entry was last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<String>,
    /// RFC 3339, when `status` last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
    /// One word of [`Reason`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For people. Empty when all is well, as upstream has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Why a condition is as it is: goes to conditions, events and the metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Everything was opened and the Secret carries it.
    Unsealed,
    /// At least one item opens with no key that the controller holds for this scope, namespace and name.
    NoKey,
    /// The object itself is malformed.
    Invalid,
    /// A template of `spec.template.data` cannot be read or rendered.
    TemplateFailed,
    /// Items that do not bind their name, in a namespace for which the administrator demands those that do.
    V2Required,
    /// Some items bind their name and others do not.
    MixedItems,
    /// The SOPS document was changed after it was encrypted.
    MacMismatch,
    /// The SOPS document does not prove what it was encrypted for, in a namespace for which the administrator demands it.
    BindingRequired,
    /// The Secret asked for is one the controller never writes.
    Refused,
    /// A Secret of that name exists and is not managed by this object.
    NotManaged,
    /// The existing Secret is immutable.
    Immutable,
    /// The existing Secret has another type, which Kubernetes does not let change.
    TypeChanged,
    /// The Secret differs from what was sealed, and the drift policy is to report.
    Drifted,
    /// The API server refused or did not answer.
    ApiFailed,
    /// A defect of the controller while it worked on this object.
    Internal,
}

impl Reason {
    /// Every reason, for documentation and tests.
    pub const ALL: [Reason; 15] = [
        Reason::Unsealed,
        Reason::NoKey,
        Reason::Invalid,
        Reason::TemplateFailed,
        Reason::V2Required,
        Reason::MixedItems,
        Reason::MacMismatch,
        Reason::BindingRequired,
        Reason::Refused,
        Reason::NotManaged,
        Reason::Immutable,
        Reason::TypeChanged,
        Reason::Drifted,
        Reason::ApiFailed,
        Reason::Internal,
    ];

    /// The word in `condition.reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unsealed => "Unsealed",
            Reason::NoKey => "NoKey",
            Reason::Invalid => "Invalid",
            Reason::TemplateFailed => "TemplateFailed",
            Reason::V2Required => "V2Required",
            Reason::MixedItems => "MixedItems",
            Reason::MacMismatch => "MacMismatch",
            Reason::BindingRequired => "BindingRequired",
            Reason::Refused => "Refused",
            Reason::NotManaged => "NotManaged",
            Reason::Immutable => "Immutable",
            Reason::TypeChanged => "TypeChanged",
            Reason::Drifted => "Drifted",
            Reason::ApiFailed => "ApiFailed",
            Reason::Internal => "Internal",
        }
    }

    /// True when waiting alone cannot help: a user, an administrator or a key has to change something.
    pub fn needs_action(self) -> bool {
        !matches!(self, Reason::Unsealed | Reason::ApiFailed | Reason::Internal)
    }

    /// The label value of upstream's `unseal_errors_total`.
    pub fn metric(self) -> &'static str {
        match self {
            Reason::NotManaged => "unmanaged",
            Reason::Immutable | Reason::TypeChanged | Reason::ApiFailed | Reason::Drifted => "update",
            _ => "unseal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_distinct_words_that_kubernetes_accepts() {
        let mut words: Vec<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Reason::ALL.len());
        let allowed =
            |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(words.iter().all(allowed), "{words:?}");
    }

    #[test]
    fn an_empty_message_is_left_out_as_upstream_leaves_it_out() {
        let condition = Condition {
            kind: ConditionType::Synced.as_str().into(),
            status: ConditionStatus::True,
            last_update_time: None,
            last_transition_time: None,
            reason: String::new(),
            message: String::new(),
        };
        assert_eq!(serde_json::to_string(&condition).unwrap(), r#"{"type":"Synced","status":"True"}"#);
    }
}
