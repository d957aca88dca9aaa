//! What is remembered of Secrets: identities, and whether they are ours; never bodies. All kinds share it.

use super::Version;
use crate::ports::ObjectRef;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// What is remembered of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNote {
    /// Its identity.
    pub version: Version,
    /// Whether an object of ours controls it or it is marked `managed`.
    pub managed: bool,
}

#[derive(Default)]
struct Inner {
    notes: HashMap<ObjectRef, SecretNote>,
    freed: HashMap<ObjectRef, Duration>,
}

/// Secrets as their watch shows them.
#[derive(Default)]
pub struct Secrets {
    inner: Mutex<Inner>,
}

impl Secrets {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The note of a Secret.
    pub fn get(&self, at: &ObjectRef) -> Option<SecretNote> {
        self.lock().notes.get(at).cloned()
    }

    /// Remembers a Secret; answers what was known before.
    pub fn note(&self, at: &ObjectRef, note: SecretNote) -> Option<SecretNote> {
        let mut inner = self.lock();
        inner.freed.remove(at);
        inner.notes.insert(at.clone(), note)
    }

    /// A Secret is gone; a name that was not ours is remembered as just freed until `until`.
    pub fn gone(&self, at: &ObjectRef, now: Duration, until: Duration) -> Option<SecretNote> {
        let mut inner = self.lock();
        inner.freed.retain(|_, end| *end > now);
        let note = inner.notes.remove(at);
        if note.as_ref().is_some_and(|note| !note.managed) && inner.freed.len() < 10_000 {
            inner.freed.insert(at.clone(), until);
        }
        note
    }

    /// True while a Secret that was not ours is known there (its deletion not yet seen) or was deleted a moment ago.
    pub fn foreign_just_gone(&self, at: &ObjectRef, now: Duration) -> bool {
        let inner = self.lock();
        inner.freed.get(at).is_some_and(|end| *end > now) || inner.notes.get(at).is_some_and(|note| !note.managed)
    }

    /// Names of Secrets in a namespace (or all), for finding those that a list no longer shows.
    pub fn names(&self, within: Option<&str>) -> Vec<ObjectRef> {
        self.lock().notes.keys().filter(|at| within.is_none_or(|ns| *at.namespace == *ns)).cloned().collect()
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
        let secrets = Secrets::default();
        let (ours, theirs) = (ObjectRef::new("a", "ours"), ObjectRef::new("a", "theirs"));
        secrets.note(&ours, note(true));
        secrets.note(&theirs, note(false));
        assert!(secrets.foreign_just_gone(&theirs, NOW), "known to be there");
        let until = NOW + Duration::from_secs(5);
        secrets.gone(&ours, NOW, until);
        secrets.gone(&theirs, NOW, until);
        assert!(!secrets.foreign_just_gone(&ours, NOW));
        assert!(secrets.foreign_just_gone(&theirs, NOW));
        assert!(!secrets.foreign_just_gone(&theirs, until));
    }
}
