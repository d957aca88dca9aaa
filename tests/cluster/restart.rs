//! A restart with nothing changed costs no private-key operation and no write; a killed process leaves nothing half done.

use crate::case::{Case, SOON, compatible, compatible_and, public_key};
use crate::runner::tests;
use anyhow::{Result, ensure};
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use seal_crypto::{PublicKey, Scope};
use seal_tests::proxy::Asked;
use seal_tests::{Controller, Proxy, Sealed, eventually};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

tests![
    a_restart_with_nothing_changed_writes_nothing,
    a_restart_with_nothing_changed_opens_nothing,
    a_look_that_changes_nothing_writes_nothing,
    what_happened_while_it_was_away_is_caught_up,
    a_new_object_overtakes_the_backlog_and_sigterm_ends_it_cleanly_in_between,
];

const OBJECTS: usize = 40;

async fn versions(case: &Case) -> Result<BTreeMap<String, Option<String>>> {
    let mut seen = BTreeMap::new();
    for object in case.objects().list(&ListParams::default()).await?.items {
        seen.insert(format!("SealedSecret {}", object.name_any()), object.resource_version());
    }
    for secret in case.secrets().list(&ListParams::default()).await?.items {
        seen.insert(format!("Secret {}", secret.name_any()), secret.resource_version());
    }
    Ok(seen)
}

/// Synced objects, and a controller that was stopped after that.
async fn synced(case: &Case) -> Result<(PublicKey, String)> {
    let controller = Controller::start(case.plane(), compatible()).await?;
    let key = public_key(&controller).await?;
    for number in 0..OBJECTS {
        case.put(&Sealed::new(&key, &case.namespace, &format!("s{number}")).item("a", "1").item("b", "2")).await?;
    }
    for number in 0..OBJECTS {
        case.expect_synced(&format!("s{number}")).await?;
    }
    let home = controller.home.clone();
    controller.stop()?;
    Ok((key, home))
}

/// Counted between the controller and the API server: a write that changes nothing leaves no trace in an object.
async fn a_restart_with_nothing_changed_writes_nothing(case: &Case) -> Result<()> {
    let (key, home) = synced(case).await?;
    let before = versions(case).await?;
    ensure!(before.len() == 2 * OBJECTS, "{} objects", before.len());
    let proxy = Proxy::start(case.plane()).await?;
    let controller = Controller::start(case.plane(), compatible().home(&home).through(&proxy)).await?;
    let looks = async |metric: &str| Ok::<_, anyhow::Error>(controller.metric(metric, "").await?.unwrap_or(0.0));
    let looked = eventually("a look at every object", SOON, || async {
        let all = looks("seal_controller_noops_total").await? + looks("sealed_secrets_controller_unseal_requests_total").await?;
        Ok((all >= OBJECTS as f64).then_some(()))
    });
    looked.await?;
    // The last thing that happens, so that everything before it has been seen.
    case.put(&Sealed::new(&key, &case.namespace, "new").item("a", "1")).await?;
    case.expect_synced("new").await?;
    case.expect_event("new", "Unsealed").await?;
    let writes: Vec<Asked> = proxy.take_asked().into_iter().filter(|asked| asked.line.is_write()).collect();
    ensure!(writes.len() == 3, "{} writes, of which the new object's Secret, status and Event are 3", writes.len());
    let mut after = versions(case).await?;
    after.retain(|name, _| !name.ends_with(" new"));
    ensure!(after == before, "something was written");
    Ok(())
}

async fn a_restart_with_nothing_changed_opens_nothing(case: &Case) -> Result<()> {
    let (key, home) = synced(case).await?;
    let controller = Controller::start(case.plane(), compatible().home(&home)).await?;
    // A new object is answered after the backlog was looked through or before it; either way it opens two items.
    case.put(&Sealed::new(&key, &case.namespace, "new").item("a", "1").item("b", "2")).await?;
    case.expect_synced("new").await?;
    let looked = eventually("a look at every object", SOON, || async {
        let noops = controller.metric("seal_controller_noops_total", "").await?.unwrap_or(0.0);
        Ok((noops >= OBJECTS as f64).then_some(()))
    });
    looked.await?;
    let decrypts = controller.metric("seal_controller_decrypts_total", "").await?.unwrap_or(0.0);
    ensure!(decrypts <= 2.0, "{decrypts} private-key operations, of which the new object needs 2");
    Ok(())
}

