//! Notices questions in SealedSecrets on their way from the watch to the feed.

use super::plan::{Owed, owed};
use crate::delivery::feed::{ObjectFeed, address};
use crate::ports::ObjectRef;
use crate::queue::{Lane, Queue};
use crate::watch::Sink;
use seal_api::sealed_secret::Rotation;
use serde_json::Value;
use std::sync::Arc;

/// The feed of SealedSecrets, with an ear for questions.
pub struct AskingFeed {
    /// Takes the objects.
    pub objects: ObjectFeed,
    /// Where answers are asked for; `None` when none can be written.
    pub questions: Option<Arc<Queue<ObjectRef>>>,
}

impl AskingFeed {
    fn ask(&self, at: ObjectRef) {
        if let Some(questions) = &self.questions {
            questions.add(at, Lane::Backlog);
        }
    }
}

impl Sink for AskingFeed {
    fn upsert(&self, object: &Value, lane: Lane) {
        if owed(object) != Owed::Nothing {
            self.ask(address(object));
        }
        self.objects.upsert(object, lane);
    }

    fn delete(&self, object: &Value) {
        self.objects.delete(object);
    }

    fn gone(&self, at: &ObjectRef) {
        self.objects.gone(at);
    }

    fn compare(&self, metadata: &Value) {
        let at = address(metadata);
        let version = metadata["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let moved = self.objects.reconciler.index.entry(&at).is_none_or(|entry| *entry.resource_version != *version);
        if moved && Rotation::asked(metadata).is_some() {
            self.ask(at);
        }
        self.objects.compare(metadata);
    }

    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef> {
        self.objects.known(namespace)
    }
}
