//! The tolerant view of a ClusterExternalSecret.

use super::Interval;
use super::external_secret::Spec;
use super::problem::Problem;
use super::read::{Notes, halves};
use super::selector::LabelSelector;
use crate::Meta;
use serde_json::Value;
use std::collections::BTreeMap;

/// A ClusterExternalSecret as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterExternalSecret {
    /// Metadata.
    pub meta: Meta,
    /// The spec that every ExternalSecret gets.
    pub spec: Spec,
    /// That spec as it was written, to be written as it is.
    pub raw_spec: Value,
    /// Name of the ExternalSecrets; that of the object when absent.
    pub name: Option<String>,
    /// Their labels.
    pub labels: BTreeMap<String, String>,
    /// Their annotations.
    pub annotations: BTreeMap<String, String>,
    /// Namespaces by label; one match is enough.
    pub selectors: Vec<LabelSelector>,
    /// Namespaces by name (deprecated, still counts).
    pub namespaces: Vec<String>,
    /// How often namespaces are looked over.
    pub refresh: Option<Interval>,
    /// What is wrong, by path.
    pub problems: Vec<Problem>,
}

impl ClusterExternalSecret {
    /// Reads any JSON value.
    pub fn from_value(value: &Value) -> Self {
        let notes = Notes::default();
        let (meta, spec) = halves(value, &notes);
        let mut read = Self { meta, ..Self::default() };
        if let Some(at) = &spec {
            let metadata = at.child("externalSecretMetadata");
            let single = at.child("namespaceSelector");
            read.spec = at.required_child("externalSecretSpec").map(|at| Spec::read(&at, &notes)).unwrap_or_default();
            read.raw_spec = at.value("externalSecretSpec").cloned().unwrap_or_default();
            read.name = at.text("externalSecretName").filter(|name| !name.is_empty());
            read.labels = metadata.as_ref().map(|at| at.map("labels")).unwrap_or_default();
            read.annotations = metadata.as_ref().map(|at| at.map("annotations")).unwrap_or_default();
            read.selectors = single.iter().chain(&at.children("namespaceSelectors")).map(LabelSelector::read).collect();
            read.namespaces = at.texts("namespaces");
            read.refresh = at.interval("refreshTime");
        }
        drop(spec);
        read.problems = notes.take();
        read
    }

    /// Name of the ExternalSecrets.
    pub fn external_secret_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.meta.name)
    }

    /// True for a namespace that is to have one.
    pub fn selects(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.namespaces.iter().any(|name| name == namespace) || self.selectors.iter().any(|selector| selector.matches(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_and_names_are_alternatives_and_the_spec_is_checked() {
        let read = ClusterExternalSecret::from_value(&json!({
            "metadata": {"name": "all"},
            "spec": {
                "externalSecretSpec": {"secretStoreRef": {"name": "v"}, "dataFrom": [{"extract": {"key": 4}}]},
                "namespaceSelector": {"matchLabels": {"team": "a"}},
                "namespaceSelectors": [{"matchLabels": {"team": "b"}}],
                "namespaces": ["kept"],
                "refreshTime": "5m",
            },
        }));
        let labels = |team: &str| BTreeMap::from([("team".to_owned(), team.to_owned())]);
        for (namespace, team, selected) in [("x", "a", true), ("x", "b", true), ("x", "c", false), ("kept", "c", true)] {
            assert_eq!(read.selects(namespace, &labels(team)), selected, "{namespace} {team}");
        }
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["spec.externalSecretSpec.dataFrom[0].extract.key must be text"]);
        assert_eq!(read.external_secret_name(), "all");
    }
}
