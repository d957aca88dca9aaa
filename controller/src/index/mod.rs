//! What is remembered of objects between looks: identities and answers, never bodies. Bounded bytes per object.

mod secrets;

pub use secrets::{SecretNote, Secrets};

use crate::ports::ObjectRef;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// UID and resource version of an object at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// UID.
    pub uid: Box<str>,
    /// Resource version.
    pub resource_version: Box<str>,
}

impl Version {
    /// From two texts.
    pub fn new(uid: &str, resource_version: &str) -> Self {
        Self { uid: uid.into(), resource_version: resource_version.into() }
    }
}

/// What is remembered of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Resource version last seen; what the periodic compare looks at.
    pub resource_version: Box<str>,
    /// Digest of what decides the answer: uid, generation, scope. 0 when not looked at yet.
    pub face: u64,
    /// Digest of the conditions as last written or read.
    pub said: u64,
    /// Whether the last look ended well.
    pub synced: bool,
    /// The Secret that was found right, at that moment.
    pub verified: Option<Version>,
    /// Fingerprints of the keys that opened it.
    pub keys: Arc<[Arc<str>]>,
    /// Digest of the failure last told by an event; 0 for none.
    pub told: u64,
    /// Set when the object itself (or the keys) gave the reason for a look. Without, a look was asked for by its Secret
    /// alone, and is needless when that Secret is the one found right: mostly it is the echo of our own write.
    pub asked: bool,
}

#[derive(Default)]
struct Inner {
    objects: HashMap<ObjectRef, Entry>,
    fingerprints: BTreeMap<Box<str>, Arc<str>>,
    /// Objects by the Secret whose keys they name, and the other way.
    wanting: HashMap<ObjectRef, BTreeSet<ObjectRef>>,
    wanted: HashMap<ObjectRef, ObjectRef>,
}

/// The memory of one kind. Cheap to ask, shared by watches and workers.
#[derive(Default)]
pub struct Index {
    inner: Mutex<Inner>,
    secrets: Arc<Secrets>,
}

impl Index {
    /// Empty, beside what is known of Secrets, which all kinds share.
    pub fn new(secrets: Arc<Secrets>) -> Self {
        Self { inner: Mutex::default(), secrets }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The entry of an object.
    pub fn entry(&self, at: &ObjectRef) -> Option<Entry> {
        self.lock().objects.get(at).cloned()
    }

    /// Changes (or makes) the entry of an object.
    pub fn update(&self, at: &ObjectRef, change: impl FnOnce(&mut Entry)) {
        change(self.lock().objects.entry(at.clone()).or_default());
    }

    /// True when a look would find nothing: nobody asked but the Secret, and the Secret is the one last found right.
    /// The question is answered once: asking resets.
    pub fn take_needless(&self, at: &ObjectRef) -> bool {
        let there = self.secrets.get(at).map(|note| note.version);
        let mut inner = self.lock();
        let Some(entry) = inner.objects.get_mut(at) else { return false };
        let asked = std::mem::take(&mut entry.asked);
        !asked && entry.synced && there.is_some() && entry.verified == there
    }

    /// Drops an object; false when it was not known.
    pub fn forget(&self, at: &ObjectRef) -> bool {
        self.wants(at, None);
        self.lock().objects.remove(at).is_some()
    }

    /// Notes the Secret whose keys an object names.
    pub fn wants(&self, at: &ObjectRef, secret: Option<ObjectRef>) {
        let mut inner = self.lock();
        if inner.wanted.get(at) == secret.as_ref() {
            return;
        }
        if let Some(before) = inner.wanted.remove(at)
            && let Some(objects) = inner.wanting.get_mut(&before)
        {
            objects.remove(at);
            if objects.is_empty() {
                inner.wanting.remove(&before);
            }
        }
        if let Some(secret) = secret {
            inner.wanting.entry(secret.clone()).or_default().insert(at.clone());
            inner.wanted.insert(at.clone(), secret);
        }
    }

    /// Objects that name the keys of this Secret.
    pub fn wanting(&self, secret: &ObjectRef) -> Vec<ObjectRef> {
        self.lock().wanting.get(secret).into_iter().flatten().cloned().collect()
    }

    /// Objects whose entry answers yes.
    pub fn select(&self, wanted: impl Fn(&ObjectRef, &Entry) -> bool) -> Vec<ObjectRef> {
        self.lock().objects.iter().filter(|(at, entry)| wanted(at, entry)).map(|(at, _)| at.clone()).collect()
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.lock().objects.len()
    }

    /// True when no object is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fingerprints share one copy of each text.
    pub fn intern(&self, keys: &[String]) -> Arc<[Arc<str>]> {
        let mut inner = self.lock();
        let intern = |key: &String| inner.fingerprints.entry(key.as_str().into()).or_insert_with(|| key.as_str().into()).clone();
        keys.iter().map(intern).collect()
    }

    /// Objects by key that opens them.
    pub fn objects_per_key(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for key in self.lock().objects.values().flat_map(|entry| entry.keys.iter()) {
            *counts.entry(key.to_string()).or_default() += 1;
        }
        counts
    }

    /// The note of a Secret.
    pub fn secret(&self, at: &ObjectRef) -> Option<SecretNote> {
        self.secrets.get(at)
    }

    /// True while a Secret that was not ours is known there (its deletion not yet seen) or was deleted a moment ago.
    pub fn foreign_just_gone(&self, at: &ObjectRef, now: Duration) -> bool {
        self.secrets.foreign_just_gone(at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_once_per_object_and_share_their_text() {
        let index = Index::default();
        let keys = index.intern(&["SHA256:a".to_owned()]);
        assert!(Arc::ptr_eq(&keys[0], &index.intern(&["SHA256:a".to_owned()])[0]));
        for name in ["x", "y"] {
            index.update(&ObjectRef::new("n", name), |entry| entry.keys = keys.clone());
        }
        assert_eq!(index.objects_per_key(), BTreeMap::from([("SHA256:a".to_owned(), 2)]));
    }

    #[test]
    fn an_object_wants_the_keys_of_one_secret_until_it_names_another_or_is_gone() {
        let index = Index::default();
        let [a, b, one, two] = ["a", "b", "one", "two"].map(|name| ObjectRef::new("n", name));
        index.wants(&a, Some(one.clone()));
        index.wants(&b, Some(one.clone()));
        assert_eq!(index.wanting(&one), [a.clone(), b.clone()]);
        index.wants(&a, Some(two.clone()));
        index.forget(&b);
        assert_eq!((index.wanting(&one), index.wanting(&two)), (vec![], vec![a.clone()]));
        index.wants(&a, None);
        assert_eq!(index.wanting(&two), []);
    }
}
