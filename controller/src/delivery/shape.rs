//! What the Secret looks like besides its data, and what is never written.

use super::error::Failure;
use super::source::Subject;
use crate::keys::IDENTITY_LABEL;
use crate::ports::{LiveSecret, ObjectRef};
use seal_api::sealed_secret::{KEY_LABEL, SKIP_OWNER};
use seal_core::secret::SecretObject;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Type that the API server gives a Secret without one.
pub const OPAQUE: &str = "Opaque";

/// Types that hand out identities or belong to another controller.
const REFUSED_TYPES: [&str; 3] = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// Labels that mark keys of the installation.
const KEY_LABELS: [&str; 2] = [KEY_LABEL, IDENTITY_LABEL];

/// The visible side of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Labels: those asked for and none of the object's own, so that GitOps tools do not prune what they did not apply.
    pub labels: BTreeMap<String, String>,
    /// Annotations, by the same rule.
    pub annotations: BTreeMap<String, String>,
    /// Type, when one is asked for; never empty.
    pub kind: Option<String>,
    /// Immutable flag.
    pub immutable: Option<bool>,
    /// Whether the object becomes the controlling owner.
    pub owned: bool,
}

impl Shape {
    /// From labels, annotations, type and flag. Finalizers and owners that somebody asks for are left out: they would
    /// outlive or bypass the object.
    pub fn new(
        labels: BTreeMap<String, String>,
        annotations: BTreeMap<String, String>,
        kind: Option<&str>,
        immutable: Option<bool>,
    ) -> Self {
        let owned = annotations.get(SKIP_OWNER).is_none_or(|v| v != "true");
        Self { labels, annotations, kind: kind.filter(|kind| !kind.is_empty()).map(str::to_owned), immutable, owned }
    }

    /// From a Secret that was opened whole.
    pub fn of_secret(secret: &SecretObject) -> Self {
        let texts = |field| texts(&secret.metadata, field);
        Self::new(texts("labels"), texts("annotations"), secret.type_.as_deref(), secret.immutable)
    }

    /// The type, the API server's default when none is asked for.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or(OPAQUE)
    }

    /// The owner reference, when there is to be one.
    pub fn owner(&self, subject: &Subject) -> Option<Value> {
        self.owned.then(|| {
            json!({
                "apiVersion": subject.names.api_version,
                "kind": subject.names.kind,
                "name": subject.meta.name,
                "uid": subject.meta.uid,
                "controller": true,
            })
        })
    }

    /// One text that is equal exactly when shapes are equal.
    pub fn canonical(&self) -> String {
        json!([self.labels, self.annotations, self.kind(), self.immutable, self.owned]).to_string()
    }
}

/// Labels or annotations of a metadata map; entries that are not text do not count.
pub fn texts(metadata: &Map<String, Value>, field: &str) -> BTreeMap<String, String> {
    let map = metadata.get(field).and_then(Value::as_object);
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}

/// Where the controller lives and what it may touch there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The controller's own namespace.
    pub home: String,
    /// Whether Secrets may be written there at all (`compatible`), key Secrets excepted.
    pub home_allowed: bool,
    /// Name prefixes in the home namespace that are the controller's own.
    pub own_prefixes: Vec<String>,
}

impl Guard {
    /// Refuses Secrets that would give away identities or sealing keys. Anyone with the public key can seal, so being sealed proves nothing.
    pub fn check(&self, at: &ObjectRef, shape: &Shape) -> Result<(), Failure> {
        self.check_shape(shape)?;
        self.check_place(at)
    }

    /// The part that looks at the Secret. A change here raises the rules' version in `mac`.
    pub fn check_shape(&self, shape: &Shape) -> Result<(), Failure> {
        if REFUSED_TYPES.contains(&shape.kind()) {
            return Err(Failure::refused(format!("Secrets of type {:?} are never written; choose another type", shape.kind())));
        }
        if let Some(label) = KEY_LABELS.iter().find(|label| shape.labels.contains_key(**label)) {
            return Err(Failure::refused(format!(
                "the label {label} marks keys of the controller and is never written; remove it from the Secret's labels"
            )));
        }
        Ok(())
    }

    /// The part that looks at the namespace and name.
    pub fn check_place(&self, at: &ObjectRef) -> Result<(), Failure> {
        if *at.namespace != *self.home {
            return Ok(());
        }
        if !self.home_allowed {
            return Err(Failure::refused(
                "Secrets in the controller's own namespace are not written under the strict profile; use another namespace"
                    .into(),
            ));
        }
        match self.own_prefixes.iter().any(|prefix| at.name.starts_with(prefix.as_str())) {
            true => Err(Failure::refused("this name belongs to the controller's own Secrets; use another name".into())),
            false => Ok(()),
        }
    }

    /// Refuses to write over or into what is there when that is a sealing key or hands out an identity, whatever its annotations allow.
    pub fn check_live(&self, live: &LiveSecret) -> Result<(), Failure> {
        let labels = texts(&live.metadata, "labels");
        if KEY_LABELS.iter().any(|label| labels.contains_key(*label)) {
            return Err(Failure::refused(
                "the Secret of this name is a key of the controller and is never written; use another name".into(),
            ));
        }
        match REFUSED_TYPES.contains(&live.kind.as_str()) {
            true => Err(Failure::refused(format!(
                "the Secret of this name has type {:?} and is never written; use another name",
                live.kind
            ))),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(labels: Value, annotations: Value, kind: &str) -> Shape {
        let map = json!({"labels": labels, "annotations": annotations});
        let map = map.as_object().unwrap();
        Shape::new(texts(map, "labels"), texts(map, "annotations"), Some(kind), None)
    }

    fn guard(home_allowed: bool) -> Guard {
        Guard { home: "kube-system".into(), home_allowed, own_prefixes: vec!["sealed-secrets-key".into()] }
    }

    #[test]
    fn only_the_exact_word_true_leaves_out_the_owner() {
        for (value, owned) in [("true", false), ("True", true), ("false", true), ("", true)] {
            assert_eq!(shape(json!({}), json!({SKIP_OWNER: value}), "").owned, owned, "{value:?}");
        }
        assert!(shape(json!({}), json!({}), "").owned);
    }

    #[test]
    fn what_is_never_written() {
        let plain = json!({});
        for (namespace, name, kind, labels, home_allowed, allowed) in [
            ("prod", "db", "", &plain, false, true),
            ("prod", "sealed-secrets-key1", "", &plain, false, true),
            ("prod", "db", "kubernetes.io/service-account-token", &plain, true, false),
            ("prod", "db", "bootstrap.kubernetes.io/token", &plain, true, false),
            ("prod", "db", "helm.sh/release.v1", &plain, true, false),
            ("prod", "db", "kubernetes.io/tls", &plain, true, true),
            ("prod", "db", "", &json!({KEY_LABEL: "compromised"}), true, false),
            ("prod", "db", "", &json!({IDENTITY_LABEL: "active"}), true, false),
            ("kube-system", "db", "", &plain, false, false),
            ("kube-system", "db", "", &plain, true, true),
            ("kube-system", "sealed-secrets-keyabcde", "", &plain, true, false),
        ] {
            let shape = shape(labels.clone(), json!({}), kind);
            let answer = guard(home_allowed).check(&ObjectRef::new(namespace, name), &shape);
            assert_eq!(answer.is_ok(), allowed, "{namespace}/{name} {kind} {labels}");
        }
    }
}
