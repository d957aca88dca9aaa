//! Runs the kinds while this process leads: watches feed queues, workers drain them.
//!
//! Flow: metadata of Secrets is listed first, then each kind's objects in pages, one kind after the other; an object whose
//! record names the present version of its Secret is settled on the spot, the others queue. Guarantees: a panic hurts one
//! object; stopping lets a look that has begun come to its end, so no write is cut off.

use super::feed::{ObjectFeed, SecretFeed};
use super::gate::Gate;
use super::reconcile::Next;
use super::settings::Settings;
use super::{Reconciler, feed};
use crate::context::Context;
use crate::index::Secrets;
use crate::ports::{Kind, ObjectRef, Selection};
use crate::queue::{Lane, Queue, SLOW, SOON};
use crate::watch::{Sink, Watch};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Time between two looks at everything when Secrets are not watched.
const POLL: Duration = Duration::from_secs(600);
/// Time between two counts of objects per key.
const INVENTORY: Duration = Duration::from_secs(60);
/// Longest time that looks in progress may take after a stop.
const DRAIN: Duration = Duration::from_secs(20);

/// One kind at work.
pub struct Line {
    /// Reconciler and queue.
    pub feed: ObjectFeed,
    /// What takes objects from the watch: the feed, or something around it.
    pub sink: Arc<dyn Sink>,
    /// What else runs while this process leads.
    pub beside: Option<BoxFuture<'static, ()>>,
}

impl Line {
    /// A kind with nothing around it.
    pub fn new(reconciler: Arc<Reconciler>) -> Self {
        let context = &reconciler.context;
        let queue = Arc::new(Queue::new(context.clock.clone(), context.dice.clone()));
        let feed = ObjectFeed { reconciler, queue };
        Self { sink: Arc::new(feed.clone()), feed, beside: None }
    }
}

/// What all kinds share.
#[derive(Clone)]
struct Floor {
    context: Context,
    settings: Settings,
    feeds: Arc<Vec<ObjectFeed>>,
}

/// Runs until stopped, then drains; or until a watch panics. The first kind is the elder of the second, and so on.
pub async fn run(lines: Vec<Line>, secrets: Arc<Secrets>, keys: watch::Receiver<u64>, stop: CancellationToken) {
    let Some(first) = lines.first().map(|line| line.feed.reconciler.clone()) else { return stop.cancelled().await };
    let feeds: Vec<ObjectFeed> = lines.iter().map(|line| line.feed.clone()).collect();
    let floor = Floor { context: first.context.clone(), settings: first.settings.clone(), feeds: Arc::new(feeds) };
    let (mut feeding, mut workers) = (JoinSet::new(), JoinSet::new());
    let mut gate = start_secret_watches(&floor, secrets, &mut feeding);
    for line in lines {
        gate = start_object_watches(&floor, &line, gate, &mut feeding);
        if let Some(beside) = line.beside {
            feeding.spawn(beside);
        }
        for _ in 0..floor.settings.workers.max(1) {
            workers.spawn(work(line.feed.clone(), stop.clone()));
        }
    }
    feeding.spawn(follow_keys(floor.clone(), keys));
    if !floor.settings.watch_secrets {
        feeding.spawn(poll(floor.clone()));
    }
    tokio::select! {
        () = stop.cancelled() => {}
        () = panicked(&mut feeding) => {
            tracing::error!("a watch ended in a panic: everything is listed anew");
            return;
        }
    }
    feeding.shutdown().await;
    let drained = async { while workers.join_next().await.is_some() {} };
    tokio::select! { () = drained => {}, () = floor.context.clock.sleep(DRAIN) => tracing::warn!("looks still running at the end of the drain time") }
}

/// Waits for a task that ended by a panic. A watch that is no longer there would be missed by nobody.
async fn panicked(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if ended.is_err_and(|error| error.is_panic()) {
            return;
        }
    }
    std::future::pending().await
}

impl Floor {
    fn namespaces(&self) -> Vec<Option<String>> {
        match self.settings.namespaces.as_slice() {
            [] => vec![None],
            names => names.iter().cloned().map(Some).collect(),
        }
    }

