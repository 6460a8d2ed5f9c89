//! What tap, service and body of one connection know together.

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
use crate::server::state::Shared;

/// One connection's side of the record. Dropping it closes what is still open in the journal, so
/// that no request can vanish from it, whatever ended the connection.
#[derive(Debug)]
pub(crate) struct ConnectionRecorder {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: u64,
    /// What a fault does to the connection.
    fault: Option<(FaultRef, ConnectionAction)>,
    /// Bytes a second at which answers are written; 0 is no limit.
    pace: AtomicU64,
    /// Whether anything goes out in place of hyper's bytes; while nothing does, nobody locks.
    is_outgoing: AtomicBool,
    outgoing: Mutex<Outgoing>,
    now: Mutex<ConnectionState>,
    /// The last field: the socket is closed when everything is in the record, so that a client that
    /// has seen its end finds it there.
    pub(crate) socket: Socket,
}

/// Why the origin waits no longer, although what it waits for has not come.
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

/// What the connection is at.
#[derive(Debug, Default)]
struct ConnectionState {
    /// A head that hyper has been given and that no service has asked for yet.
    head: Option<Box<[u8]>>,
    /// The exchange whose record is open.
    exchange: Option<u64>,
    /// The epoch in which it began.
    epoch: u64,
    /// Bytes of its body that were read, and how many of them the record knows of.
    received: u64,
    noted: u64,
    /// Bytes of its answer that were handed to the network.
    written: u64,
    /// The outcome that its record will have when the answer has been flushed.
    ready: Option<Outcome>,
    /// Whether the last answer closes the connection.
    closing: bool,
    /// What is written in place of an answer that hyper is not given.
    raw_response: Option<RawResponse>,
    /// Whether the connection's fault has done what it does.
    has_fired: bool,
    /// The status that hyper answered by itself.
    refused: Option<u16>,
    /// The exchanges of a connection that a fault may end.
    exchanges: Vec<u64>,
    /// The latest exchange, also when its record is closed.
    latest: Option<u64>,
    /// How many of the bytes are recorded from which no request could be read.
    unparsed: usize,
    /// Whether the client has nothing more to say, or has gone.
    client_finished: bool,
    end: Option<ConnectionEnd>,
    /// Bytes of the last body that hyper was given.
    handed_on: u64,
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
        let fault = state.faults.strike_connection();
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

    /// What a fault does to the connection.
    pub(crate) fn fault(&self) -> Option<ConnectionAction> {
        self.fault.as_ref().map(|(_, action)| *action)
    }

    /// The connection's fault does now what it does.
    pub(crate) fn fault_fires(&self) {
        let Some((struck, _)) = &self.fault else { return };
        if std::mem::replace(&mut self.now.lock().has_fired, true) {
            return;
        }
        self.now.lock().end = Some(ConnectionEnd::ByFault);
        let exchanges = std::mem::take(&mut self.now.lock().exchanges);
        let mut state = self.shared.lock();
        state.faults.record_fired(struck);
        for exchange in exchanges {
            state.journal.update(exchange, |record| record.faults.push(struck.clone()));
        }
        let instants = state.instants();
        state.journal.note_connection(self.index, |record| {
            (record.fault, record.struck) = (Some(struck.clone()), Some(instants));
        });
    }

    /// Instead of an answer from hyper this is to be written when hyper has let go.
    pub(crate) fn end_with(&self, raw_response: RawResponse) {
        self.now.lock().raw_response = Some(raw_response);
    }

    /// What is to be written instead of an answer.
    pub(crate) fn take_script(&self) -> Option<RawResponse> {
        self.now.lock().raw_response.take()
    }

    /// The present answer is written no faster than so many bytes a second.
    pub(crate) fn set_pace(&self, bytes_per_second: u64) {
        self.pace.store(bytes_per_second, Ordering::Relaxed);
    }

    /// How fast the present answer is written, if there is a limit to that.
    pub(crate) fn pace(&self) -> Option<u64> {
        Some(self.pace.load(Ordering::Relaxed)).filter(|rate| *rate > 0)
    }

    /// Changes what goes out in place of hyper's bytes, and says what `change` does.
    pub(crate) fn update_outgoing<T>(&self, change: impl FnOnce(&mut Outgoing) -> T) -> T {
        let mut outgoing = self.outgoing.lock();
        let changed = change(&mut outgoing);
        self.is_outgoing.store(!outgoing.is_plain(), Ordering::Relaxed);
        changed
    }

