//! The tolerant view of a SecretStore or ClusterSecretStore, and of the providers that are served.

mod aws;
mod kubernetes;
mod vault;

pub use aws::{AwsAuth, AwsProvider};
pub use kubernetes::{KubernetesAuth, KubernetesProvider};
pub use vault::{ServiceAccountToken, VaultAuth, VaultMethod, VaultProvider};

use super::problem::{Problem, Wrong};
use super::read::{At, Notes, halves};
use super::references::StoreKind;
use super::selector::LabelSelector;
use super::words::Word;
use super::{Interval, StoreStatus};
use crate::Meta;
use serde_json::Value;

/// A store of either kind as read, with what was wrong about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretStore {
    /// Which of the two kinds.
    pub kind: StoreKind,
    /// Metadata.
    pub meta: Meta,
    /// Only controllers of this class serve it; every one when empty.
    pub controller: String,
    /// Where the secrets are.
    pub provider: Provider,
    /// How often a failed call is tried again.
    pub retry: Retry,
    /// How often the store is validated; the controller's own interval when absent.
    pub refresh_interval: Option<Interval>,
    /// Which namespaces may use a ClusterSecretStore; one match is enough.
    pub conditions: Vec<Condition>,
    /// Status as last written.
    pub status: StoreStatus,
    /// What is wrong, by path.
    pub problems: Vec<Problem>,
}

/// `retrySettings`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// How many times.
    pub max: Option<u32>,
    /// How long between.
    pub interval: Option<Interval>,
}

/// One of `conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Namespaces with these labels.
    pub selector: Option<LabelSelector>,
    /// Namespaces of these names.
    pub namespaces: Vec<String>,
    /// Namespaces whose name matches.
    pub regexes: Vec<String>,
    /// It could not be read whole, so it allows nothing.
    pub broken: bool,
}

/// `provider`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Provider {
    /// Vault or OpenBao.
    Vault(Box<VaultProvider>),
    /// AWS.
    Aws(Box<AwsProvider>),
    /// Another cluster, or this one.
    Kubernetes(Box<KubernetesProvider>),
    /// Values in the store itself.
    Fake(FakeProvider),
    /// One that is not served, by the name of its field.
    Other(String),
    /// None or more than one.
    #[default]
    None,
}

/// `provider.fake`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FakeProvider {
    /// What it holds.
    pub data: Vec<FakeEntry>,
    /// What validating it answers: 0 ready, 1 unknown, 2 error; ready when absent.
    pub validation: Option<i64>,
}

/// One value of a fake store. Not printed: people try it with real values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FakeEntry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its version.
    pub version: String,
}

impl std::fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeProvider").field("validation", &self.validation).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FakeEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeEntry").field("key", &self.key).field("version", &self.version).finish_non_exhaustive()
    }
}

/// A certificate authority in a Secret or ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaProvider {
    /// True for a ConfigMap.
    pub config_map: bool,
    /// Its name.
    pub name: String,
    /// The key that holds the certificates.
    pub key: String,
    /// Its namespace; counts in a ClusterSecretStore only.
    pub namespace: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum CaKind {
    #[default]
    Secret,
    ConfigMap,
}

impl Word for CaKind {
    const WORDS: &'static [&'static str] = &["Secret", "ConfigMap"];

    fn parse(text: &str) -> Option<Self> {
        [("Secret", CaKind::Secret), ("ConfigMap", CaKind::ConfigMap)]
            .into_iter()
            .find(|(word, _)| *word == text)
            .map(|(_, kind)| kind)
    }
}

impl CaProvider {
    pub(super) fn read(at: &At<'_>) -> Self {
        Self {
            config_map: at.word::<CaKind>("type") == CaKind::ConfigMap,
            name: at.required("name"),
            key: at.text("key").unwrap_or_default(),
            namespace: at.text("namespace"),
        }
    }
}

