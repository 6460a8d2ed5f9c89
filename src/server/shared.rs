//! What the test's thread and the origin's tasks share: the core and the journal, under one lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;
#[cfg(feature = "cli")]
use tokio::sync::futures::Notified;

use crate::content::Store;
use crate::fault::{Fault, FaultRecord, Faults, Place};
use crate::journal::{Exchange, Journal, Moment, Outcome};
use crate::origin::{Actor, Change, Clock, Origin, Timestamp};
use crate::verdict::Evidence;

use super::epoch::Epoch;
use super::held::Holds;
use super::late::Late;

/// One origin as its tasks see it.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told whenever a record changes, for those who wait for that.
    changed: Condvar,
    /// The same for those that wait without a thread.
    changed_async: Notify,
    started: Instant,
    stopping: AtomicBool,
    pub(super) store: Store,
    pub(super) keeps_bodies: bool,
    /// What the origin was at the start.
    initial: (Origin, Clock),
    pub(super) holds: Holds,
    pub(super) epoch: Epoch,
    /// How long a fault may keep a client waiting.
    pub(super) hold_limit: Duration,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub(super) origin: Origin,
    pub(super) journal: Journal,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) late: Late,
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

    /// The faults that hold answers back, of those that hold any.
    fn holding(&self) -> impl Iterator<Item = u64> {
        let is_held = |record: &&Arc<Exchange>| record.outcome == Outcome::HeldBack;
        let held = self.journal.exchanges().iter().filter(is_held);
        let struck = held.flat_map(|record| &record.faults).filter_map(|struck| struck.fault);
        struck.filter(|fault| self.faults.record(*fault).is_some_and(FaultRecord::holds))
    }

    /// Adds a fault, and gives its number.
    pub(super) fn add_fault(&mut self, fault: Fault, place: Option<Place>) -> u64 {
        let now = self.now();
        // A fault on tokens must not count those that had died before.
        self.origin.forget_expired_sessions(now);
        let origin = &self.origin;
        self.faults.add(fault, place, &self.journal, || origin.clone())
    }

    /// Forgets everything and begins anew; gives the numbers of the faults that were there.
    fn reset(&mut self, origin: Origin, clock: Clock) -> Vec<u64> {
        (self.origin, self.clock) = (origin, clock);
        self.journal.reset();
        self.late.clear();
        self.faults.reset()
    }

    /// Does what has become due by now, whoever set it.
    pub(super) fn settle(&mut self) {
        let now = self.now();
        self.commit_late(now);
        let origin = &mut self.origin;
        origin.settle(now);
        if !self.faults.is_idle() {
            self.faults.age_tokens(|fault, user, age| {
                let by = Actor::Fault { fault: Some(fault), during: None };
                origin.end_sessions_of_age(Change { at: now, by }, user, age)
            });
        }
    }

    /// Both times as of the locking.
    pub(super) fn moment(&self) -> Moment {
        Moment { protocol: self.now(), elapsed: self.elapsed }
    }
}

impl Shared {
    pub(super) fn new(
        origin: Origin,
        clock: Clock,
        store: Store,
        keeps_bodies: bool,
        hold_limit: Duration,
    ) -> Arc<Self> {
        let initial = (origin.clone(), clock.clone());
        let state = State {
            origin,
            journal: Journal::default(),
            clock,
            faults: Faults::default(),
            late: Late::default(),
            elapsed: Duration::ZERO,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            changed_async: Notify::new(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            store,
            keeps_bodies,
            initial,
            holds: Holds::default(),
            epoch: Epoch::default(),
            hold_limit,
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
        self.changed_async.notify_waiters();
    }

    /// The next change of a record, without a thread that waits for it.
    #[cfg(feature = "cli")]
    pub(super) fn next_change(&self) -> Notified<'_> {
        self.changed_async.notified()
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

    /// The exchanges that ended after the first `seen` of them, once there is one, or after
    /// `patience`.
    pub(super) fn ended_after(&self, seen: usize, patience: Duration) -> Vec<Arc<Exchange>> {
        let (state, _) = self.lock_when(patience, |state| state.journal.ended() > seen);
        state.journal.ended_after(seen).cloned().collect()
    }

    /// Locks once no answer is just being written or let go: a client can hold its answer before
    /// the record of it is closed, and a test that asks then must not see the difference.
    pub(super) fn settled(&self) -> MutexGuard<'_, State> {
        const PATIENCE: Duration = Duration::from_secs(1);
        // Where nothing is held, the whole record need not be looked through.
        let is_let_go = |state: &State| {
            self.holds.is_unused() || state.holding().all(|fault| self.holds.is_holding(fault))
        };
        let is_quiet = |state: &State| !state.journal.is_answering() && is_let_go(state);
        let (mut state, _) = self.lock_when(PATIENCE, is_quiet);
        state.settle();
        state
    }

    /// Locks for the last time, and notes which faults hold what nobody will release any more, or
    /// have put off what will never be done.
    pub(super) fn at_the_end(&self) -> MutexGuard<'_, State> {
        let mut state = self.settled();
        let held = state.holding().filter(|fault| self.holds.is_holding(*fault));
        let open: Vec<u64> = held.chain(state.late.faults()).collect();
        for fault in open {
            state.faults.overdue(fault);
        }
        state
    }

    /// Takes a fault away, lets go what it holds, and says whether there was one.
    pub(super) fn remove_fault(&self, id: u64) -> bool {
        // A number that nobody has yet must not be released: it may come to hold something.
        let is_there = self.lock().faults.remove(id);
        if is_there {
            self.holds.release(id);
        }
        is_there
    }

    /// Takes all faults away, and chaos with them, and lets go what they hold.
    pub(super) fn clear_faults(&self) {
        let ids = self.lock().faults.clear();
        self.release(ids);
    }

    /// Forgets everything, begins anew, and lets go what faults hold.
    pub(super) fn reset(&self) {
        let (origin, clock) = self.initial.clone();
        let mut state = self.lock();
        let ids = state.reset(origin, clock);
        self.epoch.advance();
        drop(state);
        self.release(ids);
        self.tell();
    }

    fn release(&self, faults: Vec<u64>) {
        for fault in faults {
            self.holds.release(fault);
        }
    }

    pub(super) fn stop(&self) {
        self.interrupt(true);
    }

    /// Whether connections that end now do so because they are stopped.
    pub(super) fn interrupt(&self, stopping: bool) {
        self.stopping.store(stopping, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
