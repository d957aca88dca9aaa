//! Key Secrets as upstream stores them, made in this process.

use crate::plane::ControlPlane;
use anyhow::Result;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use seal_crypto::{Certificate, PrivateKey, PublicKey};
use serde_json::{Value, json};

/// The label that makes a Secret a key.
pub const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

/// A fresh key as a Secret of this name, and its public half. `not_before` in seconds since 1970 decides its rank.
///
/// # Errors
/// When key or certificate cannot be made.
pub fn fresh(name: &str, not_before: i64) -> Result<(Value, PublicKey)> {
    let key = PrivateKey::generate(2048, &mut rand::rng())?;
    let certificate = Certificate::self_signed(&key, "", not_before, 10 * 365 * 86_400, &mut rand::rng())?;
    let private = String::from_utf8(key.to_pem().expose().to_vec())?;
    let secret = json!({
        "metadata": {"name": name, "labels": {LABEL: "active"}}, "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": certificate.pem, "tls.key": private},
    });
    Ok((secret, key.public().clone()))
}

/// Creates a Secret in a controller's home.
///
/// # Errors
/// When the API server refuses.
pub async fn create(plane: &ControlPlane, home: &str, secret: Value) -> Result<Secret> {
    let secrets: Api<Secret> = Api::namespaced(plane.client(), home);
    Ok(secrets.create(&PostParams::default(), &serde_json::from_value(secret)?).await?)
}
