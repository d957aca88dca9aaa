//! The program: arguments, wiring, signals, exit code. The only place that names every part.

use crate::clock::{SystemClock, SystemDice};
use crate::cluster::Cluster;
use crate::config::{Config, DriftPolicy, Environment, Invocation, parse};
use crate::context::Context;
use crate::http;
use crate::index::Index;
use crate::keys::cluster::ClusterKeys;
use crate::keys::{INSTALL_SECRET, KeyRunner, KeyStore};
use crate::leader::Candidate;
use crate::log;
use crate::metrics::Metrics;
use crate::pool::CryptoPool;
use crate::ports::ObjectRef;
use crate::publish::Publisher;
use crate::sealed_secret::{Reconciler, Settings, plan::Policy, run, shape::Guard, templates::NoTemplates};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Version as `--version` prints it.
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const USAGE: u8 = 2;
const FAILED: u8 = 3;
/// How long open requests may take once the process is told to stop; below the 30 s a pod is given.
const DRAIN: Duration = Duration::from_secs(12);

/// From arguments to exit code: `run` (also without a command, as upstream has it) and `crds`.
pub fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("crds") => return print(seal_api::sealed_secret::crd_yaml()),
        Some("run") => drop(arguments.remove(0)),
        _ => {}
    }
    match parse(arguments, &surroundings()) {
        Ok(Invocation::Version) => print(&format!("controller version: {VERSION}\n")),
        Ok(Invocation::Help(text)) => print(&text),
        Ok(Invocation::Run(config)) => start(*config),
        Err(error) => fail(&error.0, USAGE),
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    // When not even stderr takes the message there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "seal-controller: error: {message}");
    ExitCode::from(code)
}

