//! Condition reasons, messages and events with upstream's words: dashboards, alerts and scripts match on them.

/// The condition type of every kind.
pub const READY: &str = "Ready";
/// Upstream's condition type of old on ExternalSecrets.
pub const DELETED: &str = "Deleted";

/// Why an ExternalSecret is as it is, with upstream's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretReason {
    /// The target carries the data.
    Synced,
    /// There was no data, and the target was kept.
    Retained,
    /// There was no data, and the target was deleted.
    Deleted,
    /// There is no target, and it is not ours to make.
    Missing,
    /// The data could not be had.
    NoData,
    /// The target could not be deleted.
    DeleteFailed,
    /// A target of an earlier name could not be deleted.
    OrphanFailed,
    /// The target could not be written.
    UpdateFailed,
    /// The target is immutable.
    Immutable,
    /// The target has another controller.
    NotOurs,
    /// The target has another ExternalSecret.
    OtherExternalSecret,
}

impl SecretReason {
    /// `reason` of the condition.
    pub fn as_str(self) -> &'static str {
        match self {
            SecretReason::Synced | SecretReason::Retained => "SecretSynced",
            SecretReason::Deleted => "SecretDeleted",
            SecretReason::Missing => "SecretMissing",
            _ => "SecretSyncedError",
        }
    }

    /// `message` of the condition.
    pub fn message(self) -> &'static str {
        match self {
            SecretReason::Synced => "secret synced",
            SecretReason::Retained => "secret retained due to DeletionPolicy=Retain",
            SecretReason::Deleted => "secret deleted due to DeletionPolicy=Delete",
            SecretReason::Missing => "secret will not be created due to CreationPolicy=Merge",
            SecretReason::NoData => "could not get secret data from provider",
            SecretReason::DeleteFailed => "could not delete secret",
            SecretReason::OrphanFailed => "could not delete orphaned secrets",
            SecretReason::UpdateFailed => "could not update secret",
            SecretReason::Immutable => "could not update secret, target is immutable",
            SecretReason::NotOurs => "failed to take ownership of target secret",
            SecretReason::OtherExternalSecret => "target is owned by another ExternalSecret",
        }
    }

    /// Whether the condition holds.
    pub fn is_ready(self) -> bool {
        self.as_str() != "SecretSyncedError"
    }
}

/// Why a store is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreReason {
    /// It can be used.
    Valid,
    /// Its provider's part is wrong.
    InvalidProvider,
    /// Its other parts are wrong.
    InvalidStore,
    /// It was tried, and it failed.
    ValidationFailed,
    /// It could not be tried; it may work.
    ValidationUnknown,
}

impl StoreReason {
    /// `reason` of the condition.
    pub fn as_str(self) -> &'static str {
        match self {
            StoreReason::Valid => "Valid",
            StoreReason::InvalidProvider => "InvalidProviderConfig",
            StoreReason::InvalidStore => "InvalidStoreConfiguration",
            StoreReason::ValidationFailed => "ValidationFailed",
            StoreReason::ValidationUnknown => "ValidationUnknown",
        }
    }

    /// Whether the condition holds.
    pub fn is_ready(self) -> bool {
        matches!(self, StoreReason::Valid | StoreReason::ValidationUnknown)
    }
}

/// Why a PushSecret is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushReason {
    /// The stores have it.
    Synced,
    /// At least one has not.
    Errored,
    /// What was pushed is gone.
    SourceDeleted,
}

impl PushReason {
    /// `reason` of the condition.
    pub fn as_str(self) -> &'static str {
        match self {
            PushReason::Synced => "Synced",
            PushReason::Errored => "Errored",
            PushReason::SourceDeleted => "SourceDeleted",
        }
    }
}

/// Reasons of events.
pub mod event {
    /// A target was made. Normal.
    pub const CREATED: &str = "Created";
    /// A target was changed. Normal.
    pub const UPDATED: &str = "Updated";
    /// A target was deleted. Normal.
    pub const DELETED: &str = "Deleted";
    /// Something failed; the note is the cause. Warning.
    pub const UPDATE_FAILED: &str = "UpdateFailed";
    /// A secret is not in the store, and the policy says to leave it out. Normal.
    pub const MISSING: &str = "MissingProviderSecret";
    /// Note of [`CREATED`].
    pub const NOTE_CREATED: &str = "secret created";
    /// Note of [`UPDATED`].
    pub const NOTE_UPDATED: &str = "secret updated";
    /// Note of [`DELETED`].
    pub const NOTE_DELETED: &str = "secret deleted due to DeletionPolicy=Delete";
    /// Note of [`DELETED`] for a target of an earlier name.
    pub const NOTE_ORPHANED: &str = "secret deleted because it was orphaned";

    /// Note of [`MISSING`] for an entry of `dataFrom`.
    pub fn missing(index: usize) -> String {
        format!("secret does not exist at provider using spec.dataFrom[{index}]")
    }

    /// Note of [`MISSING`] for an entry of `data`; upstream says `dataFrom` here too.
    pub fn missing_key(index: usize, key: &str) -> String {
        format!("secret does not exist at provider using spec.dataFrom[{index}] (key={key})")
    }
}
