//! The sealing keys: found, read, ordered, made, renewed, trusted, published to the rest of the process.
//!
//! | file | says |
//! |---|---|
//! | `port` | what is asked of the API server about keys |
//! | `read` | one key Secret to one key, or the reason why not; pure |
//! | `plan` | which key is the newest and whether one is to be made; pure |
//! | `identities` | the same for age identities |
//! | `install` | the installation's own Secret: MAC key, signing key, trusted fingerprints |
//! | `store` | the keys as they are now, for everybody else |
//! | `look` | one listing, read |
//! | `snapshot` | a plan and what was read, put together for everybody else |
//! | `run` | the loop that keeps them so; only the leader makes keys |
//! | `cluster` | `port` over a real client |
//!
//! Guarantees: a key is used to seal only after the API server has stored it; a key Secret that cannot be read hurts
//! only itself; deleting, adding or relabelling a key Secret takes effect within seconds; no key is ever deleted here.

mod alarm;
pub mod cluster;
mod doorbell;
pub mod identities;
pub mod install;
mod look;
pub mod plan;
pub mod port;
pub mod read;
mod run;
mod snapshot;
mod store;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

pub use run::KeyRunner;
pub use store::{KeyStore, Snapshot};

/// Label of key Secrets; only the value `active` counts.
pub const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// Label of Secrets that hold age identities; only the value `active` counts.
pub const IDENTITY_LABEL: &str = "sealkit.dev/age-identity";
/// The label value of keys in use.
pub const ACTIVE: &str = "active";
/// The installation's own Secret in the home namespace.
pub const INSTALL_SECRET: &str = "sealkit-install";
/// The published bundle in the home namespace.
pub const BUNDLE_CONFIG_MAP: &str = "sealkit-public-keys";
