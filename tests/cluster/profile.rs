//! Settings that change what is done, and the variants of `deploy/overlays` with exactly the rights they give.

use crate::case::{Case, compatible_and, public_key};
use crate::runner::tests;
use crate::sops_secret;
use anyhow::{Context, Result, ensure};
use kube::api::{DeleteParams, Patch, PatchParams};
use seal_crypto::age::RecipientKind;
use seal_tests::{AgeKey, Controller, Options, Overlay, Sealed, eventually, key_secret};
use serde_json::json;
use std::time::{Duration, Instant};

tests![
    drift_is_reported_and_left_alone_when_asked_so,
    strict_writes_nothing_at_home_and_answers_no_stranger,
    the_compatible_variant_lives_in_kube_system_with_its_rights,
    the_namespaced_variant_serves_its_namespaces_with_its_rights,
    without_a_secret_watch_objects_are_opened_and_edits_found_at_the_next_start,
    requests_keep_the_pace_that_was_asked_for,
];

async fn drift_is_reported_and_left_alone_when_asked_so(case: &Case) -> Result<()> {
    let controller = Controller::start(case.plane(), compatible_and(["--drift=report"])).await?;
    let key = public_key(&controller).await?;
    for name in ["edited", "deleted"] {
        case.put(&Sealed::new(&key, &case.namespace, name).item("k", "sealed")).await?;
        case.expect_synced(name).await?;
    }
    let edit = json!({"stringData": {"k": "by hand"}});
    case.secrets().patch("edited", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    case.secrets().delete("deleted", &DeleteParams::default()).await?;
    for name in ["edited", "deleted"] {
        case.expect_condition(name, "Ready", "False", "Drifted").await?;
    }
    case.expect_data("edited", &[("k", "by hand")]).await?;
    ensure!(case.secrets().get_opt("deleted").await?.is_none(), "it was made again");
    // What is sealed anew is wanted, drift or not.
    case.put(&Sealed::new(&key, &case.namespace, "edited").item("k", "sealed anew")).await?;
    case.expect_data("edited", &[("k", "sealed anew")]).await?;
    case.expect_synced("edited").await?;
    Ok(())
}

async fn strict_writes_nothing_at_home_and_answers_no_stranger(case: &Case) -> Result<()> {
    let options = Options::default().args(["--profile=strict", "--key-size=2048"]).home(&case.namespace);
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let elsewhere = Case::new(case.stage.clone()).await?;
    elsewhere.put(&Sealed::new(&key, &elsewhere.namespace, "db").item("k", "v")).await?;
    elsewhere.expect_data("db", &[("k", "v")]).await?;
    let sealed = Sealed::new(&key, &case.namespace, "db").item("k", "v");
    case.put(&sealed).await?;
    case.expect_condition("db", "Ready", "False", "Refused").await?;
    ensure!(case.secrets().get_opt("db").await?.is_none(), "a Secret was written beside the keys");
    for path in ["/v1/verify", "/v1/rotate"] {
        let (status, _) = controller.post(path, serde_json::to_vec(&sealed.json())?).await?;
        ensure!(status == 404, "{path} answers {status} to who knows whom");
    }
    nothing_was_forbidden(&controller)
}

/// A right that is missing shows in the log, whatever becomes of the object.
fn nothing_was_forbidden(controller: &Controller) -> Result<()> {
    let log = controller.log();
    let refused: Vec<&str> = log.lines().filter(|line| line.to_lowercase().contains("forbidden")).collect();
    ensure!(refused.is_empty(), "rights are missing:\n{}", refused.join("\n"));
    Ok(())
}

async fn the_compatible_variant_lives_in_kube_system_with_its_rights(case: &Case) -> Result<()> {
    let Some(overlay) = Overlay::render("compatible", &[])? else { return Ok(()) };
    let options = Options { overlay: Some(overlay), ..Options::default() }.args(["--key-size=2048"]).home("kube-system");
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let sealed = Sealed::new(&key, &case.namespace, "db").item("k", "v");
    case.put(&sealed).await?;
    case.expect_data("db", &[("k", "v")]).await?;
    case.expect_synced("db").await?;
    case.expect_event("db", "Unsealed").await?;
    for path in ["/v1/verify", "/v1/rotate"] {
        let (status, body) = controller.post(path, serde_json::to_vec(&sealed.json())?).await?;
        ensure!(status == 200, "{path}: {status} {body}");
    }
    nothing_was_forbidden(&controller)
}

async fn the_namespaced_variant_serves_its_namespaces_with_its_rights(case: &Case) -> Result<()> {
    let second = Case::new(case.stage.clone()).await?;
    let Some(overlay) = Overlay::render("namespaced", &[&case.namespace, &second.namespace])? else { return Ok(()) };
    let options = Options { overlay: Some(overlay), ..Options::default() }.args(["--key-size=2048"]);
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let identity = AgeKey::fresh(RecipientKind::X25519)?;
    key_secret::create(case.plane(), &controller.home, identity.secret("sops-age", true)).await?;
    let document = identity.bound(&sops_secret::secret(&case.namespace, "sops", "v"))?;
    sops_secret::put(case, "sops", &seal_tests::sops_secret::object(&case.namespace, "sops", &document)).await?;
    sops_secret::expect(case, "sops", "True", "Unsealed").await?;
    let stranger = Case::new(case.stage.clone()).await?;
    stranger.put(&Sealed::new(&key, &stranger.namespace, "db").item("k", "v")).await?;
    for served in [case, &second] {
        served.put(&Sealed::new(&key, &served.namespace, "db").item("k", "v")).await?;
        let secret = served.expect_data("db", &[("k", "v")]).await?;
        served.expect_synced("db").await?;
        served.expect_event("db", "Unsealed").await?;
        served.secrets().delete("db", &DeleteParams::default()).await?;
        let again = eventually("the Secret made again", crate::case::SOON, || async {
            Ok(served.secrets().get_opt("db").await?.filter(|new| new.metadata.uid != secret.metadata.uid))
        });
        again.await?;
    }
    ensure!(stranger.secrets().get_opt("db").await?.is_none(), "a namespace that is not listed was served");
    ensure!(stranger.objects().get("db").await?.data["status"].is_null());
    nothing_was_forbidden(&controller)
}

async fn without_a_secret_watch_objects_are_opened_and_edits_found_at_the_next_start(case: &Case) -> Result<()> {
    let Some(overlay) = Overlay::render("no-secret-watch", &[])? else { return Ok(()) };
    let options = Options { overlay: Some(overlay), ..Options::default() }.args(["--key-size=2048"]);
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "1")).await?;
    case.expect_data("db", &[("k", "1")]).await?;
    case.expect_synced("db").await?;
    case.put(&Sealed::new(&key, &case.namespace, "db").item("k", "2")).await?;
    case.expect_data("db", &[("k", "2")]).await?;
    case.expect_synced("db").await?;
    let edit = json!({"stringData": {"k": "by hand"}});
    case.secrets().patch("db", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    let next = controller.again(case.plane()).await?;
    controller.stop()?;
    case.expect_data("db", &[("k", "2")]).await.context("found at the next start")?;
    nothing_was_forbidden(&next)
}

/// Each object costs two reads and three writes at least; a lower bound on time is no matter of a busy machine.
async fn requests_keep_the_pace_that_was_asked_for(case: &Case) -> Result<()> {
    let options = compatible_and(["--kubeclient-qps=20", "--kubeclient-burst=1"]);
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let started = Instant::now();
    for number in 0..10 {
        case.put(&Sealed::new(&key, &case.namespace, &format!("s{number}")).item("k", "v")).await?;
    }
    for number in 0..10 {
        case.expect_synced(&format!("s{number}")).await?;
    }
    let took = started.elapsed();
    ensure!(took > Duration::from_millis(1900), "40 requests and more at 20 a second took {took:?}");
    Ok(())
}
