//! The tolerant view of a PushSecret.

use super::external_secret::Rewrite;
use super::problem::{Problem, Wrong};
use super::read::{At, Notes, halves};
use super::references::{GeneratorRef, StoreKind, StoreRef};
use super::selector::LabelSelector;
use super::words::{PushConversion, PushDeletion, PushUpdate};
use super::{Interval, Template};
use crate::Meta;
use serde_json::Value;

/// A PushSecret as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushSecret {
    /// Metadata.
    pub meta: Meta,
    /// How often remote secrets are compared; one hour when absent.
    pub refresh_interval: Option<Interval>,
    /// The stores.
    pub stores: Vec<StoreSelector>,
    /// What happens to remote secrets that are there already.
    pub update: PushUpdate,
    /// What happens to remote secrets that are no longer pushed.
    pub deletion: PushDeletion,
    /// What is pushed.
    pub source: Option<PushSource>,
    /// What it is made to look like first.
    pub template: Option<Template>,
    /// Which keys go where.
    pub data: Vec<PushData>,
    /// Whole Secrets.
    pub data_to: Vec<PushDataTo>,
    /// Upstream's record of what was pushed: store, remote key.
    pub synced: Value,
    /// What is wrong, by path.
    pub problems: Vec<Problem>,
}

/// One or more stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSelector {
    /// One, by name.
    Named(StoreRef),
    /// All of a kind with these labels.
    Labelled(StoreKind, LabelSelector),
}

/// What is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushSource {
    /// A Secret, by name.
    Secret(String),
    /// Secrets of the object's namespace with these labels.
    Secrets(LabelSelector),
    /// What a generator makes.
    Generator(GeneratorRef),
}

/// One entry of `data`.
#[derive(Clone, Debug, PartialEq)]
pub struct PushData {
    /// Key of the Secret; all of it when absent.
    pub secret_key: Option<String>,
    /// Key in the store.
    pub remote_key: String,
    /// Property there.
    pub property: Option<String>,
    /// How keys are turned back.
    pub conversion: PushConversion,
    /// What the provider is told beside the value, unread.
    pub metadata: Value,
}

/// One entry of `dataTo`.
#[derive(Clone, Debug, PartialEq)]
pub struct PushDataTo {
    /// The stores.
    pub store: Option<StoreSelector>,
    /// One remote key for all, as JSON; otherwise one remote secret for each key.
    pub remote_key: Option<String>,
    /// Only keys that match.
    pub matching: Option<String>,
    /// What is done to the keys.
    pub rewrite: Vec<Rewrite>,
    /// How keys are turned back.
    pub conversion: PushConversion,
    /// What the provider is told beside the value, unread.
    pub metadata: Value,
}

impl PushSecret {
    /// Reads any JSON value.
    pub fn from_value(value: &Value) -> Self {
        let notes = Notes::default();
        let (meta, spec) = halves(value, &notes);
        let mut read = Self { meta, ..Self::default() };
        if let Some(at) = &spec {
            read.refresh_interval = at.interval("refreshInterval");
            read.stores = at.children("secretStoreRefs").iter().filter_map(StoreSelector::read).collect();
            read.update = at.word("updatePolicy");
            read.deletion = at.word("deletionPolicy");
            read.source = at.required_child("selector").and_then(|at| PushSource::read(&at));
            read.template = at.child("template").map(|at| Template::read(&at));
            read.data = at.children("data").iter().map(PushData::read).collect();
            read.data_to = at.children("dataTo").iter().map(PushDataTo::read).collect();
            if !at.has("secretStoreRefs") {
                at.note("secretStoreRefs", Wrong::Missing);
            }
        }
        drop(spec);
        read.synced = value.pointer("/status/syncedPushSecrets").cloned().unwrap_or_default();
        read.problems = notes.take();
        read
    }

    /// The finished interval.
    pub fn interval(&self) -> Interval {
        self.refresh_interval.unwrap_or(Interval::HOUR)
    }
}

