//! Conditions: always there, always current, for people, Argo CD and Flux alike.

use crate::case::{Case, SOON};
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use seal_crypto::{PrivateKey, Scope};
use seal_tests::{Sealed, eventually};
use serde_json::json;

tests![
    the_message_names_every_item_that_does_not_open,
    a_label_edit_while_items_are_opened_does_not_lose_the_status,
    a_new_reason_for_failure_reaches_the_status,
    a_new_reason_without_a_new_generation_reaches_the_status,
    a_scope_annotation_alone_is_noticed,
    failure_then_success_within_moments_ends_true,
    an_immutable_secret_says_so,
];

async fn the_message_names_every_item_that_does_not_open(case: &Case) -> Result<()> {
    let stranger = PrivateKey::generate(2048, &mut rand::rng())?;
    let foreign = Sealed::new(stranger.public(), &case.namespace, "db").item("x", "1").json();
    let foreign = foreign["spec"]["encryptedData"]["x"].as_str().expect("sealed above").to_owned();
    case.put(
        &case
            .sealed("db")
            .await?
            .item("good", "v")
            .raw_item("bad-b", &foreign)
            .raw_item("bad-a", &foreign)
            .raw_item("bad-c", "AgA="),
    )
    .await?;
    let message = case.expect_not_synced("db").await?;
    ensure!(message.contains("no key could decrypt secret (bad-a, bad-b, bad-c)"), "{message}");
    ensure!(case.secrets().get_opt("db").await?.is_none(), "it is all or nothing");
    case.expect_condition("db", "Ready", "False", "NoKey").await?;
    Ok(())
}

/// Upstream writes its status against the version it began with; an edit meanwhile makes that a conflict, and it never
/// tries again. So the label is edited until the Secret is there: some edit lands between reading and writing.
async fn a_label_edit_while_items_are_opened_does_not_lose_the_status(case: &Case) -> Result<()> {
    for round in 0..3 {
        let name = format!("quick-{round}");
        let mut sealed = case.sealed(&name).await?;
        for item in 0..300 {
            sealed = sealed.item(&format!("k{item}"), "v");
        }
        case.put(&sealed).await?;
        let mut edits = 0;
        let written = eventually("the Secret, while its object is being edited", SOON, || {
            edits += 1;
            let label = json!({"metadata": {"labels": {"edited": edits.to_string()}}});
            let name = &name;
            async move {
                case.patch(name, label).await?;
                Ok(case.secrets().get_opt(name).await?)
            }
        });
        written.await?;
        case.expect_synced(&name).await?;
    }
    Ok(())
}

async fn a_new_reason_for_failure_reaches_the_status(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.raw_item("first", "AgA=")).await?;
    ensure!(case.expect_not_synced("db").await?.contains("(first)"));
    case.put(&case.sealed("db").await?.raw_item("second", "AgA=")).await?;
    ensure!(case.expect_not_synced("db").await?.contains("(second)"));
    Ok(())
}

/// The object stays as it is; what stands in its way changes.
async fn a_new_reason_without_a_new_generation_reaches_the_status(case: &Case) -> Result<()> {
    case.create_secret(json!({"metadata": {"name": "db"}, "stringData": {"theirs": "1"}})).await?;
    case.put(&case.sealed("db").await?.item("k", "v")).await?;
    ensure!(case.expect_not_synced("db").await?.contains("already exists and is not managed"));
    let given = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}, "immutable": true});
    case.secrets().patch("db", &PatchParams::default(), &Patch::Merge(&given)).await?;
    eventually("the new reason in the status", SOON, || async {
        Ok(case.expect_not_synced("db").await?.contains("immutable").then_some(()))
    })
    .await
}

async fn a_scope_annotation_alone_is_noticed(case: &Case) -> Result<()> {
    let wide = case.sealed("db").await?.scope(Scope::ClusterWide).item("k", "v");
    case.put(&wide.annotation("sealedsecrets.bitnami.com/cluster-wide", "no")).await?;
    case.expect_not_synced("db").await?;
    case.patch("db", json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}}})).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    case.expect_synced("db").await?;
    // And back. Nothing is being retried now, so only the edit itself can be what is noticed.
    case.patch("db", json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/cluster-wide": null}}})).await?;
    case.expect_not_synced("db").await?;
    case.expect_data("db", &[("k", "v")]).await?;
    Ok(())
}

async fn failure_then_success_within_moments_ends_true(case: &Case) -> Result<()> {
    for round in 0..5 {
        let name = format!("race-{round}");
        case.put(&case.sealed(&name).await?.raw_item("k", "AgA=")).await?;
        case.put(&case.sealed(&name).await?.item("k", "v")).await?;
    }
    for round in 0..5 {
        case.expect_synced(&format!("race-{round}")).await?;
        case.expect_condition(&format!("race-{round}"), "Ready", "True", "").await?;
    }
    Ok(())
}

async fn an_immutable_secret_says_so(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("k", "1").template(json!({"immutable": true}))).await?;
    case.expect_data("db", &[("k", "1")]).await?;
    case.put(&case.sealed("db").await?.item("k", "2").template(json!({"immutable": true}))).await?;
    let message = case.expect_not_synced("db").await?;
    ensure!(message.contains("immutable"), "{message}");
    let event = case.expect_event("db", "ErrUpdateFailed").await?;
    ensure!(event.message.as_deref().is_some_and(|message| message.contains("the target Secret is immutable")), "{event:?}");
    case.expect_data("db", &[("k", "1")]).await?;
    Ok(())
}
