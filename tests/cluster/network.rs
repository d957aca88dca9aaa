//! What breaks between the controller and the API server: refusals, cut and silent connections, partitions.
//!
//! A proxy stands between them; the case itself asks the API server directly. Counts are of requests the proxy saw.

use crate::case::{Case, SOON, compatible, compatible_and, data_of, public_key};
use crate::runner::tests;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use seal_crypto::PublicKey;
use seal_tests::proxy::{Asked, Line};
use seal_tests::{Controller, Fault, Proxy, Sealed, eventually, key_secret};
use serde_json::json;
use std::sync::Mutex;
use std::time::{Duration, Instant};

tests![
    refusals_and_broken_answers_are_waited_out_without_a_hot_loop,
    a_backlog_behind_refusals_asks_little_and_is_opened_when_they_end,
    an_expired_version_lists_again_and_never_in_a_tight_loop,
    slow_answers_are_only_slow,
    a_silent_watch_is_noticed_for_objects_and_for_keys,
    started_in_a_partition_it_is_alive_and_not_ready_until_it_ends,
    a_partitioned_leader_stops_before_the_next_begins_and_its_late_write_is_refused,
];

/// How long each fault lasts.
const WINDOW: Duration = Duration::from_secs(8);
/// After a fault of that length: the longest back-off reached, and the time to look.
const RECOVERY: Duration = Duration::from_secs(20);

fn everything(_: &Line) -> bool {
    true
}

async fn put(case: &Case, key: &PublicKey, name: &str, value: &str) -> Result<()> {
    case.put(&Sealed::new(key, &case.namespace, name).item("k", value)).await.map(drop)
}

/// Lets a fault last; answers what was asked meanwhile.
async fn last(proxy: &Proxy, begun: Instant) -> Result<Vec<Asked>> {
    eventually("the end of the fault", WINDOW * 2, || async { Ok((begun.elapsed() >= WINDOW).then_some(())) }).await?;
    Ok(proxy.take_asked())
}

/// Waits for a Secret that holds this value; answers how long that took.
async fn opened(case: &Case, controller: &Controller, name: &str, value: &str, patience: Duration) -> Result<Duration> {
    let begun = Instant::now();
    let what = format!("Secret {name} with {value}");
    let there = eventually(&what, patience, || async {
        let secret = case.secrets().get_opt(name).await?;
        Ok(secret.filter(|secret| data_of(secret).get("k").map(Vec::as_slice) == Some(value.as_bytes())))
    });
    there.await.with_context(|| format!("its log ends:\n{}", tail(controller)))?;
    Ok(begun.elapsed())
}

fn tail(controller: &Controller) -> String {
    let log = controller.log();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

async fn refusals_and_broken_answers_are_waited_out_without_a_hot_loop(case: &Case) -> Result<()> {
    let proxy = Proxy::start(case.plane()).await?;
    let mut controller = Controller::start(case.plane(), compatible().through(&proxy)).await?;
    let key = public_key(&controller).await?;
    put(case, &key, "first", "0").await?;
    opened(case, &controller, "first", "0", SOON).await?;
    let untouched = case.secrets().get("first").await?.resource_version();
    for (name, fault) in [
        ("too-many", Fault::Answer(429, Some(2))),
        ("too-many-unsaid", Fault::Answer(429, None)),
        ("internal", Fault::Answer(500, None)),
        ("unavailable", Fault::Answer(503, None)),
        ("cut", Fault::Cut),
        ("broken", Fault::Break(40)),
        ("truncated", Fault::Truncate(40)),
    ] {
        proxy.take_asked();
        let begun = Instant::now();
        proxy.fault(fault, everything);
        put(case, &key, name, "1").await?;
        let asked = last(&proxy, begun).await?;
        ensure!(!asked.is_empty(), "{name}: it asked nothing: has it given up?");
        ensure!(controller.get("/healthz").await?.0 == 200, "{name}: a restart would not help");
        proxy.heal();
        let took = opened(case, &controller, name, "1", RECOVERY).await.context(name)?;
        case.expect_synced(name).await?;
        eprintln!("{name}: {} requests in {WINDOW:?}, recovered in {took:.1?}", asked.len());
        ensure!(asked.len() < 100, "{name}: {} requests in {WINDOW:?}:\n{}", asked.len(), summary(&asked));
    }
    ensure!(case.secrets().get("first").await?.resource_version() == untouched, "what was right was written again");
    ensure!(controller.is_running(), "it ended");
    Ok(())
}

fn summary(asked: &[Asked]) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for asked in asked {
        let path = asked.line.path.split('?').next().unwrap_or_default();
        *counts
            .entry(format!("{} {path}{}", asked.line.method, if asked.line.is_watch() { " (watch)" } else { "" }))
            .or_default() += 1;
    }
    counts.into_iter().map(|(what, count)| format!("{count:5} {what}\n")).collect()
}

