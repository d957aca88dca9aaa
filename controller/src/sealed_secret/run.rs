//! Runs the kind while this process leads: watches feed the queue, workers drain it.
//!
//! Flow: metadata of Secrets is listed first, then SealedSecrets in pages; an object whose record names the present version
//! of its Secret is settled on the spot, the others queue. Guarantees: a panic hurts one object; stopping lets a look that
//! has begun come to its end, so no write is cut off.

use super::feed::{SealedFeed, SecretFeed, keys_changed};
use super::reconcile::Next;
use super::{Reconciler, feed, request};
use crate::ports::{Kind, ObjectRef, Selection};
use crate::queue::{Lane, Queue, SLOW, SOON};
use crate::watch::{Sink, Watch};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Time between two looks at everything when Secrets are not watched.
const POLL: Duration = Duration::from_secs(600);
/// Time between two counts of objects per key.
const INVENTORY: Duration = Duration::from_secs(60);
/// Longest time that looks in progress may take after a stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Runs until stopped, then drains.
pub async fn run(reconciler: Arc<Reconciler>, keys: watch::Receiver<u64>, stop: CancellationToken) {
    let context = reconciler.context.clone();
    let queue = Arc::new(Queue::new(context.clock.clone(), context.dice.clone()));
    let mut feeding = JoinSet::new();
    let gate = start_secret_watches(&reconciler, &queue, &mut feeding);
    let questions = Arc::new(Queue::new(context.clock.clone(), context.dice.clone()));
    start_sealed_watches(&reconciler, [&queue, &questions], &gate, &mut feeding);
    feeding.spawn(request::work(reconciler.clone(), questions));
    feeding.spawn(follow_keys(reconciler.clone(), queue.clone(), keys));
    if !reconciler.settings.watch_secrets {
        feeding.spawn(poll(reconciler.clone(), queue.clone()));
    }
    let mut workers = JoinSet::new();
    for _ in 0..reconciler.settings.workers.max(1) {
        workers.spawn(work(reconciler.clone(), queue.clone(), stop.clone()));
    }
    stop.cancelled().await;
    feeding.shutdown().await;
    let drained = async { while workers.join_next().await.is_some() {} };
    tokio::select! { () = drained => {}, () = context.clock.sleep(DRAIN) => tracing::warn!("looks still running at the end of the drain time") }
}

/// Opens when every Secret watch has tried its first list.
struct Gate {
    missing: AtomicUsize,
    open: Notify,
}

impl Gate {
    fn one_less(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.open.notify_waiters();
        }
    }

    async fn wait(&self) {
        loop {
            let opened = self.open.notified();
            if self.missing.load(Ordering::Acquire) == 0 {
                return;
            }
            opened.await;
        }
    }
}

fn namespaces(reconciler: &Reconciler) -> Vec<Option<String>> {
    match reconciler.settings.namespaces.as_slice() {
        [] => vec![None],
        names => names.iter().cloned().map(Some).collect(),
    }
}

type Work = Arc<Queue<ObjectRef>>;

fn start_secret_watches(reconciler: &Arc<Reconciler>, queue: &Work, tasks: &mut JoinSet<()>) -> Arc<Gate> {
    let namespaces = if reconciler.settings.watch_secrets { namespaces(reconciler) } else { Vec::new() };
    let gate = Arc::new(Gate { missing: AtomicUsize::new(namespaces.len()), open: Notify::new() });
    let sink: Arc<dyn Sink> = Arc::new(SecretFeed { reconciler: reconciler.clone(), queue: queue.clone() });
    for namespace in namespaces {
        // Without the label selector: it speaks of SealedSecrets, and their Secrets need not carry the label.
        let what = Selection { kind: Kind::SecretsMeta, namespace, labels: String::new() };
        let watch = Watch { context: reconciler.context.clone(), compare: what.clone(), what, sink: sink.clone() };
        let gate = gate.clone();
        tasks.spawn(watch.run(move || gate.one_less()));
    }
    gate
}

fn start_sealed_watches(reconciler: &Arc<Reconciler>, [queue, questions]: [&Work; 2], gate: &Arc<Gate>, tasks: &mut JoinSet<()>) {
    let feed = SealedFeed { reconciler: reconciler.clone(), queue: queue.clone(), questions: questions.clone() };
    let sink: Arc<dyn Sink> = Arc::new(feed);
    for namespace in namespaces(reconciler) {
        let what = Selection { kind: Kind::SealedSecrets, namespace, labels: reconciler.settings.labels.clone() };
        let compare = Selection { kind: Kind::SealedSecretsMeta, ..what.clone() };
        let watch = Watch { context: reconciler.context.clone(), what, compare, sink: sink.clone() };
        let (gate, reconciler) = (gate.clone(), reconciler.clone());
        tasks.spawn(async move {
            gate.wait().await;
            let started = reconciler.context.clock.now();
            let listed = {
                let reconciler = reconciler.clone();
                move || {
                    let took = reconciler.context.clock.now() - started;
                    tracing::info!(objects = reconciler.index.len(), ?took, "SealedSecrets listed");
                    reconciler.context.meter.objects_per_key(&reconciler.index.objects_per_key());
                }
            };
            watch.run(listed).await;
        });
    }
}

async fn follow_keys(reconciler: Arc<Reconciler>, queue: Work, mut keys: watch::Receiver<u64>) {
    let context = &reconciler.context;
    loop {
        tokio::select! {
            changed = keys.changed() => match changed {
                Ok(()) => keys_changed(&reconciler, &queue),
                Err(_) => return,
            },
            () = context.clock.sleep(INVENTORY) => context.meter.objects_per_key(&reconciler.index.objects_per_key()),
        }
    }
}

async fn poll(reconciler: Arc<Reconciler>, queue: Work) {
    loop {
        let wait = reconciler.context.dice.jitter(POLL, 0.2);
        reconciler.context.clock.sleep(wait).await;
        for at in reconciler.index.select(|_, entry| entry.synced) {
            queue.add(at, Lane::Backlog);
        }
        keys_changed(&reconciler, &queue);
    }
}

async fn work(reconciler: Arc<Reconciler>, queue: Work, stop: CancellationToken) {
    loop {
        let taken = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            taken = queue.take() => taken,
        };
        let lag = reconciler.context.clock.now().saturating_sub(taken.since);
        reconciler.context.meter.queue_lag(lag);
        let at = taken.key;
        let next = match AssertUnwindSafe(reconciler.reconcile(&at)).catch_unwind().await {
            Ok(next) => next,
            Err(_panic) => {
                // The hook has told where; what it said may hold anything and is dropped.
                tracing::error!(object = %at, "a look ended in a panic");
                let _ = AssertUnwindSafe(reconciler.report_internal(&at)).catch_unwind().await;
                Next::Soon
            }
        };
        again(&queue, &at, next);
        queue.done(&at);
    }
}

/// Files the next look.
pub(super) fn again(queue: &Queue<ObjectRef>, at: &ObjectRef, next: Next) {
    match next {
        Next::OnChange => queue.succeeded(at),
        Next::Soon => queue.retry(at.clone(), SOON),
        Next::Slowly => queue.retry(at.clone(), SLOW),
        Next::Gap => queue.add_after(at.clone(), Lane::Edit, feed::GAP),
    }
}
