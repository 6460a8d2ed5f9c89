//! Adds, lists and removes faults, and changes an origin while it runs. Start with
//! [`MockOrigin::on`].

use std::sync::atomic::Ordering;

use crate::error::Error;
use crate::fault::{Chaos, Fault, FaultRecord, SourceLocation};
use crate::journal::{MarkEvent, Op};
use crate::protocol::suggest_call;

use crate::mock::fault_builder::{
    CallFaultBuilder, ConnectionFaultBuilder, FaultHandle, TokenFaultBuilder, place,
};
use crate::mock::fault_check::{WrongFault, check, check_one};
use crate::mock::mock_origin::MockOrigin;
use crate::mock::panic_at_await::PanicAtAwait;
use crate::server::state::State;

impl MockOrigin {
    /// Starts a fault on calls: `origin.on(Op::piece(2)).attempt(1).reject(503)`.
    ///
    /// A fault is selected when the head of a request was read, so a fault that is added later
    /// applies to the next request. The calls of JSON-RPC and the path of a form are in the body.
    /// A fault on a JSON-RPC call, or on a form with a path, is selected after the body, and may
    /// apply to a request that arrived before the fault was added.
    ///
    /// If several faults match a call, the first that was added applies. `finish()` fails if a
    /// fault was never injected. One injection is enough, whatever
    /// [`times`](CallFaultBuilder::times) or [`attempts`](CallFaultBuilder::attempts) allow.
    pub fn on(&self, op: Op) -> CallFaultBuilder<'_> {
        CallFaultBuilder::new(self, op)
    }

    /// Starts a fault on connections: `origin.on_connection().nth(2).reset()`.
    pub fn on_connection(&self) -> ConnectionFaultBuilder<'_> {
        ConnectionFaultBuilder::new(self)
    }

    /// Starts a fault on tokens: `origin.on_token().expire_after_requests(3)`.
    pub fn on_token(&self) -> TokenFaultBuilder<'_> {
        TokenFaultBuilder::new(self)
    }

    /// Starts chaos: random faults wherever no other fault applies. `finish()` requires nothing
    /// from chaos. Its injections are in the [journal](crate::journal::Exchange::faults).
    pub fn chaos(&self, chaos: Chaos) -> &Self {
        self.shared.lock().start_chaos(chaos);
        self
    }

    /// Ends chaos and keeps all other faults. Its injections stay recorded.
    pub fn end_chaos(&self) -> &Self {
        self.shared.lock().end_chaos();
        self
    }

    /// Returns the active chaos, if any.
    pub fn active_chaos(&self) -> Option<Chaos> {
        self.shared.lock().faults.chaos().copied()
    }

    /// Adds a fault, for example one read from text (feature `control`).
    ///
    /// ```
    /// # #[cfg(feature = "control")] {
    /// use mock_origin::{Fault, MockOrigin};
    ///
    /// let origin = MockOrigin::start();
    /// let fault = origin.add_fault(r#"{"op": "login", "reject": 503}"#.parse::<Fault>()?);
    /// # fault.remove();
    /// # }
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault contradicts itself, or names a user that does not exist.
    #[track_caller]
    pub fn add_fault(&self, fault: Fault) -> FaultHandle {
        match self.try_add(fault, place()) {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// Does the same as [`MockOrigin::add_fault`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the fault is invalid ([`Error::is_invalid_fault`]).
    #[track_caller]
    pub fn try_add_fault(&self, fault: Fault) -> Result<FaultHandle, Error> {
        self.try_add(fault, place())
    }

    /// Adds several faults, or none of them. Messages show no source location for them.
    ///
    /// # Errors
    ///
    /// If a fault is invalid ([`Error::is_invalid_fault`]). The message starts with its number,
    /// counted from 1.
    pub fn try_add_faults(&self, faults: Vec<Fault>) -> Result<Vec<FaultHandle>, Error> {
        self.add_all(faults).map_err(|wrong| Error::invalid_fault(wrong.to_string()))
    }

    /// Does the same as [`MockOrigin::try_add_faults`], with number and reason apart.
    pub(crate) fn add_all(&self, faults: Vec<Fault>) -> Result<Vec<FaultHandle>, WrongFault> {
        let mut state = self.shared.lock();
        check(&faults, state.storage.sessions().users(), self.shared.uses_tls)?;
        Ok(faults.into_iter().map(|fault| self.add(&mut state, fault, None)).collect())
    }

    fn try_add(&self, fault: Fault, place: SourceLocation) -> Result<FaultHandle, Error> {
        let mut state = self.shared.lock();
        check_one(&fault, state.storage.sessions().users(), self.shared.uses_tls)
            .map_err(Error::invalid_fault)?;
        Ok(self.add(&mut state, fault, Some(place)))
    }

    fn add(&self, state: &mut State, fault: Fault, place: Option<SourceLocation>) -> FaultHandle {
        FaultHandle::new(&self.shared, state.add_fault(fault, place))
    }

    /// Adds a fault of an earlier run without validation: it may be injected or not.
    pub(crate) fn add_replayed(&self, fault: Fault) {
        let mut state = self.shared.lock();
        let id = state.add_fault(fault, None);
        state.faults.excuse(id);
    }

    /// Returns the record of every fault that was not removed, in the order in which they were added.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`faults_async`](Self::faults_async).
    ///
    /// ```
    /// use mock_origin::{MockOrigin, Op};
    ///
    /// let origin = MockOrigin::start();
    /// let fault = origin.on(Op::login()).reject(503);
    /// assert_eq!(origin.faults().len(), 1);
    /// fault.remove();
    /// assert!(origin.faults().is_empty());
    /// ```
    pub fn faults(&self) -> Vec<FaultRecord> {
        self.shared.wait_idle().faults.records().to_vec()
    }

    /// Does the same as [`faults`](Self::faults) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    pub async fn faults_async(&self) -> Vec<FaultRecord> {
        self.shared.wait_idle_async().await.faults.records().to_vec()
    }

    /// Returns the injections of all chaos so far, as faults that do the same.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`done_by_chaos_async`](Self::done_by_chaos_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.done_by_chaos().is_empty());
    /// ```
    pub fn done_by_chaos(&self) -> Vec<Fault> {
        self.shared.wait_idle().faults.done_by_chaos()
    }

    /// Does the same as [`done_by_chaos`](Self::done_by_chaos) without blocking the thread.
    /// Dropping the future ends the wait and changes nothing.
    pub async fn done_by_chaos_async(&self) -> Vec<Fault> {
        self.shared.wait_idle_async().await.faults.done_by_chaos()
    }

    /// Removes the fault with that id and releases what it holds. Returns whether there was one.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.shared.remove_fault(id)
    }

    /// Releases what the fault with that id holds, and makes it hold no more. Returns whether
    /// there is such a fault that holds responses. Its record stays, and it is verified.
    pub fn release_fault(&self, id: u64) -> bool {
        let mut state = self.shared.lock();
        let is_it = |record: &FaultRecord| record.id == id && record.holds();
        let is_there = state.faults.records().iter().any(is_it);
        if is_there {
            state.release(id);
        }
        is_there
    }

    /// Removes all faults and chaos, and releases what they hold.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Closes every port and every connection, and keeps all data. Connections are refused until
    /// [`MockOrigin::go_online`].
    ///
    /// Waits up to 1 s for connections to close; async code uses
    /// [`go_offline_async`](Self::go_offline_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.go_offline();
    /// assert!(std::net::TcpStream::connect(origin.addr()).is_err());
    /// origin.go_online();
    /// ```
    ///
    /// # Panics
    ///
    /// If the ports cannot be reserved.
    #[track_caller]
    pub fn go_offline(&self) {
        or_panic(self.try_go_offline());
    }

    /// Does the same as [`go_offline`](Self::go_offline) without blocking the thread while
    /// connections close. The ports close when the future is first polled; dropping it later ends
    /// only the wait.
    ///
    /// # Panics
    ///
    /// If the ports cannot be reserved, at the line that awaits the future.
    pub fn go_offline_async(&self) -> impl Future<Output = ()> + Send {
        PanicAtAwait::new(self.try_go_offline_async())
    }

    /// Does the same as [`MockOrigin::go_offline`], but returns the error.
    ///
    /// # Errors
    ///
    /// Returns an error if the ports cannot be reserved.
    pub fn try_go_offline(&self) -> Result<(), Error> {
        let _interruption = self.shared.interrupt();
        let offline = self.close_ports();
        self.shared.wait_disconnected();
        offline
    }

    /// Does the same as [`go_offline_async`](Self::go_offline_async), but returns the error.
    ///
    /// # Errors
    ///
    /// Returns an error if the ports cannot be reserved.
    pub async fn try_go_offline_async(&self) -> Result<(), Error> {
        let _interruption = self.shared.interrupt();
        let offline = self.close_ports();
        self.shared.wait_disconnected_async().await;
        offline
    }

    fn close_ports(&self) -> Result<(), Error> {
        self.ports.go_offline()?;
        self.shared.lock().mark(MarkEvent::Offline);
        Ok(())
    }

    /// Listens again on the same ports.
    ///
    /// # Panics
    ///
    /// If a port cannot be listened on. It stays reserved, and the next call tries it again.
    #[track_caller]
    pub fn go_online(&self) {
        or_panic(self.try_go_online());
    }

    /// Does the same as [`MockOrigin::go_online`], but returns the error.
    ///
    /// # Errors
    ///
    /// Returns an error if a port cannot be listened on. It stays reserved, and the next call
    /// tries it again.
    pub fn try_go_online(&self) -> Result<(), Error> {
        // Read before any client can connect.
        let (next, at) = {
            let state = self.shared.lock();
            (state.journal.next_exchange(), state.instants())
        };
        self.ports.go_online(&self.shared)?;
        self.shared.lock().journal.record_mark_before(next, at, MarkEvent::Online);
        Ok(())
    }

    /// Records a remark in the journal. The timeline shows it between the requests.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.mark("second upload");
    /// assert!(origin.timeline().contains("note: second upload"));
    /// ```
    pub fn mark(&self, text: impl Into<String>) {
        self.shared.lock().mark(MarkEvent::Note(text.into()));
    }

    /// Records that a client was started. `client` is its command or its name.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.mark_client_started("upload a.mp4");
    /// origin.mark_client_exited("exit status: 1");
    /// assert!(origin.timeline().contains("client exited: exit status: 1"));
    /// ```
    pub fn mark_client_started(&self, client: impl Into<String>) {
        self.shared.lock().mark(MarkEvent::ClientStarted(client.into()));
    }

    /// Records that a client ended. `status` is its exit status, or another description of its
    /// end.
    pub fn mark_client_exited(&self, status: impl Into<String>) {
        self.shared.lock().mark(MarkEvent::ClientExited(status.into()));
    }

    /// Deletes the journal, all faults and all stored data, and starts again with the data of the
    /// builder: the same users, directories, files, uploads and clock. Ports stay open; tokens
    /// become invalid. A request in progress gets no response, even if it was committed: its
    /// connection is closed and its data is gone. A partly written response is cut.
    ///
    /// A new run begins: the origin verifies it on drop, even if the run before was verified.
    pub fn reset(&self) {
        self.shared.reset();
        self.verified.store(false, Ordering::Relaxed);
    }

    /// Sets an option or a limit by name, like [`Builder::set`](super::Builder::set), from now on:
    /// `origin.set("rate_limit", "5")`.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.set("rate_limit", "5");
    /// origin.set("join", "polls:2");
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such option, or it does not accept that value.
    #[track_caller]
    pub fn set(&self, name: &str, value: &str) {
        if let Err(error) = self.try_set(name, value) {
            panic!("{error}: {}", suggest_call(name));
        }
    }

    /// Does the same as [`MockOrigin::set`], but returns the error.
    ///
    /// # Errors
    ///
    /// If there is no such option, or it does not accept that value
    /// ([`Error::is_invalid_option`]). The message lists the options or the values.
    pub fn try_set(&self, name: &str, value: &str) -> Result<(), Error> {
        self.try_set_all([(name, value)])
    }

    /// Sets several options and limits in one step, or none of them: no request sees a part.
    ///
    /// # Errors
    ///
    /// Returns the same error as [`MockOrigin::try_set`], for the first invalid entry.
    pub fn try_set_all<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Error> {
        let mut state = self.shared.lock();
        let mut changed = state.storage.options().clone();
        pairs.into_iter().try_for_each(|(name, value)| changed.set(name, value))?;
        *state.storage.options_mut() = changed;
        Ok(())
    }
}

#[cfg(feature = "control")]
impl MockOrigin {
    /// Returns every option and every limit with its value.
    pub(crate) fn switch_values(&self) -> Vec<(&'static str, String)> {
        self.shared.lock().storage.options().values().collect()
    }
}

#[track_caller]
fn or_panic(done: Result<(), Error>) {
    if let Err(error) = done {
        panic!("{error:#}");
    }
}
