//! The controller at scale on a real API server: first sync, a new object during a backlog, restart, idle; restart beside
//! upstream; SopsSecrets.
//!
//! Run: `cargo bench -p seal-tests --bench controller`. `SEAL_BENCH_OBJECTS` (10000), `SEAL_BENCH_SIDE_BY_SIDE` (1000)
//! and `SEAL_BENCH_SOPS` (1000) set the sizes; `SEAL_BENCH_ONLY` is `scale`, `side-by-side` or `sops`.
//! It prints figures; it fails when something does not happen at all, never on a time.

mod fleet;
#[path = "../measure.rs"]
mod measure;
mod process;
mod sops;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use seal_crypto::{Binding, Item, Keyring, PrivateKey, Scope, v2::Place};
use seal_secret::SecretBytes;
use seal_tests::{ControlPlane, Controller, Options, eventually, lab, peers, upstream};

const LONG: Duration = Duration::from_secs(1800);

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() -> ExitCode {
    if let Err(why) = lab::enter() {
        return lab::cannot_run("controller bench", &why);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(benches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why:?}");
            ExitCode::FAILURE
        }
    }
}

async fn benches() -> Result<()> {
    let only = std::env::var("SEAL_BENCH_ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only == part;
    if wanted("sops") {
        sops::at_scale(size("SEAL_BENCH_SOPS", 1000)).await?;
    }
    if wanted("side-by-side") {
        side_by_side(size("SEAL_BENCH_SIDE_BY_SIDE", 1000)).await?;
    }
    if wanted("scale") {
        at_scale(size("SEAL_BENCH_OBJECTS", 10_000)).await?;
    }
    Ok(())
}

/// CPU of one private-key operation of 4096 bits, here and now.
fn one_operation() -> Result<Duration> {
    let key = PrivateKey::generate(4096, &mut rand::rng())?;
    let binding = Binding::new(Scope::Strict, "shop", "database")?;
    let item = Item::seal(&SecretBytes::from("x".to_owned()), key.public(), &binding, &mut rand::rng())?;
    let keyring = Keyring::new(vec![key]);
    let start = measure::own_cpu();
    for _ in 0..200 {
        keyring.open(&item, &Place::new(&binding, "key"), None)?;
    }
    Ok((measure::own_cpu() - start) / 200)
}

async fn metric(controller: &Controller, name: &str) -> Result<f64> {
    controller.metric(name, "").await?.with_context(|| format!("the controller has no metric {name}"))
}

async fn wait_settled(controller: &Controller, objects: usize) -> Result<Duration> {
    let start = Instant::now();
    eventually("every object is looked at", LONG, || async {
        let seen = metric(controller, "seal_controller_noops_total").await?;
        Ok((seen >= objects as f64).then_some(()))
    })
    .await?;
    Ok(start.elapsed())
}

async fn at_scale(objects: usize) -> Result<()> {
    let plane = ControlPlane::start().await?;
    let client = plane.client();
    let home = plane.namespace().await?;
    let keys = fleet::keys(&plane, &home, 13).await?;
    let namespaces: Vec<String> = (0..10).map(|index| format!("fleet-{index}")).collect();
    let start = Instant::now();
    for namespace in &namespaces {
        plane.named_namespace(namespace).await?;
        fleet::create(&client, namespace, "app", objects / namespaces.len(), &keys).await?;
    }
    println!("stored {objects} objects of {} items over 13 keys in {:.0} s", fleet::ITEMS, start.elapsed().as_secs_f64());
    let cost = one_operation()?;

    let mut controller = Controller::start(&plane, Options::default().home(&home)).await?;
    let pid = controller.process().pid();
    let start = Instant::now();
    plane.named_namespace("newcomers").await?;
    let waits = newcomers(&client, &keys[12], 300).await?;
    let backlog_left = objects - all_synced(&client, &namespaces).await?;
    eventually("all objects synced", LONG, || async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok((all_synced(&client, &namespaces).await? >= objects).then_some(()))
    })
    .await?;
    let wall = start.elapsed();
    let (cpu, tries) = (process::cpu(pid)?, metric(&controller, "seal_controller_decrypts_total").await?);
    println!(
        "first sync: {:.0} s wall, {:.1} s CPU, {tries:.0} private-key operations of {:.2} ms: CPU / operations = {:.2}; tries an item {:.2}; peak {:.0} MiB",
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        cost.as_secs_f64() * 1e3,
        cpu.as_secs_f64() / (tries * cost.as_secs_f64()),
        tries / ((objects + waits.len()) * fleet::ITEMS) as f64,
        process::peak_mib(pid)?
    );
    quantiles("new object during the backlog", waits);
    println!("  backlog left after the last of them: {backlog_left} objects");
    oldest_key_only(&plane, &controller, &keys[0]).await?;
    quiet(&client).await?;
    controller.stop()?;
    restart_and_idle(&plane, &home, objects).await
}

