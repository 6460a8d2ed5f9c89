//! What the test's thread and the origin's tasks share: the core and the journal, under one lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::content::Store;
use crate::journal::{Journal, Moment};
use crate::origin::{Clock, Origin, Timestamp};
use crate::verdict::Evidence;

/// One origin as its tasks see it.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told whenever a record changes, for those who wait for that.
    changed: Condvar,
    started: Instant,
    stopping: AtomicBool,
    pub(super) store: Store,
    pub(super) keeps_bodies: bool,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub(super) origin: Origin,
    pub(super) journal: Journal,
    pub(super) clock: Clock,
    elapsed: Duration,
}

impl State {
    /// Protocol time as of the locking.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.at(self.elapsed)
    }

    /// What a snapshot is taken of.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence { origin: &self.origin, journal: &self.journal }
    }

    /// Both times as of the locking.
    pub(super) fn moment(&self) -> Moment {
        Moment { protocol: self.now(), elapsed: self.elapsed }
    }
}

impl Shared {
    pub(super) fn new(origin: Origin, clock: Clock, store: Store, keeps_bodies: bool) -> Arc<Self> {
        let elapsed = Duration::ZERO;
        Arc::new(Self {
            state: Mutex::new(State { origin, journal: Journal::default(), clock, elapsed }),
            changed: Condvar::new(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            store,
            keeps_bodies,
        })
    }

    /// Locks core and journal, and notes what time it is. Never held across an `.await`.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.elapsed = self.started.elapsed();
        state
    }

    /// Tells whoever waits that a record has changed.
    pub(super) fn tell(&self) {
        self.changed.notify_all();
    }

    /// Locks once `ready` says so, or after `patience`; says whether it did.
    pub(super) fn lock_when(
        &self,
        patience: Duration,
        ready: impl Fn(&State) -> bool,
    ) -> (MutexGuard<'_, State>, bool) {
        let mut state = self.lock();
        let waited = self.changed.wait_while_for(&mut state, |state| !ready(state), patience);
        state.elapsed = self.started.elapsed();
        (state, !waited.timed_out())
    }

    /// A copy of the journal once it is another one than that of `version`, or after `patience`.
    pub(super) fn journal_after(&self, version: u64, patience: Duration) -> Journal {
        self.lock_when(patience, |state| state.journal.version() != version).0.journal.clone()
    }

    /// Locks once no answer is just being written: a client can hold its answer before the record
    /// of it is closed, and a test that asks then must not see the difference.
    pub(super) fn settled(&self) -> MutexGuard<'_, State> {
        const PATIENCE: Duration = Duration::from_secs(1);
        let (mut state, _) = self.lock_when(PATIENCE, |state| !state.journal.is_answering());
        let now = state.now();
        state.origin.settle(now);
        state
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
