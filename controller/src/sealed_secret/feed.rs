//! From what watches show to what is looked at. Decides only whether to look, never what to do.

use super::Reconciler;
use super::request::plan::{Owed, owed};
use crate::index::{SecretNote, Version};
use crate::ports::ObjectRef;
use crate::queue::{Lane, Queue};
use crate::watch::Sink;
use seal_api::sealed_secret::{KIND, MANAGED, Rotation};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long a name that was not ours is left alone after its Secret was deleted: someone may be replacing it.
pub const GAP: Duration = Duration::from_secs(5);

/// Feeds SealedSecrets.
pub struct SealedFeed {
    /// Decides whether an object needs a look.
    pub reconciler: Arc<Reconciler>,
    /// Where looks are asked for.
    pub queue: Arc<Queue<ObjectRef>>,
    /// Where answers to questions in objects are asked for.
    pub questions: Arc<Queue<ObjectRef>>,
}

impl Sink for SealedFeed {
    fn upsert(&self, object: &Value, lane: Lane) {
        if self.reconciler.settings.update_status && owed(object) != Owed::Nothing {
            self.questions.add(address(object), Lane::Backlog);
        }
        let (at, needs_a_look) = self.reconciler.glance(object);
        if needs_a_look {
            self.queue.add(at, lane);
        }
    }

    fn delete(&self, object: &Value) {
        self.gone(&address(object));
    }

    fn gone(&self, at: &ObjectRef) {
        self.reconciler.forget(at);
    }

    fn compare(&self, metadata: &Value) {
        let at = address(metadata);
        let version = text(metadata, "resourceVersion");
        if self.reconciler.index.entry(&at).is_none_or(|entry| *entry.resource_version != *version) {
            self.reconciler.index.update(&at, |entry| entry.asked = true);
            if self.reconciler.settings.update_status && Rotation::asked(metadata).is_some() {
                self.questions.add(at.clone(), Lane::Backlog);
            }
            self.queue.add(at, Lane::Backlog);
        }
    }

    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef> {
        self.reconciler.index.select(|at, _| namespace.is_none_or(|ns| *at.namespace == *ns))
    }
}

/// Feeds metadata of Secrets.
pub struct SecretFeed {
    /// Holds the memory.
    pub reconciler: Arc<Reconciler>,
    /// Where looks are asked for.
    pub queue: Arc<Queue<ObjectRef>>,
}

impl Sink for SecretFeed {
    fn upsert(&self, object: &Value, lane: Lane) {
        let at = address(object);
        let version = Version::new(text(object, "uid"), text(object, "resourceVersion"));
        let index = &self.reconciler.index;
        let known = index.secret(&at).is_some_and(|note| note.version == version);
        index.note_secret(&at, SecretNote { version: version.clone(), managed: is_managed(object) });
        let moved = index.entry(&at).is_some_and(|entry| entry.verified.as_ref() != Some(&version));
        if moved && !known {
            self.queue.add(at, lane);
        }
    }

    fn delete(&self, object: &Value) {
        self.gone(&address(object));
    }

    fn gone(&self, at: &ObjectRef) {
        let now = self.reconciler.context.clock.now();
        let index = &self.reconciler.index;
        let managed = index.secret_gone(at, now, now + GAP).is_some_and(|note| note.managed);
        if index.entry(at).is_none() {
            return;
        }
        match managed {
            true => self.queue.add(at.clone(), Lane::Edit),
            false => self.queue.add_after(at.clone(), Lane::Edit, GAP),
        }
    }

    fn compare(&self, metadata: &Value) {
        self.upsert(metadata, Lane::Backlog);
    }

    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef> {
        self.reconciler.index.secret_names(namespace)
    }
}

/// The set of keys has changed: look again at what failed and at what was opened by a key that is no longer held.
pub fn keys_changed(reconciler: &Reconciler, queue: &Queue<ObjectRef>) {
    let ring = reconciler.context.keys.view().ring;
    let held = |key: &str| ring.fingerprints().any(|held| held.as_str() == key);
    for at in reconciler.index.select(|_, entry| !entry.synced || !entry.keys.iter().all(|key| held(key))) {
        reconciler.index.update(&at, |entry| entry.asked = true);
        queue.add(at, Lane::Backlog);
    }
    reconciler.context.meter.objects_per_key(&reconciler.index.objects_per_key());
}

/// Namespace and name of an object as sent.
pub fn address(object: &Value) -> ObjectRef {
    ObjectRef::new(text(object, "namespace"), text(object, "name"))
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

fn is_managed(object: &Value) -> bool {
    let metadata = &object["metadata"];
    let owners = metadata["ownerReferences"].as_array();
    let controlled = owners.into_iter().flatten().any(|owner| owner["controller"] == true && owner["kind"] == KIND);
    controlled || metadata["annotations"][MANAGED] == "true"
}
