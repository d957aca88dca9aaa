//! References from one object to another.

use super::read::At;
use super::words::Word;

/// Which of the two kinds of stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreKind {
    /// Of the object's own namespace.
    #[default]
    Namespaced,
    /// Of the cluster.
    Cluster,
}

impl StoreKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreKind::Namespaced => "SecretStore",
            StoreKind::Cluster => "ClusterSecretStore",
        }
    }
}

impl Word for StoreKind {
    const WORDS: &'static [&'static str] = &["SecretStore", "ClusterSecretStore"];

    fn parse(text: &str) -> Option<Self> {
        [StoreKind::Namespaced, StoreKind::Cluster].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A store.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreRef {
    /// Which of the two kinds.
    pub kind: StoreKind,
    /// Its name.
    pub name: String,
}

impl StoreRef {
    pub(super) fn read(at: &At<'_>) -> Self {
        Self { kind: at.word("kind"), name: at.required("name") }
    }
}

/// A generator, by kind and name. The kind is kept whatever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GeneratorRef {
    /// The kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl GeneratorRef {
    pub(super) fn read(at: &At<'_>) -> Self {
        let _ = at.text("apiVersion");
        Self { kind: at.required("kind"), name: at.required("name") }
    }
}

/// One key of a Secret (or of whatever the field says).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyRef {
    /// Name of the object.
    pub name: String,
    /// The key; the field's own default when absent.
    pub key: Option<String>,
    /// Namespace; counts in a ClusterSecretStore only, and without one the namespace of whoever uses the store is meant.
    pub namespace: Option<String>,
}

impl KeyRef {
    pub(super) fn read(at: &At<'_>) -> Self {
        Self { name: at.required("name"), key: at.text("key"), namespace: at.text("namespace") }
    }
}

/// A service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccountRef {
    /// Its name.
    pub name: String,
    /// Its namespace, as in [`KeyRef`].
    pub namespace: Option<String>,
    /// Audiences of the token that is asked for.
    pub audiences: Vec<String>,
}

impl ServiceAccountRef {
    pub(super) fn read(at: &At<'_>) -> Self {
        Self { name: at.required("name"), namespace: at.text("namespace"), audiences: at.texts("audiences") }
    }
}
