//! The claim annotation: what a SealedSecret says it was sealed for, so that a rename or a namespace change shows offline.
//!
//! A claim is not authenticated. It steers messages and the order in which keys are tried, never what is opened. It speaks of v1
//! items only: a v2 item carries a claim of its own, in its header.

use std::collections::BTreeMap;

use seal_crypto::{Binding, Fingerprint, Item, Kind, v2::Head};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sealed::SealedObject;

/// Annotation on the SealedSecret's own metadata.
pub const SEALED_FOR: &str = "sealkit.dev/sealed-for";

/// Content of [`SEALED_FOR`], one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Fingerprint of the key that items are sealed to.
    pub key: String,
    /// `strict`, `namespace-wide` or `cluster-wide`.
    pub scope: String,
    /// Namespace; absent when cluster-wide.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name; only when strict.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Items sealed to another key than `key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, String>,
}

impl Claim {
    /// The claim of a fresh sealing.
    pub fn new(binding: &Binding, key: &Fingerprint) -> Self {
        let (scope, namespace, name) = target(binding);
        Self { key: key.to_string(), scope: scope.into(), namespace: namespace.into(), name: name.into(), items: BTreeMap::new() }
    }

    /// Reads the annotation; `None` when absent or not understood.
    pub fn of(metadata: &Map<String, Value>) -> Option<Self> {
        serde_json::from_str(metadata.get("annotations")?.get(SEALED_FOR)?.as_str()?).ok()
    }

    /// The annotation text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a claim is strings and a map of strings")
    }

    /// The key an item is claimed to be sealed to.
    pub fn key_of(&self, item: &str) -> Option<Fingerprint> {
        self.items.get(item).unwrap_or(&self.key).parse().ok()
    }

    /// Notes that an item is now sealed to `key`; drops exceptions that are gone.
    pub fn record(&mut self, item: &str, key: &Fingerprint) {
        if self.key == key.as_str() {
            self.items.remove(item);
        } else {
            self.items.insert(item.to_owned(), key.to_string());
        }
    }

    /// True when scope, namespace and name are what an object now has.
    pub fn matches(&self, binding: &Binding) -> bool {
        target(binding) == (self.scope.as_str(), self.namespace.as_str(), self.name.as_str())
    }
}

/// Scope, namespace and name as far as the scope binds them.
fn target(binding: &Binding) -> (&str, &str, &str) {
    let (namespace, name) = binding.bound();
    (binding.scope().as_str(), namespace, name)
}

/// The keys that each item claims to be sealed to: one for a v1 item, every recipient for a v2 item, none where nothing is said.
pub fn keys_of(object: &SealedObject) -> BTreeMap<String, Vec<Fingerprint>> {
    let claim = object.claim();
    let of = |name: &str, text: &str| match Item::decode(text) {
        Ok(item) if item.kind() == Kind::V2 => Head::of(&item).map(|head| head.claim.recipients).unwrap_or_default(),
        _ => claim.as_ref().and_then(|claim| claim.key_of(name)).into_iter().collect(),
    };
    object.items.iter().map(|(name, text)| (name.clone(), of(name, text))).collect()
}
