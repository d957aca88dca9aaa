//! Kubernetes Events. They are told on change only, and losing one is never a failure.

use crate::context::Context;
use crate::delivery::source::Subject;
use crate::ports::{ObjectRef, Severity};
use serde_json::{Value, json};

/// The component that upstream's users filter by.
const COMPONENT: &str = "sealed-secrets";
/// Longest message the API server takes.
const MESSAGE_LIMIT: usize = 1024;

/// Tells an event about an object.
pub async fn tell(context: &Context, subject: &Subject, severity: Severity, reason: &str, message: &str) {
    let name = format!("{}.{:016x}", cut(&subject.meta.name, 230), context.dice.roll());
    let body = body(subject, &name, severity, reason, message, &context.clock.wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    if let Err(error) = context.kube.event(&subject.meta.namespace, &name, body).await {
        let at = ObjectRef::new(&subject.meta.namespace, &subject.meta.name);
        tracing::debug!(object = %at, %error, "event not recorded");
    }
}

fn body(subject: &Subject, name: &str, severity: Severity, reason: &str, message: &str, now: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": subject.meta.namespace},
        "involvedObject": {
            "apiVersion": subject.names.api_version,
            "kind": subject.names.kind,
            "namespace": subject.meta.namespace,
            "name": subject.meta.name,
            "uid": subject.meta.uid,
            "resourceVersion": subject.meta.resource_version,
        },
        "type": match severity { Severity::Normal => "Normal", Severity::Warning => "Warning" },
        "reason": reason,
        "message": cut(message, MESSAGE_LIMIT),
        "source": {"component": COMPONENT},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
    })
}

fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_api::SealedSecret;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let read = SealedSecret::from_value(&json!({"metadata": {"namespace": "n", "name": "a", "uid": "u"}, "spec": {}}));
        let subject = Subject { names: &seal_api::sealed_secret::NAMES, meta: read.meta, status: read.status };
        let event = body(&subject, "a.1", Severity::Warning, "ErrUnsealFailed", &"é".repeat(1000), "2026-01-01T00:00:00Z");
        assert_eq!(event["message"].as_str().unwrap().len(), MESSAGE_LIMIT);
        assert_eq!(event["source"]["component"], "sealed-secrets");
        assert_eq!(event["involvedObject"]["uid"], "u");
    }
}
