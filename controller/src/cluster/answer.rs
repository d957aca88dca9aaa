//! Reads answers of the API server. Of an error only the parts that cannot hold a value of an object are kept.

use crate::ports::{KubeError, Lease, ObjectRef, Written};
use serde_json::{Value, json};
use std::time::Duration;

const IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A `Status` answer as an error. The message itself may repeat values (a webhook's may hold anything), so only reason and field paths are taken.
pub(super) fn failure(code: u16, retry_after: Option<&str>, body: &[u8]) -> KubeError {
    let status: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let reason = status["reason"].as_str().unwrap_or_default();
    let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    match (code, reason) {
        (404, _) => KubeError::NotFound,
        (409, "AlreadyExists") => KubeError::AlreadyExists,
        (409, _) => KubeError::Conflict,
        (410, _) | (_, "Expired") => KubeError::Gone,
        (401 | 403, _) => KubeError::Forbidden(forbidden(&status, reason)),
        (422, _) if status["message"].as_str().is_some_and(|m| m.ends_with(IMMUTABLE)) => KubeError::Immutable,
        (400 | 413 | 422, _) => KubeError::Invalid(fields(&status, reason)),
        _ => KubeError::Server { code, retry_after },
    }
}

fn forbidden(status: &Value, reason: &str) -> String {
    let kind = status["details"]["kind"].as_str().unwrap_or("object");
    let reason = if reason.is_empty() { "forbidden" } else { reason };
    let quota = status["message"].as_str().is_some_and(|m| m.contains("exceeded quota"));
    let hint = if quota { "a resource quota is used up" } else { "check the controller's roles and the namespace's state" };
    format!("{reason} ({kind}); {hint}")
}

fn fields(status: &Value, reason: &str) -> String {
    let causes = status["details"]["causes"].as_array();
    let fields: Vec<&str> = causes.into_iter().flatten().filter_map(|cause| cause["field"].as_str()).collect();
    match fields.is_empty() {
        true => reason.to_owned(),
        false => format!("{reason} at {}", fields.join(", ")),
    }
}

/// An error of the client. Its own text is not repeated: it may hold what was being parsed.
pub(super) fn transport(error: &kube::Error) -> KubeError {
    KubeError::Transport(match error {
        kube::Error::Auth(_) => "the credentials cannot be loaded",
        kube::Error::HyperError(_) | kube::Error::Service(_) => "the connection failed",
        _ => "the request failed",
    })
}

/// uid and resourceVersion of an answer.
pub(super) fn version_of(object: &Value) -> Written {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    Written { uid: text("uid"), resource_version: text("resourceVersion") }
}

pub(super) fn lease_from(value: &Value) -> Lease {
    let (spec, text) = (&value["spec"], |value: &Value| value.as_str().unwrap_or_default().to_owned());
    Lease {
        resource_version: text(&value["metadata"]["resourceVersion"]),
        holder: text(&spec["holderIdentity"]),
        duration: Duration::from_secs(spec["leaseDurationSeconds"].as_u64().unwrap_or(15)),
        acquired: text(&spec["acquireTime"]),
        renewed: text(&spec["renewTime"]),
        transitions: spec["leaseTransitions"].as_i64().unwrap_or(0),
    }
}

pub(super) fn lease_to(at: &ObjectRef, lease: &Lease) -> Value {
    let mut metadata = json!({"name": &*at.name, "namespace": &*at.namespace});
    if !lease.resource_version.is_empty() {
        metadata["resourceVersion"] = lease.resource_version.clone().into();
    }
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": lease.holder,
            "leaseDurationSeconds": lease.duration.as_secs().max(1),
            "acquireTime": lease.acquired,
            "renewTime": lease.renewed,
            "leaseTransitions": lease.transitions,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: u16, body: Value) -> KubeError {
        failure(code, Some("7"), body.to_string().as_bytes())
    }

    #[test]
    fn answers_become_kinds_and_never_repeat_a_message() {
        let hunter = "Secret \"a\" is invalid: data[x]: Invalid value: \"hunter2\": no";
        for (code, body, expected) in [
            (404, json!({}), KubeError::NotFound),
            (409, json!({"reason": "AlreadyExists"}), KubeError::AlreadyExists),
            (409, json!({"reason": "Conflict"}), KubeError::Conflict),
            (410, json!({"reason": "Expired"}), KubeError::Gone),
            (
                422,
                json!({"reason": "Invalid", "message": hunter, "details": {"causes": [{"field": "data[x]", "message": hunter}]}}),
                KubeError::Invalid("Invalid at data[x]".into()),
            ),
            (
                422,
                json!({"reason": "Invalid", "message": "Secret \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set"}),
                KubeError::Immutable,
            ),
            (429, json!({}), KubeError::Server { code: 429, retry_after: Some(Duration::from_secs(7)) }),
            (503, json!("not an object"), KubeError::Server { code: 503, retry_after: Some(Duration::from_secs(7)) }),
        ] {
            let error = read(code, body);
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("hunter2"));
        }
        assert!(
            matches!(read(403, json!({"reason": "Forbidden", "message": "hunter2"})), KubeError::Forbidden(text) if !text.contains("hunter2"))
        );
    }

    #[test]
    fn a_lease_survives_writing_and_reading() {
        let lease = Lease {
            resource_version: "4".into(),
            holder: "me".into(),
            duration: Duration::from_secs(15),
            acquired: "a".into(),
            renewed: "b".into(),
            transitions: 2,
        };
        assert_eq!(lease_from(&lease_to(&ObjectRef::new("n", "l"), &lease)), lease);
    }
}
