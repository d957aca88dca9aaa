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
//!     installation: ed25519:Oh7pQu5OlovTSJHeMaEMl4ZrBex0Ps90eWv3jQ4m5K4=   # renewals signed by this installation are accepted
//! recipients:                             # age recipients by name
//!   alice: age1...
//!   production: age1...
//! groups:                                 # several of them, or of other groups above, under one name
//!   break-glass: [alice]
//! rules:                                  # the first match counts; patterns as in .gitignore
//!   - path: clusters/production/**
//!     cluster: production
//!     scope: strict
//!   - path: apps/**                       # with recipients, here or of the cluster, items are sealed as v2
//!     recipients: [production, break-glass]
//!   - path: legacy/**
//!     sops: .sops.yaml                    # SOPS files, by the rules of this file
//!   - path: secrets/**
//!     sops: true                          # SOPS files, for these recipients
//!     recipients: [production, break-glass]
//!     strong_mac: true                    # they must carry the stronger MAC
//!   - path: "*"
//!     cluster: staging
//! ```

mod find;
mod read;
mod recipients;

pub use find::{Located, find, shown};
pub use read::parse;
pub use recipients::{Book, Named};

use seal_crypto::{Fingerprint, Scope, VerifyingKey};
use std::collections::BTreeMap;

/// Name of the file.
pub const FILE_NAME: &str = ".seal.yaml";

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Recipients and groups by name.
    pub book: Book,
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
    /// age recipients that everything for it is sealed to; empty: it is sealed to by certificate.
    pub recipients: Vec<Named>,
    /// What its controller calls itself; items sealed for it open nowhere else.
    pub audience: String,
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

/// One path rule. It names a cluster, recipients, or both; or SOPS files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Pattern as in .gitignore, relative to `.seal.yaml`.
    pub path: String,
    /// Name of the cluster.
    pub cluster: Option<String>,
    /// age recipients of what is sealed there, beside those of the cluster.
    pub recipients: Vec<Named>,
    /// Scope of what is sealed there.
    pub scope: Option<Scope>,
    /// SOPS files are kept there, not SealedSecrets.
    pub sops: Option<SopsRule>,
}

/// What a rule says about SOPS files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SopsRule {
    /// The configuration whose rules count, relative to `.seal.yaml`; without one, the recipients of the rule.
    pub config: Option<String>,
    /// Files must carry the stronger MAC.
    pub strong_mac: bool,
}
