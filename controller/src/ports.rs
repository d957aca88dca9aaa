//! The ports: everything outside that reconcilers may touch, as small traits, so that scenarios run with a fake API
//! server and virtual time. Nothing below this module reads a clock, rolls dice or opens a connection by itself.

use crate::pool::Abandoned;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use seal_crypto::age::Identity;
use seal_crypto::{InstallKey, Keyring, PublicKey};
use seal_secret::SecretBytes;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

impl ObjectRef {
    /// From two texts.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What is listed and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SealedSecrets, whole objects.
    SealedSecrets,
    /// SealedSecrets, metadata only.
    SealedSecretsMeta,
    /// SopsSecrets, whole objects.
    SopsSecrets,
    /// SopsSecrets, metadata only.
    SopsSecretsMeta,
    /// Secrets, metadata only. There is no way to list their data through this port.
    SecretsMeta,
}

impl Kind {
    /// Its name for people and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::SealedSecrets => "SealedSecret",
            Self::SealedSecretsMeta => "SealedSecretMetadata",
            Self::SopsSecrets => "SopsSecret",
            Self::SopsSecretsMeta => "SopsSecretMetadata",
            Self::SecretsMeta => "Secret",
        }
    }

    /// True when whole objects are asked for.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::SealedSecrets | Self::SopsSecrets)
    }
}

/// Where and which: one namespace or all, and a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Kind.
    pub kind: Kind,
    /// Namespace; `None` for all.
    pub namespace: Option<String>,
    /// Label selector as the API takes it; empty for none.
    pub labels: String,
}

/// One page of a list.
#[derive(Default)]
pub struct Page {
    /// Objects as sent.
    pub items: Vec<Value>,
    /// Token for the next page; empty at the end.
    pub next: String,
    /// Resource version of the list.
    pub resource_version: String,
}

/// One line of a watch.
pub enum Change {
    /// Added or modified.
    Upsert(Value),
    /// Deleted, with the last state.
    Delete(Value),
    /// Nothing but a newer resource version.
    Bookmark(String),
}

/// Why a call to the API server failed. Messages come from the server's status fields that cannot hold an object's values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KubeError {
    /// 404.
    #[error("not found")]
    NotFound,
    /// 409 on a create.
    #[error("already exists")]
    AlreadyExists,
    /// 409, a precondition did not hold.
    #[error("changed meanwhile")]
    Conflict,
    /// 410 or an expired resource version.
    #[error("resource version too old")]
    Gone,
    /// 401 or 403.
    #[error("not allowed: {0}")]
    Forbidden(String),
    /// 422 because the Secret is immutable.
    #[error("field is immutable when `immutable` is set")]
    Immutable,
    /// 422, with the fields the server named.
    #[error("refused as invalid: {0}")]
    Invalid(String),
    /// 429, 5xx and everything else the server said.
    #[error("the API server answered {code}")]
    Server {
        /// HTTP status.
        code: u16,
        /// What `Retry-After` asked for.
        retry_after: Option<Duration>,
    },
    /// No answer, or one that cannot be read.
    #[error("no answer from the API server: {0}")]
    Transport(&'static str),
}

impl KubeError {
    /// True when the same call may work later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict | Self::AlreadyExists | Self::Gone | Self::Server { .. } | Self::Transport(_))
    }
}

/// A Secret as read. It holds plaintext (also its metadata may, in a last-applied annotation), so it has no Debug.
pub struct LiveSecret {
    /// UID.
    pub uid: String,
    /// Resource version.
    pub resource_version: String,
    /// Metadata as sent, so that what is not ours survives a replace.
    pub metadata: Map<String, Value>,
    /// Type; the server defaults it to `Opaque`.
    pub kind: String,
    /// Immutable flag.
    pub immutable: Option<bool>,
    /// Data.
    pub data: BTreeMap<String, SecretBytes>,
}

/// A Secret to write. Metadata with uid and resource version is a precondition; without, the write is a create.
pub struct SecretDraft {
    /// Metadata to send.
    pub metadata: Map<String, Value>,
    /// Type.
    pub kind: String,
    /// Immutable flag.
    pub immutable: Option<bool>,
    /// Data.
    pub data: BTreeMap<String, SecretBytes>,
}

/// Identity of an object after a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// UID.
    pub uid: String,
    /// Resource version.
    pub resource_version: String,
}

/// Severity of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Normal.
    Normal,
    /// Warning.
    Warning,
}

/// A Lease as far as leader election needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Resource version; empty for one to be created.
    pub resource_version: String,
    /// Holder; empty when released.
    pub holder: String,
    /// How long a holder may be silent.
    pub duration: Duration,
    /// RFC 3339 with microseconds.
    pub acquired: String,
    /// RFC 3339 with microseconds.
    pub renewed: String,
    /// Times the holder changed.
    pub transitions: i64,
}

/// An answer of the API server, some day.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, KubeError>>;

