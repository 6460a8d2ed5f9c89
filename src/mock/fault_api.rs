//! What a test does to make an origin go wrong.

use std::fmt;
use std::time::Duration;

use crate::fault::{Chaos, Fault, FaultRecord, Kind, SourceLocation};
use crate::journal::Op;
use crate::protocol::right_call;
use crate::storage::UserRecord;

use crate::mock::fault_builder::{
    CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, TokenFaultBuilder, place,
};
use crate::mock::mock_origin::MockOrigin;
use crate::server::listener::StartError;
use crate::server::state::State;

impl MockOrigin {
    /// Lets something go wrong with calls: `origin.on(Op::piece(2)).attempt(1).reject(503)`.
    ///
    /// A fault is decided when the head of a request has been read, so that one which is added
    /// later strikes the next request. What JSON-RPC asks for stands in its body, and so does the
    /// path of a form: a fault on a JSON-RPC call, or on a form with a path, is decided behind the
    /// body, and strikes a request that was on its way when it was added.
    ///
    /// Of several faults that could act on one call the first that was added does. `finish()` fails
    /// on one that never acted; one that acted at least once it lets pass, whatever
    /// [`times`](CallFaultBuilder::times) or [`attempts`](CallFaultBuilder::attempts) say.
    pub fn on(&self, op: Op) -> CallFaultBuilder<'_> {
        CallFaultBuilder::new(self, op)
    }

    /// Lets something go wrong with connections: `origin.on_connection().nth(2).reset()`.
    pub fn on_connection(&self) -> ConnectionFaultBuilder<'_> {
        ConnectionFaultBuilder::new(self)
    }

    /// Lets tokens die before their time: `origin.on_token().expire_after_requests(3)`.
    pub fn on_token(&self) -> TokenFaultBuilder<'_> {
        TokenFaultBuilder::new(self)
    }

    /// Lets things go wrong by chance, wherever no other fault acts. `finish()` asks of chaos
    /// nothing: what it has done is in the [journal](crate::journal::Exchange::faults).
    pub fn chaos(&self, chaos: Chaos) -> &Self {
        let mut state = self.shared.lock();
        let state = &mut *state;
        state.faults.set_chaos(chaos, &state.journal);
        self
    }

    /// Ends chaos, and leaves all other faults alone. What it has done stays known.
    pub fn end_chaos(&self) -> &Self {
        self.shared.lock().faults.end_chaos();
        self
    }

    /// The chaos that decides now, if any does.
    pub fn active_chaos(&self) -> Option<Chaos> {
        self.shared.lock().faults.chaos().copied()
    }

    /// Adds a fault, which may have been read from text.
    ///
    /// # Panics
    ///
    /// If it contradicts itself, or names a user that does not exist.
    #[track_caller]
    pub fn add_fault(&self, fault: Fault) -> FaultHandle {
        match self.try_add(fault, place()) {
            Ok(handle) => handle,
            Err(why) => panic!("{why}"),
        }
    }

    /// As [`MockOrigin::add_fault`], without the panic.
    ///
    /// # Errors
    ///
    /// Why there can be no such fault, in one line.
    #[track_caller]
    pub fn try_add_fault(&self, fault: Fault) -> Result<FaultHandle, String> {
        self.try_add(fault, place())
    }

    /// Adds several faults, or none of them. They are taken for ones that were read from text, and
    /// stand nowhere in a test.
    ///
    /// # Errors
    ///
    /// Why there can be no such fault, in one line, with its number in front, from 1.
    pub fn try_add_faults(&self, faults: Vec<Fault>) -> Result<Vec<FaultHandle>, String> {
        self.add_all(faults).map_err(|wrong| wrong.to_string())
    }

    /// As [`MockOrigin::try_add_faults`], with the number and the reason apart.
    pub(crate) fn add_all(&self, faults: Vec<Fault>) -> Result<Vec<FaultHandle>, WrongFault> {
        let mut state = self.shared.lock();
        check(&faults, state.storage.sessions().users())?;
        Ok(faults.into_iter().map(|fault| self.add(&mut state, fault, None)).collect())
    }

    fn try_add(&self, fault: Fault, place: SourceLocation) -> Result<FaultHandle, String> {
        let mut state = self.shared.lock();
        check_one(&fault, state.storage.sessions().users())?;
        Ok(self.add(&mut state, fault, Some(place)))
    }

    fn add(&self, state: &mut State, fault: Fault, place: Option<SourceLocation>) -> FaultHandle {
        FaultHandle::new(&self.shared, state.add_fault(fault, place))
    }

    /// Adds a fault of an earlier run. It is not judged: whether it acts is the run's business.
    pub(crate) fn add_replayed(&self, fault: Fault) {
        let mut state = self.shared.lock();
        let id = state.add_fault(fault, None);
        state.faults.excuse(id);
    }

    /// The account of every fault, in the order in which they were added.
    pub fn faults(&self) -> Vec<FaultRecord> {
        self.shared.wait_idle().faults.records().to_vec()
    }

    /// What chaos has done so far, each chaos if there were several, as faults that do the same.
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.shared.wait_idle().faults.done_by_chaos()
    }

    /// Takes the fault with that number away, and says whether there was one. What it holds it lets
    /// go.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.shared.remove_fault(id)
    }

    /// Lets go what the fault with that number holds, and what it would hold after that, and says
    /// whether there is such a fault that holds answers. Its account stays, and it is judged.
    pub fn release_fault(&self, id: u64) -> bool {
        let mut state = self.shared.lock();
        let is_it = |record: &FaultRecord| record.id == id && record.holds();
        let is_there = state.faults.records().iter().any(is_it);
        if is_there {
            state.release(id);
        }
        is_there
    }

    /// Takes all faults away, and chaos with them. What they hold they let go.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Closes every port and every connection, and forgets nothing. Whoever connects is refused
    /// until [`MockOrigin::go_online`].
    ///
    /// # Panics
    ///
    /// If the ports cannot be kept for later.
    #[track_caller]
    pub fn go_offline(&self) {
        or_panic(self.try_go_offline());
    }

    /// As [`MockOrigin::go_offline`], without the panic.
    ///
    /// # Errors
    ///
    /// If the ports cannot be kept for later.
    pub fn try_go_offline(&self) -> Result<(), StartError> {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.shared.interrupt(true);
        let offline = self.ports.go_offline();
        // The tasks of connections end one by one.
        let all_closed = |state: &State| !state.journal.is_connected();
        drop(self.shared.lock_when(PATIENCE, all_closed));
        self.shared.interrupt(false);
        offline
    }

    /// Listens again on the same ports.
    ///
    /// # Panics
    ///
    /// If one of them cannot be listened on: it is kept, and the next try is about it.
    #[track_caller]
    pub fn go_online(&self) {
        or_panic(self.try_go_online());
    }

    /// As [`MockOrigin::go_online`], without the panic.
    ///
    /// # Errors
    ///
    /// If one of the ports cannot be listened on: it is kept, and the next try is about it.
    pub fn try_go_online(&self) -> Result<(), StartError> {
        self.ports.go_online(&self.shared)
    }

    /// Forgets what happened, all faults, and what was stored, and begins anew with what the builder
    /// gave: the same users, directories, files and uploads, the same clock. Ports stay open, tokens
    /// do not. A request that is on its way when that happens ends without an answer, even if it had
    /// been done by then: its connection is closed, and nothing of it is stored. A response of which
    /// a part has been written is cut.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Sets a switch or a limit by its name, as [`Builder::set`](super::Builder::set) does, from
    /// here on: `origin.set("rate_limit", "5")`.
    ///
    /// # Panics
    ///
    /// If there is no such switch, or it does not take that value.
    #[track_caller]
    pub fn set(&self, name: &str, value: &str) {
        if let Err(said) = self.try_set(name, value) {
            panic!("{said}: {}", right_call(name));
        }
    }

    /// As [`MockOrigin::set`], without the panic.
    ///
    /// # Errors
    ///
    /// What switches there are, or what values this one takes, in one line.
    pub fn try_set(&self, name: &str, value: &str) -> Result<(), String> {
        self.try_set_all([(name, value)])
    }

    /// Sets several switches and limits at once, or none of them: no request sees a part.
    ///
    /// # Errors
    ///
    /// As [`MockOrigin::try_set`], of the first that makes no sense.
    pub fn try_set_all<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), String> {
        let mut state = self.shared.lock();
        let mut changed = state.storage.options().clone();
        pairs.into_iter().try_for_each(|(name, value)| changed.set(name, value))?;
        *state.storage.options_mut() = changed;
        Ok(())
    }
}

