//! The program from inside: every part is made here, started, and stopped in order. The only place that names them all.

use crate::clock::{SystemClock, SystemDice};
use crate::cluster::{Cluster, Pace};
use crate::config::{Config, DriftPolicy, KubeConfig, Profile};
use crate::context::Context;
use crate::delivery::{Reconciler, Settings, plan::Policy, run, shape::Guard, source::Source};
use crate::http::{Public, bind, metrics_router, public_router, serve};
use crate::index::{Index, Secrets};
use crate::keys::cluster::ClusterKeys;
use crate::keys::identities::IDENTITY_PREFIX;
use crate::keys::port::KeyApi;
use crate::keys::{INSTALL_SECRET, KeyRunner, KeyStore};
use crate::leader::Candidate;
use crate::metrics::Metrics;
use crate::pool::CryptoPool;
use crate::ports::ObjectRef;
use crate::program::VERSION;
use crate::publish::Publisher;
use crate::sealed_secret::{self, SealedSource, templates::Renderer};
use crate::sops_secret::{self, SopsSource};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long open requests may take once the process is told to stop; below the 30 s a pod is given.
const DRAIN: Duration = Duration::from_secs(12);

/// How long a leader waits for the installation's own key. Without the right to it there is none.
const INSTALL_KEY: Duration = Duration::from_secs(3);

/// Everything that is shared.
struct Parts {
    config: Config,
    context: Context,
    store: Arc<KeyStore>,
    pool: Arc<CryptoPool>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    leads: watch::Receiver<bool>,
}

