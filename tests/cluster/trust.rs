//! Which keys are sealed to, and how the outside can tell: no loss is hidden, no stranger's key is chosen.

use crate::case::{Case, SOON, compatible, public_key};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Api, DeleteParams, ListParams};
use seal_core::bundle::Bundle;
use seal_crypto::Certificate;
use seal_tests::{Controller, Options, Sealed, eventually, key_secret};

tests![
    a_lost_key_is_not_replaced_by_a_new_one,
    strict_seals_to_no_key_that_turns_up_later,
    the_bundle_is_signed_by_an_installation_that_outlives_a_restart,
];

const FAR_PAST: i64 = 1_600_000_000;

async fn a_lost_key_is_not_replaced_by_a_new_one(case: &Case) -> Result<()> {
    let home = case.plane().namespace().await?;
    let (secret, key) = key_secret::fresh("only", FAR_PAST)?;
    key_secret::create(case.plane(), &home, secret.clone()).await?;
    let options = compatible().args(["--key-renew-period=0"]).home(&home);
    let controller = Controller::start(case.plane(), options.clone()).await?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "v")).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    controller.stop()?;

    let secrets: Api<Secret> = Api::namespaced(case.plane().client(), &home);
    secrets.delete("only", &DeleteParams::default()).await?;
    let controller = Controller::start(case.plane(), options).await.context("it is ready without a key too")?;
    let (status, _) = controller.get("/v1/cert.pem").await?;
    ensure!(status == 500, "{status}");
    let withheld = controller.metric("seal_controller_key_withheld", "").await?;
    ensure!(withheld == Some(1.0), "{withheld:?}");
    let labelled = ListParams::default().labels(key_secret::LABEL);
    ensure!(secrets.list(&labelled).await?.items.is_empty(), "a new key hides the loss");
    case.expect_data("db", &[("k", "v")]).await.context("what was opened stays")?;

    key_secret::create(case.plane(), &home, secret).await?;
    eventually("the restored key", SOON, || async {
        Ok(public_key(&controller).await.is_ok_and(|served| served == key).then_some(()))
    })
    .await
}

async fn strict_seals_to_no_key_that_turns_up_later(case: &Case) -> Result<()> {
    let home = case.plane().namespace().await?;
    let (first, own) = key_secret::fresh("first", FAR_PAST)?;
    key_secret::create(case.plane(), &home, first).await?;
    let options = Options::default().args(["--profile=strict", "--key-renew-period=0"]).home(&home);
    let controller = Controller::start(case.plane(), options).await?;
    ensure!(public_key(&controller).await? == own);
    // The record of what was there at the first start has to be written before a stranger can come.
    let secrets: Api<Secret> = Api::namespaced(case.plane().client(), &home);
    eventually("the record", SOON, || async {
        let install = secrets.get_opt("sealkit-install").await?;
        Ok(install.and_then(|install| install.data).filter(|data| data.contains_key("trusted-keys")))
    })
    .await?;

    let (later, stranger) = key_secret::fresh("later", FAR_PAST + 1)?;
    key_secret::create(case.plane(), &home, later).await?;
    case.put(&Sealed::new(&stranger, &case.namespace, "db").item("k", "v")).await?;
    case.expect_data("db", &[("k", "v")]).await.context("it opens")?;
    ensure!(public_key(&controller).await? == own, "and is not sealed to");
    Ok(())
}

async fn the_bundle_is_signed_by_an_installation_that_outlives_a_restart(case: &Case) -> Result<()> {
    let home = case.plane().namespace().await?;
    let controller = Controller::start(case.plane(), compatible().home(&home)).await?;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs().try_into()?;
    let text = eventually("the bundle", SOON, || published(&controller)).await?;
    let installation = Bundle::claimed_installation(&text)?;
    let bundle = Bundle::verify(&text, &installation, now)?;
    let served = public_key(&controller).await?;
    ensure!(Certificate::from_pem(bundle.certificates[0].as_bytes())?.public_key == served);
    let maps: Api<ConfigMap> = Api::namespaced(case.plane().client(), &home);
    let stored = maps.get("sealkit-public-keys").await?.data.unwrap_or_default();
    ensure!(stored["bundle.json"] == text, "served and stored differ");

    let second = controller.again(case.plane()).await?;
    let again = eventually("the bundle of another replica", SOON, || published(&second)).await?;
    ensure!(again == text, "two replicas publish two bundles");
    Ok(())
}

async fn published(controller: &Controller) -> Result<Option<String>> {
    let (status, text) = controller.get("/v1/bundle").await?;
    Ok((status == 200).then_some(text))
}
