//! What the Secret looks like besides its data, decided from the SealedSecret alone, and what is never written.

use super::error::Failure;
use crate::ports::{LiveSecret, ObjectRef};
use seal_api::sealed_secret::{KEY_LABEL, SKIP_OWNER};
use seal_api::{SealedSecret, sealed_secret};
use seal_core::secret::SecretObject;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Type that the API server gives a Secret without one.
pub const OPAQUE: &str = "Opaque";

/// Types that hand out identities or belong to another controller.
const REFUSED_TYPES: [&str; 3] = ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// The visible side of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Labels: the template's and nothing of the object's own, so that GitOps tools do not prune what they did not apply.
    pub labels: BTreeMap<String, String>,
    /// Annotations, by the same rule.
    pub annotations: BTreeMap<String, String>,
    /// Type, never empty.
    pub kind: String,
    /// Immutable flag.
    pub immutable: Option<bool>,
    /// Whether the SealedSecret becomes the controlling owner.
    pub owned: bool,
}

impl Shape {
    /// From `spec.template`. Finalizers and owners of the template are left out: they would outlive or bypass the object.
    pub fn of(sealed: &SealedSecret) -> Self {
        let template = &sealed.spec.template;
        let kind = if template.kind.is_empty() { OPAQUE.to_owned() } else { template.kind.clone() };
        Self {
            labels: template.labels.clone(),
            annotations: template.annotations.clone(),
            kind,
            immutable: template.immutable,
            owned: template.annotations.get(SKIP_OWNER).is_none_or(|v| v != "true"),
        }
    }

    /// A deprecated blob brings its own metadata, type and immutable flag; ownership is still the template's say.
    pub fn of_blob(sealed: &SealedSecret, blob: &SecretObject) -> Self {
        Self {
            labels: texts(&blob.metadata, "labels"),
            annotations: texts(&blob.metadata, "annotations"),
            kind: blob.type_.clone().filter(|t| !t.is_empty()).unwrap_or_else(|| OPAQUE.to_owned()),
            immutable: blob.immutable,
            ..Self::of(sealed)
        }
    }

    /// The owner reference, when there is to be one.
    pub fn owner(&self, sealed: &SealedSecret) -> Option<Value> {
        self.owned.then(|| {
            json!({
                "apiVersion": sealed_secret::API_VERSION,
                "kind": sealed_secret::KIND,
                "name": sealed.meta.name,
                "uid": sealed.meta.uid,
                "controller": true,
            })
        })
    }

    /// One text that is equal exactly when shapes are equal.
    pub fn canonical(&self) -> String {
        json!([self.labels, self.annotations, self.kind, self.immutable, self.owned]).to_string()
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
        if REFUSED_TYPES.contains(&shape.kind.as_str()) {
            return Err(Failure::refused(format!(
                "Secrets of type {:?} are never written; choose another spec.template.type",
                shape.kind
            )));
        }
        if shape.labels.contains_key(KEY_LABEL) {
            return Err(Failure::refused(format!(
                "the label {KEY_LABEL} marks sealing keys and is never written; remove it from spec.template"
            )));
        }
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
        if texts(&live.metadata, "labels").contains_key(KEY_LABEL) {
            return Err(Failure::refused(
                "the Secret of this name is a sealing key and is never written; use another name".into(),
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

    fn sealed(template: Value) -> SealedSecret {
        SealedSecret::from_value(&json!({
            "metadata": {"namespace": "prod", "name": "db", "uid": "u1", "labels": {"argocd.argoproj.io/instance": "mine"}},
            "spec": {"encryptedData": {}, "template": template},
        }))
    }

    fn guard(home_allowed: bool) -> Guard {
        Guard { home: "kube-system".into(), home_allowed, own_prefixes: vec!["sealed-secrets-key".into()] }
    }

    #[test]
    fn the_objects_own_labels_stay_with_the_object_and_the_templates_reach_the_secret() {
        let shape = Shape::of(&sealed(
            json!({"metadata": {"labels": {"argocd.argoproj.io/secret-type": "repository"}, "finalizers": ["a/b"]}}),
        ));
        assert_eq!(shape.labels, BTreeMap::from([("argocd.argoproj.io/secret-type".to_owned(), "repository".to_owned())]));
        assert_eq!(shape.kind, OPAQUE);
    }

    #[test]
    fn only_the_exact_word_true_in_the_template_leaves_out_the_owner() {
        for (value, owned) in [("true", false), ("True", true), ("false", true), ("", true)] {
            assert_eq!(Shape::of(&sealed(json!({"metadata": {"annotations": {SKIP_OWNER: value}}}))).owned, owned, "{value:?}");
        }
    }

    #[test]
    fn what_is_never_written() {
        let plain = json!({});
        let key_label = json!({"metadata": {"labels": {KEY_LABEL: "compromised"}}});
        for (namespace, name, template, home_allowed, allowed) in [
            ("prod", "db", &plain, false, true),
            ("prod", "sealed-secrets-key1", &plain, false, true),
            ("prod", "db", &json!({"type": "kubernetes.io/service-account-token"}), true, false),
            ("prod", "db", &json!({"type": "bootstrap.kubernetes.io/token"}), true, false),
            ("prod", "db", &json!({"type": "helm.sh/release.v1"}), true, false),
            ("prod", "db", &json!({"type": "kubernetes.io/tls"}), true, true),
            ("prod", "db", &key_label, true, false),
            ("kube-system", "db", &plain, false, false),
            ("kube-system", "db", &plain, true, true),
            ("kube-system", "sealed-secrets-keyabcde", &plain, true, false),
        ] {
            let answer = guard(home_allowed).check(&ObjectRef::new(namespace, name), &Shape::of(&sealed(template.clone())));
            assert_eq!(answer.is_ok(), allowed, "{namespace}/{name} {template}");
        }
    }
}
