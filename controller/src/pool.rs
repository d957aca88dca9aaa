//! Where private-key work runs: off the async threads, as many at a time as there are cores, in lanes.
//!
//! The background lane (verify, rotate, answers in a status, key making) has one slot of its own: it can neither wait behind a backlog of
//! reconciles nor take a thread from them. So has what makes keys while it opens. Work whose caller has gone away learns so from its [`Abandoned`].

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::ports::{Aside, Crypto, Work};

/// Who asks for private-key work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Opening SealedSecrets; as many at a time as the pool has threads.
    Reconcile,
    /// Everything that can wait; one at a time.
    Background,
    /// Opening what takes seconds; one at a time.
    Slow,
}

/// Bounds private-key work.
#[derive(Clone, Debug)]
pub struct CryptoPool {
    reconcile: Arc<Semaphore>,
    background: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

/// Tells work that nobody waits for its result any more. Long work asks between its steps.
#[derive(Clone, Debug, Default)]
pub struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    /// True when the caller has gone.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Sets the flag when the caller's future is dropped before the work is done.
struct Watch(Abandoned);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl CryptoPool {
    /// A pool of this many threads for the reconcile lane; 0 counts as 1.
    pub fn new(threads: usize) -> Self {
        Self {
            reconcile: Arc::new(Semaphore::new(threads.max(1))),
            background: Arc::new(Semaphore::new(1)),
            slow: Arc::new(Semaphore::new(1)),
        }
    }

    /// Runs the work on the lane and waits for its result. A panic in it surfaces here, in its caller.
    pub async fn run<T: Send + 'static>(&self, lane: Lane, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.run_watched(lane, move |_| work()).await
    }

    /// As [`CryptoPool::run`]; the work is told when this future was dropped. Its slot stays taken until it returns.
    pub async fn run_watched<T: Send + 'static>(&self, lane: Lane, work: impl FnOnce(&Abandoned) -> T + Send + 'static) -> T {
        let lane = match lane {
            Lane::Reconcile => &self.reconcile,
            Lane::Background => &self.background,
            Lane::Slow => &self.slow,
        };
        let slot = lane.clone().acquire_owned().await.expect("the semaphores are never closed");
        let abandoned = Abandoned::default();
        let watch = Watch(abandoned.clone());
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&abandoned);
            drop(slot);
            result
        })
        .await;
        drop(watch);
        match done {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only at shutdown, when the runtime drops what has not started; there is nobody left to answer.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Crypto for CryptoPool {
    fn run(&self, work: Work) -> BoxFuture<'static, ()> {
        let pool = self.clone();
        Box::pin(async move { pool.run_watched(Lane::Reconcile, move |_| work()).await })
    }

    fn run_slow(&self, work: Work) -> BoxFuture<'static, ()> {
        let pool = self.clone();
        Box::pin(async move { pool.run_watched(Lane::Slow, move |_| work()).await })
    }

    fn run_aside(&self, work: Aside) -> BoxFuture<'static, ()> {
        let pool = self.clone();
        Box::pin(async move { pool.run_watched(Lane::Background, work).await })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::{CryptoPool, Lane};

    #[tokio::test]
    async fn no_more_at_a_time_than_threads() {
        let pool = Arc::new(CryptoPool::new(2));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks = (0..8).map(|n| {
            let (pool, now, most) = (pool.clone(), now.clone(), most.clone());
            tokio::spawn(async move {
                pool.run(Lane::Reconcile, move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    now.fetch_sub(1, Ordering::SeqCst);
                    n
                })
                .await
            })
        });
        let results = futures::future::join_all(tasks).await;
        assert_eq!(results.into_iter().map(|r| r.expect("ran")).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_busy_reconcile_lane_does_not_hold_up_the_background_nor_the_other_way() {
        let pool = Arc::new(CryptoPool::new(1));
        for (busy, free) in [(Lane::Reconcile, Lane::Background), (Lane::Background, Lane::Reconcile)] {
            let (release, wait) = mpsc::channel::<()>();
            let blocked = tokio::spawn({
                let pool = pool.clone();
                async move { pool.run(busy, move || wait.recv().is_ok()).await }
            });
            assert_eq!(pool.run(free, || 7).await, 7);
            release.send(()).expect("still waiting");
            assert!(blocked.await.expect("ran"));
        }
    }

    #[tokio::test]
    async fn work_learns_that_its_caller_has_gone() {
        let pool = Arc::new(CryptoPool::new(1));
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel();
        let task = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run_watched(Lane::Background, move |abandoned| {
                    let _ = started.send(());
                    while !abandoned.is_set() {
                        std::thread::yield_now();
                    }
                    let _ = tell.send(());
                })
                .await;
            }
        });
        has_started.await.expect("started");
        task.abort();
        // The slot comes free only once the work has noticed.
        assert_eq!(pool.run(Lane::Background, move || told.try_recv()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_in_the_work_is_its_callers_and_frees_the_slot() {
        let pool = Arc::new(CryptoPool::new(1));
        let failed = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(Lane::Reconcile, || panic!("in the work")).await }
        })
        .await;
        assert!(failed.expect_err("panicked").is_panic());
        assert_eq!(pool.run(Lane::Reconcile, || 1).await, 1);
    }
}
