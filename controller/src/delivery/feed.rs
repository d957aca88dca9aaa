//! From what watches show to what is looked at. Decides only whether to look, never what to do.

use super::Reconciler;
use crate::index::{SecretNote, Secrets, Version};
use crate::ports::ObjectRef;
use crate::queue::{Lane, Queue};
use crate::watch::Sink;
use seal_api::sealed_secret::MANAGED;
use seal_api::{Names, sealed_secret, sops_secret};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long a name that was not ours is left alone after its Secret was deleted: someone may be replacing it.
pub const GAP: Duration = Duration::from_secs(5);

/// The kinds that own Secrets.
const OWNERS: [&Names; 2] = [&sealed_secret::NAMES, &sops_secret::NAMES];

/// A kind with its queue. Feeds objects; see [`SecretFeed`] for their Secrets.
#[derive(Clone)]
pub struct ObjectFeed {
    /// Decides whether an object needs a look.
    pub reconciler: Arc<Reconciler>,
    /// Where looks are asked for.
    pub queue: Arc<Queue<ObjectRef>>,
}

impl Sink for ObjectFeed {
    fn upsert(&self, object: &Value, lane: Lane) {
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
            self.queue.add(at, Lane::Backlog);
        }
    }

    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef> {
        self.reconciler.index.select(|at, _| namespace.is_none_or(|ns| *at.namespace == *ns))
    }
}

impl ObjectFeed {
    /// The set of keys has changed: look again at what failed and at what was opened by a key that is no longer held.
    pub fn keys_changed(&self) {
        let keys = self.reconciler.context.keys.view();
        let index = &self.reconciler.index;
        for at in index.select(|_, entry| !entry.synced || !entry.keys.iter().all(|key| keys.holds(key))) {
            index.update(&at, |entry| entry.asked = true);
            self.queue.add(at, Lane::Backlog);
        }
    }

    /// Nobody tells of Secrets: look at those of all objects that were found right.
    pub fn look_again(&self) {
        for at in self.reconciler.index.select(|_, entry| entry.synced) {
            self.queue.add(at, Lane::Backlog);
        }
    }

    /// A Secret has another version than was known.
    fn secret_moved(&self, at: &ObjectRef, version: &Version, lane: Lane) {
        let index = &self.reconciler.index;
        if index.entry(at).is_some_and(|entry| entry.verified.as_ref() != Some(version)) {
            self.queue.add(at.clone(), lane);
        }
        self.keys_moved(at);
    }

    fn keys_moved(&self, secret: &ObjectRef) {
        for at in self.reconciler.index.wanting(secret) {
            self.reconciler.index.update(&at, |entry| (entry.asked, entry.synced) = (true, false));
            self.queue.add(at, Lane::Edit);
        }
    }

    fn secret_gone(&self, at: &ObjectRef, managed: bool) {
        self.keys_moved(at);
        if self.reconciler.index.entry(at).is_none() {
            return;
        }
        match managed {
            true => self.queue.add(at.clone(), Lane::Edit),
            false => self.queue.add_after(at.clone(), Lane::Edit, GAP),
        }
    }
}

/// Feeds metadata of Secrets to all kinds.
pub struct SecretFeed {
    /// The kinds.
    pub kinds: Vec<ObjectFeed>,
    /// What is known of Secrets.
    pub secrets: Arc<Secrets>,
}

impl Sink for SecretFeed {
    fn upsert(&self, object: &Value, lane: Lane) {
        let at = address(object);
        let version = Version::new(text(object, "uid"), text(object, "resourceVersion"));
        let before = self.secrets.note(&at, SecretNote { version: version.clone(), managed: is_managed(object) });
        if before.is_none_or(|note| note.version != version) {
            self.kinds.iter().for_each(|kind| kind.secret_moved(&at, &version, lane));
        }
    }

    fn delete(&self, object: &Value) {
        self.gone(&address(object));
    }

    fn gone(&self, at: &ObjectRef) {
        let Some(kind) = self.kinds.first() else { return };
        let now = kind.reconciler.context.clock.now();
        let managed = self.secrets.gone(at, now, now + GAP).is_some_and(|note| note.managed);
        self.kinds.iter().for_each(|kind| kind.secret_gone(at, managed));
    }

    fn compare(&self, metadata: &Value) {
        self.upsert(metadata, Lane::Backlog);
    }

    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef> {
        self.secrets.names(namespace)
    }
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
    let ours = |owner: &Value| owner["controller"] == true && OWNERS.iter().any(|names| owner["kind"] == names.kind);
    owners.into_iter().flatten().any(ours) || metadata["annotations"][MANAGED] == "true"
}