/// Alone, so that the count of looks is this object's own.
async fn a_look_that_changes_nothing_writes_nothing(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible()).await?;
    let key = public_key(&controller).await?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "v")).await?;
    case.expect_synced("db").await?;
    case.expect_event("db", "Unsealed").await?;
    let count = async |name: &str| Ok::<_, anyhow::Error>(controller.metric(name, "").await?.unwrap_or(0.0));
    let (looks, decrypts) = ("seal_controller_noops_total", "seal_controller_decrypts_total");
    let before = (count(looks).await?, count(decrypts).await?);
    // A label on the object. One watch shows both objects in order: once the later one is synced, the label was seen.
    let labelled = case.patch("db", json!({"metadata": {"labels": {"touched": "yes"}}})).await?;
    case.put(&Sealed::new(&key, &case.namespace, "later").item("k", "v")).await?;
    case.expect_synced("later").await?;
    // A label on the Secret, which whoever put it there may keep: it moves the version, so the data is compared.
    let label = json!({"metadata": {"labels": {"theirs": "yes"}}});
    let secret = case.secrets().patch("db", &PatchParams::default(), &Patch::Merge(&label)).await?;
    let looked = eventually("a look at the Secret", SOON, || async { Ok((count(looks).await? > before.0).then_some(())) });
    looked.await?;
    ensure!(count(decrypts).await? == before.1 + 1.0, "only the later object's one item had to be opened");
    ensure!(case.secrets().get("db").await?.resource_version() == secret.resource_version(), "the Secret was written again");
    let object = case.objects().get("db").await?;
    ensure!(object.resource_version() == labelled.resource_version(), "the status was written again: {}", object.data["status"]);
    let events = case.events("db").await?;
    let unsealed = events.iter().filter(|event| event.reason.as_deref() == Some("Unsealed"));
    let told: i32 = unsealed.map(|event| event.count.unwrap_or(1)).sum();
    ensure!(told == 1, "{told} events of one success");
    Ok(())
}

async fn what_happened_while_it_was_away_is_caught_up(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible()).await?;
    let (key, home) = (public_key(&controller).await?, controller.home.clone());
    for name in ["edited", "deleted", "changed"] {
        case.put(&Sealed::new(&key, &case.namespace, name).item("k", "1")).await?;
        case.expect_synced(name).await?;
    }
    controller.kill()?;
    let edit = json!({"stringData": {"k": "edited"}});
    case.secrets().patch("edited", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    case.secrets().delete("deleted", &kube::api::DeleteParams::default()).await?;
    case.put(&Sealed::new(&key, &case.namespace, "changed").item("k", "2")).await?;
    case.put(&Sealed::new(&key, &case.namespace, "new").item("k", "3")).await?;
    let _controller = Controller::start(case.plane(), compatible().home(&home)).await?;
    for (name, value) in [("edited", "1"), ("deleted", "1"), ("changed", "2"), ("new", "3")] {
        case.expect_data(name, &[("k", value)]).await?;
    }
    Ok(())
}

/// Upstream has one queue: a new object waits for everything that a restart brings.
async fn a_new_object_overtakes_the_backlog_and_sigterm_ends_it_cleanly_in_between(case: &Case) -> Result<()> {
    const BACKLOG: usize = 250;
    let options = compatible_and(["--workers=2", "--crypto-threads=1"]).home(&case.plane().namespace().await?);
    let controller = Controller::start(case.plane(), options.clone()).await?;
    let key = public_key(&controller).await?;
    controller.stop()?;
    let wide = |name: &str| Sealed::new(&key, &case.namespace, name).scope(Scope::NamespaceWide);
    let text = wide("any").item("k", "v").json()["spec"]["encryptedData"]["k"].as_str().unwrap_or_default().to_owned();
    for number in 0..BACKLOG {
        let sealed = wide(&format!("s{number}"));
        case.put(&(0..24).fold(sealed, |sealed, item| sealed.raw_item(&format!("k{item}"), &text))).await?;
    }
    let controller = Controller::start(case.plane(), options.clone()).await?;
    let written = async || Ok::<_, anyhow::Error>(case.secrets().list_metadata(&ListParams::default()).await?.items.len());
    eventually("work on the backlog", SOON, || async { Ok((written().await? > 0).then_some(())) }).await?;
    case.put(&Sealed::new(&key, &case.namespace, "new").item("k", "v")).await?;
    if let Err(error) = case.expect_data("new", &[("k", "v")]).await {
        return Err(error.context(format!("{} of {BACKLOG} Secrets were written meanwhile", written().await?)));
    }
    let status = controller.stop()?;
    ensure!(status.code() == Some(0), "{status}");
    let done = written().await?;
    ensure!(done < BACKLOG, "all {done} Secrets were written before the new one could be seen to overtake them");
    let _next = Controller::start(case.plane(), options).await?;
    let all =
        eventually("all of them", Duration::from_secs(60), || async { Ok((written().await? == BACKLOG + 1).then_some(())) });
    all.await
}
