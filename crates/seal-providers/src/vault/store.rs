//! One mount as a store: reading, listing, versions. Writing is next door.

use crate::error::{Absent, Operation, StoreError};
use crate::port::{Answer, Capabilities, Find, Push, Pushed, Reference, Shape, Store, Version};
use crate::vault::config::{Config, Kv};
use crate::vault::door::As;
use crate::vault::path::{Place, checked, place};
use crate::vault::session::Session;
use crate::vault::wire::{self, Metadata, State};
use async_trait::async_trait;
use rustify::Endpoint;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use vaultrs::api::{kv1, kv2};
use zeroize::Zeroizing;

/// A listing of more keys than this is taken for a mistake.
const MOST_KEYS: usize = 10_000;

/// A mount, seen by one identity.
pub struct Vault {
    pub(super) session: Arc<Session>,
    pub(super) config: Config,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

impl Vault {
    /// Nothing is asked yet.
    pub fn new(session: Arc<Session>, config: Config) -> Self {
        Self { session, config }
    }

    /// The session it uses.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// One call; with another token, once, when the server does not know this one any more.
    pub(super) async fn call(&self, endpoint: &impl Endpoint, what: Operation) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let ticket = self.session.ticket().await?;
        match self.send(endpoint, what, &ticket.token).await {
            Err(StoreError::Denied(_)) => {
                let ticket = self.session.refused(&ticket, what).await?;
                self.send(endpoint, what, &ticket.token).await
            }
            outcome => outcome,
        }
    }

    async fn send(
        &self,
        endpoint: &impl Endpoint,
        what: Operation,
        token: &seal_secret::SecretBytes,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let identity = As { token: Some(token), namespace: self.config.namespace.as_deref() };
        self.session.door().send(endpoint, what, identity, Some(&self.config)).await
    }

    pub(super) async fn value(&self, place: Place, version: Option<u64>) -> Result<Answer, StoreError> {
        let Place { mount, path } = place;
        let absent = if version.is_some() { Absent::Version } else { Absent::Secret };
        let read = match self.config.kv {
            Kv::V1 => {
                let body = self.call(&kv1::requests::GetSecretRequest { mount, path }, Operation::Read).await?;
                wire::plain(&body).map(|value| Answer { value, shape: Shape::Object, version: None })
            }
            Kv::V2 => {
                let request = kv2::requests::ReadSecretRequest { mount, path, version };
                let body = self.call(&request, Operation::Read).await;
                let answer =
                    |(value, version): (_, u64)| Answer { value, shape: Shape::Object, version: Some(version.to_string()) };
                body.and_then(|body| wire::versioned(&body)).map(answer)
            }
        };
        read.map_err(|error| if matches!(error, StoreError::Absent(_)) { StoreError::Absent(absent) } else { error })
    }

    pub(super) async fn metadata(&self, place: Place) -> Result<Metadata, StoreError> {
        let Place { mount, path } = place;
        let request = kv2::requests::ReadSecretMetadataRequest { mount, path };
        wire::data(&self.call(&request, Operation::Metadata).await?)
    }

    async fn current_version(&self, key: &str) -> Result<Version, StoreError> {
        let at = place(&self.config, key)?;
        let metadata = self.metadata(at.clone()).await?;
        match metadata.state() {
            State::There => Ok(metadata.current_version.to_string()),
            State::Gone => Err(StoreError::Absent(Absent::Secret)),
            State::Unsure => Ok(self.value(at, None).await?.version.unwrap_or_default()),
        }
    }

    /// Every key below `path`, depth first.
    async fn keys(&self, mount: &str, path: &str) -> Result<Vec<String>, StoreError> {
        let mut folders = vec![path.to_owned()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for name in self.list(mount, &folder).await? {
                // A name that leads elsewhere is not followed, whoever wrote it.
                checked(name.trim_end_matches('/'))?;
                let whole = format!("{folder}{name}");
                if name.ends_with('/') {
                    folders.push(whole);
                } else {
                    found.push(whole);
                }
            }
            if found.len() + folders.len() > MOST_KEYS {
                return Err(StoreError::Refused("there are more keys than a listing may have; name a path to find below"));
            }
        }
        Ok(found)
    }

