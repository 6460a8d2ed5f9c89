//! What the test's thread and the origin's tasks share: the core and the journal, under one lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
#[cfg(feature = "cli")]
use tokio::sync::futures::Notified;

use crate::content::Store;
use crate::fault::{Fault, Faults, Place};
use crate::journal::{Exchange, Journal, Moment};
use crate::origin::{Actor, Change, Clock, Origin, Timestamp};
use crate::verdict::Evidence;

use super::epoch::Epoch;
use super::holds::Holds;
use super::late::Late;
use super::state_guard::{StateGuard, Waiters};

/// One origin as its tasks see it.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    waiters: Waiters,
    started: Instant,
    stopping: AtomicBool,
    pub(super) store: Store,
    pub(super) keeps_bodies: bool,
    /// What the origin was at the start.
    initial: (Origin, Clock),
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
    pub(super) holds: Holds,
    /// Counts the changes, so that whoever waits for one can tell that it came.
    pub(super) version: u64,
    /// Real time as of the locking.
    pub(super) elapsed: Duration,
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

    /// Whether the fault holds the responses that come.
    pub(super) fn is_holding(&self, fault: u64) -> bool {
        self.is_there(fault) && !self.holds.is_released(fault)
    }

    /// Whether there is a fault of that number, which has not been taken away.
    fn is_there(&self, fault: u64) -> bool {
        self.faults.records().iter().any(|record| record.id == fault)
    }

    /// Lets go what the fault holds and would hold. A number that no fault has yet is not released:
    /// it may come to hold something.
    pub(super) fn release(&mut self, fault: u64) {
        if self.is_there(fault) {
            self.holds.release(fault);
        }
    }

    /// When the next thing is due, in protocol time.
    fn next_due(&self) -> Option<Timestamp> {
        self.late.next_due().into_iter().chain(self.origin.next_due()).min()
    }

    /// After how much real time the next thing is due; nothing if no passing of time makes it so.
    pub(super) fn time_to_next_due(&self) -> Option<Duration> {
        self.clock.time_until(self.next_due()?, self.elapsed)
    }

    /// Adds a fault, and gives its number.
    pub(super) fn add_fault(&mut self, fault: Fault, place: Option<Place>) -> u64 {
        let now = self.now();
        // A fault on tokens must not count those that had died before.
        self.origin.forget_expired_sessions(now);
        let origin = &self.origin;
        self.faults.add(fault, place, &self.journal, || origin.clone())
    }

    /// Forgets everything and begins anew.
    fn reset(&mut self, origin: Origin, clock: Clock) {
        (self.origin, self.clock) = (origin, clock);
        self.journal.reset();
        self.late.clear();
        let faults = self.faults.reset();
        self.forget_holds(faults);
    }

    fn forget_holds(&mut self, faults: Vec<u64>) {
        for fault in faults {
            self.holds.forget(fault);
        }
    }

    /// Does what has become due by now, whoever set it. Says whether anything was.
    pub(super) fn settle(&mut self) -> bool {
        let now = self.now();
        let mut has_changed = self.next_due().is_some_and(|due| due <= now);
        self.commit_late(now);
        let origin = &mut self.origin;
        origin.settle(now);
        if !self.faults.is_idle() {
            self.faults.age_tokens(|fault, user, age| {
                let by = Actor::Fault { fault: Some(fault), during: None };
                let ended = origin.end_sessions_of_age(Change { at: now, by }, user, age);
                has_changed |= ended > 0;
                ended
            });
        }
        has_changed
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
            holds: Holds::default(),
            version: 0,
            elapsed: Duration::ZERO,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            waiters: Waiters::default(),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            store,
            keeps_bodies,
            initial,
            epoch: Epoch::default(),
            hold_limit,
        })
    }

    /// Locks core and journal, and notes what time it is. Never held across an `.await`.
    pub(super) fn lock(&self) -> StateGuard<'_> {
        StateGuard::new(self.state.lock(), &self.waiters, self.started)
    }

    /// The next change of a record, without a thread that waits for it.
    #[cfg(feature = "cli")]
    pub(super) fn next_change(&self) -> Notified<'_> {
        self.waiters.next_change()
    }

    /// Locks once `ready` says so, or after `patience`; says whether it did. What becomes due
    /// meanwhile is done in time.
    pub(super) fn lock_when(
        &self,
        patience: Duration,
        ready: impl Fn(&State) -> bool,
    ) -> (StateGuard<'_>, bool) {
        let deadline = Instant::now().checked_add(patience);
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

    /// A copy of the journal and the version of the state, once that is another one than `version`
    /// or after `patience`.
    pub(super) fn journal_after(&self, version: u64, patience: Duration) -> (Journal, u64) {
        let (state, _) = self.lock_when(patience, |state| state.version != version);
        (state.journal.clone(), state.version)
    }

    /// The exchanges that ended after the first `seen` of them, once there is one, or after
    /// `patience`.
    pub(super) fn ended_after(&self, seen: usize, patience: Duration) -> Vec<Arc<Exchange>> {
        let (state, _) = self.lock_when(patience, |state| state.journal.ended() > seen);
        state.journal.ended_after(seen).cloned().collect()
    }

    /// Locks once no answer is just being written or let go: a client can hold its answer before
    /// the record of it is closed, and a test that asks then must not see the difference.
    pub(super) fn settled(&self) -> StateGuard<'_> {
        const PATIENCE: Duration = Duration::from_secs(1);
        let is_quiet =
            |state: &State| !state.journal.is_answering() && !state.holds.is_letting_go();
        self.lock_when(PATIENCE, is_quiet).0
    }

    /// Locks for the last time, and notes which faults hold what nobody will release any more, or
    /// have put off what will never be done.
    pub(super) fn at_the_end(&self) -> StateGuard<'_> {
        let mut state = self.settled();
        let open: Vec<u64> = state.holds.holding().chain(state.late.faults()).collect();
        for fault in open {
            state.faults.overdue(fault);
        }
        state
    }

    /// Takes a fault away, lets go what it holds, and says whether there was one.
    pub(super) fn remove_fault(&self, id: u64) -> bool {
        let mut state = self.lock();
        let is_there = state.faults.remove(id);
        if is_there {
            state.holds.forget(id);
        }
        is_there
    }

    /// Takes all faults away, and chaos with them, and lets go what they hold.
    pub(super) fn clear_faults(&self) {
        let mut state = self.lock();
        let faults = state.faults.clear();
        state.forget_holds(faults);
    }

    /// Forgets everything, begins anew, and lets go what faults hold.
    pub(super) fn reset(&self) {
        let (origin, clock) = self.initial.clone();
        let mut state = self.lock();
        state.reset(origin, clock);
        self.epoch.advance();
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