impl StoreSelector {
    fn read(at: &At<'_>) -> Option<Self> {
        Some(match at.one_of(&["name", "labelSelector"])? {
            "name" => StoreSelector::Named(StoreRef::read(at)),
            _ => StoreSelector::Labelled(at.word("kind"), LabelSelector::read(&at.child("labelSelector")?)),
        })
    }
}

impl PushSource {
    fn read(at: &At<'_>) -> Option<Self> {
        match at.one_of(&["secret", "generatorRef"])? {
            "generatorRef" => Some(PushSource::Generator(GeneratorRef::read(&at.child("generatorRef")?))),
            _ => {
                let secret = at.child("secret")?;
                match secret.one_of(&["name", "selector"])? {
                    "name" => Some(PushSource::Secret(secret.required("name"))),
                    _ => Some(PushSource::Secrets(LabelSelector::read(&secret.child("selector")?))),
                }
            }
        }
    }
}

impl PushData {
    fn read(at: &At<'_>) -> Self {
        let matched = at.required_child("match");
        let remote = matched.as_ref().and_then(|at| at.required_child("remoteRef"));
        Self {
            secret_key: matched.as_ref().and_then(|at| at.text("secretKey")).filter(|key| !key.is_empty()),
            remote_key: remote.as_ref().map(|at| at.required("remoteKey")).unwrap_or_default(),
            property: remote.as_ref().and_then(|at| at.text("property")).filter(|property| !property.is_empty()),
            conversion: at.word("conversionStrategy"),
            metadata: at.value("metadata").cloned().unwrap_or_default(),
        }
    }
}

impl PushDataTo {
    fn read(at: &At<'_>) -> Self {
        Self {
            store: at.required_child("storeRef").and_then(|at| StoreSelector::read(&at)),
            remote_key: at.text("remoteKey").filter(|key| !key.is_empty()),
            matching: at.child("match").and_then(|at| at.text("regexp")),
            rewrite: at.children("rewrite").iter().filter_map(Rewrite::read).collect(),
            conversion: at.word("conversionStrategy"),
            metadata: at.value("metadata").cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_object_is_read_and_metadata_is_left_alone() {
        let read = PushSecret::from_value(&json!({
            "metadata": {"name": "p", "namespace": "prod"},
            "spec": {
                "refreshInterval": "10s", "updatePolicy": "IfNotExists", "deletionPolicy": "Delete",
                "secretStoreRefs": [{"name": "v", "kind": "ClusterSecretStore"}, {"labelSelector": {"matchLabels": {"a": "b"}}}],
                "selector": {"secret": {"name": "s"}},
                "data": [{"match": {"secretKey": "k", "remoteRef": {"remoteKey": "r", "property": "p"}}, "metadata": {"any": [1]}}],
                "dataTo": [{"storeRef": {"name": "v"}, "remoteKey": "all", "match": {"regexp": "^a"}}],
            },
            "status": {"syncedPushSecrets": {"SecretStore/v": {"r/p": {}}}},
        }));
        assert_eq!(read.problems, vec![]);
        assert_eq!((read.update, read.deletion), (PushUpdate::IfNotExists, PushDeletion::Delete));
        assert_eq!((read.stores.len(), read.source), (2, Some(PushSource::Secret("s".into()))));
        assert_eq!(read.data[0].metadata, json!({"any": [1]}));
        assert_eq!(read.data_to[0].matching.as_deref(), Some("^a"));
        assert_eq!(read.synced, json!({"SecretStore/v": {"r/p": {}}}));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let read = PushSecret::from_value(&json!({"spec": {
            "selector": {"secret": {"name": "s"}, "generatorRef": {"kind": "UUID", "name": "u"}},
            "data": [{"match": {"remoteRef": {}}}],
        }}));
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "spec.data[0].match.remoteRef.remoteKey is missing",
                "spec.secretStoreRefs is missing",
                "spec.selector must have exactly one of secret, generatorRef",
            ]
        );
    }
}