/// The API server.
pub trait Kube: Send + Sync + 'static {
    /// One page of a list.
    fn list<'a>(&'a self, what: &'a Selection, limit: u32, next: &'a str) -> Answer<'a, Page>;
    /// A watch from a resource version; the server ends it after `timeout`.
    fn watch<'a>(
        &'a self,
        what: &'a Selection,
        from: &'a str,
        timeout: Duration,
    ) -> Answer<'a, BoxStream<'static, Result<Change, KubeError>>>;
    /// An object of ours, live; `None` when it does not exist.
    fn object<'a>(&'a self, kind: Kind, at: &'a ObjectRef) -> Answer<'a, Option<Value>>;
    /// A Secret, live; `None` when it does not exist.
    fn secret<'a>(&'a self, at: &'a ObjectRef) -> Answer<'a, Option<LiveSecret>>;
    /// Creates a Secret.
    fn create_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written>;
    /// Replaces a Secret; the draft's uid and resource version are preconditions.
    fn replace_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written>;
    /// Merges into `status` of the object with this uid.
    fn patch_status<'a>(&'a self, kind: Kind, at: &'a ObjectRef, uid: &'a str, status: Value) -> Answer<'a, ()>;
    /// Creates (`name` unknown to the server) or replaces an Event.
    fn event<'a>(&'a self, namespace: &'a str, name: &'a str, body: Value) -> Answer<'a, ()>;
    /// A Lease; `None` when it does not exist.
    fn lease<'a>(&'a self, at: &'a ObjectRef) -> Answer<'a, Option<Lease>>;
    /// Creates (empty resource version) or replaces a Lease.
    fn put_lease<'a>(&'a self, at: &'a ObjectRef, lease: &'a Lease) -> Answer<'a, Lease>;
}

/// Time.
pub trait Clock: Send + Sync + 'static {
    /// Wall time, for texts only.
    fn wall(&self) -> jiff::Timestamp;
    /// Monotonic time since some fixed moment, for every decision.
    fn now(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// Randomness that guards nothing: jitter and names. Keys come from elsewhere.
pub trait Dice: Send + Sync + 'static {
    /// Any number.
    fn roll(&self) -> u64;
    /// Between `base * (1 - spread)` and `base`.
    fn jitter(&self, base: Duration, spread: f64) -> Duration {
        let unit = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        base.mul_f64(1.0 - spread * unit)
    }
}

/// The keys as they are now.
#[derive(Clone)]
pub struct KeyView {
    /// Keys to open items with, age identities among them.
    pub ring: Keyring,
    /// The same age identities, to open SOPS documents with.
    pub identities: Arc<[Identity]>,
    /// Grows with every change of the set.
    pub generation: u64,
    /// The install key that MACs are made with; `None` until it is there (then nothing is skipped).
    pub install: Option<Arc<InstallKey>>,
}

impl KeyView {
    /// Whether a key of this fingerprint is held.
    pub fn holds(&self, fingerprint: &str) -> bool {
        self.ring.fingerprints().any(|held| held.as_str() == fingerprint)
    }
}

/// Where keys come from.
pub trait Keys: Send + Sync + 'static {
    /// The keys as they are now.
    fn view(&self) -> KeyView;
    /// The key to seal to; `None` while there is none.
    fn newest(&self) -> Option<PublicKey>;
}

/// A piece of private-key work.
pub type Work = Box<dyn FnOnce() + Send + 'static>;

/// A piece of private-key work that can wait, and is told when nobody waits for it any more.
pub type Aside = Box<dyn FnOnce(&Abandoned) + Send + 'static>;

/// The bounded pool that private-key work runs on.
pub trait Crypto: Send + Sync + 'static {
    /// Runs the work on the reconcile lane.
    fn run(&self, work: Work) -> BoxFuture<'static, ()>;
    /// Runs the work on the background lane.
    fn run_aside(&self, work: Aside) -> BoxFuture<'static, ()>;
    /// Runs work that takes seconds: on a thread of its own, which nothing else waits for.
    fn run_slow(&self, work: Work) -> BoxFuture<'static, ()>;
}

/// What reconciling reports to whoever measures.
pub trait Meter: Send + Sync + 'static {
    /// A reconcile began.
    fn unseal_requested(&self) {}
    /// A reconcile failed.
    fn unseal_failed(&self, _reason: &'static str, _namespace: &str) {}
    /// Nothing to do.
    fn skipped(&self) {}
    /// Private-key operations spent.
    fn decrypts(&self, _tries: u64) {}
    /// Time between an object's wish to be looked at and the look.
    fn queue_lag(&self, _lag: Duration) {}
    /// A condition as it stands: 1 true, 0 unknown, -1 false; `instance` is the object's `app.kubernetes.io/instance`.
    fn condition(&self, _kind: Kind, _at: &ObjectRef, _instance: &str, _condition: &'static str, _value: i64) {}
    /// The object is gone.
    fn forget(&self, _kind: Kind, _at: &ObjectRef) {}
    /// A watch has shown a sign of life.
    fn watch_alive(&self, _kind: Kind) {}
    /// Objects that a key opens.
    fn objects_per_key(&self, _counts: &BTreeMap<String, u64>) {}
}

/// A meter that measures nothing.
pub struct NoMeter;
impl Meter for NoMeter {}
