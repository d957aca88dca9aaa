//! Many SealedSecrets: sealing them, storing them, counting what came out.

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Client,
    api::{Api, ListParams, PostParams},
};
use rand::rng;
use seal_core::sealed::SealedObject;
use seal_crypto::{Binding, Certificate, Item, PrivateKey, PublicKey, Scope};
use seal_secret::SecretBytes;
use seal_tests::{ControlPlane, sealed};
use serde_json::{Value, json};

/// Items of every object.
pub(crate) const ITEMS: usize = 4;

/// Makes `count` keys and stores them as upstream's key Secrets, the first the oldest, a day apart.
pub(crate) async fn keys(plane: &ControlPlane, home: &str, count: i64) -> Result<Vec<PublicKey>> {
    let api: Api<Secret> = Api::namespaced(plane.client(), home);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() as i64;
    let mut publics = Vec::new();
    for index in 0..count {
        let key = PrivateKey::generate(4096, &mut rng())?;
        let not_before = now - (count - index) * 86_400;
        let cert = Certificate::self_signed(&key, "", not_before, 3650 * 86_400, &mut rng())?;
        let pem = String::from_utf8(key.to_pem().expose().to_vec())?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": format!("sealed-secrets-key{index:03}"), "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}},
            "stringData": {"tls.crt": cert.pem, "tls.key": pem},
        });
        api.create(&PostParams::default(), &serde_json::from_value(secret)?).await?;
        publics.push(key.public().clone());
    }
    Ok(publics)
}

/// One object as kubeseal would leave it: no claim, no hint of the key.
pub(crate) fn object(namespace: &str, name: &str, key: &PublicKey) -> Result<Value> {
    let binding = Binding::new(Scope::Strict, namespace, name)?;
    let mut sealed = SealedObject::default();
    sealed.metadata.insert("name".into(), name.into());
    sealed.metadata.insert("namespace".into(), namespace.into());
    for item in 0..ITEMS {
        let value = SecretBytes::from(format!("not a real value {item} of {name}"));
        sealed.items.insert(format!("item-{item}"), Item::seal(&value, key, &binding, &mut rng())?.encode());
    }
    Ok(sealed.to_node().to_public_json())
}

/// Stores `count` objects named `PREFIX-N` in a namespace, spread over the keys.
pub(crate) async fn create(client: &Client, namespace: &str, prefix: &str, count: usize, keys: &[PublicKey]) -> Result<()> {
    let api = sealed::api(client, namespace);
    stream::iter(0..count)
        .map(|index| {
            let api = api.clone();
            async move {
                let value = object(namespace, &format!("{prefix}-{index:05}"), &keys[index % keys.len()])?;
                api.create(&PostParams::default(), &serde_json::from_value(value)?).await?;
                anyhow::Ok(())
            }
        })
        .buffer_unordered(16)
        .try_collect::<()>()
        .await
}

/// Secrets of a namespace whose name starts with `prefix`.
pub(crate) async fn synced(client: &Client, namespace: &str, prefix: &str) -> Result<usize> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let list = api.list_metadata(&ListParams::default()).await?;
    Ok(list.items.iter().filter(|item| item.metadata.name.as_deref().is_some_and(|name| name.starts_with(prefix))).count())
}