    fn count_keys(&self) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (key, count) in self.feeds.iter().flat_map(|feed| feed.reconciler.index.objects_per_key()) {
            *counts.entry(key).or_default() += count;
        }
        self.context.meter.objects_per_key(&counts);
    }

    fn keys_changed(&self) {
        self.feeds.iter().for_each(ObjectFeed::keys_changed);
        self.count_keys();
    }
}

fn start_secret_watches(floor: &Floor, secrets: Arc<Secrets>, tasks: &mut JoinSet<()>) -> Arc<Gate> {
    let namespaces = if floor.settings.watch_secrets { floor.namespaces() } else { Vec::new() };
    let gate = Arc::new(Gate::new(namespaces.len()));
    let sink: Arc<dyn Sink> = Arc::new(SecretFeed { kinds: floor.feeds.to_vec(), secrets });
    for namespace in namespaces {
        // Without the label selector: it speaks of objects, and their Secrets need not carry the label.
        let what = Selection { kind: Kind::SecretsMeta, namespace, labels: String::new() };
        let watch = Watch {
            context: floor.context.clone(),
            compare: what.clone(),
            what,
            timeout: floor.settings.watch_timeout,
            sink: sink.clone(),
        };
        let gate = gate.clone();
        tasks.spawn(watch.run(move || gate.one_less()));
    }
    gate
}

/// Starts once `before` is open; answers what opens when these objects are listed.
fn start_object_watches(floor: &Floor, line: &Line, before: Arc<Gate>, tasks: &mut JoinSet<()>) -> Arc<Gate> {
    let namespaces = floor.namespaces();
    let after = Arc::new(Gate::new(namespaces.len()));
    let reconciler = &line.feed.reconciler;
    let [kind, metadata] = reconciler.source.kinds();
    for namespace in namespaces {
        let what = Selection { kind, namespace, labels: floor.settings.labels.clone() };
        let compare = Selection { kind: metadata, ..what.clone() };
        let timeout = floor.settings.watch_timeout;
        let watch = Watch { context: floor.context.clone(), what, compare, timeout, sink: line.sink.clone() };
        let (before, after, floor, index) = (before.clone(), after.clone(), floor.clone(), reconciler.index.clone());
        tasks.spawn(async move {
            before.wait().await;
            let started = floor.context.clock.now();
            let listed = move || {
                let took = floor.context.clock.now() - started;
                tracing::info!(kind = kind.name(), objects = index.len(), ?took, "objects listed");
                floor.count_keys();
                after.one_less();
            };
            watch.run(listed).await;
        });
    }
    after
}

async fn follow_keys(floor: Floor, mut keys: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            changed = keys.changed() => match changed {
                Ok(()) => floor.keys_changed(),
                Err(_) => return,
            },
            () = floor.context.clock.sleep(INVENTORY) => floor.count_keys(),
        }
    }
}

async fn poll(floor: Floor) {
    loop {
        let wait = floor.context.dice.jitter(POLL, 0.2);
        floor.context.clock.sleep(wait).await;
        for feed in floor.feeds.iter() {
            feed.look_again();
        }
        floor.keys_changed();
    }
}

async fn work(feed: ObjectFeed, stop: CancellationToken) {
    let ObjectFeed { reconciler, queue } = feed;
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
pub(crate) fn again(queue: &Queue<ObjectRef>, at: &ObjectRef, next: Next) {
    match next {
        Next::OnChange => queue.succeeded(at),
        Next::Soon => queue.retry(at.clone(), SOON),
        Next::Slowly => queue.retry(at.clone(), SLOW),
        Next::Gap => queue.add_after(at.clone(), Lane::Edit, feed::GAP),
    }
}

#[cfg(test)]
mod tests {
    use super::panicked;
    use futures::FutureExt;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed_and_one_that_ends_is_not() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async {});
        tokio::task::yield_now().await;
        assert!(panicked(&mut tasks).now_or_never().is_none());
        tasks.spawn(async { panic!("on purpose") });
        panicked(&mut tasks).await;
    }
}
