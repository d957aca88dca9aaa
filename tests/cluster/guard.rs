//! Secrets the controller never writes, whoever asks: they would turn the right to seal into other rights.

use crate::case::Case;
use crate::runner::tests;
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};
use seal_tests::key_secret;
use serde_json::json;

tests![
    types_that_grant_rights_are_refused,
    a_sealed_object_cannot_become_a_sealing_key,
    owners_and_finalizers_of_a_template_are_not_taken
];

async fn types_that_grant_rights_are_refused(case: &Case) -> Result<()> {
    for (name, kind) in [
        ("account", "kubernetes.io/service-account-token"),
        ("bootstrap", "bootstrap.kubernetes.io/token"),
        ("helm", "helm.sh/release.v1"),
    ] {
        let template = json!({"type": kind, "metadata": {"annotations": {"kubernetes.io/service-account.name": "default"}}});
        case.put(&case.sealed(name).await?.item("k", "v").template(template)).await?;
        case.expect_condition(name, "Ready", "False", "Refused").await?;
        ensure!(case.secrets().get_opt(name).await?.is_none(), "a Secret of type {kind} was written");
    }
    Ok(())
}

async fn a_sealed_object_cannot_become_a_sealing_key(case: &Case) -> Result<()> {
    let template = json!({"metadata": {"labels": {key_secret::LABEL: "active"}}});
    case.put(&case.sealed("key").await?.item("tls.key", "v").item("tls.crt", "v").template(template)).await?;
    case.expect_condition("key", "Ready", "False", "Refused").await?;
    ensure!(case.secrets().get_opt("key").await?.is_none());
    Ok(())
}

async fn owners_and_finalizers_of_a_template_are_not_taken(case: &Case) -> Result<()> {
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "00000000-0000-0000-0000-000000000000"});
    let template = json!({"metadata": {"finalizers": ["seal-tests.example/forever"], "ownerReferences": [owner], "name": "other", "namespace": "kube-system"}});
    case.put(&case.sealed("db").await?.item("k", "v").template(template)).await?;
    let secret = case.expect_data("db", &[("k", "v")]).await?;
    case.expect_condition("db", "Ready", "True", "").await?;
    let [owner] = secret.owner_references() else { anyhow::bail!("owners: {:?}", secret.owner_references()) };
    ensure!(owner.kind == "SealedSecret" && owner.name == "db", "{owner:?}");
    ensure!(secret.finalizers().is_empty(), "it would outlive its object: {:?}", secret.finalizers());
    let elsewhere: Api<Secret> = Api::namespaced(case.plane().client(), "kube-system");
    ensure!(elsewhere.get_opt("other").await?.is_none(), "the template chose the place");
    Ok(())
}
