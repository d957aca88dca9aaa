//! How a Vault server and one mount on it are described.

use seal_secret::SecretBytes;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which of the two key/value engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kv {
    /// Without versions.
    V1,
    /// With versions and metadata.
    #[default]
    V2,
}

/// How the server is reached. Cannot be printed: it may hold a private key.
#[derive(Clone, Default)]
pub struct Server {
    /// `https://vault.example:8200`, possibly with a path before `/v1`.
    pub url: String,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// Our certificate and its private key, in PEM.
    pub identity: Option<SecretBytes>,
    /// Headers to add.
    pub headers: BTreeMap<String, String>,
    /// How long one call may take; 30 s when zero.
    pub timeout: Duration,
    /// How large an answer may be; 4 MiB when zero.
    pub most_bytes: usize,
}

/// One mount, as one store describes it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The mount; keys begin with it when it is not named.
    pub mount: Option<String>,
    /// The engine.
    pub kv: Kv,
    /// The namespace secrets are in.
    pub namespace: Option<String>,
    /// Ask standbys to forward to the active node what they may not have yet.
    pub forward_inconsistent: bool,
}
