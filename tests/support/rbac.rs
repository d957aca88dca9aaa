//! Exactly the rights in `deploy/`, under names of our own so that several controllers can share a cluster. Never more.

use crate::overlay::Overlay;
use crate::plane::ControlPlane;
use crate::{manifests, tools};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, PostParams};
use serde_json::{Value, json};

const KINDS: [&str; 5] = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];

/// Applies the rights found in `deploy/base` for a controller living in `home`; returns its service account's name.
///
/// # Errors
/// When the folder holds no service account or the API server refuses.
pub async fn apply_base(plane: &ControlPlane, home: &str) -> Result<String> {
    apply(plane, manifests::read_dir(&tools::repository().join("deploy/base"))?, home, |_| vec![home]).await
}

/// Applies the rights of a rendered variant.
///
/// # Errors
/// When it holds no service account or the API server refuses.
pub async fn apply_overlay(plane: &ControlPlane, overlay: &Overlay, home: &str) -> Result<String> {
    apply(plane, overlay.objects.clone(), home, |object| overlay.places(object, home)).await
}

async fn apply<'a>(
    plane: &ControlPlane,
    objects: Vec<DynamicObject>,
    home: &str,
    places: impl Fn(&DynamicObject) -> Vec<&'a str>,
) -> Result<String> {
    let mut account = None;
    for object in objects {
        let kind = object.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
        if !KINDS.contains(&kind.as_str()) {
            continue;
        }
        let cluster_wide = kind.starts_with("Cluster");
        if kind == "ServiceAccount" {
            account = Some(object.name_any());
        }
        for place in places(&object) {
            let mut object = object.clone();
            rename(&mut object, home, place, cluster_wide);
            manifests::apply(&plane.client(), object, (!cluster_wide).then_some(place)).await?;
        }
    }
    account.context("rights without a ServiceAccount")
}

/// Cluster-wide names get the home namespace appended; the service account is the one at home.
fn rename(object: &mut DynamicObject, home: &str, place: &str, cluster_wide: bool) {
    object.metadata.namespace = (!cluster_wide).then(|| place.to_owned());
    if cluster_wide {
        object.metadata.name = Some(format!("{}-{home}", object.name_any()));
    }
    if let Some(role) = object.data.get_mut("roleRef")
        && role["kind"] == "ClusterRole"
    {
        role["name"] = format!("{}-{home}", role["name"].as_str().unwrap_or_default()).into();
    }
    for subject in object.data.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if subject["kind"] == "ServiceAccount" {
            subject["namespace"] = home.into();
        }
    }
}

/// A token of a service account, as a Pod would have it (TokenRequest API).
///
/// # Errors
/// When the API server refuses.
pub async fn token(plane: &ControlPlane, home: &str, account: &str) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(plane.client(), home);
    let request: TokenRequest = serde_json::from_value(json!({
        "metadata": {}, "spec": {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": 7200}
    }))?;
    let answer: TokenRequest = accounts.create_subresource("token", account, &PostParams::default(), &request).await?;
    let token = answer.status.context("a token request without answer")?.token;
    ensure!(!token.is_empty(), "the API server gave an empty token");
    Ok(token)
}
