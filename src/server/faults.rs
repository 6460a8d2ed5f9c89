//! What a test does to make an origin go wrong.

use std::sync::Arc;
use std::time::Duration;

use crate::fault::{Chaos, Fault, FaultRecord, Kind, Place};
use crate::journal::Op;

use super::accept::StartError;
use super::mock_origin::MockOrigin;
use super::on::{Armed, On, OnConnections, OnTokens, place};
use super::shared::State;

impl MockOrigin {
    /// Lets something go wrong with calls: `origin.on(Op::piece(2)).attempt(1).reject(503)`.
    ///
    /// A fault is decided when the head of a request has been read; of several that could act on
    /// one call the first that was added does. `finish()` fails on one that never acted.
    pub fn on(&self, op: Op) -> On<'_> {
        On::new(self, op)
    }

    /// Lets something go wrong with connections: `origin.connections().nth(2).reset()`.
    pub fn connections(&self) -> OnConnections<'_> {
        OnConnections { origin: self, count: None, name: None }
    }

    /// Lets tokens die before their time: `origin.tokens().die_after_requests(3)`.
    pub fn tokens(&self) -> OnTokens<'_> {
        OnTokens { origin: self, user: None, name: None }
    }

    /// Lets things go wrong by chance, wherever no other fault acts. `finish()` asks of chaos
    /// nothing: what it has done is in the [journal](crate::journal::Exchange::faults).
    pub fn chaos(&self, chaos: Chaos) -> &Self {
        let mut state = self.shared.lock();
        let state = &mut *state;
        state.faults.set_chaos(chaos, &state.journal);
        self
    }

    /// Adds a fault, which may have been read from text.
    ///
    /// # Panics
    ///
    /// If it contradicts itself, or names a user that does not exist.
    #[track_caller]
    pub fn add_fault(&self, fault: Fault) -> Armed {
        match self.try_add(fault, Some(place())) {
            Ok(armed) => armed,
            Err(why) => panic!("{why}"),
        }
    }

    /// As [`MockOrigin::add_fault`], without the panic.
    ///
    /// # Errors
    ///
    /// Why there can be no such fault, in one line.
    pub fn try_add_fault(&self, fault: Fault) -> Result<Armed, String> {
        self.try_add(fault, None)
    }

    fn try_add(&self, fault: Fault, place: Option<Place>) -> Result<Armed, String> {
        fault.check()?;
        let mut state = self.shared.lock();
        let state = &mut *state;
        let sessions = state.origin.sessions();
        let user = match &fault.kind {
            Kind::Call(trigger, _) => trigger.user.as_ref(),
            Kind::Token(user, _) => user.as_ref(),
            Kind::Connection(..) => None,
        };
        if let Some(user) = user.filter(|user| sessions.user_named(user).is_none()) {
            let known: Vec<_> = sessions.users().iter().map(|user| &user.name).collect();
            return Err(format!("there is no user {user:?}, but {known:?}"));
        }
        let origin = &state.origin;
        let id = state.faults.add(fault, place, &state.journal, || origin.clone());
        Ok(Armed { shared: Arc::clone(&self.shared), id })
    }

    /// Adds a fault of an earlier run. It is not judged: whether it acts is the run's business.
    pub(super) fn add_replayed(&self, fault: Fault) {
        let mut state = self.shared.lock();
        let state = &mut *state;
        let origin = &state.origin;
        let id = state.faults.add(fault, None, &state.journal, || origin.clone());
        state.faults.excuse(id);
    }

    /// The account of every fault, in the order in which they were added.
    pub fn faults(&self) -> Vec<FaultRecord> {
        self.shared.settled().faults.records().to_vec()
    }

    /// What chaos has done so far, as faults that do the same.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.shared.settled().faults.done_by_chaos().to_vec()
    }

    /// Takes the fault with that number away, and says whether there was one. What it holds it lets
    /// go.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.shared.holds.release(id);
        self.shared.lock().faults.remove(id)
    }

    /// Takes all faults away, and chaos with them.
    pub fn clear_faults(&self) {
        for record in self.faults() {
            self.shared.holds.release(record.id);
        }
        self.shared.lock().faults.clear();
    }

    /// Closes every port and every connection, and forgets nothing. Whoever connects is refused
    /// until [`MockOrigin::go_online`].
    ///
    /// # Panics
    ///
    /// If the ports cannot be kept for later.
    #[track_caller]
    pub fn go_offline(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.shared.interrupt(true);
        let offline = self.ports.go_offline();
        // The tasks of connections end one by one.
        let all_closed = |state: &State| {
            state.journal.connections().iter().all(|connection| connection.closed.is_some())
        };
        drop(self.shared.lock_when(PATIENCE, all_closed));
        self.shared.interrupt(false);
        or_panic(offline);
    }

    /// Listens again on the same ports.
    ///
    /// # Panics
    ///
    /// If that cannot be done.
    #[track_caller]
    pub fn go_online(&self) {
        or_panic(self.ports.go_online(&self.shared));
    }

    /// Forgets what happened, all faults, and what was stored, and begins anew with what the builder
    /// gave: the same users, directories, files and uploads, the same clock. Ports stay open, tokens
    /// do not.
    pub fn reset(&self) {
        for record in self.faults() {
            self.shared.holds.release(record.id);
        }
        let (origin, clock) = self.shared.initial.clone();
        self.shared.lock().reset(origin, clock);
        self.shared.tell();
    }

    /// Sets a switch or a limit by its name, as [`Builder::set`](super::Builder::set) does, from
    /// here on: `origin.set("rate_limit", "5")`.
    ///
    /// # Panics
    ///
    /// If there is no such switch, or it does not take that value.
    #[track_caller]
    pub fn set(&self, name: &str, value: &str) {
        let set = self.shared.lock().origin.switches_mut().set(name, value);
        if let Err(said) = set {
            panic!("{said}: .set(\"rate_limit\", \"5\")");
        }
    }
}

#[track_caller]
fn or_panic(done: Result<(), StartError>) {
    if let Err(error) = done {
        panic!("{error}");
    }
}
