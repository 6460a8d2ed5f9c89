//! Recording state of one connection. The recording stream, the request handler and the body
//! reader report events here. Dropping it closes every exchange that is still open, so that no
//! request is lost from the journal. It decides no response. Start with [`ConnectionRecorder`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;

use crate::fault::ConnectionAction;
use crate::journal::{
    Connection, ConnectionEnd, FaultRef, Instants, Outcome, Unparsed, UnparsedKind,
};

use crate::server::connection::outgoing::Outgoing;
use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::socket::Socket;
use crate::server::shared::Shared;

/// Records one connection. Dropping it closes open exchanges in the journal, whatever ended the
/// connection.
#[derive(Debug)]
pub(crate) struct ConnectionRecorder {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: u64,
    /// The fault that applies to the connection.
    fault: Option<(FaultRef, ConnectionAction)>,
    /// Rate in bytes per second at which responses are written; 0 is no limit.
    pace: AtomicU64,
    /// Whether any bytes replace hyper's. While none do, no lock is taken.
    is_outgoing: AtomicBool,
    outgoing: Mutex<Outgoing>,
    now: Mutex<ConnectionState>,
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

/// The current state of the connection.
#[derive(Debug, Default)]
struct ConnectionState {
    /// A head that was passed to hyper and whose request is not served yet.
    head: Option<Box<[u8]>>,
    /// The open exchange.
    exchange: Option<u64>,
    /// The epoch in which the exchange began.
    epoch: u64,
    /// Bytes of its body that were read, and how many of them the journal knows.
    received: u64,
    recorded: u64,
    /// Bytes of the response that were passed to the network.
    written: u64,
    /// The outcome to record when the response is flushed.
    ready: Option<Outcome>,
    /// Whether the last response closes the connection.
    closing: bool,
    /// The bytes to write instead of a response from hyper.
    raw_response: Option<RawResponse>,
    /// Whether the connection's fault was injected.
    has_fired: bool,
    /// The status of a response that hyper gave by itself.
    refused: Option<u16>,
    /// The exchanges of a connection that a fault may end.
    exchanges: Vec<u64>,
    /// The latest exchange, even if it is closed.
    latest: Option<u64>,
    /// How many unparsed bytes are recorded.
    unparsed: usize,
    /// Whether the client has finished sending or is gone.
    client_finished: bool,
    end: Option<ConnectionEnd>,
    /// Bytes of the last body that were passed to hyper.
    passed: u64,
    drained: u64,
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
        Arc::new(Self {
            shared,
            index,
            fault,
            pace: AtomicU64::new(0),
            is_outgoing: AtomicBool::new(false),
            outgoing: Mutex::default(),
            now: Mutex::default(),
            socket,
        })
    }

    /// Returns the action of the connection's fault.
    pub(crate) fn fault(&self) -> Option<ConnectionAction> {
        self.fault.as_ref().map(|(_, action)| *action)
    }

    /// Records that the connection's fault was injected.
    pub(crate) fn record_fault_fired(&self) {
        let Some((fault_ref, _)) = &self.fault else { return };
        if std::mem::replace(&mut self.now.lock().has_fired, true) {
            return;
        }
        self.now.lock().end = Some(ConnectionEnd::ByFault);
        let exchanges = std::mem::take(&mut self.now.lock().exchanges);
        let mut state = self.shared.lock();
        state.faults.record_fired(fault_ref);
        for exchange in exchanges {
            state.journal.update(exchange, |record| record.faults.push(fault_ref.clone()));
        }
        let instants = state.instants();
        state.journal.record_connection_event(self.index, |record| {
            (record.fault, record.fault_injected) = (Some(fault_ref.clone()), Some(instants));
        });
    }

    /// Sets the bytes to write after hyper has released the connection, instead of a response.
    pub(crate) fn set_raw_response(&self, raw_response: RawResponse) {
        self.now.lock().raw_response = Some(raw_response);
    }