async fn a_backlog_behind_refusals_asks_little_and_is_opened_when_they_end(case: &Case) -> Result<()> {
    const BACKLOG: usize = 150;
    let proxy = Proxy::start(case.plane()).await?;
    let controller = Controller::start(case.plane(), compatible().through(&proxy)).await?;
    let key = public_key(&controller).await?;
    put(case, &key, "first", "0").await?;
    opened(case, &controller, "first", "0", SOON).await?;
    for fault in [Fault::Answer(503, None), Fault::Answer(429, Some(3))] {
        let retry_after = fault == Fault::Answer(429, Some(3));
        proxy.fault(fault, |line| !line.path.contains("/leases"));
        for number in 0..BACKLOG {
            put(case, &key, &format!("{}-{number}", if retry_after { "asked" } else { "unasked" }), "1").await?;
        }
        proxy.take_asked();
        let asked = last(&proxy, Instant::now()).await?;
        proxy.heal();
        let begun = Instant::now();
        for number in 0..BACKLOG {
            let name = format!("{}-{number}", if retry_after { "asked" } else { "unasked" });
            opened(case, &controller, &name, "1", Duration::from_secs(30)).await?;
        }
        let asked: Vec<Asked> = asked.into_iter().filter(|asked| !asked.line.path.contains("/leases")).collect();
        eprintln!("backlog of {BACKLOG}: {} requests in {WINDOW:?}, recovered in {:.1?}", asked.len(), begun.elapsed());
        ensure!(asked.len() < 100, "{} requests in {WINDOW:?}:\n{}", asked.len(), summary(&asked));
    }
    Ok(())
}

async fn an_expired_version_lists_again_and_never_in_a_tight_loop(case: &Case) -> Result<()> {
    let proxy = Proxy::start(case.plane()).await?;
    let controller = Controller::start(case.plane(), compatible().through(&proxy)).await?;
    let key = public_key(&controller).await?;
    put(case, &key, "before", "0").await?;
    opened(case, &controller, "before", "0", SOON).await?;
    // The watches end; meanwhile things happen, and where they were is too old by then.
    proxy.fault(Fault::Cut, Line::is_watch);
    put(case, &key, "meanwhile", "1").await?;
    case.secrets().delete("before", &kube::api::DeleteParams::default()).await?;
    proxy.take_asked();
    proxy.fault(Fault::Answer(410, None), Line::is_watch);
    let asked = last(&proxy, Instant::now()).await?;
    ensure!(asked.iter().any(|asked| asked.line.is_of("sealedsecrets") && !asked.line.is_watch()), "it did not list again");
    eprintln!("expired: {} requests in {WINDOW:?}", asked.len());
    ensure!(asked.len() < 200, "{} requests in {WINDOW:?}:\n{}", asked.len(), summary(&asked));
    for (name, value) in [("meanwhile", "1"), ("before", "0")] {
        opened(case, &controller, name, value, RECOVERY).await.context("lists alone show it")?;
    }
    proxy.heal();
    put(case, &key, "after", "2").await?;
    opened(case, &controller, "after", "2", RECOVERY).await?;
    Ok(())
}

