//! The seam between kinds and the way that all of them take from an object to its Secret.
//!
//! A kind reads its objects, refuses what it can refuse without a key, and opens. Ownership, drift, the record that makes
//! a restart free, status, events and retries are not its business. It has no client and no clock.

use super::error::Failure;
use super::shape::{Guard, Shape};
use crate::index::Version;
use crate::ports::{KeyView, Kind, ObjectRef};
use seal_api::{Meta, Names, Status};
use seal_crypto::Fingerprint;
use seal_secret::SecretBytes;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An object as every kind has it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Names of its kind.
    pub names: &'static Names,
    /// Metadata.
    pub meta: Meta,
    /// Status as last written.
    pub status: Status,
}

impl Subject {
    /// Where it is; its Secret has the same namespace and name.
    pub fn at(&self) -> ObjectRef {
        ObjectRef::new(&self.meta.namespace, &self.meta.name)
    }
}

/// A Secret of the object's own namespace that it wants to be opened with. It holds private keys: no Debug.
pub struct OwnKeys {
    /// The Secret as it was read.
    pub version: Version,
    /// Its data.
    pub data: BTreeMap<String, SecretBytes>,
}

/// Keys to open one object with. It holds private keys: no Debug.
pub struct OpeningKeys {
    /// The installation's.
    pub view: KeyView,
    /// Those that the object names instead; see [`Content::key_secret`].
    pub own: Option<OwnKeys>,
}

/// An opened object. It holds plaintext: no Debug.
pub struct Opened {
    /// The Secret's data.
    pub data: BTreeMap<String, SecretBytes>,
    /// What the Secret looks like besides.
    pub shape: Shape,
    /// Fingerprints of the keys that opened it.
    pub keys: BTreeSet<String>,
    /// Private-key operations spent.
    pub tries: u32,
}

/// What an object holds, as its kind understands it: ciphertext and names, nothing in clear.
pub trait Content: Send + Sync + 'static {
    /// What can be refused from the object alone.
    fn check(&self) -> Result<(), Failure>;
    /// The part of it that an administrator may have decided since the same content was opened. It is asked of every object
    /// at every start, so it reads no document.
    fn check_rules(&self) -> Result<(), Failure>;
    /// What the Secret looks like besides its data, when that shows before opening.
    fn shape(&self) -> Option<Shape>;
    /// Whether this key of the Secret's data is made from this object.
    fn answers_for(&self, key: &str) -> bool;
    /// Everything that the Secret is made from, for the record; the same fields in the same order for the same Secret.
    fn inputs(&self) -> Vec<Cow<'_, [u8]>>;
    /// What decides the answer besides the generation.
    fn marks(&self) -> u64 {
        0
    }
    /// True when there is nothing that needs a key.
    fn needs_no_key(&self) -> bool {
        false
    }
    /// A Secret of the object's namespace whose keys open it; the installation's own are then not tried.
    fn key_secret(&self) -> Option<&str> {
        None
    }
    /// True while nothing is to be done, whatever happens.
    fn is_suspended(&self) -> bool {
        false
    }
    /// True when opening it takes seconds, because keys are made on the way.
    fn is_slow(&self) -> bool {
        false
    }
    /// Why the object is weaker than it could be; for people.
    fn weakness(&self) -> Option<String> {
        None
    }
    /// Opens it. It takes processor time and runs on the pool; `hint` is the key that opened it last.
    fn open(&self, keys: &OpeningKeys, hint: Option<&Fingerprint>) -> Result<Opened, Failure>;
}

/// A kind.
pub trait Source: Send + Sync + 'static {
    /// Its objects, whole and as metadata.
    fn kinds(&self) -> [Kind; 2];
    /// Reads an object as the API server sent it; what is wrong about it comes out in [`Content::check`].
    fn read(&self, value: &Value) -> (Subject, Arc<dyn Content>);
}

/// What can be refused without a key: by the kind, and by what is never written.
pub fn check(content: &dyn Content, guard: &Guard, at: &ObjectRef) -> Result<(), Failure> {
    content.check()?;
    guard.check_place(at)?;
    content.shape().map_or(Ok(()), |shape| guard.check_shape(&shape))
}

/// The same for content that was opened and written before, when only settings can have changed.
pub fn check_again(content: &dyn Content, guard: &Guard, at: &ObjectRef) -> Result<(), Failure> {
    content.check_rules()?;
    guard.check_place(at)
}
