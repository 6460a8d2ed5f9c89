//! Waiting for what clients do: on a thread, and in a task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::journal::{Connection, Exchange, Journal, RecordedRequests};

use crate::mock::mock_origin::MockOrigin;
use crate::server::runtime::run_blocking;

impl MockOrigin {
    /// Waits until `ready` says yes to what has been requested so far, looking again whenever
    /// something has changed; gives up after `timeout`. Says whether it did say yes.
    ///
    /// It blocks its thread: in async code there is [`wait_until_async`](Self::wait_until_async).
    pub fn wait_until(&self, timeout: Duration, ready: impl Fn(&RecordedRequests) -> bool) -> bool {
        let mut waiting = Waiting::begin(self, timeout);
        while !ready(&waiting.requests()) {
            let Some(left) = waiting.left() else { return false };
            (waiting.journal, waiting.version) = self.shared.journal_after(waiting.version, left);
        }
        true
    }

    /// As [`wait_until`](Self::wait_until), for async code: the client may run on the same thread.
    pub async fn wait_until_async(
        &self,
        timeout: Duration,
        ready: impl Fn(&RecordedRequests) -> bool,
    ) -> bool {
        let mut waiting = Waiting::begin(self, timeout);
        while !ready(&waiting.requests()) {
            let Some(left) = waiting.left() else { return false };
            let (shared, version) = (Arc::clone(&self.shared), waiting.version);
            (waiting.journal, waiting.version) =
                run_blocking(move || shared.journal_after(version, left)).await;
        }
        true
    }

    /// The exchanges that ended after the first `seen` of them, in the order in which they ended: a
    /// live log. Waits for one, but no longer than `timeout`.
    ///
    /// It blocks its thread: in async code there is [`ended_after_async`](Self::ended_after_async).
    pub fn ended_after(&self, seen: usize, timeout: Duration) -> Vec<Arc<Exchange>> {
        self.shared.ended_after(seen, timeout)
    }

    /// Returns the connections on which something happened that no exchange tells of, after the first
    /// `seen` of them, in the order in which it did: bytes from which no request could be read, or a
    /// fault. Does not wait.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// let origin = MockOrigin::start();
    /// assert!(origin.noted_after(0).is_empty());
    /// ```
    pub fn noted_after(&self, seen: usize) -> Vec<Arc<Connection>> {
        self.shared.lock().journal.noted_after(seen).cloned().collect()
    }

    /// As [`ended_after`](Self::ended_after), for async code.
    pub async fn ended_after_async(&self, seen: usize, timeout: Duration) -> Vec<Arc<Exchange>> {
        let shared = Arc::clone(&self.shared);
        run_blocking(move || shared.ended_after(seen, timeout)).await
    }
}

/// What is looked at, and how long still. It is looked at outside the lock: what is asked may ask
/// the origin in turn, and take its time.
struct Waiting {
    started: Instant,
    timeout: Duration,
    journal: Journal,
    /// The version of the state that the journal is of.
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
