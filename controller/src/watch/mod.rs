//! One watch: list in pages, then follow, each with its own back-off, so that one flapping kind never slows another.
//!
//! Flow: list → follow from the list's version → on `410` list again; on any other trouble wait and follow on. About every
//! ten minutes, and after a watch broke off, the metadata of everything is compared with memory, which repairs an event that never
//! came. A server whose versions went back (it was restored from a backup) is listed again: from a version of its future it
//! would show nothing.
//! Guarantees: never gives up; a server that falls silent is noticed within the watch timeout; no object is kept.

use crate::context::Context;
use crate::ports::{Change, Clock, KubeError, ObjectRef, Selection};
use crate::queue::{Lane, SOON, delay};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Silence beyond the watch's end that counts as a dead connection.
const GRACE: Duration = Duration::from_secs(10);
/// Time between two compares.
const COMPARE: Duration = Duration::from_secs(600);
/// Compares out of turn, after a watch broke off, until it is time for one anyway: a network that cuts every minute is not
/// to cost one every minute.
const SPARE: u32 = 3;
/// Objects a page.
const PAGE: u32 = 250;

/// Who takes what a watch shows.
pub trait Sink: Send + Sync + 'static {
    /// An object is there: new, changed, or shown by the first list (`Backlog`).
    fn upsert(&self, object: &Value, lane: Lane);
    /// An object was deleted.
    fn delete(&self, object: &Value);
    /// An object that memory knows is no longer listed.
    fn gone(&self, at: &ObjectRef);
    /// Metadata of an object, to be compared with memory.
    fn compare(&self, metadata: &Value);
    /// What memory knows.
    fn known(&self, namespace: Option<&str>) -> Vec<ObjectRef>;
}

/// One list-and-watch.
pub struct Watch {
    /// Ports.
    pub context: Context,
    /// What is watched.
    pub what: Selection,
    /// What the compare lists; metadata only.
    pub compare: Selection,
    /// How long the server keeps the watch open.
    pub timeout: Duration,
    /// Who takes it.
    pub sink: Arc<dyn Sink>,
}

enum End {
    Relist,
    Failed(KubeError),
    Over,
}

impl Watch {
    /// Runs until dropped. `listed` is called after the first list, and also when the first list fails, so that nobody waits for ever.
    pub async fn run(self, listed: impl FnOnce() + Send) {
        let mut listed = Some(listed);
        let mut failures = 0;
        loop {
            let first = self.list(&self.what, |sink, object| sink.upsert(object, Lane::Backlog)).await;
            if let Some(listed) = listed.take() {
                listed();
            }
            match first {
                Ok(version) => match self.follow(version).await {
                    true => failures = 0,
                    // A server that calls every version too old, also those it has just named, is not asked in a tight loop.
                    false => self.stand_back(&KubeError::Gone, &mut failures).await,
                },
                Err(error) => self.stand_back(&error, &mut failures).await,
            }
        }
    }

    /// Follows until the version is too old; answers whether the watch has shown anything until then.
    async fn follow(&self, mut version: String) -> bool {
        let (mut failures, mut shaken, listed) = (0, false, version.clone());
        let (mut compared, mut spare) = (self.context.clock.now(), SPARE);
        loop {
            let due = self.context.dice.jitter(COMPARE, 0.2);
            let in_turn = self.context.clock.now() - compared >= due;
            if in_turn || (shaken && spare > 0) {
                match self.list(&self.compare, |sink, object| sink.compare(object)).await {
                    Ok(now_at) if went_back(&version, &now_at) => {
                        let kind = self.what.kind.name();
                        tracing::warn!(kind, "the API server's versions went back: everything is listed anew");
                        return true;
                    }
                    Ok(_) => {
                        spare = if in_turn { SPARE } else { spare - 1 };
                        (compared, shaken) = (self.context.clock.now(), false);
                    }
                    Err(error) if shaken => {
                        self.stand_back(&error, &mut failures).await;
                        continue;
                    }
                    Err(_) => {}
                }
            }
            match self.stream(&mut version, &mut failures).await {
                // A server that ends every watch at once must not be asked in a tight loop.
                End::Over => self.context.clock.sleep(Duration::from_secs(1)).await,
                End::Relist => return version != listed,
                End::Failed(error) => {
                    self.stand_back(&error, &mut failures).await;
                    shaken = true;
                }
            }
        }
    }