    /// Whether anything goes out in place of hyper's bytes.
    pub(crate) fn is_outgoing(&self) -> bool {
        self.is_outgoing.load(Ordering::Relaxed)
    }

    /// The tap has seen a whole head.
    pub(crate) fn head_seen(&self, head: Box<[u8]>) {
        self.now.lock().head = Some(head);
    }

    /// The service takes the head that hyper has found good.
    pub(crate) fn take_head(&self) -> Option<Box<[u8]>> {
        let mut now = self.now.lock();
        let head = now.head.take();
        // What began like no request may turn out to be one, with a method of its own.
        if head.is_some() && std::mem::take(&mut now.unparsed) > 0 {
            drop(now);
            let mut state = self.shared.lock();
            state.journal.update_connection(self.index, |record| record.unparsed = None);
        }
        head
    }

    /// No request can be read from the head that hyper was given last, or from `partial`, which may
    /// grow. Records that, once.
    pub(crate) fn record_unparsed(&self, partial: &[u8]) {
        let mut now = self.now.lock();
        let bytes: Box<[u8]> = now.head.clone().unwrap_or_else(|| partial.into());
        if bytes.is_empty() || bytes.len() == now.unparsed && now.refused.is_none() {
            return;
        }
        let is_new = std::mem::replace(&mut now.unparsed, bytes.len()) == 0;
        let (behind, status) = (now.latest, now.refused);
        drop(now);
        let kind = UnparsedKind::of(&bytes, behind.is_some(), status.is_some());
        let mut state = self.shared.lock();
        let at = state.instants();
        let record = move |record: &mut Connection| {
            let at = record.unparsed.as_ref().map_or(at, |earlier| earlier.at);
            record.unparsed = Some(Unparsed { kind, bytes, at, behind, status });
        };
        if is_new {
            state.journal.note_connection(self.index, record);
        } else {
            state.journal.update_connection(self.index, record);
        }
    }

    /// hyper is about to write `bytes`; says whether it answers by itself, as nobody else does.
    pub(crate) fn is_refusal(&self, bytes: &[u8]) -> bool {
        let mut now = self.now.lock();
        let status = status_of(bytes).filter(|_| now.exchange.is_none());
        now.refused = status.or(now.refused);
        status.is_some()
    }

    /// Whether it is known that no request can be read any more.
    pub(crate) fn is_unparsed(&self) -> bool {
        self.now.lock().unparsed > 0
    }

    /// A record has been opened, in that epoch.
    pub(crate) fn opened(&self, exchange: u64, epoch: u64) {
        let mut now = self.now.lock();
        (now.exchange, now.latest, now.epoch) = (Some(exchange), Some(exchange), epoch);
        if self.fault.is_some() {
            now.exchanges.push(exchange);
        }
        (now.received, now.noted, now.written, now.ready) = (0, 0, 0, None);
        drop(now);
        self.set_pace(0);
        if self.is_outgoing() {
            self.update_outgoing(|outgoing| outgoing.withhold_continue(false));
        }
    }

    /// So much of the body has been read in all.
    pub(crate) fn received(&self, bytes: u64) {
        self.now.lock().received = bytes;
    }

    /// Whether any of the present body has been read.
    pub(crate) fn has_received(&self) -> bool {
        self.now.lock().received > 0
    }

    /// Notes in the record how much of the body has been read, for those who look meanwhile.
    pub(crate) fn record_received(&self) {
        let (exchange, received) = {
            let mut now = self.now.lock();
            let Some(exchange) = now.exchange.filter(|_| now.noted < now.received) else { return };
            now.noted = now.received;
            (exchange, now.received)
        };
        self.shared.lock().journal.update(exchange, |record| record.received = received);
    }

    /// Waits for `event`, unless the client goes away or the origin is reset meanwhile. A client that
    /// has closed its sending direction counts as gone.
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

    /// The epoch to which what the connection is at belongs.
    fn epoch(&self) -> u64 {
        let now = self.now.lock();
        if now.exchange.is_some() { now.epoch } else { self.shared.epoch.current() }
    }

