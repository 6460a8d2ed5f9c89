//! Counts the resets of an origin, so that older requests can detect them. Start with [`Epoch`].

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// A counter of resets. It advances while the state is locked, so that a holder of the lock reads
/// a number that fits the state.
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
        // Subscribed before the number is read, so that no reset in between is missed.
        let advanced = self.advanced.notified();
        if self.current() == epoch {
            advanced.await;
        }
    }
}
