//! What the test's thread and the origin's tasks share: the state under one lock, its waiters and the
//! epoch. Start with [`Shared`].

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
#[cfg(feature = "control")]
use tokio::sync::futures::Notified;

use crate::blob::BlobStore;
use crate::journal::{Events, Exchange, MarkEvent};
use crate::storage::{Clock, Storage};

use crate::server::epoch::Epoch;
use crate::server::runtime::timeout_at;
use crate::server::state::State;
use crate::server::state_guard::{StateGuard, Waiters};
#[cfg(feature = "tls")]
use crate::server::tls::TlsServer;

/// The longest wait for responses that are being written and for TLS handshakes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest wait for connections to close. Their tasks end one by one.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// One origin, as its tasks see it.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    waiters: Waiters,
    pub(crate) started: Instant,
    stopping: AtomicBool,
    pub(crate) store: BlobStore,
    pub(crate) records_bodies: bool,
    /// The storage and the clock at the start, for a reset.
    initial: (Storage, Clock),
    pub(crate) epoch: Epoch,
    /// The longest time that a fault may keep a client waiting.
    pub(crate) hold_limit: Duration,
    /// The certificates, if connections use TLS.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsServer>,
    pub(crate) uses_tls: bool,
}

impl Shared {
    pub(crate) fn new(
        storage: Storage,
        clock: Clock,
        store: BlobStore,
        records_bodies: bool,
        hold_limit: Duration,
        #[cfg(feature = "tls")] tls: Option<TlsServer>,
    ) -> Arc<Self> {
        let initial = (storage.clone(), clock.clone());
        #[cfg(feature = "tls")]
        let uses_tls = tls.is_some();
        #[cfg(not(feature = "tls"))]
        let uses_tls = false;
        Arc::new(Self {
            state: Mutex::new(State::new(storage, clock)),
            waiters: Waiters::default(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            store,
            records_bodies,
            initial,
            epoch: Epoch::default(),
            hold_limit,
            #[cfg(feature = "tls")]
            tls,
            uses_tls,
        })
    }

    /// Returns an origin without users and files, whose clock stands still.
    #[cfg(test)]
    pub(crate) fn empty(#[cfg(feature = "tls")] tls: Option<TlsServer>) -> Arc<Self> {
        use crate::protocol::Options;
        use crate::storage::{ClockMode, Setup, Timestamp};
        let (options, now) = (Options::default(), Timestamp::from_secs(1));
        let setup = Setup { account: "acme".to_owned(), users: vec![], options, seed: 1 };
        Self::new(
            Storage::new(setup, now),
            Clock::new(now, ClockMode::Stopped),
            BlobStore::new(0),
            false,
            Duration::from_secs(1),
            #[cfg(feature = "tls")]
            tls,
        )
    }

    /// Returns the scheme of the origin's URLs.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.uses_tls { "https" } else { "http" }
    }

