//! Records one connection in the journal. The recording stream, the request handler and the body
//! reader report events here. Dropping the recorder closes the exchange that is still open, so that no
//! request is lost from the journal. It decides no response. Start with [`ConnectionRecorder::report`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;

use crate::fault::ConnectionAction;
#[cfg(feature = "tls")]
use crate::journal::Tls;
use crate::journal::{Connection, FaultRef, Head, Instants, Outcome, Unparsed};

use crate::server::connection::outgoing::Outgoing;
use crate::server::connection::socket::Socket;
use crate::server::connection::state::{ConnectionEvent, ConnectionState, Effect, UnparsedBytes};
use crate::server::shared::Shared;
use crate::server::state::State;

/// Records one connection. Dropping it closes the exchanges that are still open in the journal.
#[derive(Debug)]
pub(crate) struct ConnectionRecorder {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: u64,
    /// The fault that applies to the connection.
    fault: Option<(FaultRef, ConnectionAction)>,
    /// Rate in bytes per second at which responses are written; 0 means no limit.
    pace: AtomicU64,
    /// Whether any bytes replace hyper's. While none do, no lock is taken.
    is_outgoing: AtomicBool,
    outgoing: Mutex<Outgoing>,
    state: Mutex<ConnectionState>,
    /// The last field: the socket is closed after the journal is up to date, so that a client that
    /// has seen the end finds it there.
    pub(crate) socket: Socket,
}

/// Why a wait ended before its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// The client has closed its sending direction or reset the connection.
    ClientGone,
    /// The origin was reset.
    OriginReset,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientGone => "the client has gone",
            Self::OriginReset => "the origin was reset",
        })
    }
}

impl std::error::Error for Interrupted {}

impl From<Interrupted> for io::Error {
    fn from(why: Interrupted) -> Self {
        Self::new(ErrorKind::ConnectionAborted, why)
    }
}

impl ConnectionRecorder {
    pub(crate) fn new(
        shared: Arc<Shared>,
        socket: Socket,
        make: impl FnOnce(u64, Instants) -> Connection,
    ) -> Arc<Self> {
        let mut state = shared.lock();
        let instants = state.instants();
        let index = state.journal.connect(|index| make(index, instants));
        let fault = state.faults.select_for_connection();
        drop(state);
        let has_fault = fault.is_some();
        Arc::new(Self {
            shared,
            index,
            fault,
            pace: AtomicU64::new(0),
            is_outgoing: AtomicBool::new(false),
            outgoing: Mutex::default(),
            state: Mutex::new(ConnectionState::new(has_fault)),
            socket,
        })
    }

    /// Returns the action of the connection's fault.
    pub(crate) fn fault(&self) -> Option<ConnectionAction> {
        self.fault.as_ref().map(|(_, action)| *action)
    }

    /// Records an event. Returns whether it changed the journal.
    pub(crate) fn report(&self, event: ConnectionEvent<'_>) -> bool {
        let effect = self.state.lock().apply(event);
        let is_recorded = !matches!(effect, Effect::None);
        if is_recorded {
            self.record(&mut self.shared.lock(), effect);
        }
        is_recorded
    }

    /// Records the TLS handshake, as far as it went.
    #[cfg(feature = "tls")]
    pub(crate) fn record_tls(&self, tls: Tls) {
        self.shared.lock().journal.update_connection(self.index, |record| record.tls = Some(tls));
    }

    /// Takes the head that hyper has accepted, or that needs no hyper. Returns `None` if there is none,
    /// which is recorded as an internal error.
    pub(crate) fn take_head(&self, state: &mut State) -> Option<Head> {
        let effect = self.state.lock().apply(ConnectionEvent::HeadAccepted);
        match effect {
            Effect::Serve { head, retracts } => {
                if retracts {
                    state.journal.update_connection(self.index, |record| record.unparsed = None);
                }
                Some(head)
            }
            other => {
                self.record(state, other);
                None
            }
        }
    }

    /// Records that an exchange was opened in `epoch`, and resets what applied to the previous one.
    pub(crate) fn open(&self, state: &mut State, exchange: u64, epoch: u64) {
        let effect = self.state.lock().apply(ConnectionEvent::Opened { exchange, epoch });
        self.record(state, effect);
        self.set_pace(0);
        if self.is_outgoing() {
            self.update_outgoing(|outgoing| outgoing.withhold_continue(false));
        }
    }

    /// Records an effect in the locked state of the origin.
    fn record(&self, state: &mut State, effect: Effect) {
        match effect {
            Effect::None | Effect::Serve { .. } => {}
            Effect::RecordReceived { exchange, received } => {
                state.journal.update(exchange, |record| record.received = received);
            }
            Effect::RecordContinue { exchange } => {
                let instants = state.instants();
                state.journal.update(exchange, |record| {
                    record.continued.get_or_insert(instants);
                });
            }
            Effect::RecordFilePassed { exchange } => {
                state.journal.update(exchange, |record| record.outcome = Outcome::Responding);
            }
            Effect::CloseExchange { exchange, outcome, received, written, chunk_error } => {
                let instants = state.instants();
                state.journal.update(exchange, |record| {
                    record.outcome = outcome;
                    record.received = received;
                    record.written = written;
                    record.chunk_error = chunk_error;
                    record.closed = Some(instants);
                });
            }
            Effect::RecordUnparsed(unparsed) => self.record_unparsed(state, *unparsed),
            Effect::RecordFault { exchanges, is_event } => {
                self.record_fault(state, exchanges, is_event);
            }
            Effect::CloseConnection { end, is_unused, is_event, drained, skip_reason } => {
                let instants = state.instants();
                if let (Some((fault, _)), Some(why)) = (&self.fault, skip_reason) {
                    state.faults.record_skip(fault, why);
                }
                let close = |record: &mut Connection| {
                    (record.closed, record.end, record.drained) = (Some(instants), end, drained);
                    record.is_unused = is_unused;
                };
                if is_event {
                    state.journal.record_connection_event(self.index, close);
                } else {
                    state.journal.update_connection(self.index, close);
                }
            }
            Effect::InternalError(why) => state.journal.record_internal_error(why),
        }
    }