/// The worst case of many keys: objects never seen before, all sealed to the key that is tried last.
async fn oldest_key_only(plane: &ControlPlane, controller: &Controller, oldest: &seal_crypto::PublicKey) -> Result<()> {
    const OBJECTS: usize = 200;
    let client = plane.client();
    let before = metric(controller, "seal_controller_decrypts_total").await?;
    plane.named_namespace("oldest").await?;
    fleet::create(&client, "oldest", "old", OBJECTS, std::slice::from_ref(oldest)).await?;
    eventually("objects of the oldest key synced", LONG, || async {
        Ok((fleet::synced(&client, "oldest", "old-").await? >= OBJECTS).then_some(()))
    })
    .await?;
    let tries = metric(controller, "seal_controller_decrypts_total").await? - before;
    println!("new objects sealed to the oldest of 13 keys only: {:.2} tries an item", tries / (OBJECTS * fleet::ITEMS) as f64);
    Ok(())
}

/// Restart with nothing changed, then a minute of idling.
async fn restart_and_idle(plane: &ControlPlane, home: &str, objects: usize) -> Result<()> {
    let client = plane.client();
    for round in 1..=2 {
        let before = process::requests(&client).await?;
        let start = Instant::now();
        let mut controller = Controller::start(plane, Options::default().home(home)).await?;
        wait_settled(&controller, objects).await?;
        let wall = start.elapsed();
        let pid = controller.process().pid();
        let (cpu, peak) = (process::cpu(pid)?, process::peak_mib(pid)?);
        quiet(&client).await?;
        let spent = process::requests(&client).await? - before;
        let tries = metric(&controller, "seal_controller_decrypts_total").await?;
        println!(
            "restart {round}, {objects} objects unchanged: {:.2} s wall, {:.2} s CPU, {tries:.0} private-key operations, {:.0} writes and {:.0} Lease writes, peak {peak:.0} MiB",
            wall.as_secs_f64(),
            cpu.as_secs_f64(),
            spent.writes,
            spent.leases
        );
        if round == 2 {
            let (cpu, asked) = (process::cpu(pid)?, process::requests(&client).await?);
            tokio::time::sleep(Duration::from_secs(60)).await;
            let (cpu, asked) = (process::cpu(pid)? - cpu, process::requests(&client).await? - asked);
            println!(
                "idle for 60 s with {objects} objects: {:.2} % of a core, {:.0} writes, {:.0} Lease writes, {:.0} requests of everybody",
                cpu.as_secs_f64() / 60.0 * 100.0,
                asked.writes,
                asked.leases,
                asked.all
            );
        }
        controller.stop()?;
    }
    Ok(())
}

async fn all_synced(client: &kube::Client, namespaces: &[String]) -> Result<usize> {
    let mut count = 0;
    for namespace in namespaces {
        count += fleet::synced(client, namespace, "app-").await?;
    }
    Ok(count)
}

