//! Waits for requests and for assertions, on a thread and in async code. Start with
//! [`MockOrigin::wait_until`] and [`Waiting`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assertions::{RecordedRequests, StateView};
use crate::journal::{Connection, Events, Exchange, Journal, Mark};

use crate::mock::mock_origin::MockOrigin;
use crate::server::state::State;
use crate::storage::Storage;

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
            if !waiting.next(self) {
                return false;
            }
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
            if !waiting.next_async(self).await {
                return false;
            }
        }
        true
    }

    /// Returns the exchanges that ended after the first `seen`, in the order in which they ended:
    /// a live log. Waits up to `timeout` for one.
    ///
    /// Blocks its thread; async code uses [`ended_after_async`](Self::ended_after_async).
    pub fn ended_after(&self, seen: usize, timeout: Duration) -> Events<Exchange> {
        self.shared.ended_after(seen, timeout)
    }

    /// Returns the connections after the first `seen` on which something happened outside any
    /// exchange, in that order: bytes that are not a request, a fault, or an end without a single
    /// byte. Does not wait.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// let origin = MockOrigin::start();
    /// assert!(origin.connection_events_after(0).events.is_empty());
    /// ```
    pub fn connection_events_after(&self, seen: usize) -> Events<Connection> {
        self.shared.lock().journal.connection_events_after(seen)
    }

    /// Returns the marks with the number `first` or a higher one. Does not wait.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.mark("second upload");
    /// assert_eq!(origin.marks_from(0)[0].index, 0);
    /// assert!(origin.marks_from(1).is_empty());
    /// ```
    pub fn marks_from(&self, first: u64) -> Vec<Arc<Mark>> {
        self.shared.lock().journal.marks_from(first).cloned().collect()
    }

    /// Does the same as [`ended_after`](Self::ended_after) without blocking the thread.
    /// Dropping the future ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// let ended = origin.ended_after_async(0, std::time::Duration::from_secs(5)).await;
    /// assert_eq!((ended.events.len(), ended.next), (1, 1));
    /// # }
    /// ```
    pub async fn ended_after_async(&self, seen: usize, timeout: Duration) -> Events<Exchange> {
        let is_there = |state: &State| state.journal.ended() > seen;
        let (state, _) = self.shared.lock_when_async(timeout, is_there).await;
        state.journal.ended_after(seen)
    }
}

/// The state of one wait: a copy of storage and journal. Conditions are checked outside the lock: they
/// may call the origin, and may take long.
pub(super) struct Waiting {
    started: Instant,
    timeout: Duration,
    storage: Storage,
    journal: Journal,
    /// The version of the state that was copied.
    version: u64,
}

impl Waiting {
    pub(super) fn begin(origin: &MockOrigin, timeout: Duration) -> Self {
        let mut state = origin.shared.lock();
        state.run_due();
        let (storage, journal) = (state.storage.clone(), state.journal.clone());
        Self { started: Instant::now(), timeout, storage, journal, version: state.version }
    }

    pub(super) fn requests(&self) -> RecordedRequests {
        RecordedRequests::new(&self.journal)
    }

    pub(super) fn view(&self) -> StateView<'_> {
        StateView { storage: &self.storage, journal: &self.journal }
    }

    /// Waits for the next change, or for the end of the time. Returns whether there was time left.
    pub(super) fn next(&mut self, origin: &MockOrigin) -> bool {
        let Some(left) = self.left() else { return false };
        let version = self.version;
        let (state, _) = origin.shared.lock_when(left, |state| state.version != version);
        self.copy(&state);
        true
    }

    /// Does the same as [`next`](Self::next) without blocking the thread.
    pub(super) async fn next_async(&mut self, origin: &MockOrigin) -> bool {
        let Some(left) = self.left() else { return false };
        let version = self.version;
        let is_changed = |state: &State| state.version != version;
        let (state, _) = origin.shared.lock_when_async(left, is_changed).await;
        self.copy(&state);
        true
    }

    fn copy(&mut self, state: &State) {
        (self.storage, self.journal) = (state.storage.clone(), state.journal.clone());
        self.version = state.version;
    }

    fn left(&self) -> Option<Duration> {
        self.timeout.checked_sub(self.started.elapsed())
    }
}