    /// Takes the bytes to write instead of a response.
    pub(crate) fn take_raw_response(&self) -> Option<RawResponse> {
        self.now.lock().raw_response.take()
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

    /// Records that the recording stream has read a complete head.
    pub(crate) fn record_head(&self, head: Box<[u8]>) {
        self.now.lock().head = Some(head);
    }

    /// Takes the head that hyper has accepted.
    pub(crate) fn take_head(&self) -> Option<Box<[u8]>> {
        let mut now = self.now.lock();
        let head = now.head.take();
        // Bytes that looked invalid may still be a request with an unusual method.
        if head.is_some() && std::mem::take(&mut now.unparsed) > 0 {
            drop(now);
            let mut state = self.shared.lock();
            state.journal.update_connection(self.index, |record| record.unparsed = None);
        }
        head
    }

    /// Records, once, that no request can be read from the last head that was passed to hyper, or
    /// from `partial`, which may grow.
    pub(crate) fn record_unparsed(&self, partial: &[u8]) {
        let mut now = self.now.lock();
        let bytes: Box<[u8]> = now.head.clone().unwrap_or_else(|| partial.into());
        if bytes.is_empty() || bytes.len() == now.unparsed && now.refused.is_none() {
            return;
        }
        let is_new = std::mem::replace(&mut now.unparsed, bytes.len()) == 0;
        let (behind, status) = (now.latest, now.refused);
        drop(now);
        let kind = UnparsedKind::classify(&bytes, behind.is_some(), status.is_some());
        let mut state = self.shared.lock();
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

    /// Returns whether `bytes`, which hyper is about to write, are a response by hyper itself.
    pub(crate) fn detect_own_response(&self, bytes: &[u8]) -> bool {
        let mut now = self.now.lock();
        let status = status_of(bytes).filter(|_| now.exchange.is_none());
        now.refused = status.or(now.refused);
        status.is_some()
    }

    /// Returns whether no more requests can be read.
    pub(crate) fn is_unparsed(&self) -> bool {
        self.now.lock().unparsed > 0
    }

    /// Records that an exchange was opened in `epoch`.
    pub(crate) fn record_opened(&self, exchange: u64, epoch: u64) {
        let mut now = self.now.lock();
        (now.exchange, now.latest, now.epoch) = (Some(exchange), Some(exchange), epoch);
        if self.fault.is_some() {
            now.exchanges.push(exchange);
        }
        (now.received, now.recorded, now.written, now.ready) = (0, 0, 0, None);
        drop(now);
        self.set_pace(0);
        if self.is_outgoing() {
            self.update_outgoing(|outgoing| outgoing.withhold_continue(false));
        }
    }

    /// Sets the number of body bytes read so far.
    pub(crate) fn set_received(&self, bytes: u64) {
        self.now.lock().received = bytes;
    }

    /// Returns whether any byte of the current body was read.
    pub(crate) fn has_received(&self) -> bool {
        self.now.lock().received > 0
    }

    /// Writes the number of body bytes read into the journal, for concurrent readers.
    pub(crate) fn record_received(&self) {
        let (exchange, received) = {
            let mut now = self.now.lock();
            let Some(exchange) = now.exchange.filter(|_| now.recorded < now.received) else {
                return;
            };
            now.recorded = now.received;
            (exchange, now.received)
        };
        self.shared.lock().journal.update(exchange, |record| record.received = received);
    }

    /// Waits for `event`, unless the client leaves or the origin is reset first. A client that has
    /// closed its sending direction counts as gone.
    pub(crate) async fn wait_for<T>(
        &self,
        event: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        let epoch = self.epoch();
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

    /// Returns the epoch of the open exchange.
    fn epoch(&self) -> u64 {
        let now = self.now.lock();
        if now.exchange.is_some() { now.epoch } else { self.shared.epoch.current() }
    }

    /// Writes to the client. Fails if the request came before a reset.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_epoch()?;
        let count = ready!(self.socket.poll_write(context, bytes))?;
        self.record_written(count);
        Poll::Ready(Ok(count))
    }

    /// Does the same as [`poll_write`](Self::poll_write), from several buffers.
    pub(crate) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_epoch()?;
        let count = ready!(self.socket.poll_write_vectored(context, slices))?;
        self.record_written(count);
        Poll::Ready(Ok(count))
    }

    fn check_epoch(&self) -> Result<(), Interrupted> {
        let is_over = self.epoch() != self.shared.epoch.current();
        if is_over { Err(Interrupted::OriginReset) } else { Ok(()) }
    }

    /// Records that bytes were passed to the network.
    fn record_written(&self, count: usize) {
        self.now.lock().written += count as u64;
    }

    /// Records that hyper has all bytes of a stored file.
    pub(crate) fn record_file_passed(&self) {
        let Some(exchange) = self.now.lock().exchange else { return };
        let mut state = self.shared.lock();
        state.journal.update(exchange, |record| record.outcome = Outcome::Responding);
    }

    /// Records that hyper has the response. `outcome` is recorded when it is flushed.
    pub(crate) fn record_response(&self, outcome: Outcome, closing: bool) {
        let mut now = self.now.lock();
        now.ready = Some(outcome);
        now.closing = closing;
    }

    /// Records that all of hyper's bytes were passed to the network. Returns whether that ended a
    /// response.
    pub(crate) fn record_flushed(&self) -> bool {
        let ready = self.now.lock().ready.take();
        if let Some(outcome) = ready {
            self.close(outcome);
        }
        ready.is_some()
    }

    /// Closes the open exchange, if there is one.
    pub(crate) fn close(&self, outcome: Outcome) {
        let (exchange, received, written) = {
            let mut now = self.now.lock();
            let Some(exchange) = now.exchange.take() else { return };
            (exchange, now.received, now.written)
        };
        let mut state = self.shared.lock();
        let instants = state.instants();
        state.journal.update(exchange, |record| {
            record.outcome = outcome;
            record.received = received;
            record.written = written;
            record.closed = Some(instants);
        });
    }

    /// Records that the client will send nothing more.
    pub(crate) fn record_client_finished(&self) {
        self.now.lock().client_finished = true;
    }

    /// Records how many bytes of the last body were passed to hyper.
    pub(crate) fn record_passed(&self, count: u64) {
        self.now.lock().passed = count;
    }

    /// Records bytes that were discarded after an early error response.
    pub(crate) fn record_drained(&self, count: u64) {
        self.now.lock().drained += count;
    }

    /// Records that hyper is done with the connection.
    pub(crate) fn record_ended(&self, cleanly: bool) {
        let mut now = self.now.lock();
        let end = match (now.closing, cleanly) {
            (false, false) => ConnectionEnd::Broken,
            (false, true) if now.client_finished => ConnectionEnd::ByClient,
            // The origin closed it, or the client asked for that: HTTP/1.0, or `Connection:
            // close`.
            _ => ConnectionEnd::ByOrigin,
        };
        now.end.get_or_insert(end);
    }

    /// Records that a fault on an exchange ended the connection; `drained` if the remaining bytes
    /// were discarded.
    pub(crate) fn record_ended_by_fault(&self, drained: bool) {
        let mut now = self.now.lock();
        (now.end, now.closing) = (Some(ConnectionEnd::ByFault), drained);
    }

    fn close_connection(&self, stopped: bool) {
        let now = std::mem::take(&mut *self.now.lock());
        // Bytes after a closing response have not ended the connection.
        let is_bad = now.unparsed > 0 && !now.closing;
        let end = match now.end {
            _ if is_bad => ConnectionEnd::BadHead(now.refused.unwrap_or(0)),
            Some(end) => end,
            None if stopped => ConnectionEnd::Stopped,
            None => ConnectionEnd::Broken,
        };
        // hyper reads some of a body before anybody asks for it.
        let unread = now.passed.saturating_sub(now.received);
        let mut state = self.shared.lock();
        let instants = state.instants();
        if let Some((fault_ref, _)) = self.fault.as_ref().filter(|_| !now.has_fired) {
            state.faults.record_skip(fault_ref, skip_reason(end));
        }
        state.journal.update_connection(self.index, |record| {
            record.closed = Some(instants);
            record.end = end;
            record.drained = now.drained + if now.closing { unread } else { 0 };
        });
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
        // A head that hyper did not pass on.
        self.record_unparsed(&[]);
        self.close_connection(stopped);
    }
}

/// Returns what ended a connection before its fault was injected.
fn skip_reason(end: ConnectionEnd) -> &'static str {
    match end {
        ConnectionEnd::ByClient => "the client closed it first",
        ConnectionEnd::ByOrigin => {
            "the origin closed it after the last response (Connection: close, or HTTP/1.0)"
        }
        ConnectionEnd::BadHead(_) => "it ended first, with invalid HTTP",
        ConnectionEnd::ByFault => "a fault on a call ended it first",
        ConnectionEnd::Stopped => "the origin was stopped first",
        ConnectionEnd::Open | ConnectionEnd::Broken => "it broke first",
    }
}

/// Returns the status in the status line of a response.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()
}
