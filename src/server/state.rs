//! The state of one origin: storage, journal, faults, holds and deferred commits. It stands behind the
//! lock of [`Shared`](crate::server::shared::Shared) and knows no socket. Start with [`State`].

use std::time::Duration;

use crate::assertions::StateView;
use crate::fault::{Chaos, Fault, Faults, SourceLocation};
use crate::journal::{FaultRef, Instants, Journal, MarkEvent, Packer, Retention};
use crate::storage::{Actor, Change, Clock, Storage, Timestamp};

use crate::server::deferred::DeferredCommits;
use crate::server::holds::Holds;

/// The data behind the lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) storage: Storage,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) deferred: DeferredCommits,
    pub(crate) holds: Holds,
    /// The journal limit, if there is one.
    pub(crate) retention: Option<Retention>,
    packer: Packer,
    /// Counts changes, so that a waiter can detect that there was one.
    pub(crate) version: u64,
    /// Real time since the start, read when the state was locked.
    pub(crate) elapsed: Duration,
}

impl State {
    pub(crate) fn new(storage: Storage, clock: Clock) -> Self {
        Self {
            storage,
            journal: Journal::default(),
            clock,
            faults: Faults::default(),
            deferred: DeferredCommits::default(),
            holds: Holds::default(),
            retention: None,
            packer: Packer::default(),
            version: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// Returns protocol time, read when the state was locked.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.at(self.elapsed)
    }

    /// Returns the view from which snapshots are taken.
    pub(crate) fn state_view(&self) -> StateView<'_> {
        StateView { storage: &self.storage, journal: &self.journal }
    }

    /// Returns whether the fault holds the responses to come.
    pub(crate) fn is_holding(&self, fault: u64) -> bool {
        self.is_there(fault) && !self.holds.is_released(fault)
    }

    /// Returns whether there is a fault with that id that was not removed.
    fn is_there(&self, fault: u64) -> bool {
        self.faults.records().iter().any(|record| record.id == fault)
    }

    /// Releases the fault: it sends what it holds, and holds no more. Ignores an id that no fault
    /// has yet, because a later fault may get it.
    pub(crate) fn release(&mut self, fault: u64) {
        if self.is_there(fault) {
            if !self.holds.is_released(fault) {
                self.mark_fault(fault, MarkEvent::FaultReleased);
            }
            self.holds.release(fault);
        }
    }

    /// Returns when the next event is due, in protocol time.
    fn next_due(&self) -> Option<Timestamp> {
        self.deferred.next_due().into_iter().chain(self.storage.next_due()).min()
    }

    /// Returns the real time until the next event is due; `None` if no amount of time makes one
    /// due.
    pub(crate) fn time_to_next_due(&self) -> Option<Duration> {
        self.clock.time_until(self.next_due()?, self.elapsed)
    }

    /// Adds a fault and returns its id.
    pub(crate) fn add_fault(&mut self, fault: Fault, location: Option<SourceLocation>) -> u64 {
        let now = self.now();
        // Sessions that expired before must not count for a fault on tokens.
        self.storage.forget_expired_sessions(now);
        let storage = &self.storage;
        let id = self.faults.add(fault, location, &self.journal, || storage.clone());
        self.mark_fault(id, MarkEvent::FaultAdded);
        id
    }

    /// Records an event that belongs to no exchange, and returns the number of its mark.
    pub(crate) fn mark(&mut self, event: MarkEvent) -> u64 {
        let at = self.instants();
        self.journal.record_mark(at, event)
    }

    /// Records an event of a fault.
    pub(crate) fn mark_fault(&mut self, id: u64, event: fn(FaultRef) -> MarkEvent) {
        if let Some(record) = self.faults.record(id) {
            let event = event(record.fault_ref());
            self.mark(event);
        }
    }

