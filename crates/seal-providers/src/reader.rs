//! Asks one store, as one identity, as rarely as it can: one call for everybody who wants the same thing at the same time,
//! and no value while its version stands still.
//!
//! A value is kept for the window in which callers share it (seconds), then wiped by the next call or [`Reader::tick`].

use crate::breaker::Breaker;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::port::{Answer, Reference, Store, Version};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How hard a store may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls at the same time.
    pub concurrency: usize,
    /// Calls a second in the long run.
    pub per_second: Option<u32>,
    /// For how long an answer serves others who ask the same.
    pub window: Duration,
    /// How long a store that refused to tell versions is believed to go on so.
    pub remember_refusal: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 8, per_second: None, window: Duration::from_secs(5), remember_refusal: Duration::from_secs(3600) }
    }
}

/// What a read found.
#[derive(Clone)]
pub enum Read {
    /// The version is the one the caller has; no value was fetched.
    Unchanged,
    /// The value.
    Value(Arc<Answer>),
}

/// One answer and when it was had.
struct Had<T> {
    at: Duration,
    outcome: Result<T, StoreError>,
}

#[derive(Default)]
struct Slot {
    value: Option<Had<Arc<Answer>>>,
    version: Option<Had<Version>>,
}

impl Slot {
    fn expire(&mut self, now: Duration, window: Duration) -> bool {
        let old = |at: Duration| now.saturating_sub(at) >= window;
        self.value.take_if(|had| old(had.at));
        self.version.take_if(|had| old(had.at));
        self.value.is_none() && self.version.is_none()
    }
}

/// The slot of one reference; its lock is what makes many callers one call.
type Shared = Arc<tokio::sync::Mutex<Slot>>;

/// One store, one identity, everybody entitled to it. Who may use the identity is decided before it is asked here.
pub struct Reader {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    slots: Mutex<HashMap<Reference, Shared>>,
    permits: Semaphore,
    budget: Option<Mutex<Budget>>,
    breaker: Mutex<Breaker>,
    plain_until: Mutex<Duration>,
    calls: AtomicU64,
}

impl Reader {
    /// A reader that has asked nothing yet.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        let budget = limits.per_second.map(|most| Mutex::new(Budget::new(most, clock.now())));
        Self {
            store,
            clock,
            limits,
            slots: Mutex::default(),
            permits: Semaphore::new(limits.concurrency.max(1)),
            budget,
            breaker: Mutex::default(),
            plain_until: Mutex::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// The store itself, for what is not read: finding, pushing, validating.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Calls made to the store's port so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Reads, unless the version is still the one the caller `knows`.
    ///
    /// # Errors
    /// The store's, and [`StoreError::Throttled`] or [`StoreError::Unavailable`] without asking it.
    pub async fn read(&self, reference: &Reference, knows: Option<&str>) -> Result<Read, StoreError> {
        self.tick();
        let shared = lock(&self.slots).entry(reference.clone()).or_default().clone();
        let mut slot = shared.lock().await;
        slot.expire(self.clock.now(), self.limits.window);
        if slot.value.is_none()
            && let Some(knows) = knows
            && self.may_ask_versions(reference)
        {
            match self.version(&mut slot, &reference.key).await {
                Ok(Some(version)) if version == knows => return Ok(Read::Unchanged),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        if slot.value.is_none() {
            let outcome = self.ask(self.store.get(reference)).await.map(Arc::new);
            slot.value = Some(Had { at: self.clock.now(), outcome });
        }
        let answer = slot.value.as_ref().expect("set just above").outcome.clone()?;
        match (&answer.version, knows) {
            (Some(version), Some(knows)) if version == knows => Ok(Read::Unchanged),
            _ => Ok(Read::Value(answer)),
        }
    }

    /// Learns the versions of many keys in as few calls as the store allows, before they are read one by one.
    ///
    /// # Errors
    /// When nothing was learned for another reason than that the store does not tell versions.
    pub async fn sweep(&self, keys: &[String]) -> Result<(), StoreError> {
        if keys.is_empty() || !self.store.capabilities().sweeps || !self.tells_versions() {
            return Ok(());
        }
        let found = match self.ask(self.store.versions(keys)).await {
            Err(StoreError::Denied(_)) => {
                self.remember_refusal();
                return Ok(());
            }
            found => found?,
        };
        let at = self.clock.now();
        for (key, outcome) in found {
            let shared = lock(&self.slots).entry(Reference::new(&key)).or_default().clone();
            shared.lock().await.version = Some(Had { at, outcome });
        }
        Ok(())
    }

    /// Wipes what the window has passed for. Call it now and then when nobody reads.
    pub fn tick(&self) {
        let now = self.clock.now();
        lock(&self.slots).retain(|_, shared| match shared.try_lock() {
            Ok(mut slot) => !slot.expire(now, self.limits.window) || Arc::strong_count(shared) > 1,
            Err(_) => true,
        });
    }

    /// The current version, or nothing when the store will not tell.
    async fn version(&self, slot: &mut Slot, key: &str) -> Result<Option<Version>, StoreError> {
        if slot.version.is_none() {
            let keys = [key.to_owned()];
            let outcome = match self.ask(self.store.versions(&keys)).await {
                Ok(mut found) => found.remove(key).unwrap_or(Err(StoreError::Garbled("a key was left out"))),
                Err(error) => Err(error),
            };
            slot.version = Some(Had { at: self.clock.now(), outcome });
        }
        match &slot.version.as_ref().expect("set just above").outcome {
            Ok(version) => Ok(Some(version.clone())),
            Err(StoreError::Denied(_) | StoreError::Unsupported(_)) => {
                self.remember_refusal();
                Ok(None)
            }
            Err(error) => Err(error.clone()),
        }
    }

    fn tells_versions(&self) -> bool {
        self.store.capabilities().cheap_versions && self.clock.now() >= *lock(&self.plain_until)
    }

    fn may_ask_versions(&self, reference: &Reference) -> bool {
        reference.version.is_none() && !reference.metadata && self.tells_versions()
    }

    fn remember_refusal(&self) {
        *lock(&self.plain_until) = self.clock.now() + self.limits.remember_refusal;
    }

    /// One call, when limits and breaker allow it.
    async fn ask<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let _permit = self.permits.acquire().await.map_err(|_| StoreError::Refused("the store is being closed"))?;
        let now = self.clock.now();
        lock(&self.breaker).admit(now)?;
        if let Some(budget) = &self.budget {
            lock(budget).take(now).map_err(|wait| StoreError::Throttled { retry_after: Some(wait) })?;
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let outcome = call.await;
        lock(&self.breaker).saw(outcome.as_ref().err(), self.clock.now());
        outcome
    }
}

/// None of what these locks guard can be left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