    async fn stream(&self, version: &mut String, failures: &mut u32) -> End {
        let timeout = self.context.dice.jitter(self.timeout, 0.1);
        let mut stream = match self.context.kube.watch(&self.what, version, timeout).await {
            Ok(stream) => stream,
            Err(error) => return end(error),
        };
        loop {
            match next(&mut stream, &*self.context.clock, timeout).await {
                None => return End::Over,
                Some(Err(error)) => return end(error),
                Some(Ok(change)) => {
                    *failures = 0;
                    self.context.meter.watch_alive(self.what.kind);
                    self.take(change, version);
                }
            }
        }
    }

    fn take(&self, change: Change, version: &mut String) {
        let newer = match &change {
            Change::Bookmark(newer) => Some(newer.as_str()),
            Change::Upsert(object) | Change::Delete(object) => object["metadata"]["resourceVersion"].as_str(),
        };
        if let Some(newer) = newer.filter(|newer| !newer.is_empty()) {
            newer.clone_into(version);
        }
        match change {
            Change::Upsert(object) => self.sink.upsert(&object, Lane::Edit),
            Change::Delete(object) => self.sink.delete(&object),
            Change::Bookmark(_) => {}
        }
    }

    /// Lists in pages, hands each object on and reports what memory knows but the list does not. Answers the list's version.
    async fn list(&self, what: &Selection, take: impl Fn(&dyn Sink, &Value) + Send) -> Result<String, KubeError> {
        let known = self.sink.known(what.namespace.as_deref());
        let mut there = HashSet::new();
        let mut next = String::new();
        loop {
            let page = self.context.kube.list(what, PAGE, &next).await?;
            for object in &page.items {
                there.insert(crate::delivery::feed::address(object));
                take(&*self.sink, object);
            }
            self.context.meter.watch_alive(self.what.kind);
            next = page.next;
            if next.is_empty() {
                known.iter().filter(|at| !there.contains(at)).for_each(|at| self.sink.gone(at));
                return Ok(page.resource_version);
            }
        }
    }

    async fn stand_back(&self, error: &KubeError, failures: &mut u32) {
        let wait = match error {
            KubeError::Server { retry_after: Some(asked), .. } => (*asked).min(Duration::from_secs(300)),
            _ => self.context.dice.jitter(delay(SOON, *failures), 0.5),
        };
        *failures = failures.saturating_add(1);
        let kind = self.what.kind.name();
        match error {
            // The definition is not applied: it may be on purpose, and is not worth a line each time.
            KubeError::NotFound if *failures > 1 => tracing::debug!(kind, wait = ?wait, "still not served by the API server"),
            KubeError::NotFound => {
                tracing::warn!(
                    kind,
                    "the API server does not serve this kind; apply deploy/crds, and it is looked after without a restart"
                );
            }
            _ => tracing::warn!(kind, %error, failures = *failures, wait = ?wait, "watch stands back"),
        }
        self.context.clock.sleep(wait).await;
    }
}

/// The next line of a watch that the server ends after `timeout`; a longer silence means that the connection is dead.
pub(crate) async fn next(
    changes: &mut BoxStream<'static, Result<Change, KubeError>>,
    clock: &dyn Clock,
    timeout: Duration,
) -> Option<Result<Change, KubeError>> {
    tokio::select! {
        biased;
        next = changes.next() => next,
        () = clock.sleep(timeout + GRACE) => Some(Err(KubeError::Transport("the watch fell silent"))),
    }
}

/// Whether a version is older than one seen before. Versions of one kind are numbers that grow; anything else says nothing.
fn went_back(before: &str, now: &str) -> bool {
    matches!((before.parse::<u64>(), now.parse::<u64>()), (Ok(before), Ok(now)) if now < before)
}

fn end(error: KubeError) -> End {
    match error {
        KubeError::Gone => End::Relist,
        error => End::Failed(error),
    }
}

#[cfg(test)]
mod tests;
