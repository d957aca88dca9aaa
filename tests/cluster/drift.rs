//! A Secret that someone edited goes back to what was sealed (policy heal, the default).

use crate::case::Case;
use crate::runner::tests;
use anyhow::Result;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

tests![an_edited_value_is_healed, an_added_and_a_removed_key_are_healed, a_lost_owner_reference_is_healed,];

async fn edit(case: &Case, patch: Value) -> Result<()> {
    case.secrets().patch("db", &PatchParams::default(), &Patch::Merge(&patch)).await?;
    Ok(())
}

async fn an_edited_value_is_healed(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("k", "sealed")).await?;
    case.expect_data("db", &[("k", "sealed")]).await?;
    case.expect_synced("db").await?;
    edit(case, json!({"stringData": {"k": "edited"}})).await?;
    case.expect_data("db", &[("k", "sealed")]).await?;
    Ok(())
}

async fn an_added_and_a_removed_key_are_healed(case: &Case) -> Result<()> {
    case.put(&case.sealed("db").await?.item("k", "sealed")).await?;
    case.expect_data("db", &[("k", "sealed")]).await?;
    case.expect_synced("db").await?;
    edit(case, json!({"data": {"k": null, "other": "MQ=="}})).await?;
    case.expect_data("db", &[("k", "sealed")]).await?;
    Ok(())
}

async fn a_lost_owner_reference_is_healed(case: &Case) -> Result<()> {
    let managed = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}});
    case.put(&case.sealed("db").await?.item("k", "sealed").template(managed)).await?;
    case.expect_data("db", &[("k", "sealed")]).await?;
    case.expect_synced("db").await?;
    edit(case, json!({"metadata": {"ownerReferences": null}})).await?;
    let owned = seal_tests::eventually("an owner again", crate::case::SOON, || async {
        use kube::ResourceExt;
        Ok((case.secrets().get("db").await?.owner_references().len() == 1).then_some(()))
    });
    owned.await
}