/// Runs until SIGTERM. Order of stopping: readiness and watches at once, then looks in progress, then the Lease.
pub(crate) async fn operate(config: Config) -> Result<(), String> {
    tracing::info!(version = VERSION, namespace = config.home_namespace, profile = ?config.profile, "starting");
    let stop = CancellationToken::new();
    let store = Arc::new(KeyStore::default());
    listen_to_signals(stop.clone(), store.clone()).map_err(|error| format!("signals cannot be received: {error}"))?;
    let clock = Arc::new(SystemClock::new());
    let client = client(&config.kube, clock.clone()).await?;
    let metrics = Arc::new(Metrics::new(VERSION, config.omit_secret_labels, clock.clone()));
    let pool = Arc::new(CryptoPool::new(config.crypto_threads));
    let dice = Arc::new(SystemDice);
    let context = Context {
        kube: Arc::new(Cluster::new(client.clone(), clock.clone(), dice.clone())),
        clock,
        dice,
        keys: store.clone(),
        crypto: pool.clone(),
        meter: metrics.clone(),
    };
    let (lead, leads) = watch::channel(!config.leader.enabled);
    let parts = Parts { config, context, store, pool, metrics, stop, leads };
    let mut serving = JoinSet::new();
    start_servers(&parts, &mut serving).await?;
    let mut keeping = JoinSet::new();
    start_keys(&parts, &client, &mut keeping);
    let (end_candidacy, candidacy_ends) = watch::channel(false);
    let leader = &parts.config.leader;
    let lease = ObjectRef::new(&parts.config.home_namespace, &leader.lease);
    let candidate =
        Candidate::new(parts.context.clone(), lease, leader.identity.clone(), parts.config.profile == Profile::Compatible);
    let mut candidate = leader.enabled.then(|| tokio::spawn(candidate.run(lead, candidacy_ends)));
    tokio::select! {
        () = lead_and_follow(&parts) => {}
        lost = lost(&parts.stop, &mut keeping, &mut serving, candidate.as_mut()) => return Err(format!("{lost} ended by a panic")),
    }
    // The Lease is given back last: whoever takes it must find nobody writing.
    end_candidacy.send_replace(true);
    if let Some(candidate) = candidate {
        let _ = tokio::time::timeout(Duration::from_secs(3), candidate).await;
    }
    keeping.shutdown().await;
    let _ = tokio::time::timeout(DRAIN, serving.join_all()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for a part that ended without being told to. The process would look alive and not be: it has to start again.
async fn lost(
    stop: &CancellationToken,
    keeping: &mut JoinSet<()>,
    serving: &mut JoinSet<()>,
    candidate: Option<&mut JoinHandle<()>>,
) -> &'static str {
    let election = async {
        match candidate {
            Some(candidate) => drop(candidate.await),
            None => std::future::pending().await,
        }
    };
    let lost = tokio::select! {
        _ = keeping.join_next() => "looking after the keys",
        _ = serving.join_next() => "answering HTTP",
        () = election => "leader election",
    };
    if stop.is_cancelled() {
        std::future::pending::<()>().await;
    }
    lost
}

/// Both servers answer before anything else is ready, so that probes never wait for keys or lists.
async fn start_servers(parts: &Parts, tasks: &mut JoinSet<()>) -> Result<(), String> {
    let http = parts.config.http.clone();
    let stopping = parts.stop.clone();
    let public = public_router(Public {
        keys: parts.store.clone(),
        pool: parts.pool.clone(),
        metrics: parts.metrics.clone(),
        clock: parts.context.clock.clone(),
        config: http.clone(),
        accept_v1_data: parts.config.accept_v1_data,
        audience: parts.config.policy.audience.as_str().into(),
        ready: Arc::new(move || !stopping.is_cancelled()),
    });
    for (flag, addresses, router) in [
        ("listen-addr", &http.listen, public),
        ("listen-metrics-addr", &http.listen_metrics, metrics_router(parts.metrics.clone())),
    ] {
        let listener = bind(addresses).await.map_err(|error| format!("--{flag} {addresses:?}: {error}"))?;
        tasks.spawn(serve(listener, router, http.read_timeout, parts.stop.clone()));
    }
    Ok(())
}

fn start_keys(parts: &Parts, client: &kube::Client, tasks: &mut JoinSet<()>) {
    let (config, context) = (&parts.config, &parts.context);
    let namespaces = config.watched.namespaces.as_deref();
    let api: Arc<dyn KeyApi> = Arc::new(ClusterKeys::new(client, &config.home_namespace, &config.keys.prefix, namespaces));
    let runner = KeyRunner {
        api: api.clone(),
        kube: context.kube.clone(),
        clock: context.clock.clone(),
        dice: context.dice.clone(),
        pool: parts.pool.clone(),
        store: parts.store.clone(),
        metrics: parts.metrics.clone(),
        config: config.keys.clone(),
        home: config.home_namespace.clone(),
        leads: parts.leads.clone(),
        watch_timeout: config.kube.watch_timeout,
    };
    tasks.spawn(runner.run(parts.stop.clone()));
    let publisher = Publisher {
        api,
        keys: parts.store.clone(),
        clock: context.clock.clone(),
        dice: context.dice.clone(),
        leads: parts.leads.clone(),
    };
    tasks.spawn(publisher.run(parts.stop.clone()));
}

/// Runs the kinds whenever this process leads and keys are there, until it is told to stop. What is opened before the
/// installation's own key is there leaves no record and is opened again by the next start, so a moment is given to it.
async fn lead_and_follow(parts: &Parts) {
    let mut waited = false;
    let mut leads = parts.leads.clone();
    let mut keys = parts.store.changed();
    while !parts.stop.is_cancelled() {
        let able = *leads.borrow_and_update() && parts.store.snapshot().loaded;
        parts.metrics.leading(*leads.borrow());
        if able && (waited || parts.store.install().is_some()) {
            tracing::info!("leading");
            lead(parts, leads.clone()).await;
            tracing::info!("no longer leading");
            let pause = parts.context.clock.sleep(Duration::from_secs(1));
            tokio::select! { () = parts.stop.cancelled() => {}, () = pause => {} }
            continue;
        }
        let patience = parts.context.clock.sleep(INSTALL_KEY);
        tokio::select! {
            () = parts.stop.cancelled() => {}
            _ = leads.changed() => {}
            _ = keys.changed() => {}
            () = patience, if able => waited = true,
        }
    }
}

/// Until told to stop, then looks in progress come to their end; once the Lease is lost, they are dropped where they are,
/// because somebody else may begin.
async fn lead(parts: &Parts, mut leads: watch::Receiver<bool>) {
    let secrets = Arc::new(Secrets::default());
    let kinds = run::run(lines(parts, &secrets), secrets, parts.store.changed(), parts.stop.clone());
    let ousted = async {
        while *leads.borrow_and_update() {
            if leads.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! { () = kinds => {}, () = ousted => {} }
}

/// The kinds, each the elder of those that follow.
fn lines(parts: &Parts, secrets: &Arc<Secrets>) -> Vec<run::Line> {
    let config = &parts.config;
    let reconciler = |source: Arc<dyn Source>, elder: Option<Arc<Index>>| {
        let (context, settings) = (parts.context.clone(), settings(config));
        Arc::new(Reconciler {
            context,
            settings,
            index: Arc::new(Index::new(secrets.clone())),
            source,
            elder,
            slow: Semaphore::new(1),
        })
    };
    let rules = sealed_secret::Rules {
        accept_blob: config.accept_v1_data,
        templates: Renderer(parts.context.clock.clone()),
        require_v2: config.policy.require_v2.clone(),
        audience: config.policy.audience.clone(),
    };
    let sealed = reconciler(Arc::new(SealedSource(Arc::new(rules))), None);
    let elder = sealed.index.clone();
    let mut lines = vec![sealed_secret::line(sealed)];
    if config.policy.sops_secrets {
        let rules = sops_secret::Rules { bound: config.policy.require_bound_sops.clone() };
        lines.push(run::Line::new(reconciler(Arc::new(SopsSource(Arc::new(rules))), Some(elder))));
    }
    lines
}

fn settings(config: &Config) -> Settings {
    Settings {
        guard: Guard {
            home: config.home_namespace.clone(),
            home_allowed: config.own_namespace,
            own_prefixes: [config.keys.prefix.as_str(), IDENTITY_PREFIX, INSTALL_SECRET].map(str::to_owned).into(),
        },
        policy: Policy { heal: config.drift == DriftPolicy::Heal, recreate: !config.skip_recreate },
        update_status: config.update_status,
        namespaces: config.watched.namespaces.clone().unwrap_or_default(),
        labels: config.watched.label_selector.clone().unwrap_or_default(),
        watch_secrets: config.watch_secrets,
        watch_timeout: config.kube.watch_timeout,
        workers: config.workers,
    }
}

async fn client(pace: &KubeConfig, clock: Arc<SystemClock>) -> Result<kube::Client, String> {
    let mut config =
        kube::Config::infer().await.map_err(|error| format!("no way to a cluster: {error}; run in a pod or set KUBECONFIG"))?;
    // Retrying is the queue's business; two layers of it would multiply.
    config.default_retry = false;
    let builder = kube::client::ClientBuilder::try_from(config).map_err(|error| format!("no way to the cluster: {error}"))?;
    Ok(match pace.qps {
        Some(qps) => builder.with_layer(&Pace::new(qps, pace.burst, clock)).build(),
        None => builder.build(),
    })
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

#[cfg(test)]
mod tests {
    use super::lost;
    use futures::FutureExt;
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn a_part_that_ends_before_the_stop_is_lost_and_after_it_is_not() {
        let stop = CancellationToken::new();
        let (mut keeping, mut serving) = (JoinSet::new(), JoinSet::new());
        serving.spawn(std::future::pending());
        keeping.spawn(stop.clone().cancelled_owned());
        let mut election = tokio::spawn(std::future::pending());
        assert!(lost(&stop, &mut keeping, &mut serving, Some(&mut election)).now_or_never().is_none());
        let mut ends = tokio::spawn(async { panic!("on purpose") });
        assert_eq!(lost(&stop, &mut keeping, &mut serving, Some(&mut ends)).await, "leader election");
        stop.cancel();
        tokio::task::yield_now().await;
        assert!(lost(&stop, &mut keeping, &mut serving, None).now_or_never().is_none());
    }
}
