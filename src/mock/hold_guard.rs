//! Answers that wait for the test.

use std::sync::Arc;
use std::time::Duration;

use crate::server::runtime::run_blocking;
use crate::server::state::{Shared, State};

/// Answers that are held until this lets them go: by [`HoldGuard::release`], or by being dropped.
///
/// They do not wait for ever: [`Builder::hold_limit`](super::Builder::hold_limit) ends it, and
/// `finish()` then names the fault.
#[derive(Debug)]
#[must_use = "what is held is let go when this is dropped: let held = origin.on(..).hold();"]
pub struct HoldGuard {
    pub(crate) shared: Arc<Shared>,
    pub(crate) fault: u64,
}

impl HoldGuard {
    /// Waits until an answer is held; says whether one was before `timeout` was over. Its call has
    /// been done then, or refused: the answer is held either way. An answer that has been held
    /// already counts; for a later one there is [`wait_for`](Self::wait_for).
    ///
    /// It blocks its thread: in async code there is [`wait_async`](Self::wait_async).
    #[must_use = "it says whether an answer is held, or patience was over"]
    pub fn wait(&self, timeout: Duration) -> bool {
        self.wait_for(1, timeout)
    }

    /// Waits until so many answers have been held in all; says whether they were before `timeout`
    /// was over. A fault holds one, unless it says [`times`](crate::CallFaultBuilder::times) or the like.
    ///
    /// It blocks its thread: in async code there is
    /// [`wait_for_async`](Self::wait_for_async).
    ///
    /// # Panics
    ///
    /// If that is none.
    #[track_caller]
    #[must_use = "it says whether the answers are held, or patience was over"]
    pub fn wait_for(&self, times: u64, timeout: Duration) -> bool {
        assert!(times > 0, "0 answers are always held: .arrived_times(1, patience)");
        have_arrived(&self.shared, self.fault, times, timeout)
    }

    /// As [`wait`](Self::wait), for async code: the client may run on the same thread.
    #[must_use = "it says whether an answer is held, or patience was over"]
    pub async fn wait_async(&self, timeout: Duration) -> bool {
        self.wait_for_async(1, timeout).await
    }

    /// As [`wait_for`](Self::wait_for), for async code.
    ///
    /// # Panics
    ///
    /// If that is none, at once: before it is awaited.
    #[track_caller]
    #[must_use = "it says whether the answers are held, or patience was over"]
    pub fn wait_for_async(
        &self,
        times: u64,
        timeout: Duration,
    ) -> impl Future<Output = bool> + Send + use<> {
        assert!(times > 0, "0 answers are always held: .arrived_times_async(1, patience)");
        let (shared, fault) = (Arc::clone(&self.shared), self.fault);
        run_blocking(move || have_arrived(&shared, fault, times, timeout))
    }

    /// How many answers have been held so far, those that were let go included.
    pub fn count(&self) -> u64 {
        self.shared.lock().faults.record(self.fault).map_or(0, |record| record.fired)
    }

    /// Lets them go, and those that would have been held after them.
    pub fn release(self) {
        drop(self);
    }
}

fn have_arrived(shared: &Shared, fault: u64, times: u64, timeout: Duration) -> bool {
    let have_arrived =
        |state: &State| state.faults.record(fault).is_some_and(|record| record.fired >= times);
    shared.lock_when(timeout, have_arrived).1
}

impl Drop for HoldGuard {
    fn drop(&mut self) {
        self.shared.lock().release(self.fault);
    }
}
