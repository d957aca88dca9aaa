//! The key port over a real client. Private keys pass through here in both directions and nowhere else leave their type.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::FutureExt;
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, ListParams, PostParams},
};
use seal_crypto::Fingerprint;
use seal_secret::SecretBytes;

use super::{
    ACTIVE, BUNDLE_CONFIG_MAP, IDENTITY_LABEL, INSTALL_SECRET, KEY_LABEL,
    identities::{IDENTITY_ENTRY, IDENTITY_PREFIX},
    port::{BundleObject, IdentitySecret, InstallSecret, KeyApi, KeySecret, NewIdentitySecret, NewKeySecret},
};
use crate::ports::{Answer, KubeError};

/// Longest time for one answer. The client itself waits for ever.
const DEADLINE: Duration = Duration::from_secs(30);
const CERTIFICATE: &str = "tls.crt";
const PRIVATE: &str = "tls.key";
const INSTALL_KEY: &str = "install-key";
const SIGNING_KEY: &str = "signing-key";
const TRUSTED: &str = "trusted-keys";
const BUNDLE: &str = "bundle.json";
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "seal-controller");

/// Keys in a cluster.
pub struct ClusterKeys {
    secrets: Api<Secret>,
    config_maps: Api<ConfigMap>,
    sealed: Vec<Api<DynamicObject>>,
    legacy_name: String,
}

impl ClusterKeys {
    /// Keys of the home namespace; SealedSecrets are looked for in these namespaces (`None` = all).
    pub fn new(client: &Client, home: &str, prefix: &str, namespaces: Option<&[String]>) -> Self {
        let kind = ApiResource {
            group: "bitnami.com".to_owned(),
            version: "v1alpha1".to_owned(),
            api_version: "bitnami.com/v1alpha1".to_owned(),
            kind: "SealedSecret".to_owned(),
            plural: "sealedsecrets".to_owned(),
        };
        let sealed = match namespaces {
            None => vec![Api::all_with(client.clone(), &kind)],
            Some(names) => names.iter().map(|name| Api::namespaced_with(client.clone(), name, &kind)).collect(),
        };
        Self {
            secrets: Api::namespaced(client.clone(), home),
            config_maps: Api::namespaced(client.clone(), home),
            sealed,
            legacy_name: prefix.to_owned(),
        }
    }

    async fn list_keys(&self) -> Result<Vec<KeySecret>, KubeError> {
        let labelled = ListParams::default().labels(&format!("{KEY_LABEL}={ACTIVE}"));
        let mut found: Vec<KeySecret> =
            self.secrets.list(&labelled).await.map_err(failed)?.items.into_iter().map(key_secret).collect();
        // Upstream before 0.9 kept its one key in a Secret of exactly this name, without the label.
        if !found.iter().any(|secret| secret.name == self.legacy_name) {
            let legacy = self.secrets.get_opt(&self.legacy_name).await.map_err(failed)?;
            // With the label at another value it was put out of use on purpose.
            let unlabelled =
                legacy.filter(|secret| secret.metadata.labels.as_ref().is_none_or(|labels| !labels.contains_key(KEY_LABEL)));
            found.extend(unlabelled.map(key_secret));
        }
        Ok(found)
    }

    async fn replace_trusted(&self, resource_version: &str, trusted: &BTreeSet<Fingerprint>) -> Result<String, KubeError> {
        // Replaced and not patched: upstream's Role, under which we may run, grants update but not patch.
        let mut secret = self.secrets.get(INSTALL_SECRET).await.map_err(failed)?;
        if secret.metadata.resource_version.as_deref() != Some(resource_version) {
            return Err(KubeError::Conflict);
        }
        secret.data.get_or_insert_default().insert(TRUSTED.to_owned(), ByteString(lines(trusted).into_bytes()));
        let stored = self.secrets.replace(INSTALL_SECRET, &PostParams::default(), &secret).await.map_err(failed)?;
        Ok(stored.metadata.resource_version.unwrap_or_default())
    }
}

