//! The settings themselves, as types that cannot hold a wrong value.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use seal_crypto::Fingerprint;
use seal_crypto::age::RecipientKind;

use super::namespaces::Namespaces;

/// Which side is taken where safety and drop-in disagree; single flags override it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Upstream's defaults, with a warning or metric for each risky one in use.
    Compatible,
    /// Secure defaults.
    #[default]
    Strict,
}

/// What happens when a Secret of ours was changed by someone else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftPolicy {
    /// Written back.
    #[default]
    Heal,
    /// Reported in the status and left alone.
    Report,
}

/// What "newest key" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// Latest start of validity of the certificate.
    #[default]
    CertNotBefore,
    /// Latest creation of the key Secret.
    SecretCreationTimestamp,
}

/// Where keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// The controller makes the first one and renews.
    Generate,
    /// Somebody else brings them; the controller never makes one.
    External,
}

/// The sealing keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConfig {
    /// generateName of key Secrets; a Secret of exactly this name is loaded too.
    pub prefix: String,
    /// RSA bits.
    pub size: usize,
    /// Validity of new certificates.
    pub ttl: Duration,
    /// Common name of new certificates, may be empty.
    pub common_name: String,
    /// Age at which a new key is made; none = never.
    pub renew_period: Option<Duration>,
    /// A newest key older than this (seconds since 1970) is replaced at the start.
    pub cutoff: Option<i64>,
    /// What "newest" means.
    pub order: KeyOrder,
    /// Labels for new key Secrets.
    pub labels: BTreeMap<String, String>,
    /// Annotations for new key Secrets.
    pub annotations: BTreeMap<String, String>,
    /// Who makes keys.
    pub mode: KeyMode,
    /// The one key to seal to, whatever its age.
    pub pinned: Option<Fingerprint>,
    /// Make a first key although unreadable keys or unopened objects exist.
    pub force_first: bool,
    /// Keys that appear after the first start are decrypt-only until imported.
    pub import_required: bool,
    /// Fingerprints an administrator imports.
    pub import: Vec<Fingerprint>,
    /// Kinds of age identities to make and renew.
    pub generate_identities: Vec<RecipientKind>,
}

/// Which objects are looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// None = all namespaces; else these, the home namespace among them.
    pub namespaces: Option<Vec<String>>,
    /// Label selector on SealedSecrets.
    pub label_selector: Option<String>,
}

/// What namespaces demand of sealed objects, and who this cluster is to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Namespaces in which every item of a SealedSecret must be of format v2.
    pub require_v2: Namespaces,
    /// Namespaces in which a SopsSecret's document must carry the stronger MAC and both names.
    pub require_bound_sops: Namespaces,
    /// The audience that v2 items may be sealed for; items for another one do not open. Empty: only items for everyone open.
    pub audience: String,
    /// Whether SopsSecrets are served.
    pub sops_secrets: bool,
}

/// The two HTTP servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Addresses to try for the public server.
    pub listen: Vec<SocketAddr>,
    /// Addresses to try for the metrics server.
    pub listen_metrics: Vec<SocketAddr>,
    /// Longest time to read a request.
    pub read_timeout: Duration,
    /// Longest time to answer one.
    pub write_timeout: Duration,
    /// `/v1/verify` answers.
    pub verify: bool,
    /// `/v1/rotate` answers.
    pub rotate: bool,
    /// Sustained requests per second for both together.
    pub rate_per_second: u32,
    /// Requests above it at once.
    pub rate_burst: u32,
    /// Largest body for both, bytes.
    pub max_body: usize,
}

/// How much the log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// And what deserves a look.
    Warn,
    /// And what was done.
    Info,
    /// And why.
    Debug,
    /// Everything.
    Trace,
}

/// The log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// From which level on.
    pub level: LogLevel,
    /// JSON lines instead of text.
    pub json: bool,
    /// Info to stdout, warnings and errors to stderr; else all to stderr.
    pub info_to_stdout: bool,
}

/// Traffic to the API server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KubeConfig {
    /// Requests per second; none = unlimited.
    pub qps: Option<f32>,
    /// Requests at once.
    pub burst: u32,
    /// How long the server keeps a watch open; silence beyond that is a dead connection.
    pub watch_timeout: Duration,
}

/// Leader election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderConfig {
    /// Off for a single process that must not need a Lease.
    pub enabled: bool,
    /// Name of the Lease in the home namespace.
    pub lease: String,
    /// This process in the Lease.
    pub identity: String,
}

/// Everything the controller was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The profile that filled the gaps.
    pub profile: Profile,
    /// Where keys, the Lease and the published bundle live.
    pub home_namespace: String,
    /// Sealing keys.
    pub keys: KeyConfig,
    /// Objects looked after.
    pub watched: Watched,
    /// What namespaces demand.
    pub policy: PolicyConfig,
    /// Write the status subresource.
    pub update_status: bool,
    /// Leave deleted Secrets deleted.
    pub skip_recreate: bool,
    /// Watch the metadata of Secrets.
    pub watch_secrets: bool,
    /// Take the deprecated `spec.data` blob.
    pub accept_v1_data: bool,
    /// What to do about drift.
    pub drift: DriftPolicy,
    /// SealedSecrets may write Secrets into the home namespace.
    pub own_namespace: bool,
    /// Reconciles at a time.
    pub workers: usize,
    /// Threads for private-key work.
    pub crypto_threads: usize,
    /// HTTP servers.
    pub http: HttpConfig,
    /// No names of SealedSecrets in metrics.
    pub omit_secret_labels: bool,
    /// Log.
    pub log: LogConfig,
    /// API server traffic.
    pub kube: KubeConfig,
    /// Leader election.
    pub leader: LeaderConfig,
    /// What was accepted and has no effect, or is risky: one sentence each, for the log.
    pub warnings: Vec<String>,
}
