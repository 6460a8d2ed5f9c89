//! The record of all connections and requests of an origin.
//!
//! The server writes the journal, event by event. All other modules read it through cheap
//! snapshots: records are shared, and copied only if they change while a snapshot exists. The
//! journal records and infers nothing. Start with [`Journal`] and [`Exchange`].

mod body_prefix;
mod connection;
mod escaped;
pub(crate) mod exchange;
mod framing;
mod head;
mod head_error;
mod mark;
mod ranges;
mod raw_head;
mod secrets;
pub(crate) mod selector;
mod shorten;
mod tls;
mod unparsed;

#[cfg(feature = "control")]
use std::ops::Range;
use std::sync::Arc;

pub use crate::blob::Digest;
pub use crate::storage::{
    Actor, ByteRange, CallId, Change, EndedToken, SessionId, StateChange, Timestamp,
};
pub use body_prefix::BodyPrefix;
use body_prefix::CutBodies;
pub use connection::{Connection, ConnectionEnd};
pub(crate) use escaped::{Escaped, escape_json, escape_line, escape_lines, is_unsafe, json_escape};
pub(crate) use exchange::Outcome;
pub use exchange::{BodyEnd, Call, Exchange, FaultRef, Instants, ResponseHead};
pub(crate) use framing::Framer;
pub use framing::{ChunkError, Framing};
pub use head::Head;
pub use head_error::HeadError;
pub use mark::{Mark, MarkEvent};
pub(crate) use ranges::RangeList;
pub(crate) use secrets::{Secrets, redacted, redacted_output, shown_line, shown_target};
pub(crate) use selector::Op;
pub use selector::Parts;
pub(crate) use shorten::shorten;
pub use tls::{Tls, TlsFailure};
pub(crate) use unparsed::is_request_prefix;
pub use unparsed::{Unparsed, UnparsedKind};

/// The number of bytes of a body that are kept as an excerpt.
pub(crate) const EXCERPT_BYTES: usize = 512;

/// The journal of one origin.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    connections: Vec<Arc<Connection>>,
    exchanges: Vec<Arc<Exchange>>,
    marks: Vec<Arc<Mark>>,
    cut_bodies: CutBodies,
    internal_errors: Vec<String>,
    /// The number of responses being written. It is updated with each change, because every
    /// assertion reads it.
    responding: usize,
    /// The number of open connections. It is updated with each change, because each end may be the
    /// last.
    connected: usize,
    /// The number of TLS handshakes in progress.
    handshaking: usize,
    /// The finished exchanges, in the order in which they ended.
    ended: Vec<u64>,
    /// The connections on which no request could be read or no byte came, or that a fault ended, in
    /// the order in which that happened.
    noted: Vec<u64>,
    /// The number of connections and exchanges before the last reset. Numbers are never reused.
    forgotten: Forgotten,
    /// Whether reports of its exchanges show secrets.
    secrets: Secrets,
    /// The number of changes, by which waiting code detects a change.
    version: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Forgotten {
    connections: u64,
    exchanges: u64,
    marks: u64,
    ended: usize,
    noted: usize,
}

impl Journal {
    /// Removes all records. Requests and connections that are in progress are not recorded any
    /// more.
    pub(crate) fn reset(&mut self) {
        let forgotten = Forgotten {
            connections: self.forgotten.connections + self.connections.len() as u64,
            exchanges: self.forgotten.exchanges + self.exchanges.len() as u64,
            marks: self.forgotten.marks + self.marks.len() as u64,
            ended: self.ended(),
            noted: self.forgotten.noted + self.noted.len(),
        };
        let (secrets, version) = (self.secrets, self.version + 1);
        *self = Self { forgotten, secrets, version, ..Self::default() };
    }

    /// Lets reports of its exchanges show secrets, or redact them.
    pub(crate) fn set_secrets(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    /// Returns whether reports of its exchanges show secrets.
    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets
    }

    /// Returns the connections in the order of acceptance.
    pub fn connections(&self) -> &[Arc<Connection>] {
        &self.connections
    }

    /// Returns the exchanges in the order in which their heads arrived.
    pub fn exchanges(&self) -> &[Arc<Exchange>] {
        &self.exchanges
    }

    /// Returns the exchange of that number.
    pub fn exchange(&self, index: u64) -> Option<&Arc<Exchange>> {
        let at = index.checked_sub(self.forgotten.exchanges)?;
        usize::try_from(at).ok().and_then(|at| self.exchanges.get(at))
    }

