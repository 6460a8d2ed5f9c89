//! The lock on the state, which tells of changes by itself.
//!
//! Whoever changes the state cannot forget those who wait for a change: they are notified when the
//! guard is dropped, if it was ever borrowed mutably.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use parking_lot::{Condvar, MutexGuard};
use tokio::sync::Notify;
#[cfg(feature = "control")]
use tokio::sync::futures::Notified;

use crate::server::state::State;

/// Those who wait for a change of the state.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    threads: Condvar,
    tasks: Notify,
}

impl Waiters {
    /// The next change, without a thread that waits for it.
    #[cfg(feature = "control")]
    pub(crate) fn next_change(&self) -> Notified<'_> {
        self.tasks.notified()
    }

    fn notify(&self) {
        self.threads.notify_all();
        self.tasks.notify_waiters();
    }
}

/// The locked state of an origin. Never held across an `.await`.
pub(crate) struct StateGuard<'a> {
    state: MutexGuard<'a, State>,
    waiters: &'a Waiters,
    is_changed: bool,
}

impl<'a> StateGuard<'a> {
    /// Guards a state that has just been locked.
    pub(crate) fn new(
        state: MutexGuard<'a, State>,
        waiters: &'a Waiters,
        started: Instant,
    ) -> Self {
        let mut guard = Self { state, waiters, is_changed: false };
        guard.state.elapsed = started.elapsed();
        guard
    }

    /// Does what has become due. It is a change only if something was.
    pub(crate) fn run_due(&mut self) {
        if self.state.run_due() {
            self.notify_waiters();
        }
    }

    /// Unlocks the state until it is changed, at most up to `end`, or for ever without one.
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
