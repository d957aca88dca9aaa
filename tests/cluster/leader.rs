//! Two replicas: both answer HTTP, one writes, and the other takes over when it goes.

use crate::case::{Case, compatible, public_key};
use crate::runner::tests;
use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams};
use seal_tests::{Controller, Sealed, key_secret};

tests![two_replicas_make_one_key_and_one_event, the_second_takes_over_when_the_first_ends_or_is_killed];

async fn two_replicas_make_one_key_and_one_event(case: &Case) -> Result<()> {
    let first = Controller::start(case.plane(), compatible()).await?;
    let second = first.again(case.plane()).await?;
    let key = public_key(&first).await?;
    ensure!(public_key(&second).await? == key, "the replicas serve different keys");
    let keys: Api<Secret> = Api::namespaced(case.plane().client(), &first.home);
    let keys = keys.list(&ListParams::default().labels(&format!("{}=active", key_secret::LABEL))).await?;
    ensure!(keys.items.len() == 1, "{} keys", keys.items.len());
    for number in 0..10 {
        case.put(&Sealed::new(&key, &case.namespace, &format!("s{number}")).item("k", "v")).await?;
    }
    for number in 0..10 {
        let name = format!("s{number}");
        case.expect_synced(&name).await?;
        case.expect_event(&name, "Unsealed").await?;
        let events: i32 = case.events(&name).await?.iter().map(|event| event.count.unwrap_or(1)).sum();
        ensure!(events == 1, "{events} events on {name}");
    }
    Ok(())
}

async fn the_second_takes_over_when_the_first_ends_or_is_killed(case: &Case) -> Result<()> {
    let first = Controller::start(case.plane(), compatible()).await?;
    let key = public_key(&first).await?;
    let second = first.again(case.plane()).await?;
    first.stop()?;
    case.put(&Sealed::new(&key, &case.namespace, "after-stop").item("k", "v")).await?;
    case.expect_data("after-stop", &[("k", "v")]).await?;
    let third = second.again(case.plane()).await?;
    second.kill()?;
    case.put(&Sealed::new(&key, &case.namespace, "after-kill").item("k", "v")).await?;
    // The Lease of a killed leader has to run out first.
    let waited = seal_tests::eventually("the third to take over", std::time::Duration::from_secs(60), || async {
        Ok(case.secrets().get_opt("after-kill").await?.map(|_| ()))
    });
    waited.await?;
    third.stop()?;
    Ok(())
}
