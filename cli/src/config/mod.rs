//! `.seal.yaml`: which clusters a repository seals for, the keys it trusts, and which paths go where.
//!
//! Found from the file that is sealed upwards; the nearest one counts alone. An unknown field is an error with its position:
//! a misspelt pin must never turn into no pin.
//!
//! ```yaml
//! clusters:
//!   production:
//!     certificate: certs/production.pem   # a file beside .seal.yaml, or an http(s) URL
//!     fingerprints:                       # the only keys to seal to (and, for verify, to be sealed to)
//!       - SHA256:3Fw0vJm0C2y1bqkqDgT2m0d9fYI3zF3u3y0N2d8mJ5s
//!   staging:
//!     context: staging-admin              # ask the controller behind this kubeconfig context
//!     controller: {namespace: kube-system, name: sealed-secrets-controller}
//!     installation: ed25519:MCowBQYDK2VwAyEA...   # renewals signed by this installation are accepted
//! rules:                                  # the first match counts; patterns as in .gitignore
//!   - path: clusters/production/**
//!     cluster: production
//!     scope: strict
//!   - path: "*"
//!     cluster: staging
//! ```

mod find;
mod read;

pub use find::{Located, find, shown};
pub use read::parse;

use seal_crypto::{Fingerprint, Scope, VerifyingKey};
use std::collections::BTreeMap;

/// Name of the file.
pub const FILE_NAME: &str = ".seal.yaml";

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Path rules in file order.
    pub rules: Vec<Rule>,
}

/// One cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Where its certificate is.
    pub source: Source,
    /// Namespace and name of the controller's Service, when not the default ones.
    pub controller: Option<Controller>,
    /// Pinned fingerprints; empty: none pinned.
    pub fingerprints: Vec<Fingerprint>,
    /// Pinned installation key.
    pub installation: Option<VerifyingKey>,
}

/// Where a certificate comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nothing is said: the cluster only pins keys.
    #[default]
    Unset,
    /// A file, relative to `.seal.yaml`.
    File(String),
    /// An http(s) URL.
    Url(String),
    /// A kubeconfig context.
    Context(String),
}

/// The controller's Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its namespace.
    pub namespace: String,
    /// Its name; `None` tries upstream's, then the label.
    pub name: Option<String>,
}

/// One path rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Pattern as in .gitignore, relative to `.seal.yaml`.
    pub path: String,
    /// Name of the cluster.
    pub cluster: String,
    /// Scope of what is sealed there.
    pub scope: Option<Scope>,
}
