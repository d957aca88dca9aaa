//! What breaks around the controller: it is killed in the middle, the API server goes away, rights are taken away.

use crate::case::{Case, compatible, compatible_and, condition, data_of, public_key};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use rand::RngExt;
use seal_tests::{Controller, Options, Overlay, Sealed, eventually};
use std::time::Duration;

tests![
    killed_again_and_again_during_its_first_sync_it_ends_with_every_secret_right,
    an_api_server_that_comes_back_finds_it_running_and_catching_up,
    an_api_server_restored_from_a_backup_is_followed_from_there,
    a_definition_that_is_missing_or_comes_back_needs_no_restart,
    rights_lost_in_one_namespace_hurt_only_that_and_come_back_without_a_restart,
];

const OBJECTS: usize = 100;
/// Back-off of a controller that found the API server gone or its rights missing.
const RECOVERY: Duration = Duration::from_secs(60);

async fn count(case: &Case) -> Result<usize> {
    Ok(case.secrets().list_metadata(&ListParams::default()).await?.items.len())
}

async fn killed_again_and_again_during_its_first_sync_it_ends_with_every_secret_right(case: &Case) -> Result<()> {
    let mut options = compatible_and(["--workers=2", "--crypto-threads=1"]).home(&case.plane().namespace().await?);
    // A container that is started again keeps the name of its Pod.
    options.env.push(("POD_NAME".to_owned(), "the-one-pod".to_owned()));
    let first = Controller::start(case.plane(), options.clone()).await?;
    let key = public_key(&first).await?;
    first.kill()?;
    for number in 0..OBJECTS {
        let items = (0..6).fold(Sealed::new(&key, &case.namespace, &format!("s{number}")), |sealed, item| {
            sealed.item(&format!("k{item}"), format!("{number}/{item}"))
        });
        case.put(&items).await?;
    }
    let mut killed_at = Vec::new();
    while killed_at.len() < 5 {
        let before = count(case).await?;
        let victim = Controller::launch(case.plane(), options.clone()).await?;
        // Random progress rather than a random time: every kill lands inside the work.
        let target = before + rand::rng().random_range(1..=OBJECTS / 6);
        let reached = eventually("some Secrets more", RECOVERY, || async { Ok((count(case).await? >= target).then_some(())) });
        reached.await.with_context(|| format!("killed so far at {killed_at:?}; its log:\n{}", victim.log()))?;
        victim.kill()?;
        killed_at.push(count(case).await?);
    }
    ensure!(killed_at.first().is_some_and(|at| *at < OBJECTS), "it was done before the first kill: {killed_at:?}");
    let _survivor = Controller::start(case.plane(), options).await?;
    for number in 0..OBJECTS {
        let name = format!("s{number}");
        case.expect_synced(&name).await.with_context(|| format!("killed at {killed_at:?}"))?;
        let data = data_of(&case.secrets().get(&name).await?);
        let right = (0..6).all(|item| data.get(&format!("k{item}")) == Some(&format!("{number}/{item}").into_bytes()));
        ensure!(right && data.len() == 6, "{name} is wrong; killed at {killed_at:?}");
    }
    ensure!(count(case).await? == OBJECTS);
    Ok(())
}

async fn an_api_server_that_comes_back_finds_it_running_and_catching_up(case: &Case) -> Result<()> {
    let mut controller = Controller::start(case.plane(), compatible()).await?;
    let key = public_key(&controller).await?;
    for name in ["before", "changed", "deleted"] {
        case.put(&Sealed::new(&key, &case.namespace, name).item("k", "1")).await?;
        case.expect_synced(name).await?;
    }
    let untouched = case.secrets().get("before").await?.resource_version();
    case.plane().stop_api_server()?;
    ensure!(controller.get("/healthz").await?.0 == 200, "a server that is away is no reason to be restarted");
    ensure!(public_key(&controller).await? == key, "the certificate is served from memory");
    case.plane().start_api_server().await?;
    case.secrets().delete("deleted", &DeleteParams::default()).await?;
    case.put(&Sealed::new(&key, &case.namespace, "changed").item("k", "2")).await?;
    case.put(&Sealed::new(&key, &case.namespace, "new").item("k", "3")).await?;
    for (name, value) in [("new", "3"), ("changed", "2"), ("deleted", "1"), ("before", "1")] {
        let what = format!("Secret {name}");
        let there = eventually(&what, RECOVERY, || async {
            let secret = case.secrets().get_opt(name).await?;
            Ok(secret.filter(|secret| data_of(secret).get("k").map(Vec::as_slice) == Some(value.as_bytes())))
        });
        there.await.with_context(|| format!("its log:\n{}", controller.log()))?;
        case.expect_synced(name).await?;
    }
    ensure!(controller.is_running(), "it ended");
    ensure!(case.secrets().get("before").await?.resource_version() == untouched, "what was right was written again");
    Ok(())
}