#[cfg(feature = "control")]
impl MockOrigin {
    /// Every switch and every limit with its value.
    pub(crate) fn switch_values(&self) -> Vec<(&'static str, String)> {
        self.shared.lock().storage.options().values().collect()
    }
}

/// The first of several faults that there cannot be.
pub(crate) struct WrongFault {
    /// Its number among them, from 1.
    number: usize,
    pub(crate) why: String,
}

impl fmt::Display for WrongFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}: {}", self.number, self.why)
    }
}

/// Whether there can be those faults on an origin with such users.
pub(crate) fn check(faults: &[Fault], users: &[UserRecord]) -> Result<(), WrongFault> {
    let mut numbered = (1..).zip(faults);
    numbered.try_for_each(|(number, fault)| {
        check_one(fault, users).map_err(|why| WrongFault { number, why })
    })
}

fn check_one(fault: &Fault, users: &[UserRecord]) -> Result<(), String> {
    fault.check()?;
    let user = match &fault.kind {
        Kind::Call(matcher, _) => matcher.user.as_ref(),
        Kind::Token(user, _) => user.as_ref(),
        Kind::Connection(..) => None,
    };
    match user.filter(|user| users.iter().all(|other| other.name != **user)) {
        Some(user) => {
            let known: Vec<_> = users.iter().map(|user| &user.name).collect();
            Err(format!("there is no user {user:?}, but {known:?}"))
        }
        None => Ok(()),
    }
}

#[track_caller]
fn or_panic(done: Result<(), StartError>) {
    if let Err(error) = done {
        panic!("{error}");
    }
}