    fn record_unparsed(&self, state: &mut State, unparsed: UnparsedBytes) {
        let UnparsedBytes { kind, bytes, behind, status, is_new } = unparsed;
        let at = state.instants();
        let record = move |record: &mut Connection| {
            let at = record.unparsed.as_ref().map_or(at, |earlier| earlier.at);
            record.unparsed = Some(Unparsed { kind, bytes, at, behind, status });
        };
        if is_new {
            state.journal.record_connection_event(self.index, record);
        } else {
            state.journal.update_connection(self.index, record);
        }
    }

    fn record_fault(&self, state: &mut State, exchanges: Vec<u64>, is_event: bool) {
        let Some((fault, _)) = &self.fault else { return };
        state.faults.record_fired(fault);
        for exchange in exchanges {
            state.journal.update(exchange, |record| record.faults.push(fault.clone()));
        }
        let instants = state.instants();
        let record = |record: &mut Connection| {
            (record.fault, record.fault_injected) = (Some(fault.clone()), Some(instants));
        };
        if is_event {
            state.journal.record_connection_event(self.index, record);
        } else {
            state.journal.update_connection(self.index, record);
        }
    }

    /// Records that a response cannot be completed, which fails the verification.
    pub(crate) fn record_unreadable_file(&self, error: &io::Error) {
        let why = format!("a stored file could not be read: {error}");
        self.shared.lock().journal.record_internal_error(why);
    }

    /// Closes the open exchange, if there is one.
    pub(crate) fn close(&self, outcome: Outcome) {
        self.report(ConnectionEvent::Closed(outcome));
    }

    /// Returns whether no more requests can be read.
    pub(crate) fn is_unparsed(&self) -> bool {
        self.state.lock().is_unparsed()
    }

    /// Returns whether any byte of the current body was read.
    pub(crate) fn has_received(&self) -> bool {
        self.state.lock().has_received()
    }

    /// Limits the current response to `bytes_per_second`.
    pub(crate) fn set_pace(&self, bytes_per_second: u64) {
        self.pace.store(bytes_per_second, Ordering::Relaxed);
    }

    /// Returns the rate limit of the current response, if any.
    pub(crate) fn pace(&self) -> Option<u64> {
        Some(self.pace.load(Ordering::Relaxed)).filter(|rate| *rate > 0)
    }

    /// Changes the bytes that replace hyper's. Returns the result of `change`.
    pub(crate) fn update_outgoing<T>(&self, change: impl FnOnce(&mut Outgoing) -> T) -> T {
        let mut outgoing = self.outgoing.lock();
        let changed = change(&mut outgoing);
        self.is_outgoing.store(!outgoing.is_plain(), Ordering::Relaxed);
        changed
    }

    /// Returns whether any bytes replace hyper's.
    pub(crate) fn is_outgoing(&self) -> bool {
        self.is_outgoing.load(Ordering::Relaxed)
    }

    /// Waits for `event`, unless the client leaves or the origin is reset first. A client that has
    /// closed its sending direction counts as gone.
    pub(crate) async fn wait_for<T>(
        &self,
        event: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        let epoch = self.state.lock().epoch().unwrap_or_else(|| self.shared.epoch.current());
        let mut reset = pin!(self.shared.epoch.ended(epoch));
        let mut gone = pin!(self.socket.closed_by_client());
        let mut event = pin!(event);
        poll_fn(|context| {
            if reset.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Interrupted::OriginReset));
            }
            if gone.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Interrupted::ClientGone));
            }
            event.as_mut().poll(context).map(Ok)
        })
        .await
    }

    /// Writes to the client. Fails if the request came before a reset.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_counted(|| self.socket.poll_write(context, bytes))
    }

    /// Does the same as [`poll_write`](Self::poll_write), from several buffers.
    pub(crate) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_counted(|| self.socket.poll_write_vectored(context, slices))
    }

    fn poll_counted(
        &self,
        write: impl FnOnce() -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state.lock();
        if state.epoch().is_some_and(|epoch| epoch != self.shared.epoch.current()) {
            return Poll::Ready(Err(Interrupted::OriginReset.into()));
        }
        let count = ready!(write())?;
        let effect = state.apply(ConnectionEvent::Written(count as u64));
        debug_assert!(matches!(effect, Effect::None));
        Poll::Ready(Ok(count))
    }
}

impl Drop for ConnectionRecorder {
    fn drop(&mut self) {
        let stopped = self.shared.is_stopping();
        if std::thread::panicking() {
            let index = self.index;
            let mut state = self.shared.lock();
            state
                .journal
                .record_internal_error(format!("a panic while serving connection {index}"));
        }
        self.close(if stopped { Outcome::Stopped } else { Outcome::ClientGone });
        // A head that hyper did not accept.
        self.report(ConnectionEvent::Unparsed(&[]));
        self.report(ConnectionEvent::Dropped { stopped });
    }
}
