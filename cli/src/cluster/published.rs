//! What a controller publishes: its signed bundle in a ConfigMap, and the same and the newest certificate over HTTP.
//!
//! The ConfigMap needs no Service and no pod that answers: it is there while the controller restarts, and where it runs outside the
//! cluster. Nothing here says that a key is to be trusted: whoever may write there is believed as whoever may change the Service.

use super::{Api, ClusterError, Controller, Target, api::encoded};
use seal_core::bundle::Bundle;
use serde_json::Value;

/// The ConfigMap with the signed bundle.
const NAME: &str = "sealkit-public-keys";

/// The signed bundle of an installation: from the ConfigMap, else over HTTP. `None` when there is none (upstream's controller).
pub async fn bundle(api: &Api, target: &Target) -> Result<Option<String>, ClusterError> {
    match in_config_map(api, target).await {
        Some(text) => Ok(Some(text)),
        None => Controller::find(api, target).await?.bundle().await,
    }
}

/// The newest certificate, PEM: as the controller answers, and where none answers out of the ConfigMap.
pub async fn newest_certificate(api: &Api, target: &Target, now: i64) -> Result<String, ClusterError> {
    let asked = match Controller::find(api, target).await {
        Ok(controller) => controller.certificate().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(pem) => Ok(pem),
        Err(error) => in_config_map(api, target).await.and_then(|text| first(&text, now)).ok_or(error),
    }
}

/// The certificate to seal to of a bundle that its own claimed key signed.
fn first(text: &str, now: i64) -> Option<String> {
    let key = Bundle::claimed_installation(text).ok()?;
    Bundle::verify(text, &key, now).ok()?.certificates.into_iter().next()
}

async fn in_config_map(api: &Api, target: &Target) -> Option<String> {
    let path = format!("/api/v1/namespaces/{}/configmaps/{NAME}", encoded(&target.namespace));
    let map = api.get("get the key bundle", &path).await.ok()?;
    map.get("data")?.as_object()?.values().find_map(Value::as_str).map(str::to_owned)
}