/// Versions go back, and what the controller remembers is of a future that did not happen.
async fn an_api_server_restored_from_a_backup_is_followed_from_there(case: &Case) -> Result<()> {
    let mut controller = Controller::start(case.plane(), compatible()).await?;
    let key = public_key(&controller).await?;
    let put = async |name: &str, value: &str| case.put(&Sealed::new(&key, &case.namespace, name).item("k", value)).await;
    for name in ["kept", "changed"] {
        put(name, "1").await?;
        case.expect_synced(name).await?;
    }
    case.plane().back_up().await?;
    put("changed", "2").await?;
    for number in 0..50 {
        put(&format!("lost-{number}"), "1").await?;
    }
    let far = Duration::from_secs(60);
    eventually("the objects after the backup", far, || async { Ok((count(case).await? == 52).then_some(())) }).await?;
    case.plane().restore().await?;
    let objects = case.objects().list_metadata(&ListParams::default()).await?.items.len();
    ensure!(objects == 2, "{objects} objects were restored");
    put("new", "3").await?;
    put("kept", "4").await?;
    case.secrets().delete("changed", &DeleteParams::default()).await?;
    for (name, value) in [("new", "3"), ("kept", "4"), ("changed", "1")] {
        let begun = std::time::Instant::now();
        let there = eventually(name, Duration::from_secs(75), || async {
            let secret = case.secrets().get_opt(name).await?;
            Ok(secret.filter(|secret| data_of(secret).get("k").map(Vec::as_slice) == Some(value.as_bytes())))
        });
        there.await.with_context(|| format!("its log:\n{}", controller.log()))?;
        eprintln!("restored: {name} after {:.1?}", begun.elapsed());
    }
    case.expect_synced("new").await?;
    ensure!(count(case).await? == 3, "Secrets of objects that are not there");
    ensure!(controller.is_running() && public_key(&controller).await? == key);
    Ok(())
}

async fn a_definition_that_is_missing_or_comes_back_needs_no_restart(case: &Case) -> Result<()> {
    case.plane().undefine().await?;
    let mut controller = Controller::start(case.plane(), compatible()).await.context("without the definition")?;
    let key = public_key(&controller).await?;
    for name in ["first", "second"] {
        case.plane().define().await?;
        case.put(&Sealed::new(&key, &case.namespace, name).item("k", "v")).await?;
        let there = eventually(name, RECOVERY, || async { Ok(case.secrets().get_opt(name).await?.map(|_| ())) });
        there.await.with_context(|| format!("its log ends:\n{}", controller.log()))?;
        case.expect_synced(name).await?;
        case.plane().undefine().await?;
    }
    ensure!(controller.is_running() && controller.get("/readyz").await?.0 == 200);
    Ok(())
}

async fn rights_lost_in_one_namespace_hurt_only_that_and_come_back_without_a_restart(case: &Case) -> Result<()> {
    let other = Case::new(case.stage.clone()).await?;
    let Some(overlay) = Overlay::render("namespaced", &[&case.namespace, &other.namespace])? else { return Ok(()) };
    let options = Options { overlay: Some(overlay), ..Options::default() }.args(["--key-size=2048"]);
    let mut controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    let put = async |case: &Case, name: &str| case.put(&Sealed::new(&key, &case.namespace, name).item("k", "v")).await;
    let opened = async |case: &Case, name: &str| {
        let what = format!("Secret {name}");
        let there = eventually(&what, RECOVERY, || async { Ok(case.secrets().get_opt(name).await?.map(|_| ())) });
        there.await.with_context(|| format!("its log ends:\n{}", controller.log()))
    };
    put(case, "before").await?;
    opened(case, "before").await?;

    // One verb at a time: the Secret cannot be made; the status cannot be written.
    let roles: Api<Role> = Api::namespaced(case.plane().client(), &case.namespace);
    let role = roles.get("seal-controller-served").await?;
    let without = async |resource: &str, verb: &str| {
        let mut less = role.clone();
        less.metadata.managed_fields = None;
        less.metadata.resource_version = None;
        for rule in less.rules.iter_mut().flatten().filter(|rule| rule.resources.iter().flatten().any(|kind| kind == resource)) {
            rule.verbs.retain(|held| held != verb);
        }
        less.rules.iter_mut().for_each(|rules| rules.retain(|rule| !rule.verbs.is_empty()));
        roles.replace("seal-controller-served", &PostParams::default(), &less).await
    };
    without("secrets", "create").await?;
    put(case, "no-create").await?;
    let message = case.expect_not_synced("no-create").await?;
    ensure!(message.to_lowercase().contains("forbidden"), "{message}");
    put(&other, "no-create").await?;
    opened(&other, "no-create").await?;
    without("sealedsecrets/status", "patch").await?;
    opened(case, "no-create").await?;
    put(case, "no-status").await?;
    opened(case, "no-status").await.context("a status that cannot be written keeps no Secret back")?;
    without("nothing", "").await?;
    for name in ["no-create", "no-status"] {
        let told = eventually("the status", RECOVERY, || async {
            let object = case.objects().get(name).await?;
            Ok(condition(&object, "Synced").filter(|condition| condition["status"] == "True"))
        });
        told.await.with_context(|| name.to_owned())?;
    }

    // All rights in one namespace.
    let bindings: Api<RoleBinding> = Api::namespaced(case.plane().client(), &case.namespace);
    let mut binding = bindings.get("seal-controller-served").await?;
    bindings.delete("seal-controller-served", &DeleteParams::default()).await?;
    put(case, "all-verbs").await?;
    put(&other, "all-verbs").await?;
    opened(&other, "all-verbs").await?;
    ensure!(case.secrets().get_opt("all-verbs").await?.is_none(), "it was written without the right to");
    binding.metadata.resource_version = None;
    binding.metadata.managed_fields = None;
    bindings.create(&PostParams::default(), &binding).await?;
    opened(case, "all-verbs").await?;
    case.expect_synced("all-verbs").await?;
    ensure!(controller.is_running(), "it ended");
    Ok(())
}