    /// Replaces everything by the state at the start.
    pub(crate) fn reset(&mut self, storage: Storage, clock: Clock) {
        (self.storage, self.clock) = (storage, clock);
        self.journal.reset();
        self.restart_records();
        self.mark(MarkEvent::Reset);
        self.deferred.clear();
        let faults = self.faults.reset();
        self.forget_holds(faults);
    }

    /// Drops what the journal limit does not allow; without a limit, packs older exchanges. Called after
    /// every change.
    pub(crate) fn compact_journal(&mut self) {
        if let Some(retention) = &mut self.retention {
            let uploads = self.storage.uploads();
            let is_active = |id: &str| uploads.get(id).is_some_and(|upload| upload.is_active());
            retention.apply(&mut self.journal, is_active);
        } else {
            self.packer.step(&mut self.journal);
        }
    }

    /// Removes the records of everything that is over, and returns the number of removed exchanges.
    pub(crate) fn clear_journal(&mut self) -> u64 {
        let removed = self.journal.clear();
        self.restart_records();
        removed
    }

    fn restart_records(&mut self) {
        if let Some(retention) = &mut self.retention {
            retention.restart(&self.journal);
        }
        self.packer.restart(&self.journal);
    }

    /// Starts chaos, in place of the active one.
    pub(crate) fn start_chaos(&mut self, chaos: Chaos) {
        self.faults.set_chaos(chaos, &self.journal);
        self.mark(MarkEvent::ChaosStarted(chaos.to_string()));
    }

    /// Ends chaos, if it is active.
    pub(crate) fn end_chaos(&mut self) {
        if self.faults.chaos().is_some() {
            self.faults.end_chaos();
            self.mark(MarkEvent::ChaosEnded);
        }
    }

    pub(crate) fn forget_holds(&mut self, faults: Vec<u64>) {
        for fault in faults {
            self.holds.forget(fault);
        }
    }

    /// Runs everything that is due by now. Returns whether anything was.
    pub(crate) fn run_due(&mut self) -> bool {
        if self.faults.is_idle() && self.deferred.is_empty() && !self.storage.has_jobs() {
            return false;
        }
        let now = self.now();
        let mut has_changed = self.next_due().is_some_and(|due| due <= now);
        self.run_deferred_commits(now);
        let storage = &mut self.storage;
        storage.run_due(now);
        if !self.faults.is_idle() {
            self.faults.age_tokens(|fault, user, age| {
                let by = Actor::Fault { fault: Some(fault), during: None };
                let ended = storage.end_sessions_of_age(Change { at: now, by }, user, age);
                has_changed |= ended > 0;
                ended
            });
        }
        has_changed
    }

    /// Runs every deferred commit that is due, each at its own time. If the origin rejects one by
    /// then, the error is dropped: the client has already got its response.
    fn run_deferred_commits(&mut self, now: Timestamp) {
        while let Some(mut commit) = self.deferred.take_due(now) {
            let Some(calls) = commit.run(&mut self.storage) else { continue };
            let instants = Instants { protocol: commit.at, ..self.instants() };
            self.journal.update(commit.exchange, |record| {
                record.committed = Some(instants);
                for (call, done) in record.calls.iter_mut().zip(&calls) {
                    (call.path, call.upload) = (done.path.clone(), done.upload.clone());
                    call.is_named_by_origin = done.is_named_by_origin;
                }
            });
        }
    }

    /// Records which faults still hold responses, and which deferred commits will not run. Called at
    /// the end, when the origin is idle.
    pub(crate) fn record_unreleased(&mut self) {
        let open: Vec<u64> = self.holds.holding().chain(self.deferred.faults()).collect();
        for fault in open {
            self.faults.unreleased(fault);
        }
    }

    /// Returns both times, read when the state was locked.
    pub(crate) fn instants(&self) -> Instants {
        Instants { protocol: self.now(), elapsed: self.elapsed }
    }

    /// Returns whether no response is being written or released, and no TLS handshake is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        let is_busy = self.journal.is_responding() || self.journal.is_handshaking();
        !is_busy && !self.holds.is_releasing()
    }
}
