//! How often an origin was reset, so that what began before a reset can tell.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts resets. It advances while the state is locked: whoever holds the lock reads a number that
/// fits the state.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    number: AtomicU64,
    advanced: Notify,
}

impl Epoch {
    pub(crate) fn current(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    pub(crate) fn advance(&self) {
        self.number.fetch_add(1, Ordering::AcqRel);
        self.advanced.notify_waiters();
    }

    /// Completes when `epoch` is over.
    pub(crate) async fn ended(&self, epoch: u64) {
        // Before the look at the number, so that no reset in between is missed.
        let advanced = self.advanced.notified();
        if self.current() == epoch {
            advanced.await;
        }
    }
}