    async fn list(&self, mount: &str, folder: &str) -> Result<Vec<String>, StoreError> {
        let (mount, path) = (mount.to_owned(), folder.to_owned());
        let body = match self.config.kv {
            Kv::V1 => self.call(&kv1::requests::ListSecretRequest { mount, path }, Operation::List).await,
            Kv::V2 => self.call(&kv2::requests::ListSecretsRequest { mount, path }, Operation::List).await,
        };
        match body {
            Ok(body) => Ok(wire::data::<Keys>(&body)?.keys),
            Err(StoreError::Absent(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether the custom metadata has all these.
    async fn has_tags(&self, at: &Place, tags: &BTreeMap<String, String>) -> Result<bool, StoreError> {
        if tags.is_empty() {
            return Ok(true);
        }
        let has = self.metadata(at.clone()).await?.custom_metadata.unwrap_or_default();
        Ok(tags.iter().all(|(name, value)| has.get(name) == Some(value)))
    }
}

#[async_trait]
impl Store for Vault {
    fn capabilities(&self) -> Capabilities {
        let versioned = self.config.kv == Kv::V2;
        Capabilities {
            write: true,
            find: true,
            find_by_tags: versioned,
            versions: versioned,
            cheap_versions: versioned,
            sweeps: false,
            metadata: versioned,
        }
    }

    async fn get(&self, reference: &Reference) -> Result<Answer, StoreError> {
        let at = place(&self.config, &reference.key)?;
        if self.config.kv == Kv::V1 && (reference.metadata || reference.version.is_some()) {
            return Err(StoreError::Invalid("a version 1 engine has neither versions nor metadata"));
        }
        if reference.metadata {
            let metadata = self.metadata(at).await?;
            let version = Some(metadata.current_version.to_string());
            return Ok(Answer { value: described(metadata), shape: Shape::Object, version });
        }
        let version = reference.version.as_deref().map(str::parse).transpose();
        self.value(at, version.map_err(|_| StoreError::Invalid("a version of this engine is a number"))?).await
    }

    async fn find(&self, find: &Find) -> Result<BTreeMap<String, Answer>, StoreError> {
        if !find.tags.is_empty() && self.config.kv == Kv::V1 {
            return Err(StoreError::Invalid("a version 1 engine has no metadata to find by"));
        }
        let mount = self.config.mount.as_deref().map(|mount| mount.trim_matches('/'));
        let mount = mount.ok_or(StoreError::Invalid("to find, the store must name its mount path"))?;
        checked(mount)?;
        let path = find.path.as_deref().unwrap_or_default().trim_matches('/');
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        if !path.is_empty() {
            checked(path)?;
        }
        let mut found = BTreeMap::new();
        for key in self.keys(mount, &below).await? {
            if find.name.as_ref().is_some_and(|name| !name.is_match(&key)) {
                continue;
            }
            let at = Place { mount: mount.to_owned(), path: key.clone() };
            let read = match self.has_tags(&at, &find.tags).await {
                Ok(true) => self.value(at, None).await,
                Ok(false) => continue,
                Err(error) => Err(error),
            };
            match read {
                Ok(answer) => drop(found.insert(key, answer)),
                // Listed, but its current version is deleted.
                Err(StoreError::Absent(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn versions(&self, keys: &[String]) -> Result<BTreeMap<String, Result<Version, StoreError>>, StoreError> {
        if self.config.kv == Kv::V1 {
            return Err(StoreError::Unsupported(Operation::Metadata));
        }
        let mut found = BTreeMap::new();
        for key in keys {
            match self.current_version(key).await {
                Err(error @ StoreError::Denied(_)) => return Err(error),
                Err(error) if error.is_transient() => return Err(error),
                outcome => drop(found.insert(key.clone(), outcome)),
            }
        }
        Ok(found)
    }

    async fn push(&self, push: &Push) -> Result<Pushed, StoreError> {
        self.write(push).await
    }

    async fn delete(&self, key: &str, property: Option<&str>) -> Result<(), StoreError> {
        self.remove(key, property).await
    }

    async fn validate(&self) -> Result<(), StoreError> {
        self.session.validate().await
    }
}

/// Metadata as External Secrets Operator shows it: everything as text.
fn described(metadata: Metadata) -> seal_secret::SecretBytes {
    let mut text: BTreeMap<String, String> = metadata.custom_metadata.unwrap_or_default();
    text.insert("created_time".to_owned(), metadata.created_time);
    text.insert("current_version".to_owned(), metadata.current_version.to_string());
    text.insert("delete_version_after".to_owned(), metadata.delete_version_after);
    json!(text).to_string().into()
}
