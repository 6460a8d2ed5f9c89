//! The lock on the state, which notifies waiters of changes.
//!
//! The guard notifies them when it is dropped, if it was ever borrowed mutably. So no change can
//! be missed. Start with [`StateGuard`].

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, MutexGuard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::server::state::State;

/// The tasks and threads that wait for a change of the state.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    threads: Condvar,
    tasks: Notify,
    /// Whether a task may wait. While none does, a change notifies none.
    has_tasks: AtomicBool,
}

impl Waiters {
    /// Returns a future that completes at the next change. It needs no thread. A caller looks at the
    /// state after this call and before it waits, because a change during this call may be missed.
    pub(crate) fn next_change(&self) -> Notified<'_> {
        let changed = self.tasks.notified();
        self.has_tasks.store(true, Ordering::SeqCst);
        changed
    }

    fn notify(&self) {
        self.threads.notify_all();
        if self.has_tasks.swap(false, Ordering::SeqCst) {
            self.tasks.notify_waiters();
        }
    }
}

/// The locked state of an origin. Never held across an `.await`.
pub(crate) struct StateGuard<'a> {
    state: MutexGuard<'a, State>,
    waiters: &'a Waiters,
    is_changed: bool,
}

impl<'a> StateGuard<'a> {
    /// Guards a state that was just locked.
    pub(crate) fn new(
        state: MutexGuard<'a, State>,
        waiters: &'a Waiters,
        started: Instant,
    ) -> Self {
        let mut guard = Self { state, waiters, is_changed: false };
        guard.state.elapsed = started.elapsed();
        guard
    }

    /// Runs what is due. It counts as a change only if anything was due.
    pub(crate) fn run_due(&mut self) {
        if self.state.run_due() {
            self.notify_waiters();
        }
    }

    /// Unlocks the state until it changes, or until `end` if there is one.
    pub(crate) fn wait(&mut self, end: Option<Instant>, started: Instant) {
        self.publish();
        match end {
            Some(end) => {
                let _ = self.waiters.threads.wait_until(&mut self.state, end);
            }
            None => self.waiters.threads.wait(&mut self.state),
        }
        self.state.elapsed = started.elapsed();
    }

    fn publish(&mut self) {
        if std::mem::take(&mut self.is_changed) {
            self.state.compact_journal();
            self.notify_waiters();
        }
    }

    fn notify_waiters(&mut self) {
        self.state.version += 1;
        self.waiters.notify();
    }
}

impl Deref for StateGuard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for StateGuard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.is_changed = true;
        &mut self.state
    }
}

impl Drop for StateGuard<'_> {
    fn drop(&mut self) {
        self.publish();
    }
}