fn surroundings() -> Environment {
    Environment {
        variables: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        service_account_namespace: std::fs::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn start(config: Config) -> ExitCode {
    log::start(config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("threads cannot be started: {error}"), FAILED),
    };
    let code = match runtime.block_on(operate(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message, FAILED),
    };
    // Key making may still hold a thread; nothing it does is needed any more.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// Everything that is shared.
struct Parts {
    config: Config,
    context: Context,
    store: Arc<KeyStore>,
    stop: CancellationToken,
    leads: watch::Receiver<bool>,
}

async fn operate(config: Config) -> Result<(), String> {
    tracing::info!(version = VERSION, namespace = config.home_namespace, profile = ?config.profile, "starting");
    let stop = CancellationToken::new();
    let store = Arc::new(KeyStore::default());
    listen_to_signals(stop.clone(), store.clone()).map_err(|error| format!("signals cannot be received: {error}"))?;
    let client = client().await?;
    let clock = Arc::new(SystemClock::new());
    let metrics = Arc::new(Metrics::new(VERSION, config.omit_secret_labels, clock.clone()));
    let pool = Arc::new(CryptoPool::new(config.crypto_threads));
    let context = Context {
        kube: Arc::new(Cluster::new(client.clone())),
        clock,
        dice: Arc::new(SystemDice),
        keys: store.clone(),
        crypto: pool.clone(),
        meter: metrics.clone(),
    };
    let (lead, leads) = watch::channel(!config.leader.enabled);
    // Probes answer before anything else, key making above all, has begun.
    let servers = servers(&config, &context, &pool, &store, &metrics, &stop).await?;
    let keys = key_runner(&config, &context, &client, pool, store.clone(), metrics.clone(), leads.clone());
    let publisher = Publisher {
        api: keys.api.clone(),
        keys: store.clone(),
        clock: context.clock.clone(),
        dice: context.dice.clone(),
        leads: leads.clone(),
    };
    let publisher = tokio::spawn(publisher.run(stop.clone()));
    let keys = tokio::spawn(keys.run(stop.clone()));
    let (end_candidacy, candidacy_ends) = watch::channel(false);
    let lease = ObjectRef::new(&config.home_namespace, &config.leader.lease);
    let candidate = Candidate::new(context.clone(), lease, config.leader.identity.clone());
    let candidate = config.leader.enabled.then(|| tokio::spawn(candidate.run(lead, candidacy_ends)));
    let parts = Parts { config, context, store, stop, leads };
    lead_and_follow(&parts, &metrics).await;
    // The Lease is given back last: whoever takes it must find nobody writing.
    end_candidacy.send_replace(true);
    if let Some(candidate) = candidate {
        let _ = tokio::time::timeout(Duration::from_secs(3), candidate).await;
    }
    keys.abort();
    publisher.abort();
    let _ = tokio::time::timeout(DRAIN, futures::future::join_all(servers)).await;
    tracing::info!("stopped");
    Ok(())
}

/// Runs the kinds whenever this process leads and keys are there, until it is told to stop.
async fn lead_and_follow(parts: &Parts, metrics: &Metrics) {
    let mut leads = parts.leads.clone();
    let mut keys = parts.store.changed();
    while !parts.stop.is_cancelled() {
        let ready = *leads.borrow_and_update() && parts.store.snapshot().loaded;
        metrics.leading(*leads.borrow());
        if ready {
            tracing::info!("leading");
            lead(parts, leads.clone()).await;
            tracing::info!("no longer leading");
            continue;
        }
        tokio::select! {
            () = parts.stop.cancelled() => {}
            _ = leads.changed() => {}
            _ = keys.changed() => {}
        }
    }
}

async fn lead(parts: &Parts, mut leads: watch::Receiver<bool>) {
    let term = parts.stop.child_token();
    let reconciler = Arc::new(Reconciler {
        context: parts.context.clone(),
        settings: settings(&parts.config),
        index: Arc::new(Index::default()),
        templates: Arc::new(NoTemplates),
    });
    let kinds = run::run(reconciler, parts.store.changed(), term.clone());
    let ousted = async {
        while *leads.borrow_and_update() {
            if leads.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        term.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! { () = kinds => {}, () = ousted => {} }
}

fn settings(config: &Config) -> Settings {
    Settings {
        guard: Guard {
            home: config.home_namespace.clone(),
            home_allowed: config.own_namespace,
            own_prefixes: vec![config.keys.prefix.clone(), INSTALL_SECRET.to_owned()],
        },
        policy: Policy { heal: config.drift == DriftPolicy::Heal, recreate: !config.skip_recreate },
        update_status: config.update_status,
        accept_blob: config.accept_v1_data,
        namespaces: config.watched.namespaces.clone().unwrap_or_default(),
        labels: config.watched.label_selector.clone().unwrap_or_default(),
        watch_secrets: !config.skip_recreate,
        workers: config.workers,
    }
}

fn key_runner(
    config: &Config,
    context: &Context,
    client: &kube::Client,
    pool: Arc<CryptoPool>,
    store: Arc<KeyStore>,
    metrics: Arc<Metrics>,
    leads: watch::Receiver<bool>,
) -> KeyRunner {
    let namespaces = config.watched.namespaces.as_deref();
    KeyRunner {
        api: Arc::new(ClusterKeys::new(client, &config.home_namespace, &config.keys.prefix, namespaces)),
        kube: context.kube.clone(),
        clock: context.clock.clone(),
        dice: context.dice.clone(),
        pool,
        store,
        metrics,
        config: config.keys.clone(),
        home: config.home_namespace.clone(),
        leads,
    }
}

/// Binds and starts the two HTTP servers. Ready means: keys were listed, and the process is not stopping.
async fn servers(
    config: &Config,
    context: &Context,
    pool: &Arc<CryptoPool>,
    store: &Arc<KeyStore>,
    metrics: &Arc<Metrics>,
    stop: &CancellationToken,
) -> Result<Vec<tokio::task::JoinHandle<()>>, String> {
    let stopping = stop.clone();
    let public = http::public_router(http::Public {
        keys: store.clone(),
        pool: pool.clone(),
        metrics: metrics.clone(),
        clock: context.clock.clone(),
        config: config.http.clone(),
        accept_v1_data: config.accept_v1_data,
        ready: Arc::new(move || !stopping.is_cancelled()),
    });
    let mut servers = Vec::new();
    for (addresses, router) in [(&config.http.listen, public), (&config.http.listen_metrics, http::metrics_router(metrics.clone()))] {
        let listener = http::bind(addresses).await.map_err(|error| format!("cannot listen on {}: {error}", addresses[0]))?;
        servers.push(tokio::spawn(http::serve(listener, router, config.http.read_timeout, stop.clone())));
    }
    Ok(servers)
}

async fn client() -> Result<kube::Client, String> {
    let mut config =
        kube::Config::infer().await.map_err(|error| format!("no way to a cluster: {error}; run in a pod or set KUBECONFIG"))?;
    // Retrying is the queue's business; two layers of it would multiply.
    config.default_retry = false;
    kube::Client::try_from(config).map_err(|error| format!("no way to the cluster: {error}"))
}

fn listen_to_signals(stop: CancellationToken, store: Arc<KeyStore>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut new_key = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = new_key.recv() => store.ask_for_key(),
            }
        }
        tracing::info!("stopping");
        stop.cancel();
        // Whoever asks twice does not want to wait.
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(0);
    });
    Ok(())
}
