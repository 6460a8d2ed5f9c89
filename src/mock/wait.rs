//! Waits for requests, on a thread and in async code. Start with [`MockOrigin::wait_until`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assertions::RecordedRequests;
use crate::journal::{Connection, Exchange, Journal};

use crate::mock::mock_origin::MockOrigin;
use crate::server::state::State;

impl MockOrigin {
    /// Waits until `ready` returns true for the requests so far. Calls it after every change.
    /// Returns `false` if it did not before `timeout`.
    ///
    /// Blocks its thread; async code uses [`wait_until_async`](Self::wait_until_async).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mock_origin::{MockOrigin, Op};
    ///
    /// let origin = MockOrigin::start();
    /// // Start the client here. This returns true as soon as it sent a piece.
    /// let timeout = Duration::from_millis(1);
    /// assert!(!origin.wait_until(timeout, |requests| !requests.clone().op(Op::any_piece()).is_empty()));
    /// ```
    pub fn wait_until(&self, timeout: Duration, ready: impl Fn(&RecordedRequests) -> bool) -> bool {
        let mut waiting = Waiting::begin(self, timeout);
        while !ready(&waiting.requests()) {
            let Some(left) = waiting.left() else { return false };
            (waiting.journal, waiting.version) = self.shared.journal_after(waiting.version, left);
        }
        true
    }

    /// Does the same as [`wait_until`](Self::wait_until) without blocking the thread. Dropping
    /// the future ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// let timeout = std::time::Duration::from_secs(5);
    /// assert!(origin.wait_until_async(timeout, |requests| requests.len() == 2).await);
    /// # }
    /// ```
    pub async fn wait_until_async(
        &self,
        timeout: Duration,
        ready: impl Fn(&RecordedRequests) -> bool,
    ) -> bool {
        let mut waiting = Waiting::begin(self, timeout);
        while !ready(&waiting.requests()) {
            let Some(left) = waiting.left() else { return false };
            let version = waiting.version;
            let (state, _) =
                self.shared.lock_when_async(left, |state| state.version != version).await;
            (waiting.journal, waiting.version) = (state.journal.clone(), state.version);
        }
        true
    }

    /// Returns the exchanges that ended after the first `seen`, in the order in which they ended:
    /// a live log. Waits up to `timeout` for one.
    ///
    /// Blocks its thread; async code uses [`ended_after_async`](Self::ended_after_async).
    pub fn ended_after(&self, seen: usize, timeout: Duration) -> Vec<Arc<Exchange>> {
        self.shared.ended_after(seen, timeout)
    }

    /// Returns the connections after the first `seen` on which something happened outside any
    /// exchange, in that order: bytes that are not a request, or a fault. Does not wait.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// let origin = MockOrigin::start();
    /// assert!(origin.connection_events_after(0).is_empty());
    /// ```
    pub fn connection_events_after(&self, seen: usize) -> Vec<Arc<Connection>> {
        self.shared.lock().journal.connection_events_after(seen).cloned().collect()
    }

    /// Does the same as [`ended_after`](Self::ended_after) without blocking the thread.
    /// Dropping the future ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// let ended = origin.ended_after_async(0, std::time::Duration::from_secs(5)).await;
    /// assert_eq!(ended.len(), 1);
    /// # }
    /// ```
    pub async fn ended_after_async(&self, seen: usize, timeout: Duration) -> Vec<Arc<Exchange>> {
        let is_there = |state: &State| state.journal.ended() > seen;
        let (state, _) = self.shared.lock_when_async(timeout, is_there).await;
        state.journal.ended_after(seen).cloned().collect()
    }
}

/// The state of one wait. `ready` runs outside the lock: it may call the origin, and may take
/// long.
struct Waiting {
    started: Instant,
    timeout: Duration,
    journal: Journal,
    /// The version of the state from which the journal was copied.
    version: u64,
}

impl Waiting {
    fn begin(origin: &MockOrigin, timeout: Duration) -> Self {
        let mut state = origin.shared.lock();
        state.run_due();
        let (journal, version) = (state.journal.clone(), state.version);
        Self { started: Instant::now(), timeout, journal, version }
    }

    fn requests(&self) -> RecordedRequests {
        RecordedRequests::new(self.journal.exchanges())
    }

    fn left(&self) -> Option<Duration> {
        self.timeout.checked_sub(self.started.elapsed())
    }
}
