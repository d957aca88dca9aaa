//! The kinds of External Secrets Operator: names, tolerant views of objects, statuses, reasons and CRDs.
//!
//! Readers never fail: a wrong field is a [`Problem`] of its object, named by path and never by value. Providers and
//! generators that are not served are kept by name, so that they can be refused by name.

mod cluster_external_secret;
pub mod crd;
mod duration;
mod external_secret;
mod generator;
pub mod names;
mod problem;
mod push_secret;
mod read;
pub mod reasons;
mod references;
mod secret_store;
mod selector;
mod status;
mod template;
mod words;

pub use cluster_external_secret::ClusterExternalSecret;
pub use duration::{Interval, MAX_INTERVAL};
pub use external_secret::{
    Data, DataFrom, ExternalSecret, Find, Manifest, Merge, RemoteRef, Rewrite, Source, Spec, SyncWindow, SyncWindows, Target,
};
pub use generator::{FakeValues, Generator, GeneratorSpec, Password, SshKey, Sts, VaultDynamic};
pub use problem::{Problem, Wrong};
pub use push_secret::{PushData, PushDataTo, PushSecret, PushSource, StoreSelector};
pub use references::{GeneratorRef, KeyRef, ServiceAccountRef, StoreKind, StoreRef};
pub use secret_store::{
    AwsAuth, AwsProvider, CaProvider, Condition as StoreCondition, FakeEntry, FakeProvider, KubernetesAuth, KubernetesProvider,
    Provider, Retry, SecretStore, ServiceAccountToken, VaultAuth, VaultMethod, VaultProvider,
};
pub use selector::{LabelSelector, Operator, Requirement};
pub use status::{Binding, Cause, CauseCode, ExternalSecretStatus, StoreStatus};
pub use template::{From as TemplateFrom, Item as TemplateItem, Origin as TemplateOrigin, Template};
pub use words::{
    AwsService, Capabilities, ConflictPolicy, ConversionStrategy, CreationPolicy, DecodingStrategy, DeletionPolicy, MergePolicy,
    MergeStrategy, MetadataPolicy, NullBytePolicy, PasswordEncoding, PriorityPolicy, PushConversion, PushDeletion, PushUpdate,
    RefreshPolicy, ResultType, SshKeyType, TemplateScope, TemplateTarget, WindowKind,
};

#[cfg(test)]
mod tests;
