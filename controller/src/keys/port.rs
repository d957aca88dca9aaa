//! What is asked of the API server about keys, so that every scenario runs against a fake one.
//!
//! Listing key Secrets is the only place where the controller reads Secrets it was not asked to make; the port can
//! name no other Secrets than those with the key label or the identity label, the legacy one and the installation's own.

use std::collections::{BTreeMap, BTreeSet};

use seal_crypto::Fingerprint;
use seal_secret::SecretBytes;

use crate::ports::Answer;

/// A key Secret as found. It holds a private key, so it has no Debug.
pub struct KeySecret {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its resource version.
    pub resource_version: String,
    /// When it was created, seconds since 1970.
    pub created: i64,
    /// `tls.crt`; empty when absent.
    pub certificate: Vec<u8>,
    /// `tls.key`; empty when absent.
    pub private: SecretBytes,
}

/// A key Secret to create, in upstream's form.
pub struct NewKeySecret {
    /// `generateName`.
    pub generate_name: String,
    /// Labels, the key label among them.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// `tls.crt`, PEM.
    pub certificate: String,
    /// `tls.key`, PEM of PKCS#1.
    pub private: SecretBytes,
}

/// An identity Secret as found. It holds private keys, so it has no Debug.
pub struct IdentitySecret {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its resource version.
    pub resource_version: String,
    /// When it was created, seconds since 1970.
    pub created: i64,
    /// Its data.
    pub data: BTreeMap<String, SecretBytes>,
}

/// An identity Secret to create. It holds a private key, so it has no Debug.
pub struct NewIdentitySecret {
    /// Labels, the identity label among them.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The identity's line.
    pub identity: SecretBytes,
}

/// The installation's own Secret. It holds private keys, so it has no Debug.
pub struct InstallSecret {
    /// Its resource version; empty before it is created.
    pub resource_version: String,
    /// The key that MACs are made with.
    pub install_key: SecretBytes,
    /// Seed of the signing key.
    pub signing_key: SecretBytes,
    /// Fingerprints trusted to seal to; `None` before the first start recorded any.
    pub trusted: Option<BTreeSet<Fingerprint>>,
}

/// The published bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleObject {
    /// Resource version; empty before it is created.
    pub resource_version: String,
    /// The signed text.
    pub text: String,
}

/// The API server, as far as keys go. Everything lives in the home namespace.
pub trait KeyApi: Send + Sync + 'static {
    /// All Secrets with the key label at `active`, and the legacy one that is named as the prefix.
    fn key_secrets(&self) -> Answer<'_, Vec<KeySecret>>;
    /// Creates a key Secret; answers with its generated name once it is stored.
    fn create_key<'a>(&'a self, new: &'a NewKeySecret) -> Answer<'a, String>;
    /// All Secrets with the identity label at `active`.
    fn identity_secrets(&self) -> Answer<'_, Vec<IdentitySecret>>;
    /// Creates an identity Secret; answers with its generated name once it is stored.
    fn create_identity<'a>(&'a self, new: &'a NewIdentitySecret) -> Answer<'a, String>;
    /// True when any SealedSecret exists where the controller looks; false also when the CRD is not there yet.
    fn any_sealed(&self) -> Answer<'_, bool>;
    /// The installation's own Secret.
    fn install(&self) -> Answer<'_, Option<InstallSecret>>;
    /// Creates it; answers with its resource version.
    fn create_install<'a>(&'a self, install: &'a InstallSecret) -> Answer<'a, String>;
    /// Replaces its trusted fingerprints if it is still at this resource version; answers with the new one.
    fn record_trusted<'a>(&'a self, resource_version: &'a str, trusted: &'a BTreeSet<Fingerprint>) -> Answer<'a, String>;
    /// The published bundle.
    fn bundle(&self) -> Answer<'_, Option<BundleObject>>;
    /// Creates it (empty resource version) or replaces its text if it is still at that resource version.
    fn put_bundle<'a>(&'a self, bundle: &'a BundleObject) -> Answer<'a, ()>;
}
