//! What is remembered of objects between looks: identities and answers, never bodies. Bounded bytes per object.

use crate::ports::ObjectRef;
use std::collections::{BTreeMap, HashMap};
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

/// What is remembered of a SealedSecret.
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

/// What is remembered of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNote {
    /// Its identity.
    pub version: Version,
    /// Whether a SealedSecret controls it or it is marked `managed`.
    pub managed: bool,
}

#[derive(Default)]
struct Inner {
    sealed: HashMap<ObjectRef, Entry>,
    secrets: HashMap<ObjectRef, SecretNote>,
    freed: HashMap<ObjectRef, Duration>,
    fingerprints: BTreeMap<Box<str>, Arc<str>>,
}

/// The memory of one kind. Cheap to ask, shared by watches and workers.
#[derive(Default)]
pub struct Index {
    inner: Mutex<Inner>,
}

impl Index {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The entry of a SealedSecret.
    pub fn entry(&self, at: &ObjectRef) -> Option<Entry> {
        self.lock().sealed.get(at).cloned()
    }

    /// Changes (or makes) the entry of a SealedSecret.
    pub fn update(&self, at: &ObjectRef, change: impl FnOnce(&mut Entry)) {
        change(self.lock().sealed.entry(at.clone()).or_default());
    }

    /// True when a look would find nothing: nobody asked but the Secret, and the Secret is the one last found right.
    /// The question is answered once: asking resets.
    pub fn take_needless(&self, at: &ObjectRef) -> bool {
        let mut inner = self.lock();
        let there = inner.secrets.get(at).map(|note| note.version.clone());
        let Some(entry) = inner.sealed.get_mut(at) else { return false };
        let asked = std::mem::take(&mut entry.asked);
        !asked && entry.synced && there.is_some() && entry.verified == there
    }

    /// Drops a SealedSecret; false when it was not known.
    pub fn forget(&self, at: &ObjectRef) -> bool {
        self.lock().sealed.remove(at).is_some()
    }

    /// SealedSecrets whose entry answers yes.
    pub fn select(&self, wanted: impl Fn(&ObjectRef, &Entry) -> bool) -> Vec<ObjectRef> {
        self.lock().sealed.iter().filter(|(at, entry)| wanted(at, entry)).map(|(at, _)| at.clone()).collect()
    }

    /// The number of SealedSecrets.
    pub fn len(&self) -> usize {
        self.lock().sealed.len()
    }

    /// True when no SealedSecret is known.
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
        for key in self.lock().sealed.values().flat_map(|entry| entry.keys.iter()) {
            *counts.entry(key.to_string()).or_default() += 1;
        }
        counts
    }

    /// The note of a Secret.
    pub fn secret(&self, at: &ObjectRef) -> Option<SecretNote> {
        self.lock().secrets.get(at).cloned()
    }

    /// Remembers a Secret.
    pub fn note_secret(&self, at: &ObjectRef, note: SecretNote) {
        let mut inner = self.lock();
        inner.freed.remove(at);
        inner.secrets.insert(at.clone(), note);
    }

    /// A Secret is gone; a name that was not ours is remembered as just freed until `until`.
    pub fn secret_gone(&self, at: &ObjectRef, now: Duration, until: Duration) -> Option<SecretNote> {
        let mut inner = self.lock();
        inner.freed.retain(|_, end| *end > now);
        let note = inner.secrets.remove(at);
        if note.as_ref().is_some_and(|note| !note.managed) && inner.freed.len() < 10_000 {
            inner.freed.insert(at.clone(), until);
        }
        note
    }

    /// True while a Secret that was not ours is known there (its deletion not yet seen) or was deleted a moment ago.
    pub fn foreign_just_gone(&self, at: &ObjectRef, now: Duration) -> bool {
        let inner = self.lock();
        inner.freed.get(at).is_some_and(|end| *end > now) || inner.secrets.get(at).is_some_and(|note| !note.managed)
    }

    /// Names of Secrets in a namespace (or all), for finding those that a list no longer shows.
    pub fn secret_names(&self, within: Option<&str>) -> Vec<ObjectRef> {
        self.lock().secrets.keys().filter(|at| within.is_none_or(|ns| *at.namespace == *ns)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(10);

    fn note(managed: bool) -> SecretNote {
        SecretNote { version: Version::new("u", "1"), managed }
    }

    #[test]
    fn only_foreign_secrets_leave_a_trace_and_only_for_a_while() {
        let index = Index::default();
        let (ours, theirs) = (ObjectRef::new("a", "ours"), ObjectRef::new("a", "theirs"));
        index.note_secret(&ours, note(true));
        index.note_secret(&theirs, note(false));
        assert!(index.foreign_just_gone(&theirs, NOW), "known to be there");
        let until = NOW + Duration::from_secs(5);
        index.secret_gone(&ours, NOW, until);
        index.secret_gone(&theirs, NOW, until);
        assert!(!index.foreign_just_gone(&ours, NOW));
        assert!(index.foreign_just_gone(&theirs, NOW));
        assert!(!index.foreign_just_gone(&theirs, until));
    }

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
}
