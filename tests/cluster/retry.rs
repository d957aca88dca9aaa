//! Nothing is given up: what fails for want of a key or a free name works by itself once that is there.

use crate::case::Case;
use crate::runner::tests;
use anyhow::Result;
use kube::ResourceExt;
use seal_tests::{Sealed, eventually, key_secret};

tests![
    an_object_waits_for_its_key_however_long,
    an_object_created_while_its_secret_is_being_deleted_gets_one,
    deleting_and_recreating_the_object_at_once_ends_with_a_secret,
];

/// Long past the 155 ms after which upstream stops trying.
async fn an_object_waits_for_its_key_however_long(case: &Case) -> Result<()> {
    let name = format!("late-{}", case.namespace);
    let (secret, key) = key_secret::fresh(&name, 1_000_000_000)?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "v")).await?;
    case.expect_not_synced("db").await?;
    key_secret::create(case.plane(), &case.controller().home, secret).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    case.expect_synced("db").await?;
    Ok(())
}

async fn an_object_created_while_its_secret_is_being_deleted_gets_one(case: &Case) -> Result<()> {
    let blocked = serde_json::json!({"metadata": {"name": "db", "finalizers": ["seal-tests.example/hold"]}});
    case.create_secret(blocked).await?;
    case.secrets().delete("db", &kube::api::DeleteParams::default()).await?;
    case.put(&case.sealed("db").await?.item("k", "v")).await?;
    case.expect_not_synced("db").await?;
    let release = serde_json::json!({"metadata": {"finalizers": null}});
    case.secrets().patch("db", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(&release)).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    Ok(())
}

/// What Argo CD's replace does; upstream loses the Secret in this race now and then.
async fn deleting_and_recreating_the_object_at_once_ends_with_a_secret(case: &Case) -> Result<()> {
    for round in 0..5 {
        let sealed = case.sealed("db").await?.item("round", round.to_string());
        let object = case.put(&sealed).await?;
        case.expect_data("db", &[("round", &round.to_string())]).await?;
        case.objects().delete("db", &kube::api::DeleteParams::background()).await?;
        let again = case.put(&case.sealed("db").await?.item("round", format!("{round}, again"))).await?;
        let owned = eventually("a Secret owned by the new object", crate::case::SOON, || async {
            let secret = case.secrets().get_opt("db").await?;
            Ok(secret
                .filter(|secret| secret.owner_references().iter().any(|owner| Some(&owner.uid) == again.metadata.uid.as_ref())))
        });
        owned.await?;
        case.expect_data("db", &[("round", &format!("{round}, again"))]).await?;
        anyhow::ensure!(object.metadata.uid != again.metadata.uid);
        case.objects().delete("db", &kube::api::DeleteParams::background()).await?;
        eventually("no object", crate::case::SOON, || async { Ok(case.objects().get_opt("db").await?.is_none().then_some(())) })
            .await?;
    }
    Ok(())
}