async fn slow_answers_are_only_slow(case: &Case) -> Result<()> {
    let proxy = Proxy::start(case.plane()).await?;
    let controller = Controller::start(case.plane(), compatible().through(&proxy)).await?;
    let (key, home) = (public_key(&controller).await?, controller.home.clone());
    controller.stop()?;
    for number in 0..20 {
        put(case, &key, &format!("s{number}"), "1").await?;
    }
    proxy.fault(Fault::Slow(1024, Duration::from_millis(50)), everything);
    let controller = Controller::start(case.plane(), compatible().home(&home).through(&proxy)).await?;
    for number in 0..20 {
        opened(case, &controller, &format!("s{number}"), "1", Duration::from_secs(40)).await?;
    }
    put(case, &key, "new", "2").await?;
    opened(case, &controller, "new", "2", RECOVERY).await?;
    Ok(())
}

/// The connection is open, the server sends and nothing arrives.
async fn a_silent_watch_is_noticed_for_objects_and_for_keys(case: &Case) -> Result<()> {
    let proxy = Proxy::start(case.plane()).await?;
    let options = compatible_and(["--watch-timeout=15s"]).through(&proxy);
    let controller = Controller::start(case.plane(), options).await?;
    let key = public_key(&controller).await?;
    put(case, &key, "before", "0").await?;
    opened(case, &controller, "before", "0", SOON).await?;
    // Only the watches open now fall silent, and stay so.
    proxy.fault(Fault::Silence, Line::is_watch);
    put(case, &key, "unseen", "1").await?;
    let name = format!("late-{}", case.namespace);
    let (secret, late) = key_secret::fresh(&name, 1_000_000_000)?;
    key_secret::create(case.plane(), &controller.home, secret).await?;
    put(case, &late, "late-key", "2").await?;
    let edit = json!({"stringData": {"k": "edited"}});
    case.secrets().patch("before", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    proxy.heal();
    let noticed = Duration::from_secs(50);
    let took = opened(case, &controller, "unseen", "1", noticed).await?;
    opened(case, &controller, "before", "0", noticed).await.context("the edit of a Secret")?;
    let key_took = opened(case, &controller, "late-key", "2", noticed).await.context("a key that was added")?;
    eprintln!("silent watches: object after {took:.1?}, key {key_took:.1?} later");
    Ok(())
}

async fn started_in_a_partition_it_is_alive_and_not_ready_until_it_ends(case: &Case) -> Result<()> {
    let proxy = Proxy::start(case.plane()).await?;
    let home = case.plane().namespace().await?;
    proxy.fault(Fault::Hang, everything);
    let dark = Instant::now();
    let mut controller = Controller::launch(case.plane(), compatible().home(&home).through(&proxy)).await?;
    let alive = eventually("/healthz", SOON, || async { Ok((controller.get("/healthz").await?.0 == 200).then_some(())) });
    alive.await?;
    eventually("the end of the fault", WINDOW * 2, || async { Ok((dark.elapsed() >= WINDOW).then_some(())) }).await?;
    let asked = proxy.asked();
    ensure!(controller.get("/readyz").await?.0 == 503, "ready without a key");
    ensure!(controller.get("/healthz").await?.0 == 200, "a restart would not help");
    eprintln!("start in a partition: {} requests in {WINDOW:?}", asked.len());
    ensure!(asked.len() < 20, "{} requests in {WINDOW:?}:\n{}", asked.len(), summary(&asked));
    // Worse than a partition: what was asked in it is never answered whole, also afterwards.
    proxy.fault(Fault::Silence, everything);
    let begun = Instant::now();
    let answered = |held: &[Asked]| held.iter().any(|asked| asked.code.is_some());
    eventually("heads of answers", SOON, || async { Ok(answered(&proxy.asked()).then_some(())) }).await?;
    proxy.heal();
    controller.wait_ready(Duration::from_secs(60)).await?;
    let keys: Api<Secret> = Api::namespaced(case.plane().client(), &home);
    let keys = keys.list_metadata(&kube::api::ListParams::default().labels(&format!("{}=active", key_secret::LABEL))).await?;
    ensure!(keys.items.len() == 1, "{} first keys", keys.items.len());
    put(case, &public_key(&controller).await?, "db", "1").await?;
    opened(case, &controller, "db", "1", RECOVERY).await?;
    eprintln!("start in a partition: ready and opening {:.1?} after it", begun.elapsed());
    Ok(())
}

/// Two replicas, each behind a proxy of its own. The leader's goes dark in the middle of a write.
async fn a_partitioned_leader_stops_before_the_next_begins_and_its_late_write_is_refused(case: &Case) -> Result<()> {
    let (left, right) = (Proxy::start(case.plane()).await?, Proxy::start(case.plane()).await?);
    let home = case.plane().namespace().await?;
    let first = Controller::start(case.plane(), compatible().home(&home).through(&left)).await?;
    let key = public_key(&first).await?;
    put(case, &key, "db", "1").await?;
    opened(case, &first, "db", "1", SOON).await?;
    let second = Controller::start(case.plane(), compatible().home(&home).through(&right)).await?;
    let leads = async |controller: &Controller| {
        let gauge = controller.metric("seal_controller_leader", "").await?;
        Ok::<_, anyhow::Error>(gauge == Some(1.0))
    };
    ensure!(leads(&first).await? && !leads(&second).await?, "the first leads");

    // It is about to write when the line goes dead: the write is under way and will arrive late.
    let held = Instant::now();
    let late = || {
        left.asked()
            .into_iter()
            .find(|asked| asked.at >= held && asked.line.method == http::Method::PUT && asked.line.is_of("secrets"))
    };
    left.fault(Fault::Hang, Line::is_write);
    put(case, &key, "db", "2").await?;
    eventually("a write under way", SOON, || async { Ok(late().map(|_| ())) }).await?;
    left.fault(Fault::Hang, everything);
    let (dark, seen) = (Instant::now(), Mutex::new(Vec::new()));
    let taken_over = eventually("the second to lead", Duration::from_secs(40), || async {
        let now = (leads(&first).await?, leads(&second).await?);
        seen.lock().expect("one thread").push((dark.elapsed(), now));
        Ok(now.1.then_some(()))
    });
    taken_over.await?;
    let seen = seen.into_inner().expect("one thread");
    let at = |wanted: fn((bool, bool)) -> bool| seen.iter().find(|(_, now)| wanted(*now)).map(|(at, _)| *at);
    let (both, stopped, began) = (at(|now| now.0 && now.1), at(|now| !now.0), at(|now| now.1));
    ensure!(both.is_none(), "two leaders {both:.1?} after the partition began");
    eprintln!("partition of the leader: it stopped after {stopped:.1?}, the other led after {began:.1?}");
    ensure!(first.get("/healthz").await?.0 == 200 && first.get("/readyz").await?.0 == 200, "it still serves its certificate");
    ensure!(public_key(&first).await? == key);
    opened(case, &second, "db", "2", RECOVERY).await?;
    put(case, &key, "db", "3").await?;
    opened(case, &second, "db", "3", RECOVERY).await?;

    let right_one = case.secrets().get("db").await?.resource_version();
    left.heal();
    let refused = eventually("an answer to the late write", RECOVERY, || async { Ok(late().and_then(|asked| asked.code)) });
    ensure!(refused.await? == 409, "the late write was not refused: {:?}", late());
    let healed = Instant::now();
    let follows = |asked: &Asked| asked.at >= healed && asked.line.path.contains("/leases/") && asked.code == Some(200);
    eventually("the first to follow", RECOVERY, || async { Ok(left.asked().iter().any(follows).then_some(())) }).await?;
    put(case, &key, "after", "4").await?;
    opened(case, &second, "after", "4", RECOVERY).await?;
    let wrote: Vec<Asked> = left.asked().into_iter().filter(|asked| asked.at >= held && asked.wrote()).collect();
    ensure!(wrote.is_empty(), "the deposed leader wrote:\n{}", summary(&wrote));
    ensure!(case.secrets().get("db").await?.resource_version() == right_one, "the late write got through");
    ensure!(!leads(&first).await? && leads(&second).await?);

    // And it leads again when it is its turn.
    second.kill()?;
    put(case, &key, "again", "5").await?;
    opened(case, &first, "again", "5", Duration::from_secs(40)).await?;
    Ok(())
}