impl SecretStore {
    /// Reads any JSON value as a store of a kind.
    pub fn from_value(kind: StoreKind, value: &Value) -> Self {
        let notes = Notes::default();
        let (meta, spec) = halves(value, &notes);
        let mut read = Self { kind, meta, status: StoreStatus::from_value(value.get("status")), ..Self::default() };
        if let Some(at) = &spec {
            read.controller = at.text("controller").unwrap_or_default();
            read.provider = Provider::read(at);
            read.retry = at.child("retrySettings").map(|at| Retry::read(&at)).unwrap_or_default();
            read.refresh_interval = refresh_interval(at);
            read.conditions = at.children("conditions").iter().map(Condition::read).collect();
            // A condition that is no object is a condition nobody satisfies: without it the list might be empty, which allows all.
            let written = at.value("conditions").map_or(0, |list| list.as_array().map_or(1, Vec::len));
            read.conditions.resize_with(written, || Condition { broken: true, ..Condition::default() });
        }
        drop(spec);
        read.problems = notes.take();
        read
    }

    /// The first problem that keeps the store from being used.
    pub fn fatal(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.is_fatal())
    }
}

/// Seconds as a number, or a Go duration.
fn refresh_interval(at: &At<'_>) -> Option<Interval> {
    if at.value("refreshInterval").is_some_and(Value::is_number) {
        let seconds = at.number("refreshInterval", "a number of seconds or a Go duration", 0..=10 * 366 * 24 * 3600)?;
        return Some(Interval(std::time::Duration::from_secs(seconds.unsigned_abs()))).filter(|interval| !interval.is_zero());
    }
    at.interval("refreshInterval").filter(|interval| !interval.is_zero())
}

impl Retry {
    pub(super) fn read(at: &At<'_>) -> Self {
        let max = at.number("maxRetries", "a number from 0 to 100", 0..=100);
        Self { max: max.and_then(|max| u32::try_from(max).ok()), interval: at.interval("retryInterval") }
    }
}

impl Condition {
    fn read(at: &At<'_>) -> Self {
        let before = at.notes_so_far();
        let read = Self {
            selector: at.child("namespaceSelector").map(|at| LabelSelector::read(&at)),
            namespaces: at.texts("namespaces"),
            regexes: at.texts("namespaceRegexes"),
            broken: false,
        };
        Self { broken: at.notes_so_far() != before, ..read }
    }
}

impl Provider {
    fn read(at: &At<'_>) -> Self {
        let Some(provider) = at.required_child("provider").map(At::open) else { return Provider::None };
        let [name] = provider.present()[..] else {
            provider.note_here(Wrong::Conflict("must name exactly one provider"));
            return Provider::None;
        };
        let read = match name {
            "vault" => provider.child("vault").map(|at| Provider::Vault(Box::new(VaultProvider::read(&at.closed())))),
            "aws" => provider.child("aws").map(|at| Provider::Aws(Box::new(AwsProvider::read(&at.closed())))),
            "kubernetes" => {
                provider.child("kubernetes").map(|at| Provider::Kubernetes(Box::new(KubernetesProvider::read(&at.closed()))))
            }
            "fake" => provider.child("fake").map(|at| Provider::Fake(FakeProvider::read(&at.closed()))),
            other => {
                provider.note(other, Wrong::Unsupported);
                return Provider::Other(other.to_owned());
            }
        };
        read.unwrap_or_default()
    }

    /// The name of its field, for messages and metrics.
    pub fn name(&self) -> &str {
        match self {
            Provider::Vault(_) => "vault",
            Provider::Aws(_) => "aws",
            Provider::Kubernetes(_) => "kubernetes",
            Provider::Fake(_) => "fake",
            Provider::Other(name) => name,
            Provider::None => "none",
        }
    }
}

impl FakeProvider {
    fn read(at: &At<'_>) -> Self {
        let data = at.children("data");
        let entry = |at: &At<'_>| FakeEntry {
            key: at.required("key"),
            value: at.text("value").unwrap_or_default(),
            version: at.text("version").unwrap_or_default(),
        };
        Self { data: data.iter().map(entry).collect(), validation: at.number("validationResult", "a number", -1..=255) }
    }
}

#[cfg(test)]
mod tests;
