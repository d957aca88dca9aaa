//! From a SealedSecret to a Secret: data, metadata, type, scopes.

use crate::case::{Case, data_of};
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::ResourceExt;
use seal_crypto::Scope;
use serde_json::json;

tests![
    a_sealed_secret_becomes_a_secret,
    a_change_reaches_the_secret_and_a_removed_key_leaves_it,
    items_may_be_renamed_and_moved_between_objects_of_one_binding,
    each_scope_opens_where_it_should_and_nowhere_else,
    the_template_chooses_type_and_immutability,
    empty_and_large_values_arrive_to_the_byte,
    tracking_labels_of_the_object_stay_on_the_object,
    the_deprecated_template_free_form_gets_type_opaque,
];

async fn a_sealed_secret_becomes_a_secret(case: &Case) -> Result<()> {
    let template = json!({"metadata": {"labels": {"app": "shop"}, "annotations": {"note": "kept"}}});
    let object =
        case.put(&case.sealed("db").await?.item("user", "shop").item("password", "correct horse").template(template)).await?;
    let secret = case.expect_data("db", &[("user", "shop"), ("password", "correct horse")]).await?;
    ensure!(secret.labels().get("app").map(String::as_str) == Some("shop"), "labels: {:?}", secret.labels());
    ensure!(secret.annotations().get("note").map(String::as_str) == Some("kept"), "annotations: {:?}", secret.annotations());
    let [owner] = secret.owner_references() else { anyhow::bail!("owners: {:?}", secret.owner_references()) };
    ensure!(
        owner.controller == Some(true) && Some(&owner.uid) == object.metadata.uid.as_ref() && owner.kind == "SealedSecret",
        "{owner:?}"
    );
    case.expect_synced("db").await?;
    case.expect_condition("db", "Ready", "True", "").await?;
    let event = case.expect_event("db", "Unsealed").await?;
    ensure!(
        event.type_.as_deref() == Some("Normal") && event.message.as_deref() == Some("SealedSecret unsealed successfully"),
        "{event:?}"
    );
    let conditions = case.objects().get("db").await?.data["status"]["conditions"].clone();
    ensure!(conditions[0]["type"] == "Synced", "kubectl prints the first condition, which must be Synced: {conditions}");
    Ok(())
}

async fn a_change_reaches_the_secret_and_a_removed_key_leaves_it(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("old", "1").item("both", "2")).await?;
    case.expect_data("db", &[("old", "1"), ("both", "2")]).await?;
    case.expect_synced("db").await?;
    case.put(&case.sealed("db").await?.item("both", "3").item("new", "4")).await?;
    case.expect_data("db", &[("both", "3"), ("new", "4")]).await?;
    case.expect_synced("db").await?;
    Ok(())
}

async fn items_may_be_renamed_and_moved_between_objects_of_one_binding(case: &Case) -> Result<()> {
    let first = case.sealed("db").await?.item("a", "one").json();
    let text = first["spec"]["encryptedData"]["a"].as_str().expect("sealed above").to_owned();
    case.put(&case.sealed("db").await?.raw_item("renamed", &text).raw_item("twice", &text).item("own", "two")).await?;
    case.expect_data("db", &[("renamed", "one"), ("twice", "one"), ("own", "two")]).await?;
    Ok(())
}

async fn each_scope_opens_where_it_should_and_nowhere_else(case: &Case) -> Result<()> {
    let (here, elsewhere) = (case.namespace.clone(), "elsewhere");
    let table = [
        ("right-strict", Scope::Strict, here.as_str(), "right-strict", true),
        ("name-strict", Scope::Strict, here.as_str(), "other", false),
        ("space-strict", Scope::Strict, elsewhere, "space-strict", false),
        ("name-ns", Scope::NamespaceWide, here.as_str(), "other", true),
        ("space-ns", Scope::NamespaceWide, elsewhere, "space-ns", false),
        ("name-cluster", Scope::ClusterWide, here.as_str(), "other", true),
        ("space-cluster", Scope::ClusterWide, elsewhere, "other", true),
    ];
    for (name, scope, namespace, bound_name, _) in table {
        case.put(&case.sealed(name).await?.scope(scope).sealed_for(namespace, bound_name).item("k", "v")).await?;
    }
    for (name, _, _, _, opens) in table {
        if opens {
            case.expect_data(name, &[("k", "v")]).await?;
        } else {
            let message = case.expect_not_synced(name).await?;
            ensure!(message.contains("no key could decrypt secret (k)"), "{name}: {message}");
            case.expect_event(name, "ErrUnsealFailed").await?;
            ensure!(case.secrets().get_opt(name).await?.is_none(), "{name} was opened");
        }
    }
    Ok(())
}

async fn the_template_chooses_type_and_immutability(case: &Case) -> Result<()> {
    let docker = json!({"type": "kubernetes.io/dockerconfigjson", "immutable": true});
    case.put(&case.sealed("pull").await?.item(".dockerconfigjson", "{\"auths\":{}}").template(docker)).await?;
    let secret = case.expect_data("pull", &[(".dockerconfigjson", "{\"auths\":{}}")]).await?;
    ensure!(
        secret.type_.as_deref() == Some("kubernetes.io/dockerconfigjson") && secret.immutable == Some(true),
        "{:?} {:?}",
        secret.type_,
        secret.immutable
    );
    Ok(())
}

async fn empty_and_large_values_arrive_to_the_byte(case: &Case) -> Result<()> {
    let large: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
    case.put(&case.sealed("bytes").await?.item("empty", "").item("large", &large).item("newline", "x\n")).await?;
    case.expect_synced("bytes").await?;
    let data = data_of(&case.secrets().get("bytes").await?);
    ensure!(data["empty"].is_empty() && data["large"] == large && data["newline"] == b"x\n", "values were changed");
    Ok(())
}

async fn tracking_labels_of_the_object_stay_on_the_object(case: &Case) -> Result<()> {
    let sealed = case
        .sealed("tracked")
        .await?
        .item("k", "v")
        .label("app.kubernetes.io/instance", "argo-app")
        .annotation("argocd.argoproj.io/tracking-id", "x");
    case.put(&sealed.template(json!({"metadata": {"labels": {"argocd.argoproj.io/secret-type": "repository"}}}))).await?;
    let secret = case.expect_data("tracked", &[("k", "v")]).await?;
    ensure!(!secret.labels().contains_key("app.kubernetes.io/instance"), "{:?}", secret.labels());
    ensure!(!secret.annotations().contains_key("argocd.argoproj.io/tracking-id"), "{:?}", secret.annotations());
    ensure!(
        secret.labels().contains_key("argocd.argoproj.io/secret-type"),
        "what the template says is kept: {:?}",
        secret.labels()
    );
    Ok(())
}

async fn the_deprecated_template_free_form_gets_type_opaque(case: &Case) -> Result<()> {
    case.put(&case.sealed("plain").await?.item("k", "v")).await?;
    let secret = case.expect_data("plain", &[("k", "v")]).await?;
    ensure!(secret.type_.as_deref() == Some("Opaque"), "{:?}", secret.type_);
    Ok(())
}
