//! What an administrator decided about every kind, as plain values.

use super::plan::Policy;
use super::shape::Guard;
use std::time::Duration;

/// Settings of all kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is never written.
    pub guard: Guard,
    /// Drift and recreation.
    pub policy: Policy,
    /// Whether `status` is written (`--update-status`).
    pub update_status: bool,
    /// Namespaces to serve; empty for all.
    pub namespaces: Vec<String>,
    /// Label selector for objects; empty for all.
    pub labels: String,
    /// Whether Secrets are watched (metadata only). Without, drift is found by looking from time to time.
    pub watch_secrets: bool,
    /// How long the server keeps a watch open.
    pub watch_timeout: Duration,
    /// Workers for each kind.
    pub workers: usize,
}

impl Settings {
    /// Everything on, all namespaces; for tests and as a base.
    pub fn new(home: &str) -> Self {
        Self {
            guard: Guard { home: home.into(), home_allowed: true, own_prefixes: vec!["sealed-secrets-key".into()] },
            policy: Policy { heal: true, recreate: true },
            update_status: true,
            namespaces: Vec::new(),
            labels: String::new(),
            watch_secrets: true,
            watch_timeout: Duration::from_secs(200),
            workers: 4,
        }
    }
}
