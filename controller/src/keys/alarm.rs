//! Alarms about keys: each state of each key Secret is reported once, in the log and as an Event on the Secret.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use super::KEY_LABEL;
use crate::ports::{Clock, Dice, Kube};

/// A key Secret, or a part of it, that is left out.
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) resource_version: String,
    /// The label that makes it a key Secret.
    pub(super) label: &'static str,
    /// Why.
    pub(super) fault: String,
}

/// Remembers what was reported.
pub(super) struct Alarms {
    kube: Arc<dyn Kube>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    home: String,
    told: BTreeSet<String>,
}

impl Alarms {
    pub(super) fn new(kube: Arc<dyn Kube>, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, home: &str) -> Self {
        Self { kube, clock, dice, home: home.to_owned(), told: BTreeSet::new() }
    }

    /// True the first time this text is told; a text is forgotten when it is not told again by [`Alarms::keep`].
    pub(super) fn is_new(&mut self, what: &str) -> bool {
        self.told.insert(what.to_owned())
    }

    /// Forgets everything but these, so that a state that comes back is told again.
    pub(super) fn keep(&mut self, current: &BTreeSet<String>) {
        self.told.retain(|text| current.contains(text));
    }

    /// Tells of a key Secret that is left out. Every replica says so in its log, the leader in an Event too.
    pub(super) async fn unreadable(&mut self, secret: &LeftOut, leads: bool) -> String {
        let LeftOut { name, uid, resource_version, label, fault } = secret;
        let told = format!("{name}@{resource_version}: {fault}");
        if self.is_new(&told) {
            tracing::error!(
                namespace = self.home,
                name,
                fault,
                "key Secret cannot be read and is left out; repair it, or remove its label {label}"
            );
            if leads {
                let what = if *label == KEY_LABEL { "sealing key" } else { "age identity" };
                self.event(name, uid, "BadSealingKey", &format!("{what} left out: {fault}")).await;
            }
        }
        told
    }

    /// An Event is a courtesy: when it cannot be written, the log and the metric have said it.
    async fn event(&self, name: &str, uid: &str, reason: &str, message: &str) {
        let now = self.clock.wall().to_string();
        let event_name = format!("{}.{:016x}", &name[..name.len().min(230)], self.dice.roll());
        let body = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": self.home, "name": event_name},
            "involvedObject": {"apiVersion": "v1", "kind": "Secret", "namespace": self.home, "name": name, "uid": uid},
            "reason": reason,
            "message": message,
            "type": "Warning",
            "source": {"component": "sealed-secrets"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        });
        if let Err(error) = self.kube.event(&self.home, &event_name, body).await {
            tracing::debug!(%error, "event not written");
        }
    }
}
