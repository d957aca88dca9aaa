//! A Secret that exists already: whose it is, and what may happen to it (upstream's annotations).

use crate::case::{Case, data_of};
use crate::runner::tests;
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::DeleteParams;
use seal_tests::eventually;
use serde_json::{Value, json};

tests![
    a_secret_that_is_not_ours_is_a_conflict_and_stays_as_it_is,
    a_conflict_ends_when_the_other_secret_goes,
    managed_takes_over_and_replaces_everything,
    managed_and_patch_take_over_and_merge,
    patch_merges_without_owning,
    patch_works_on_a_secret_without_data,
    an_owned_secret_is_made_again,
    a_managed_secret_is_made_again_with_an_owner,
    skip_set_owner_references_leaves_no_owner,
    deleting_the_object_takes_its_secret_along,
];

const MANAGED: &str = "sealedsecrets.bitnami.com/managed";
const PATCH: &str = "sealedsecrets.bitnami.com/patch";

async fn existing(case: &Case, annotations: Value) -> Result<Secret> {
    let metadata = json!({"name": "db", "annotations": annotations, "labels": {"theirs": "yes"}});
    case.create_secret(json!({"metadata": metadata, "data": {"theirs": "MQ=="}})).await
}

async fn a_secret_that_is_not_ours_is_a_conflict_and_stays_as_it_is(case: &Case) -> Result<()> {
    let before = existing(case, json!({})).await?;
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    let message = case.expect_not_synced("db").await?;
    ensure!(message.contains("already exists and is not managed by SealedSecret"), "{message}");
    let event = case.expect_event("db", "ErrUpdateFailed").await?;
    ensure!(
        event.message.as_deref().is_some_and(|message| message.contains("already exists and is not managed by SealedSecret")),
        "{event:?}"
    );
    let after = case.secrets().get("db").await?;
    ensure!(after.resource_version() == before.resource_version(), "the Secret was written");
    Ok(())
}

async fn a_conflict_ends_when_the_other_secret_goes(case: &Case) -> Result<()> {
    existing(case, json!({})).await?;
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    case.expect_not_synced("db").await?;
    case.secrets().delete("db", &DeleteParams::default()).await?;
    case.expect_data("db", &[("ours", "2")]).await?;
    case.expect_synced("db").await?;
    Ok(())
}

async fn managed_takes_over_and_replaces_everything(case: &Case) -> Result<()> {
    existing(case, json!({MANAGED: "true"})).await?;
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    let secret = case.expect_data("db", &[("ours", "2")]).await?;
    ensure!(secret.owner_references().len() == 1, "{:?}", secret.owner_references());
    ensure!(!secret.labels().contains_key("theirs"), "{:?}", secret.labels());
    Ok(())
}

async fn managed_and_patch_take_over_and_merge(case: &Case) -> Result<()> {
    existing(case, json!({MANAGED: "true", PATCH: "true"})).await?;
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    let secret = case.expect_data("db", &[("theirs", "1"), ("ours", "2")]).await?;
    ensure!(secret.owner_references().len() == 1, "{:?}", secret.owner_references());
    ensure!(secret.labels().contains_key("theirs"), "{:?}", secret.labels());
    Ok(())
}

async fn patch_merges_without_owning(case: &Case) -> Result<()> {
    existing(case, json!({PATCH: "true"})).await?;
    let template = json!({"metadata": {"labels": {"ours": "yes"}}});
    case.put(&case.sealed("db").await?.item("ours", "2").template(template)).await?;
    let secret = case.expect_data("db", &[("theirs", "1"), ("ours", "2")]).await?;
    ensure!(secret.owner_references().is_empty(), "{:?}", secret.owner_references());
    ensure!(secret.labels().contains_key("theirs") && secret.labels().contains_key("ours"), "{:?}", secret.labels());
    Ok(())
}

async fn patch_works_on_a_secret_without_data(case: &Case) -> Result<()> {
    case.create_secret(json!({"metadata": {"name": "db", "annotations": {PATCH: "true"}}})).await?;
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    case.expect_data("db", &[("ours", "2")]).await?;
    Ok(())
}

async fn an_owned_secret_is_made_again(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    let first = case.expect_data("db", &[("ours", "2")]).await?;
    case.secrets().delete("db", &DeleteParams::default()).await?;
    let again = eventually("another Secret", crate::case::SOON, || async {
        Ok(case.secrets().get_opt("db").await?.filter(|secret| secret.uid() != first.uid()))
    });
    let again = again.await?;
    ensure!(data_of(&again)["ours"] == b"2" && again.owner_references().len() == 1);
    Ok(())
}

async fn a_managed_secret_is_made_again_with_an_owner(case: &Case) -> Result<()> {
    existing(case, json!({MANAGED: "true"})).await?;
    let template = json!({"metadata": {"annotations": {MANAGED: "true"}}});
    case.put(&case.sealed("db").await?.item("ours", "2").template(template)).await?;
    let first = case.expect_data("db", &[("ours", "2")]).await?;
    case.secrets().delete("db", &DeleteParams::default()).await?;
    let again = eventually("another Secret", crate::case::SOON, || async {
        Ok(case.secrets().get_opt("db").await?.filter(|secret| secret.uid() != first.uid()))
    });
    ensure!(again.await?.owner_references().len() == 1);
    Ok(())
}

async fn skip_set_owner_references_leaves_no_owner(case: &Case) -> Result<()> {
    let skip = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/skip-set-owner-references": "true"}}});
    case.put(&case.sealed("db").await?.item("ours", "2").template(skip)).await?;
    let secret = case.expect_data("db", &[("ours", "2")]).await?;
    ensure!(secret.owner_references().is_empty(), "{:?}", secret.owner_references());
    Ok(())
}

async fn deleting_the_object_takes_its_secret_along(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("ours", "2")).await?;
    case.expect_data("db", &[("ours", "2")]).await?;
    case.objects().delete("db", &DeleteParams::background()).await?;
    eventually("no Secret", crate::case::SOON, || async { Ok(case.secrets().get_opt("db").await?.is_none().then_some(())) }).await
}
