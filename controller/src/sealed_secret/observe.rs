//! Reads what a decision needs: the object, checked for shape, and the Secret with its standing to the record.

use super::error::Failure;
use super::plan::Standing;
use super::settings::Settings;
use super::shape::Shape;
use super::{Reconciler, mac};
use crate::ports::{KeyView, KubeError, LiveSecret, ObjectRef};
use seal_api::SealedSecret;
use seal_api::sealed_secret::{CLUSTER_WIDE, NAMESPACE_WIDE, SecretRecord, Status};
use seal_core::sealed::SealedObject;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A SealedSecret in both views: tolerant for its metadata and status, exact for opening.
pub struct Observed {
    /// Where it is.
    pub at: ObjectRef,
    /// The tolerant view.
    pub sealed: SealedSecret,
    /// The view that is opened; `None` when the object is not one.
    pub object: Option<SealedObject>,
    /// What the template asks for.
    pub shape: Shape,
}

impl Observed {
    /// From what the API server sent.
    pub fn of(value: &Value) -> Self {
        let sealed = SealedSecret::from_value(value);
        let at = ObjectRef::new(&sealed.meta.namespace, &sealed.meta.name);
        let shape = Shape::of(&sealed);
        Self { at, object: SealedObject::from_json(value).ok(), shape, sealed }
    }

    /// Digest of what decides the answer, ciphertext excepted: the generation stands for it.
    pub fn face(&self) -> u64 {
        let meta = &self.sealed.meta;
        let scope = (self.sealed.is_annotated(CLUSTER_WIDE), self.sealed.is_annotated(NAMESPACE_WIDE));
        digest(&(&meta.uid, meta.generation, scope, meta.deleting)).max(1)
    }

    /// What can be refused from the object alone.
    pub fn check(&self, settings: &Settings) -> Result<&SealedObject, Failure> {
        let spec = &self.sealed.spec;
        if let [_, ..] = self.sealed.problems.as_slice() {
            return Err(Failure::invalid(format!(
                "wrong JSON type at {}; expected what `kubectl explain sealedsecret.spec` says",
                self.sealed.problems.join(", ")
            )));
        }
        let object = self
            .object
            .as_ref()
            .ok_or_else(|| Failure::invalid("the object is not a SealedSecret of bitnami.com/v1alpha1".into()))?;
        match (&object.blob, spec.encrypted_data.is_empty()) {
            (Some(_), _) if !settings.accept_blob => {
                Err(Failure::invalid("using deprecated 'data' field, use 'encryptedData' or flip the feature flag".into()))
            }
            (Some(_), false) => Err(Failure::invalid(
                "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time".into(),
            )),
            _ => Ok(object),
        }?;
        settings.guard.check(&self.at, &self.shape)?;
        Ok(object)
    }

    /// The record of the last write, when it is authentic, of the present inputs, and its keys are held.
    pub fn record(&self, keys: &KeyView) -> Option<SecretRecord> {
        let (install, record) = (keys.install.as_ref()?, self.sealed.status.secret.as_ref()?);
        let held = |key: &str| keys.ring.fingerprints().any(|held| held.as_str() == key);
        mac::trusted(install, &self.sealed, record, &self.sealed.status.keys, &held).cloned()
    }

    /// Whether the Secret's data is what the record speaks of.
    pub fn same_data(&self, keys: &KeyView, record: Option<&SecretRecord>, live: Option<&LiveSecret>) -> bool {
        let (Some(install), Some(record), Some(live)) = (&keys.install, record, live) else { return false };
        let merged = Standing::of(&live.metadata, &self.sealed).merged;
        mac::data(install, &self.sealed, mac::own_data(&self.sealed, &live.data, merged)).matches(&record.data)
    }
}

/// Digest of what the conditions say, times left out.
pub fn said(status: &Status) -> u64 {
    let conditions: Vec<_> =
        status.conditions.iter().map(|c| (&c.kind, format!("{:?}", c.status), &c.reason, &c.message)).collect();
    digest(&(status.observed_generation, conditions)).max(1)
}

/// A digest for memory only, of things that are no secrets.
pub fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Reconciler {
    /// The Secret, live.
    pub(super) async fn read_secret(&self, at: &ObjectRef) -> Result<Option<LiveSecret>, Failure> {
        self.context.kube.secret(at).await.map_err(|error: KubeError| Failure::api("reading the Secret", &error))
    }
}
