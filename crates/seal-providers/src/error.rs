//! Why a store did not do what it was asked. Every text is ours and fixed: no body, header, token or value can get in.

use std::time::Duration;

/// What was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The store has nothing under this key, or its newest version was deleted.
    Secret,
    /// The secret exists, the version asked for does not.
    Version,
    /// The secret exists, the property to be deleted or looked up does not.
    Property,
}

/// What the store was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Exchange credentials for a token.
    Login,
    /// Read a value.
    Read,
    /// Read what is known about a value.
    Metadata,
    /// List keys.
    List,
    /// Write.
    Write,
    /// Delete.
    Delete,
}

impl Operation {
    fn verb(self) -> &'static str {
        match self {
            Self::Login => "log in",
            Self::Read => "read",
            Self::Metadata => "read metadata",
            Self::List => "list",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }
}

/// Why a store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// No connection, or it broke.
    Unreachable,
    /// The certificate is not one we trust, or ours is not one it trusts.
    Tls,
    /// No whole answer in time.
    Slow,
    /// Sealed, or not set up.
    Sealed,
    /// A standby that does not serve reads.
    Standby,
    /// An internal error of the store.
    Failing,
    /// Not asked: it failed too often just now.
    Open,
}

impl Outage {
    fn what(self) -> &'static str {
        match self {
            Self::Unreachable => "cannot be reached",
            Self::Tls => "could not be trusted by its certificate",
            Self::Slow => "did not answer in time",
            Self::Sealed => "is sealed or in maintenance",
            Self::Standby => "is a standby that does not answer",
            Self::Failing => "failed by itself",
            Self::Open => "was not asked, because it failed repeatedly just now",
        }
    }
}

/// One typed outcome for all stores. Only [`StoreError::Absent`] says that something is certainly not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Certainly not there.
    #[error("{}", match .0 {
        Absent::Secret => "the store has no such secret",
        Absent::Version => "the secret has no such version",
        Absent::Property => "the secret has no such property",
    })]
    Absent(Absent),
    /// The identity may not.
    #[error("the store does not let this identity {}", .0.verb())]
    Denied(Operation),
    /// Too many calls.
    #[error("the store, or the budget set for it, allows no more calls for now")]
    Throttled {
        /// When to try again, if that is known.
        retry_after: Option<Duration>,
    },
    /// It does not answer; nothing is known about the value.
    #[error("the store {}", .0.what())]
    Unavailable(Outage),
    /// What was asked, or how the store is described, cannot be right.
    #[error("{0}")]
    Invalid(&'static str),
    /// A rule of ours forbids it; the store was not asked.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// The answer is not what this store answers.
    #[error("the store's answer was not understood: {0}")]
    Garbled(&'static str),
    /// Somebody else changed it in between, or it is not ours to change.
    #[error("not written: {0}")]
    Conflict(&'static str),
    /// This kind of store cannot.
    #[error("this kind of store cannot {}", .0.verb())]
    Unsupported(Operation),
}

impl StoreError {
    /// A stable word for conditions, metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Absent(Absent::Secret) => "SecretAbsent",
            Self::Absent(Absent::Version) => "VersionAbsent",
            Self::Absent(Absent::Property) => "PropertyAbsent",
            Self::Denied(Operation::Login) => "LoginDenied",
            Self::Denied(_) => "Denied",
            Self::Throttled { .. } => "Throttled",
            Self::Unavailable(Outage::Sealed) => "StoreSealed",
            Self::Unavailable(Outage::Tls) => "StoreUntrusted",
            Self::Unavailable(_) => "StoreUnavailable",
            Self::Invalid(_) => "Invalid",
            Self::Refused(_) => "Refused",
            Self::Garbled(_) => "AnswerNotUnderstood",
            Self::Conflict(_) => "Conflict",
            Self::Unsupported(_) => "Unsupported",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Absent(_) => "check key, property and version; the deletionPolicy decides what happens to the target",
            Self::Denied(Operation::Login) => "check the role, its bound names and the credentials the store's auth names",
            Self::Denied(_) => "give the identity's policy this right on this path",
            Self::Throttled { .. } => "it is tried again later; a longer refreshInterval or a higher quota helps",
            Self::Unavailable(Outage::Tls) => "check caBundle or caProvider and the host name in the server's certificate",
            Self::Unavailable(_) => "it is tried again by itself; the last good values stay",
            Self::Invalid(_) => "correct the object",
            Self::Refused(_) => "ask whoever runs the controller to allow it, or change the object",
            Self::Garbled(_) => "check that the server's address is that of a store and not of something before it",
            Self::Conflict(_) => "it is tried again with what is there now, unless it belongs to somebody else",
            Self::Unsupported(_) => "use a store that can, or leave the field out",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable(_) | Self::Garbled(_) | Self::Conflict(_))
    }
}
