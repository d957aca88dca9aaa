//! Secrets the controller never writes, whoever asks: they would turn the right to seal into other rights.

use crate::case::Case;
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::ResourceExt;
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
    let condition = case.expect_condition("db", "Ready", "True", "").await;
    let refused = condition.is_err();
    if refused {
        case.expect_condition("db", "Ready", "False", "Refused").await?;
        ensure!(case.secrets().get_opt("db").await?.is_none());
    } else {
        let secret = case.secrets().get("db").await?;
        ensure!(!secret.owner_references().iter().any(|owner| owner.kind == "ConfigMap"), "{:?}", secret.owner_references());
    }
    Ok(())
}
