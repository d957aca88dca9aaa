//! A gate that opens when so many have come to it, and then stays open.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Opens when everybody who was waited for has come.
pub(super) struct Gate {
    missing: AtomicUsize,
    open: Notify,
}

impl Gate {
    /// Waits for so many; with none it is open.
    pub(super) fn new(missing: usize) -> Self {
        Self { missing: AtomicUsize::new(missing), open: Notify::new() }
    }

    /// One has come.
    pub(super) fn one_less(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.open.notify_waiters();
        }
    }

    /// Waits until it is open.
    pub(super) async fn wait(&self) {
        loop {
            let opened = self.open.notified();
            if self.missing.load(Ordering::Acquire) == 0 {
                return;
            }
            opened.await;
        }
    }
}
