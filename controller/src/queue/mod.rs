//! The work queue: two lanes, one look at a key at a time, delays, and back-off for ever.
//!
//! `state` holds the rules; this file only adds waiting.

mod backoff;
mod state;

pub use backoff::{Curve, SLOW, SOON, delay};
pub use state::{Lane, State, Taken};

use crate::ports::{Clock, Dice};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// The queue that watches feed and workers drain.
pub struct Queue<K> {
    state: Mutex<State<K>>,
    wake: Notify,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// An empty queue.
    pub fn new(clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), clock, dice }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Asks for a look now.
    pub fn add(&self, key: K, lane: Lane) {
        self.lock().add(key, lane, self.clock.now());
        self.wake.notify_one();
    }

    /// Asks for a look after a while.
    pub fn add_after(&self, key: K, lane: Lane, delay: Duration) {
        self.lock().add_at(key, lane, self.clock.now() + delay);
        self.wake.notify_one();
    }

    /// Asks for a look after a failure: later each time, capped, never given up.
    pub fn retry(&self, key: K, curve: Curve) {
        let mut state = self.lock();
        let wait = self.dice.jitter(delay(curve, state.failed(&key)), 0.3);
        state.add_at(key, Lane::Backlog, self.clock.now() + wait);
        drop(state);
        self.wake.notify_one();
    }

    /// Forgets failures of a key.
    pub fn succeeded(&self, key: &K) {
        self.lock().succeeded(key);
    }

    /// A look has ended.
    pub fn done(&self, key: &K) {
        self.lock().done(key);
        self.wake.notify_one();
    }

    /// Takes a key that is due, without waiting.
    pub fn try_take(&self) -> Option<Taken<K>> {
        self.lock().take(self.clock.now())
    }

    /// Waits for a key.
    pub async fn take(&self) -> Taken<K> {
        loop {
            let woken = self.wake.notified();
            let due = {
                let mut state = self.lock();
                if let Some(taken) = state.take(self.clock.now()) {
                    // One wake-up may stand for several keys: pass it on.
                    if !state.is_empty() {
                        self.wake.notify_one();
                    }
                    return taken;
                }
                state.next_due()
            };
            match due {
                Some(due) => {
                    let wait = due.saturating_sub(self.clock.now());
                    tokio::select! { () = woken => {}, () = self.clock.sleep(wait) => {} }
                }
                None => woken.await,
            }
        }
    }

    /// Keys waiting for a worker.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// True when nothing waits or runs.
    pub fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// True when no key waits for a worker.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the next delayed key is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.lock().next_due()
    }
}
