//! The way to a cluster: kubeconfig, API client, the controller behind its Service, certificates by URL.
//!
//! It is the only module that talks to a network, and nothing here runs before a command asks for it. It prints nothing and
//! decides nothing about trust: what it fetched is checked by the caller.

mod api;
mod args;
pub mod asking;
mod controller;
mod error;
#[cfg(test)]
pub mod fake;
mod kubeconfig;
mod login;
mod objects;
mod published;
mod runtime;
mod source;
#[cfg(test)]
mod tests;
mod url;

pub use api::{Api, connect, encoded};
pub use args::{Choice, ClusterArgs};
pub use controller::{Controller, Target};
pub use error::{ClusterError, NO_SERVICE};
pub use kubeconfig::{Environment, Namespace, Overrides, namespace};
pub use objects::{sealed_secrets, sops_secrets};
pub use published::{bundle, newest_certificate};
pub use runtime::block_on;
pub use source::certificate;
pub use url::{Plain, fetch};