    /// Returns the numbers of the exchanges.
    #[cfg(feature = "control")]
    pub(crate) fn numbers(&self) -> Range<u64> {
        let first = self.forgotten.exchanges;
        first..first + self.exchanges.len() as u64
    }

    /// Returns the existing exchanges with a number in `range`.
    #[cfg(feature = "control")]
    pub(crate) fn exchanges_in(&self, range: Range<u64>) -> &[Arc<Exchange>] {
        let first = self.forgotten.exchanges;
        let at = |number: u64| usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        let end = at(range.end).min(self.exchanges.len());
        &self.exchanges[at(range.start).min(end)..end]
    }

    /// Returns whether an exchange has not ended.
    #[cfg(feature = "control")]
    pub(crate) fn has_open_exchanges(&self) -> bool {
        self.exchanges.len() > self.ended.len()
    }

    /// Returns the internal errors of the origin. Each is a bug of the origin, never of the client.
    pub fn internal_errors(&self) -> &[String] {
        &self.internal_errors
    }

    /// Records a connection. `make` receives its number.
    pub(crate) fn connect(&mut self, make: impl FnOnce(u64) -> Connection) -> u64 {
        self.version += 1;
        let index = self.forgotten.connections + self.connections.len() as u64;
        let connection = make(index);
        self.connected += usize::from(connection.closed.is_none());
        self.connections.push(Arc::new(connection));
        index
    }

    /// Records an exchange. `make` receives its number.
    pub(crate) fn open(&mut self, make: impl FnOnce(u64) -> Exchange) -> u64 {
        self.version += 1;
        let index = self.next_exchange();
        self.exchanges.push(Arc::new(make(index)));
        index
    }

    /// Returns the number that the next exchange will have.
    pub(crate) fn next_exchange(&self) -> u64 {
        self.forgotten.exchanges + self.exchanges.len() as u64
    }

    /// Records an event that belongs to no exchange, and returns the number of its mark.
    pub(crate) fn record_mark(&mut self, at: Instants, event: MarkEvent) -> u64 {
        self.record_mark_before(self.next_exchange(), at, event)
    }

    /// Records an event that happened when `next_exchange` was the number of the next exchange.
    pub(crate) fn record_mark_before(
        &mut self,
        next_exchange: u64,
        at: Instants,
        event: MarkEvent,
    ) -> u64 {
        self.version += 1;
        let index = self.forgotten.marks + self.marks.len() as u64;
        self.marks.push(Arc::new(Mark { index, at, next_exchange, event }));
        index
    }

    /// Returns the events that belong to no exchange, in the order in which they were recorded.
    pub fn marks(&self) -> &[Arc<Mark>] {
        &self.marks
    }

    /// Returns the marks with the number `first` or a higher one.
    pub(crate) fn marks_from(&self, first: u64) -> &[Arc<Mark>] {
        let at = usize::try_from(first.saturating_sub(self.forgotten.marks)).unwrap_or(usize::MAX);
        &self.marks[at.min(self.marks.len())..]
    }

    /// Returns the mark of that number.
    pub fn mark(&self, index: u64) -> Option<&Arc<Mark>> {
        let at = index.checked_sub(self.forgotten.marks)?;
        usize::try_from(at).ok().and_then(|at| self.marks.get(at))
    }

    /// Returns the step of the test by which protocol time passed `time`; `None` if it came by
    /// itself, or has not come.
    pub fn step_over(&self, time: Timestamp) -> Option<&Arc<Mark>> {
        self.marks.iter().find(|mark| mark.is_step_over(time))
    }

    /// Changes the record of an exchange by `change`.
    pub(crate) fn update(&mut self, exchange: u64, change: impl FnOnce(&mut Exchange)) {
        let at = exchange.checked_sub(self.forgotten.exchanges);
        let at = at.and_then(|at| usize::try_from(at).ok());
        let record = at.and_then(|at| self.exchanges.get_mut(at));
        let Some(record) = record.map(Arc::make_mut) else { return };
        self.version += 1;
        let is_responding = |record: &Exchange| usize::from(record.outcome == Outcome::Responding);
        let (before, was_over) = (is_responding(record), record.outcome.is_final());
        change(record);
        self.responding = self.responding + is_responding(record) - before;
        if record.outcome.is_final() && !was_over {
            self.ended.push(exchange);
        }
    }

