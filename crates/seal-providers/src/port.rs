//! The port all stores are behind: what can be asked, and what an answer is.

use crate::error::{Operation, StoreError};
use async_trait::async_trait;
use regex::Regex;
use seal_secret::SecretBytes;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a store calls one state of a secret. Compared for equality only.
pub type Version = String;

/// Which secret, in the store's own words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// The key as the user wrote it.
    pub key: String,
    /// One certain version or stage; the current one without it.
    pub version: Option<Version>,
    /// What is known about the secret (tags, labels, custom metadata) instead of the secret.
    pub metadata: bool,
}

impl Reference {
    /// The current value under a key.
    pub fn new(key: &str) -> Self {
        Self { key: key.to_owned(), version: None, metadata: false }
    }

    /// A certain version of it.
    #[must_use]
    pub fn at(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(mut self) -> Self {
        self.metadata = true;
        self
    }
}

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The text of one JSON object, whose members are the properties.
    Object,
    /// Whatever was stored.
    Bytes,
}

/// A value with its version. Cannot be printed.
#[derive(Clone)]
pub struct Answer {
    /// The value.
    pub value: SecretBytes,
    /// What it is.
    pub shape: Shape,
    /// Which version it is, where the store has versions.
    pub version: Option<Version>,
}

impl Answer {
    /// The members of an object: strings as they are, null as nothing, everything else as JSON.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the value is not one JSON object.
    pub fn members(&self) -> Result<BTreeMap<String, SecretBytes>, StoreError> {
        let object: BTreeMap<String, &RawValue> = serde_json::from_slice(self.value.expose())
            .map_err(|_| StoreError::Invalid("the secret is not a JSON object, so it has no properties to take"))?;
        Ok(object.into_iter().map(|(name, value)| (name, member(value.get()))).collect())
    }
}

/// A member as bytes. Numbers keep their spelling.
fn member(json: &str) -> SecretBytes {
    match json {
        "null" => SecretBytes::default(),
        text if text.starts_with('"') => serde_json::from_str::<String>(text).unwrap_or_default().into(),
        other => other.to_owned().into(),
    }
}

/// Which secrets to find. What is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct Find {
    /// Matches anywhere in the key unless anchored.
    pub name: Option<Regex>,
    /// Keys below this.
    pub path: Option<String>,
    /// Tags or metadata it must carry.
    pub tags: BTreeMap<String, String>,
}

/// A value to write. Cannot be printed.
pub struct Push {
    /// Where.
    pub key: String,
    /// Into which member of the JSON object there; the whole value without it.
    pub property: Option<String>,
    /// What.
    pub value: SecretBytes,
    /// Leave alone what is there already (`updatePolicy: IfNotExists`).
    pub only_if_absent: bool,
}

/// What a push did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The same was there already.
    Unchanged,
    /// Written.
    Written,
}

/// What a kind of store can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Push and delete.
    pub write: bool,
    /// Find by name or path.
    pub find: bool,
    /// Find by tags.
    pub find_by_tags: bool,
    /// Old versions can be asked for.
    pub versions: bool,
    /// [`Store::versions`] of one key is cheaper than reading it.
    pub cheap_versions: bool,
    /// [`Store::versions`] of many keys is a few calls.
    pub sweeps: bool,
    /// Metadata can be asked for.
    pub metadata: bool,
}

/// One store as one identity sees it.
#[async_trait]
pub trait Store: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// One secret.
    ///
    /// # Errors
    /// [`StoreError::Absent`] only when the store itself says that it is not there.
    async fn get(&self, reference: &Reference) -> Result<Answer, StoreError>;

    /// The members of one secret.
    ///
    /// # Errors
    /// As [`Self::get`], and [`StoreError::Invalid`] when it has no members.
    async fn get_map(&self, reference: &Reference) -> Result<BTreeMap<String, SecretBytes>, StoreError> {
        self.get(reference).await?.members()
    }

    /// All secrets that match, by key. Incomplete answers are errors: what is missing might be taken for deleted.
    ///
    /// # Errors
    /// The first one met.
    async fn find(&self, _find: &Find) -> Result<BTreeMap<String, Answer>, StoreError> {
        Err(StoreError::Unsupported(Operation::List))
    }

    /// The current version of each key, without values. Absent keys are an entry with that error.
    ///
    /// # Errors
    /// When nothing can be said about any key, [`StoreError::Denied`] above all: the caller reads values then.
    async fn versions(&self, _keys: &[String]) -> Result<BTreeMap<String, Result<Version, StoreError>>, StoreError> {
        Err(StoreError::Unsupported(Operation::Metadata))
    }

    /// Writes when something else is there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for what carries no mark of ours.
    async fn push(&self, _push: &Push) -> Result<Pushed, StoreError> {
        Err(StoreError::Unsupported(Operation::Write))
    }

    /// Takes away a property, or the whole secret with the last one. Absent is fine.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for what carries no mark of ours.
    async fn delete(&self, _key: &str, _property: Option<&str>) -> Result<(), StoreError> {
        Err(StoreError::Unsupported(Operation::Delete))
    }

    /// Whether key and property are there.
    ///
    /// # Errors
    /// When it cannot be said.
    async fn exists(&self, key: &str, property: Option<&str>) -> Result<bool, StoreError> {
        match self.get(&Reference::new(key)).await {
            Ok(answer) => Ok(property.is_none_or(|name| answer.members().is_ok_and(|all| all.contains_key(name)))),
            Err(StoreError::Absent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether address and credentials are good. Reads no secret.
    ///
    /// # Errors
    /// What is wrong with them.
    async fn validate(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::{Answer, Shape};

    #[test]
    fn members_are_text_as_it_is_and_json_as_it_was_written() {
        let text = r#"{"a":"x\u0026\n","b":1.10,"c":null,"d":{"e":[1, 2]},"f":true,"g":12345678901234567890123}"#;
        let answer = Answer { value: text.to_owned().into(), shape: Shape::Object, version: None };
        let members = answer.members().unwrap();
        let shown: Vec<_> = members.iter().map(|(k, v)| (k.as_str(), std::str::from_utf8(v.expose()).unwrap())).collect();
        let expected =
            [("a", "x&\n"), ("b", "1.10"), ("c", ""), ("d", r#"{"e":[1, 2]}"#), ("f", "true"), ("g", "12345678901234567890123")];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_no_object_has_no_members_and_the_error_has_no_value() {
        for text in ["hunter2", "[1]", "{\"a\":hunter2}", ""] {
            let answer = Answer { value: text.to_owned().into(), shape: Shape::Bytes, version: None };
            let error = answer.members().err().unwrap();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
