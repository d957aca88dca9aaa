//! Sealing keys: used in place, added and taken away live, and never a reason to fall over.

use crate::case::{Case, SOON, compatible, public_key};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams};
use seal_tests::{Controller, Sealed, eventually, key_secret};
use serde_json::json;
use std::time::Duration;

tests![
    an_existing_key_is_used_and_no_other_is_made,
    a_first_key_is_made_as_upstream_makes_it,
    rubbish_with_a_key_label_is_skipped_at_every_start,
    a_compromised_key_stops_opening_without_a_restart,
    each_signal_makes_a_newer_key,
];

fn far_past() -> i64 {
    1_600_000_000
}

async fn an_existing_key_is_used_and_no_other_is_made(case: &Case) -> Result<()> {
    let home = &case.namespace;
    let (secret, key) = key_secret::fresh("sealed-secrets-keyabcde", far_past())?;
    key_secret::create(case.plane(), home, secret).await?;
    // Old by its certificate, so renewal is turned off: this case is about adoption.
    let controller = Controller::start(case.plane(), compatible().args(["--key-renew-period=0"]).home(home)).await?;
    ensure!(public_key(&controller).await? == key, "another key is served");
    ensure!(keys(case).await?.len() == 1, "another key was made");
    case.put(&Sealed::new(&key, home, "db").item("k", "v")).await.context("own namespace")?;
    let elsewhere = Case::new(case.stage.clone()).await?;
    elsewhere.put(&Sealed::new(&key, &elsewhere.namespace, "db").item("k", "v")).await?;
    elsewhere.expect_data("db", &[("k", "v")]).await?;
    Ok(())
}

async fn a_first_key_is_made_as_upstream_makes_it(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible().home(&case.namespace)).await?;
    let served = public_key(&controller).await?;
    let [secret] = keys(case).await?.try_into().map_err(|keys: Vec<Secret>| anyhow::anyhow!("{} keys", keys.len()))?;
    ensure!(
        secret.type_.as_deref() == Some("kubernetes.io/tls") && secret.name_any().starts_with("sealed-secrets-key"),
        "{}",
        secret.name_any()
    );
    let data = secret.data.unwrap_or_default();
    let pem = String::from_utf8(data["tls.key"].0.clone())?;
    ensure!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "PKCS#1 is what upstream and its tools read");
    ensure!(seal_crypto::Certificate::from_pem(&data["tls.crt"].0)?.public_key == served, "served and stored differ");
    Ok(())
}

async fn rubbish_with_a_key_label_is_skipped_at_every_start(case: &Case) -> Result<()> {
    let home = &case.namespace;
    let (secret, key) = key_secret::fresh("good", far_past())?;
    key_secret::create(case.plane(), home, secret).await?;
    for (name, crt, private) in [
        ("empty", "", ""),
        ("text", "rubbish", "rubbish"),
        (
            "half",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ),
    ] {
        let labels = json!({key_secret::LABEL: "active"});
        key_secret::create(
            case.plane(),
            home,
            json!({"metadata": {"name": name, "labels": labels}, "stringData": {"tls.crt": crt, "tls.key": private}}),
        )
        .await?;
    }
    let options = compatible().args(["--key-renew-period=0"]).home(home);
    for round in 0..2 {
        let controller = Controller::start(case.plane(), options.clone()).await.with_context(|| format!("start {round}"))?;
        ensure!(public_key(&controller).await? == key);
        controller.stop()?;
    }
    Ok(())
}

async fn a_compromised_key_stops_opening_without_a_restart(case: &Case) -> Result<()> {
    let home = case.plane().namespace().await?;
    let controller = Controller::start(case.plane(), compatible().home(&home)).await?;
    let (secret, key) = key_secret::fresh("old", far_past())?;
    key_secret::create(case.plane(), &home, secret).await?;
    case.put(&Sealed::new(&key, &case.namespace, "before").item("k", "v")).await?;
    case.expect_data("before", &[("k", "v")]).await?;
    let secrets: Api<Secret> = Api::namespaced(case.plane().client(), &home);
    let relabel = json!({"metadata": {"labels": {key_secret::LABEL: "compromised"}}});
    secrets.patch("old", &PatchParams::default(), &Patch::Merge(&relabel)).await?;
    // Within seconds: each round seals a new object until one is refused.
    let mut round = 0;
    let refused = loop {
        round += 1;
        let name = format!("after-{round}");
        case.put(&Sealed::new(&key, &case.namespace, &name).item("k", "v")).await?;
        let verdict = eventually("a verdict", SOON, || async {
            let object = case.objects().get(&name).await?;
            Ok(crate::case::condition(&object, "Synced").map(|condition| condition["status"] == "False"))
        });
        if verdict.await? || round == 40 {
            break round < 40;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    ensure!(refused, "a compromised key still opens; log ends:\n{}", controller.log());
    case.expect_data("before", &[("k", "v")]).await?;
    Ok(())
}

/// Certificates count in seconds; each key made within one second of the others is the newest all the same.
async fn each_signal_makes_a_newer_key(case: &Case) -> Result<()> {
    let options = compatible().args(["--key-renew-period=0"]).home(&case.namespace);
    let mut controller = Controller::start(case.plane(), options).await?;
    let mut served = vec![public_key(&controller).await?];
    for _ in 0..3 {
        controller.process().signal("USR1")?;
        let next = eventually("another key", SOON, || async {
            let now = public_key(&controller).await?;
            Ok((Some(&now) != served.last()).then_some(now))
        });
        let next = next.await?;
        ensure!(!served.contains(&next), "an older key is the newest again");
        served.push(next);
    }
    ensure!(keys(case).await?.len() == served.len());
    Ok(())
}

async fn keys(case: &Case) -> Result<Vec<Secret>> {
    let filter = ListParams::default().labels(&format!("{}=active", key_secret::LABEL));
    Ok(case.secrets().list(&filter).await?.items)
}
