//! A store in memory, for trying things out: a list of keys, values and versions, as External Secrets Operator's fake has it.

use crate::error::{Absent, StoreError};
use crate::port::{Answer, Capabilities, Find, Push, Pushed, Reference, Shape, Store, Version};
use crate::property::{Left, merged, without};
use async_trait::async_trait;
use seal_secret::SecretBytes;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One line of `provider.fake.data`. Cannot be printed.
#[derive(Clone)]
pub struct Entry {
    /// Key.
    pub key: String,
    /// Value.
    pub value: SecretBytes,
    /// Version; the entry without one, or else the last one, is the current.
    pub version: Option<Version>,
}

/// The store.
#[derive(Default)]
pub struct Fake {
    entries: Mutex<Vec<Entry>>,
}

impl Fake {
    /// Holds what it is given.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries: Mutex::new(entries) }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the current entry of a key is.
fn current(entries: &[Entry], key: &str) -> Option<usize> {
    let of_key = |entry: &&(usize, &Entry)| entry.1.key == key;
    let all: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    let bare = all.iter().find(|(_, entry)| entry.key == key && entry.version.is_none());
    bare.or_else(|| all.iter().rfind(of_key)).map(|(at, _)| *at)
}

fn answer(entry: &Entry) -> Answer {
    let object = serde_json::from_slice::<Map<String, Value>>(entry.value.expose()).is_ok();
    let shape = if object { Shape::Object } else { Shape::Bytes };
    Answer { value: entry.value.clone(), shape, version: entry.version.clone() }
}

#[async_trait]
impl Store for Fake {
    fn capabilities(&self) -> Capabilities {
        Capabilities { write: true, find: true, versions: true, ..Capabilities::default() }
    }

    async fn get(&self, reference: &Reference) -> Result<Answer, StoreError> {
        if reference.metadata {
            return Err(StoreError::Invalid("the fake store keeps no metadata"));
        }
        let entries = self.entries();
        let at = current(&entries, &reference.key).ok_or(StoreError::Absent(Absent::Secret))?;
        let Some(version) = &reference.version else { return Ok(answer(&entries[at])) };
        let pinned = entries.iter().find(|entry| entry.key == reference.key && entry.version.as_ref() == Some(version));
        pinned.map(answer).ok_or(StoreError::Absent(Absent::Version))
    }

    async fn find(&self, find: &Find) -> Result<BTreeMap<String, Answer>, StoreError> {
        if !find.tags.is_empty() {
            return Err(StoreError::Invalid("the fake store keeps no tags to find by"));
        }
        let entries = self.entries();
        let fits = |key: &str| {
            find.name.as_ref().is_none_or(|name| name.is_match(key))
                && find.path.as_ref().is_none_or(|path| key.starts_with(path.as_str()))
        };
        let found = entries.iter().filter(|entry| fits(&entry.key));
        Ok(found.filter_map(|entry| current(&entries, &entry.key).map(|at| (entry.key.clone(), answer(&entries[at])))).collect())
    }

    async fn push(&self, push: &Push) -> Result<Pushed, StoreError> {
        let mut entries = self.entries();
        let at = current(&entries, &push.key);
        let before = at.map(|at| entries[at].value.clone());
        let Some(value) = merged(before.as_ref(), push)? else { return Ok(Pushed::Unchanged) };
        match at {
            Some(at) => entries[at].value = value,
            None => entries.push(Entry { key: push.key.clone(), value, version: None }),
        }
        Ok(Pushed::Written)
    }

    async fn delete(&self, key: &str, property: Option<&str>) -> Result<(), StoreError> {
        let mut entries = self.entries();
        let Some(at) = current(&entries, key) else { return Ok(()) };
        match without(&entries[at].value, property) {
            Left::Same => {}
            Left::Rest(value) => entries[at].value = value,
            Left::Nothing => entries.retain(|entry| entry.key != key),
        }
        Ok(())
    }

    async fn validate(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