impl KeyApi for ClusterKeys {
    fn key_secrets(&self) -> Answer<'_, Vec<KeySecret>> {
        timely(self.list_keys())
    }

    fn create_key<'a>(&'a self, new: &'a NewKeySecret) -> Answer<'a, String> {
        timely(async move {
            let metadata = generated(&new.generate_name, &new.labels, &new.annotations);
            let data = [(CERTIFICATE, new.certificate.clone().into_bytes()), (PRIVATE, new.private.expose().to_vec())];
            let stored = self
                .secrets
                .create(&PostParams::default(), &secret(metadata, "kubernetes.io/tls", data))
                .await
                .map_err(failed)?;
            Ok(stored.metadata.name.unwrap_or_default())
        })
    }

    fn identity_secrets(&self) -> Answer<'_, Vec<IdentitySecret>> {
        timely(async move {
            let labelled = ListParams::default().labels(&format!("{IDENTITY_LABEL}={ACTIVE}"));
            Ok(self.secrets.list(&labelled).await.map_err(failed)?.items.into_iter().map(identity_secret).collect())
        })
    }

    fn create_identity<'a>(&'a self, new: &'a NewIdentitySecret) -> Answer<'a, String> {
        timely(async move {
            let metadata = generated(IDENTITY_PREFIX, &new.labels, &new.annotations);
            let data = [(IDENTITY_ENTRY, new.identity.expose().to_vec())];
            let stored = self.secrets.create(&PostParams::default(), &secret(metadata, "Opaque", data)).await.map_err(failed)?;
            Ok(stored.metadata.name.unwrap_or_default())
        })
    }

    fn any_sealed(&self) -> Answer<'_, bool> {
        timely(async move {
            for api in &self.sealed {
                match api.list_metadata(&ListParams::default().limit(1)).await.map_err(failed) {
                    Ok(list) if list.items.is_empty() => {}
                    Ok(_) => return Ok(true),
                    Err(KubeError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(false)
        })
    }

    fn install(&self) -> Answer<'_, Option<InstallSecret>> {
        timely(async move { Ok(self.secrets.get_opt(INSTALL_SECRET).await.map_err(failed)?.map(install_secret)) })
    }

    fn create_install<'a>(&'a self, install: &'a InstallSecret) -> Answer<'a, String> {
        timely(async move {
            let metadata = ObjectMeta { name: Some(INSTALL_SECRET.to_owned()), labels: Some(managed()), ..ObjectMeta::default() };
            let keys =
                [(INSTALL_KEY, install.install_key.expose().to_vec()), (SIGNING_KEY, install.signing_key.expose().to_vec())];
            let trusted = install.trusted.as_ref().map(|trusted| (TRUSTED, lines(trusted).into_bytes()));
            let body = secret(metadata, "sealkit.dev/installation", keys.into_iter().chain(trusted));
            let stored = self.secrets.create(&PostParams::default(), &body).await.map_err(failed)?;
            Ok(stored.metadata.resource_version.unwrap_or_default())
        })
    }

    fn record_trusted<'a>(&'a self, resource_version: &'a str, trusted: &'a BTreeSet<Fingerprint>) -> Answer<'a, String> {
        timely(self.replace_trusted(resource_version, trusted))
    }

    fn bundle(&self) -> Answer<'_, Option<BundleObject>> {
        timely(async move {
            let found = self.config_maps.get_opt(BUNDLE_CONFIG_MAP).await.map_err(failed)?;
            Ok(found.map(|map| BundleObject {
                resource_version: map.metadata.resource_version.unwrap_or_default(),
                text: map.data.and_then(|mut data| data.remove(BUNDLE)).unwrap_or_default(),
            }))
        })
    }

    fn put_bundle<'a>(&'a self, bundle: &'a BundleObject) -> Answer<'a, ()> {
        timely(async move {
            let exists = !bundle.resource_version.is_empty();
            let map = ConfigMap {
                metadata: ObjectMeta {
                    name: Some(BUNDLE_CONFIG_MAP.to_owned()),
                    labels: Some(managed()),
                    resource_version: exists.then(|| bundle.resource_version.clone()),
                    ..ObjectMeta::default()
                },
                data: Some(BTreeMap::from([(BUNDLE.to_owned(), bundle.text.clone())])),
                ..ConfigMap::default()
            };
            let stored = if exists {
                self.config_maps.replace(BUNDLE_CONFIG_MAP, &PostParams::default(), &map).await
            } else {
                self.config_maps.create(&PostParams::default(), &map).await
            };
            stored.map(|_| ()).map_err(failed)
        })
    }
}

