//! Reads what a decision needs: the object, the Secret with its standing to the record, and the keys that the object names.

use super::Reconciler;
use super::error::Failure;
use super::mac::Recorder;
use super::plan::Standing;
use super::source::{Content, OwnKeys, Subject};
use crate::index::Version;
use crate::ports::{KeyView, KubeError, LiveSecret, ObjectRef};
use seal_api::{SecretRecord, Status};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// An object: as every kind has it, and as its own kind understands it.
pub struct Observed {
    /// Where it is.
    pub at: ObjectRef,
    /// Who it is and what it said.
    pub subject: Subject,
    /// What it holds.
    pub content: Arc<dyn Content>,
}

impl Observed {
    /// Digest of what decides the answer, ciphertext excepted: the generation stands for it.
    pub fn face(&self) -> u64 {
        let meta = &self.subject.meta;
        digest(&(&meta.uid, meta.generation, self.content.marks(), meta.deleting)).max(1)
    }

    /// Where the keys are that the object names.
    pub fn own_keys_at(&self) -> Option<ObjectRef> {
        self.content.key_secret().map(|name| ObjectRef::new(&self.subject.meta.namespace, name))
    }

    /// What authenticates its record; `None` until the install key is there.
    pub fn recorder<'a>(&'a self, keys: &'a KeyView, own_keys: Option<&'a Version>) -> Option<Recorder<'a>> {
        let install = keys.install.as_deref()?;
        Some(Recorder { install, subject: &self.subject, content: &*self.content, own_keys })
    }

    /// The record of the last write, when it is authentic, of the present inputs, and its keys are held.
    pub fn record(&self, keys: &KeyView, own_keys: Option<&Version>) -> Option<SecretRecord> {
        self.recorder(keys, own_keys)?.trusted(&|key| keys.holds(key)).cloned()
    }

    /// Whether the Secret's data is what the record speaks of.
    pub fn same_data(&self, recorder: Option<&Recorder<'_>>, record: Option<&SecretRecord>, live: Option<&LiveSecret>) -> bool {
        let (Some(recorder), Some(record), Some(live)) = (recorder, record, live) else { return false };
        let merged = Standing::of(&live.metadata, &self.subject).merged;
        recorder.data(recorder.own_data(&live.data, merged)).matches(&record.data)
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
    /// An object as it was sent.
    pub(super) fn observe(&self, value: &Value) -> Observed {
        let (subject, content) = self.source.read(value);
        Observed { at: subject.at(), subject, content }
    }

    /// The Secret, live.
    pub(super) async fn read_secret(&self, at: &ObjectRef) -> Result<Option<LiveSecret>, Failure> {
        self.context.kube.secret(at).await.map_err(|error: KubeError| Failure::api("reading the Secret", &error))
    }

    /// The keys that the object names, live; `None` when it names none.
    pub(super) async fn read_own_keys(&self, seen: &Observed) -> Result<Option<OwnKeys>, Failure> {
        let Some(at) = seen.own_keys_at() else { return Ok(None) };
        let read = self.context.kube.secret(&at).await.map_err(|error| Failure::api("reading the Secret of keys", &error))?;
        let secret = read.ok_or_else(|| {
            Failure::no_own_key(format!("the Secret {:?} that is to hold the keys does not exist in this namespace", &*at.name))
        })?;
        let version = Version::new(&secret.uid, &secret.resource_version);
        Ok(Some(OwnKeys { version, data: secret.data }))
    }
}
