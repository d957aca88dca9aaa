//! Kubernetes Events. They are told on change only, and losing one is never a failure.

use crate::context::Context;
use crate::ports::{ObjectRef, Severity};
use seal_api::SealedSecret;
use seal_api::sealed_secret::{API_VERSION, KIND};
use serde_json::{Value, json};

/// The component that upstream's users filter by.
const COMPONENT: &str = "sealed-secrets";
/// Longest message the API server takes.
const MESSAGE_LIMIT: usize = 1024;

/// Tells an event about a SealedSecret.
pub async fn tell(context: &Context, sealed: &SealedSecret, severity: Severity, reason: &str, message: &str) {
    let name = format!("{}.{:016x}", cut(&sealed.meta.name, 230), context.dice.roll());
    let body = body(sealed, &name, severity, reason, message, &context.clock.wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    if let Err(error) = context.kube.event(&sealed.meta.namespace, &name, body).await {
        let at = ObjectRef::new(&sealed.meta.namespace, &sealed.meta.name);
        tracing::debug!(object = %at, %error, "event not recorded");
    }
}

fn body(sealed: &SealedSecret, name: &str, severity: Severity, reason: &str, message: &str, now: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": sealed.meta.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": sealed.meta.namespace,
            "name": sealed.meta.name,
            "uid": sealed.meta.uid,
            "resourceVersion": sealed.meta.resource_version,
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

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let sealed = SealedSecret::from_value(&json!({"metadata": {"namespace": "n", "name": "a", "uid": "u"}, "spec": {}}));
        let event = body(&sealed, "a.1", Severity::Warning, "ErrUnsealFailed", &"é".repeat(1000), "2026-01-01T00:00:00Z");
        assert_eq!(event["message"].as_str().unwrap().len(), MESSAGE_LIMIT);
        assert_eq!(event["source"]["component"], "sealed-secrets");
        assert_eq!(event["involvedObject"]["uid"], "u");
    }
}
