//! Writing to a mount: only what carries our mark, only when something else is there, never over somebody's change.
//!
//! The mark is External Secrets Operator's, so that either program goes on with what the other began.

use crate::error::{Operation, StoreError};
use crate::port::{Push, Pushed};
use crate::property::{Left, merged, without};
use crate::vault::config::Kv;
use crate::vault::path::{Place, place};
use crate::vault::store::Vault;
use seal_secret::SecretBytes;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use vaultrs::api::{kv1, kv2};

const MARK: (&str, &str) = ("managed-by", "external-secrets");
/// Where a version 1 engine keeps the mark: beside the properties.
const INSIDE: &str = "custom_metadata";
const FOREIGN: StoreError = StoreError::Conflict("the secret there is not marked as written by this operator");

/// What is there before a write.
struct Before {
    value: Option<SecretBytes>,
    /// The version a write must find; nothing where there are no versions.
    version: Option<u64>,
    marked: bool,
    exists: bool,
}

impl Vault {
    pub(super) async fn write(&self, push: &Push) -> Result<Pushed, StoreError> {
        let at = place(&self.config, &push.key)?;
        let before = self.before(&at).await?;
        if before.exists && !before.marked {
            return Err(FOREIGN);
        }
        let Some(value) = merged(before.value.as_ref(), push)? else { return Ok(Pushed::Unchanged) };
        let object = object(&value)?;
        if !before.exists {
            self.mark(&at).await?;
        }
        self.put(at, object, before.version).await?;
        Ok(Pushed::Written)
    }

    pub(super) async fn remove(&self, key: &str, property: Option<&str>) -> Result<(), StoreError> {
        let at = place(&self.config, key)?;
        let before = self.before(&at).await?;
        let Some(value) = &before.value else { return Ok(()) };
        if !before.marked {
            return Err(FOREIGN);
        }
        match without(value, property) {
            Left::Same => Ok(()),
            Left::Rest(rest) => self.put(at, object(&rest)?, before.version).await,
            Left::Nothing => self.erase(at).await,
        }
    }

    async fn before(&self, at: &Place) -> Result<Before, StoreError> {
        let value = match self.value(at.clone(), None).await {
            Ok(answer) => Some(answer),
            Err(StoreError::Absent(_)) => None,
            Err(error) => return Err(error),
        };
        if self.config.kv == Kv::V1 {
            let exists = value.is_some();
            let mut object = value.map(|answer| object(&answer.value)).transpose()?.unwrap_or_default();
            let marked = object.remove(INSIDE).is_some_and(|mark| mark[MARK.0] == MARK.1);
            let value = exists.then(|| Value::Object(object).to_string().into());
            return Ok(Before { value, version: None, marked, exists });
        }
        match self.metadata(at.clone()).await {
            Ok(metadata) => {
                let marked = metadata.custom_metadata.is_some_and(|all| all.get(MARK.0).is_some_and(|by| by == MARK.1));
                let version = Some(metadata.current_version);
                Ok(Before { value: value.map(|answer| answer.value), version, marked, exists: true })
            }
            Err(StoreError::Absent(_)) => Ok(Before { value: None, version: Some(0), marked: false, exists: false }),
            Err(error) => Err(error),
        }
    }

    async fn mark(&self, at: &Place) -> Result<(), StoreError> {
        if self.config.kv == Kv::V1 {
            return Ok(());
        }
        let request = kv2::requests::SetSecretMetadataRequest {
            mount: at.mount.clone(),
            path: at.path.clone(),
            custom_metadata: Some(HashMap::from([(MARK.0.to_owned(), MARK.1.to_owned())])),
            ..Default::default()
        };
        self.call(&request, Operation::Write).await.map(drop)
    }

    async fn put(&self, at: Place, mut object: Map<String, Value>, version: Option<u64>) -> Result<(), StoreError> {
        let Place { mount, path } = at;
        if self.config.kv == Kv::V1 {
            object.insert(INSIDE.to_owned(), json!(BTreeMap::from([MARK])));
            let data = Value::Object(object).to_string().into_bytes();
            return self.call(&kv1::requests::SetSecretRequest { mount, path, data }, Operation::Write).await.map(drop);
        }
        let cas = u32::try_from(version.unwrap_or(0)).map_err(|_| StoreError::Garbled("a version beyond all versions"))?;
        let options = Some(kv2::requests::SetSecretRequestOptions { cas });
        let request = kv2::requests::SetSecretRequest { mount, path, data: Value::Object(object), options };
        self.call(&request, Operation::Write).await.map(drop)
    }

    async fn erase(&self, at: Place) -> Result<(), StoreError> {
        let Place { mount, path } = at;
        match self.config.kv {
            Kv::V1 => self.call(&kv1::requests::DeleteSecretRequest { mount, path }, Operation::Delete).await.map(drop),
            Kv::V2 => {
                let request = kv2::requests::DeleteSecretMetadataRequest { mount, path };
                self.call(&request, Operation::Delete).await.map(drop)
            }
        }
    }
}

fn object(value: &SecretBytes) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_slice(value.expose())
        .map_err(|_| StoreError::Invalid("this engine keeps JSON objects; push to a property, or push a whole Secret"))
}
