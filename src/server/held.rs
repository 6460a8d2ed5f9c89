//! Answers that wait for the test.

use std::sync::Arc;
use std::time::Duration;

use super::shared::{Shared, State};
use super::waiting::elsewhere;

/// Answers that are held until this lets them go: by [`Held::release`], or by being dropped.
///
/// They do not wait for ever: [`Builder::hold_limit`](super::Builder::hold_limit) ends it, and
/// `finish()` then names the fault.
#[derive(Debug)]
#[must_use = "what is held is let go when this is dropped: let held = origin.on(..).hold();"]
pub struct Held {
    pub(super) shared: Arc<Shared>,
    pub(super) fault: u64,
}

impl Held {
    /// Waits until an answer is held; says whether one was before `patience` was over. Its call has
    /// been done then, or refused: the answer is held either way. An answer that has been held
    /// already counts; for a later one there is [`arrived_times`](Self::arrived_times).
    ///
    /// It blocks its thread: in async code there is [`arrived_async`](Self::arrived_async).
    #[must_use = "it says whether an answer is held, or patience was over"]
    pub fn arrived(&self, patience: Duration) -> bool {
        self.arrived_times(1, patience)
    }

    /// Waits until so many answers have been held in all; says whether they were before `patience`
    /// was over. A fault holds one, unless it says [`times`](crate::On::times) or the like.
    ///
    /// It blocks its thread: in async code there is
    /// [`arrived_times_async`](Self::arrived_times_async).
    ///
    /// # Panics
    ///
    /// If that is none.
    #[track_caller]
    #[must_use = "it says whether the answers are held, or patience was over"]
    pub fn arrived_times(&self, times: u64, patience: Duration) -> bool {
        assert!(times > 0, "0 answers are always held: .arrived_times(1, patience)");
        have_arrived(&self.shared, self.fault, times, patience)
    }

    /// As [`arrived`](Self::arrived), for async code: the client may run on the same thread.
    #[must_use = "it says whether an answer is held, or patience was over"]
    pub async fn arrived_async(&self, patience: Duration) -> bool {
        self.arrived_times_async(1, patience).await
    }

    /// As [`arrived_times`](Self::arrived_times), for async code.
    ///
    /// # Panics
    ///
    /// If that is none, at once: before it is awaited.
    #[track_caller]
    #[must_use = "it says whether the answers are held, or patience was over"]
    pub fn arrived_times_async(
        &self,
        times: u64,
        patience: Duration,
    ) -> impl Future<Output = bool> + Send + use<> {
        assert!(times > 0, "0 answers are always held: .arrived_times_async(1, patience)");
        let (shared, fault) = (Arc::clone(&self.shared), self.fault);
        elsewhere(move || have_arrived(&shared, fault, times, patience))
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

fn have_arrived(shared: &Shared, fault: u64, times: u64, patience: Duration) -> bool {
    let have_arrived =
        |state: &State| state.faults.record(fault).is_some_and(|record| record.fired >= times);
    shared.lock_when(patience, have_arrived).1
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.lock().release(self.fault);
    }
}