    /// Writes to the client. A request that came before a reset is not answered any more.
    pub(crate) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_epoch()?;
        let count = ready!(self.socket.poll_write(context, bytes))?;
        self.wrote(count);
        Poll::Ready(Ok(count))
    }

    /// As [`poll_write`](Self::poll_write), from several buffers.
    pub(crate) fn poll_write_vectored(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_epoch()?;
        let count = ready!(self.socket.poll_write_vectored(context, slices))?;
        self.wrote(count);
        Poll::Ready(Ok(count))
    }

    fn check_epoch(&self) -> Result<(), Interrupted> {
        let is_over = self.epoch() != self.shared.epoch.current();
        if is_over { Err(Interrupted::OriginReset) } else { Ok(()) }
    }

    /// The tap has handed bytes to the network.
    fn wrote(&self, count: usize) {
        self.now.lock().written += count as u64;
    }

    /// The last of a stored file has left for hyper.
    pub(crate) fn all_given(&self) {
        let Some(exchange) = self.now.lock().exchange else { return };
        let mut state = self.shared.lock();
        state.journal.update(exchange, |record| record.outcome = Outcome::Responding);
    }

    /// The answer has left for hyper; `outcome` is what the record says once it is flushed.
    pub(crate) fn answered(&self, outcome: Outcome, closing: bool) {
        let mut now = self.now.lock();
        now.ready = Some(outcome);
        now.closing = closing;
    }

    /// All that hyper had to write has been handed to the network; says whether an answer ended
    /// with that.
    pub(crate) fn flushed(&self) -> bool {
        let ready = self.now.lock().ready.take();
        if let Some(outcome) = ready {
            self.close(outcome);
        }
        ready.is_some()
    }

    /// Closes the record that is open, if there is one.
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

    /// The client will send nothing more.
    pub(crate) fn client_finished(&self) {
        self.now.lock().client_finished = true;
    }

    /// The tap ended after it had handed on so many bytes of the last body.
    pub(crate) fn handed_on(&self, count: u64) {
        self.now.lock().handed_on = count;
    }

    /// Bytes were thrown away behind an early refusal.
    pub(crate) fn drained(&self, count: u64) {
        self.now.lock().drained += count;
    }

    /// hyper is done with the connection.
    pub(crate) fn ended(&self, cleanly: bool) {
        let mut now = self.now.lock();
        let end = match (now.closing, cleanly) {
            (false, false) => ConnectionEnd::Broken,
            (false, true) if now.client_finished => ConnectionEnd::ByClient,
            // By its own will, or because the client asked: HTTP/1.0, or `Connection: close`.
            _ => ConnectionEnd::Normal,
        };
        now.end.get_or_insert(end);
    }

    /// A fault on an exchange has ended the connection; `drained` if the rest was thrown away.
    pub(crate) fn ended_by_fault(&self, drained: bool) {
        let mut now = self.now.lock();
        (now.end, now.closing) = (Some(ConnectionEnd::ByFault), drained);
    }

    fn close_connection(&self, stopped: bool) {
        let now = std::mem::take(&mut *self.now.lock());
        // What came behind a closing answer has not ended the connection.
        let is_bad = now.unparsed > 0 && !now.closing;
        let end = match now.end {
            _ if is_bad => ConnectionEnd::BadHead(now.refused.unwrap_or(0)),
            Some(end) => end,
            None if stopped => ConnectionEnd::Stopped,
            None => ConnectionEnd::Broken,
        };
        // hyper takes some of a body before anybody has asked for it.
        let unread = now.handed_on.saturating_sub(now.received);
        let mut state = self.shared.lock();
        let instants = state.instants();
        if let Some((struck, _)) = self.fault.as_ref().filter(|_| !now.has_fired) {
            state.faults.record_skip(struck, ended_first(end));
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

/// What ended a connection before its fault could.
fn ended_first(end: ConnectionEnd) -> &'static str {
    match end {
        ConnectionEnd::ByClient => "the client closed it before that",
        ConnectionEnd::Normal => {
            "the origin closed it by itself behind its last answer (Connection: close, or HTTP/1.0)"
        }
        ConnectionEnd::BadHead(_) => "it ended before that, with what was no HTTP",
        ConnectionEnd::ByFault => "a fault on a call ended it before that",
        ConnectionEnd::Stopped => "the origin was stopped before that",
        ConnectionEnd::Open | ConnectionEnd::Broken => "it broke before that",
    }
}

/// The status in the first line of an answer.
fn status_of(bytes: &[u8]) -> Option<u16> {
    let rest = bytes.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()
}