/// An answer in time or none.
fn timely<'a, T>(answer: impl Future<Output = Result<T, KubeError>> + Send + 'a) -> Answer<'a, T> {
    async move { tokio::time::timeout(DEADLINE, answer).await.unwrap_or(Err(KubeError::Transport("no answer in time"))) }.boxed()
}

fn generated(prefix: &str, labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> ObjectMeta {
    ObjectMeta {
        generate_name: Some(prefix.to_owned()),
        labels: Some(labels.clone()),
        annotations: Some(annotations.clone()).filter(|annotations| !annotations.is_empty()),
        ..ObjectMeta::default()
    }
}

fn managed() -> BTreeMap<String, String> {
    BTreeMap::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())])
}

fn secret<'a>(metadata: ObjectMeta, kind: &str, data: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Secret {
    Secret {
        metadata,
        type_: Some(kind.to_owned()),
        data: Some(data.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value))).collect()),
        ..Secret::default()
    }
}

fn key_secret(secret: Secret) -> KeySecret {
    let mut data = secret.data.unwrap_or_default();
    let mut take = |key: &str| data.remove(key).map(|value| value.0).unwrap_or_default();
    KeySecret {
        certificate: take(CERTIFICATE),
        private: SecretBytes::from(take(PRIVATE)),
        name: secret.metadata.name.unwrap_or_default(),
        uid: secret.metadata.uid.unwrap_or_default(),
        resource_version: secret.metadata.resource_version.unwrap_or_default(),
        created: secret.metadata.creation_timestamp.map_or(0, |time| time.0.as_second()),
    }
}

fn identity_secret(secret: Secret) -> IdentitySecret {
    let data = secret.data.unwrap_or_default();
    IdentitySecret {
        data: data.into_iter().map(|(entry, value)| (entry, SecretBytes::from(value.0))).collect(),
        name: secret.metadata.name.unwrap_or_default(),
        uid: secret.metadata.uid.unwrap_or_default(),
        resource_version: secret.metadata.resource_version.unwrap_or_default(),
        created: secret.metadata.creation_timestamp.map_or(0, |time| time.0.as_second()),
    }
}

fn install_secret(secret: Secret) -> InstallSecret {
    let mut data = secret.data.unwrap_or_default();
    let trusted = data.remove(TRUSTED).map(|text| {
        // A line that is no fingerprint trusts nothing; the others stand.
        String::from_utf8_lossy(&text.0).lines().filter_map(|line| line.trim().parse().ok()).collect()
    });
    let mut take = |key: &str| SecretBytes::from(data.remove(key).map(|value| value.0).unwrap_or_default());
    InstallSecret {
        install_key: take(INSTALL_KEY),
        signing_key: take(SIGNING_KEY),
        trusted,
        resource_version: secret.metadata.resource_version.unwrap_or_default(),
    }
}

fn lines(fingerprints: &BTreeSet<Fingerprint>) -> String {
    fingerprints.iter().map(|fingerprint| format!("{fingerprint}\n")).collect()
}

/// Only what cannot hold a value of an object gets out of the server's answer: the code and the reason.
fn failed(error: kube::Error) -> KubeError {
    let kube::Error::Api(status) = error else { return KubeError::Transport("request not answered") };
    match (status.code, status.reason.as_str()) {
        (404, _) => KubeError::NotFound,
        (409, "AlreadyExists") => KubeError::AlreadyExists,
        (409, _) => KubeError::Conflict,
        (410, _) => KubeError::Gone,
        (401 | 403, reason) => KubeError::Forbidden(reason.to_owned()),
        (422, reason) => KubeError::Invalid(reason.to_owned()),
        (code, _) => KubeError::Server { code, retry_after: None },
    }
}