/// Creates objects one after the other and measures how long each Secret takes to appear.
async fn newcomers(client: &kube::Client, key: &seal_crypto::PublicKey, count: usize) -> Result<Vec<Duration>> {
    let sealed = seal_tests::sealed::api(client, "newcomers");
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> = kube::Api::namespaced(client.clone(), "newcomers");
    let mut waits = Vec::new();
    for index in 0..count {
        let name = format!("new-{index:04}");
        let object = serde_json::from_value(fleet::object("newcomers", &name, key)?)?;
        sealed.create(&Default::default(), &object).await?;
        let start = Instant::now();
        while secrets.get_metadata_opt(&name).await?.is_none() {
            ensure!(start.elapsed() < LONG, "{name} never appeared");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(waits)
}

fn quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!("{what}: median {:.0} ms, p99 {:.0} ms, worst {:.0} ms, {} samples", at(0.5), at(0.99), at(1.0), times.len());
}

/// Waits until the API server sees no writes for three seconds.
async fn quiet(client: &kube::Client) -> Result<()> {
    let start = Instant::now();
    let mut before = process::requests(client).await?.writes;
    loop {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let now = process::requests(client).await?.writes;
        if now == before {
            return Ok(());
        }
        ensure!(start.elapsed() < LONG, "writes never end");
        before = now;
    }
}

/// Both controllers restart over the same number of objects, each on its own namespace, by turns.
async fn side_by_side(objects: usize) -> Result<()> {
    let Some(program) = peers::tool("sealed-secrets-controller") else { return Ok(()) };
    let plane = ControlPlane::start().await?;
    let client = plane.client();
    let home = plane.namespace().await?;
    let keys = fleet::keys(&plane, &home, 1).await?;
    for namespace in ["ours", "theirs"] {
        plane.named_namespace(namespace).await?;
        fleet::create(&client, namespace, "app", objects, &keys).await?;
    }
    let options = Options::default().home(&home).args(["--all-namespaces=false", "--additional-namespaces=ours"]);
    let their_arguments = [
        "--all-namespaces=false",
        "--additional-namespaces=theirs",
        "--kubeclient-qps=-1",
        "--kubeclient-burst=-1",
        "--log-level=ERROR",
    ];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..4 {
        let before = process::requests(&client).await?;
        let start = Instant::now();
        let controller = Controller::start(&plane, options.clone()).await?;
        if round == 0 {
            eventually("first sync of ours", LONG, || async {
                Ok((fleet::synced(&client, "ours", "app-").await? >= objects).then_some(()))
            })
            .await?;
        } else {
            wait_settled(&controller, objects).await?;
        }
        let our_wall = start.elapsed();
        quiet(&client).await?;
        let our_writes = (process::requests(&client).await? - before).writes;
        controller.stop()?;

        let before = process::requests(&client).await?;
        let start = Instant::now();
        let peer = upstream::start(&plane, &program, &home, &their_arguments).await?;
        let metrics = peer.metrics.clone();
        eventually("upstream has been over every object", LONG, || async {
            let page = reqwest::get(&metrics).await?.text().await?;
            let done = page.lines().find_map(|line| line.strip_prefix("sealed_secrets_controller_unseal_requests_total "));
            Ok(done.and_then(|done| done.parse::<f64>().ok()).filter(|done| *done >= objects as f64).map(|_| ()))
        })
        .await?;
        let their_wall = start.elapsed();
        quiet(&client).await?;
        let their_writes = (process::requests(&client).await? - before).writes;
        peer.stop()?;
        let what = if round == 0 { "first sync" } else { "restart" };
        println!(
            "{what} of {objects} objects: ours {:.2} s and {our_writes:.0} writes, upstream {:.2} s and {their_writes:.0} writes, ratio {:.1}",
            our_wall.as_secs_f64(),
            their_wall.as_secs_f64(),
            their_wall.as_secs_f64() / our_wall.as_secs_f64()
        );
        if round > 0 {
            ours.push(our_wall);
            theirs.push(their_wall);
        }
    }
    measure::compare("restart with nothing changed", ours, theirs);
    Ok(())
}