    /// Records that the body of an exchange ended early. Later bodies for the same target are
    /// compared with it.
    pub(crate) fn record_cut_body(&mut self, exchange: u64) {
        let Some(record) = self.exchange(exchange).map(Arc::clone) else { return };
        if let Some(call) = record.calls.first() {
            self.cut_bodies.record(call, record.received);
        }
    }

    /// Returns the lengths at which earlier bodies for the target of a call ended early.
    pub(crate) fn cut_body_lengths(&self, call: &Call) -> &[u64] {
        self.cut_bodies.lengths(call)
    }

    /// Changes the record of a connection by `change`.
    pub(crate) fn update_connection(
        &mut self,
        connection: u64,
        change: impl FnOnce(&mut Connection),
    ) {
        let at = connection.checked_sub(self.forgotten.connections);
        let at = at.and_then(|at| usize::try_from(at).ok());
        if let Some(record) = at.and_then(|at| self.connections.get_mut(at)).map(Arc::make_mut) {
            self.version += 1;
            let is_open = |record: &Connection| usize::from(record.closed.is_none());
            let is_handshaking = |record: &Connection| usize::from(record.is_handshaking());
            let before = (is_open(record), is_handshaking(record));
            change(record);
            self.connected = self.connected + is_open(record) - before.0;
            self.handshaking = self.handshaking + is_handshaking(record) - before.1;
        }
    }

    /// Returns whether a connection has not ended.
    pub fn is_connected(&self) -> bool {
        self.connected > 0
    }

    /// Changes the record of a connection by `change`, and records that an event happened on it
    /// that belongs to no exchange.
    pub(crate) fn record_connection_event(
        &mut self,
        connection: u64,
        change: impl FnOnce(&mut Connection),
    ) {
        if connection >= self.forgotten.connections {
            self.noted.push(connection);
            self.update_connection(connection, change);
        }
    }

    /// Returns the connections with events that belong to no exchange, in the order of the events,
    /// after the first `seen`.
    pub(crate) fn connection_events_after(
        &self,
        seen: usize,
    ) -> impl Iterator<Item = &Arc<Connection>> {
        let seen = seen.saturating_sub(self.forgotten.noted);
        self.noted.iter().skip(seen).filter_map(|index| self.connection(*index))
    }

    /// Returns the connection of that number.
    pub fn connection(&self, index: u64) -> Option<&Arc<Connection>> {
        let at = index.checked_sub(self.forgotten.connections)?;
        usize::try_from(at).ok().and_then(|at| self.connections.get(at))
    }

    /// Records an internal error of the origin.
    pub(crate) fn record_internal_error(&mut self, what: impl Into<String>) {
        self.internal_errors.push(what.into());
    }

    /// Returns the number of exchanges that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.forgotten.ended + self.ended.len()
    }

    /// Returns the exchanges that ended after the first `seen`, in the order in which they ended.
    pub(crate) fn ended_after(&self, seen: usize) -> impl Iterator<Item = &Arc<Exchange>> {
        self.ended
            .iter()
            .skip(seen.saturating_sub(self.forgotten.ended))
            .filter_map(|index| self.exchange(*index))
    }

    /// Returns the number of changes.
    #[cfg(feature = "control")]
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns whether a response is being written, so that its record will be closed soon.
    pub(crate) fn is_responding(&self) -> bool {
        self.responding > 0
    }

    /// Returns whether a TLS handshake is in progress, so that its result will be recorded soon.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.handshaking > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(index: u64) -> Connection {
        let address = ([127, 0, 0, 1], 1).into();
        Connection {
            index,
            peer: address,
            local: address,
            opened: Instants::default(),
            closed: None,
            end: ConnectionEnd::Open,
            tls: None,
            unparsed: None,
            is_unused: false,
            drained: 0,
            fault: None,
            fault_injected: None,
        }
    }

    #[test]
    fn open_connections_are_counted() {
        let mut journal = Journal::default();
        let opened = [journal.connect(connection), journal.connect(connection)];
        for index in opened {
            assert!(journal.is_connected());
            for _ in 0..2 {
                journal
                    .update_connection(index, |record| record.closed = Some(Instants::default()));
            }
        }
        assert!(!journal.is_connected());
        let index = journal.connect(connection);
        journal.reset();
        journal.update_connection(index, |record| record.closed = Some(Instants::default()));
        assert!(!journal.is_connected());
    }
}