    /// Locks the state and reads the time. Never held across an `.await`.
    pub(crate) fn lock(&self) -> StateGuard<'_> {
        StateGuard::new(self.state.lock(), &self.waiters, self.started)
    }

    /// Returns a future that completes at the next change. It needs no thread.
    #[cfg(feature = "control")]
    pub(crate) fn next_change(&self) -> Notified<'_> {
        self.waiters.next_change()
    }

    /// Locks the state when `ready` returns true, or after `timeout`. Returns whether it did.
    /// Events that are due in the meantime run in time.
    pub(crate) fn lock_when(
        &self,
        timeout: Duration,
        ready: impl Fn(&State) -> bool,
    ) -> (StateGuard<'_>, bool) {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.lock();
        loop {
            state.run_due();
            if ready(&state) {
                return (state, true);
            }
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return (state, false);
            }
            let due = state.time_to_next_due().and_then(|left| now.checked_add(left));
            state.wait(deadline.into_iter().chain(due).min(), self.started);
        }
    }

    /// Waits as [`lock_when`](Self::lock_when) does, but blocks no thread. Dropping the future ends
    /// the wait.
    pub(crate) async fn lock_when_async(
        &self,
        timeout: Duration,
        ready: impl Fn(&State) -> bool,
    ) -> (StateGuard<'_>, bool) {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            // Before the look at the state, so that a change after it is not missed.
            let mut changed = pin!(self.waiters.next_change());
            changed.as_mut().enable();
            let end = {
                let mut state = self.lock();
                state.run_due();
                if ready(&state) {
                    return (state, true);
                }
                let now = Instant::now();
                if deadline.is_some_and(|deadline| deadline <= now) {
                    return (state, false);
                }
                let due = state.time_to_next_due().and_then(|left| now.checked_add(left));
                deadline.into_iter().chain(due).min()
            };
            match end {
                // Either way the state is looked at again.
                Some(end) => drop(timeout_at(end, changed).await),
                None => changed.await,
            }
        }
    }

    /// Returns the exchanges that ended after the first `seen`, when there is one or after
    /// `timeout`.
    pub(crate) fn ended_after(&self, seen: usize, timeout: Duration) -> Events<Exchange> {
        let (state, _) = self.lock_when(timeout, |state| state.journal.ended() > seen);
        state.journal.ended_after(seen)
    }

    /// Locks the state when no response is being written or released. A client may have its
    /// response before the exchange is closed; a test that looks then must not see the difference.
    /// A client may also reject a certificate before that is recorded, so handshakes count too.
    /// Waits up to [`IDLE_TIMEOUT`].
    pub(crate) fn wait_idle(&self) -> StateGuard<'_> {
        self.lock_when(IDLE_TIMEOUT, State::is_idle).0
    }

    /// Waits as [`wait_idle`](Self::wait_idle) does, but blocks no thread.
    pub(crate) async fn wait_idle_async(&self) -> StateGuard<'_> {
        self.lock_when_async(IDLE_TIMEOUT, State::is_idle).await.0
    }

    /// Waits up to 1 s until no connection is open.
    pub(crate) fn wait_disconnected(&self) {
        drop(self.lock_when(CLOSE_TIMEOUT, is_disconnected));
    }

    /// Waits as [`wait_disconnected`](Self::wait_disconnected) does, but blocks no thread.
    pub(crate) async fn wait_disconnected_async(&self) {
        drop(self.lock_when_async(CLOSE_TIMEOUT, is_disconnected).await);
    }

    /// Removes a fault and releases what it holds. Returns whether there was one.
    pub(crate) fn remove_fault(&self, id: u64) -> bool {
        let mut state = self.lock();
        let is_there = state.faults.remove(id);
        if is_there {
            state.mark_fault(id, MarkEvent::FaultRemoved);
            state.holds.forget(id);
        }
        is_there
    }

    /// Removes all faults and chaos, and releases what they hold.
    pub(crate) fn clear_faults(&self) {
        let mut state = self.lock();
        state.end_chaos();
        let faults = state.faults.clear();
        for id in &faults {
            state.mark_fault(*id, MarkEvent::FaultRemoved);
        }
        state.forget_holds(faults);
    }

    /// Returns to the state at the start and releases what faults hold.
    pub(crate) fn reset(&self) {
        let (storage, clock) = self.initial.clone();
        let mut state = self.lock();
        state.reset(storage, clock);
        self.epoch.advance();
    }

    /// Connections that end from now on end because the origin stops.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Does the same as [`stop`](Self::stop) until the returned value is dropped.
    pub(crate) fn interrupt(&self) -> Interruption<'_> {
        self.stop();
        Interruption(&self.stopping)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

fn is_disconnected(state: &State) -> bool {
    !state.journal.is_connected()
}

/// While it exists, connections end because the origin interrupts them.
#[must_use]
pub(crate) struct Interruption<'a>(&'a AtomicBool);

impl Drop for Interruption<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
