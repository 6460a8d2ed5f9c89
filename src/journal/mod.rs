//! The record of all connections and requests of an origin.
//!
//! The server writes the journal, event by event. All other modules read it through cheap
//! snapshots: records are shared, and copied only if they change while a snapshot exists. The
//! journal records and infers nothing. Start with [`Journal`] and [`Exchange`].

mod body_prefix;
mod calls;
mod connection;
mod dropped;
mod escaped;
mod events;
pub(crate) mod exchange;
mod framing;
mod head;
mod head_error;
mod mark;
mod packed;
mod packer;
mod ranges;
mod raw_head;
mod response_head;
mod retention;
mod secrets;
pub(crate) mod selector;
mod shorten;
mod tls;
mod unparsed;

use std::collections::HashSet;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;

pub use crate::blob::Digest;
pub use crate::storage::{
    Actor, ByteRange, CallId, Change, EndedToken, Records, RecordsIter, SessionId, StateChange,
    Timestamp,
};
pub use body_prefix::BodyPrefix;
use body_prefix::CutBodies;
pub use calls::Calls;
pub use connection::{Connection, ConnectionEnd};
pub use dropped::Dropped;
pub(crate) use escaped::{Escaped, escape_line, escape_lines, json_escape};
#[cfg(feature = "report")]
pub(crate) use escaped::{escape_json, is_unsafe};
pub use events::Events;
pub(crate) use exchange::Outcome;
pub use exchange::{BodyEnd, Call, Exchange, FaultRef, Instants};
pub use framing::{ChunkError, Framing};
pub(crate) use framing::{Framer, Step};
pub use head::Head;
pub(crate) use head::{is_same_name, parse_decimal};
pub use head_error::HeadError;
pub use mark::{Mark, MarkEvent};
pub(crate) use packer::Packer;
pub(crate) use ranges::RangeList;
pub use response_head::ResponseHead;
pub(crate) use response_head::{push_header, push_number};
pub(crate) use retention::Retention;
#[cfg(feature = "check")]
pub(crate) use secrets::redacted_output;
#[cfg(feature = "report")]
pub(crate) use secrets::shown_target;
pub(crate) use secrets::{Secrets, redacted, shown_line};
pub(crate) use selector::Op;
pub use selector::Parts;
pub(crate) use shorten::shorten;
pub use tls::{Tls, TlsFailure};
pub(crate) use unparsed::is_request_prefix;
pub use unparsed::{Unparsed, UnparsedKind};

/// The number of bytes of a body that are kept as an excerpt.
pub(crate) const EXCERPT_BYTES: usize = 512;

/// The journal of one origin.
///
/// A clone shares the records. With a journal limit, and after
/// [`MockOrigin::clear_journal`](crate::MockOrigin::clear_journal), older records are gone;
/// [`Journal::dropped`] returns how many.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    connections: Records<Arc<Connection>>,
    exchanges: Records<Arc<Exchange>>,
    marks: Records<Arc<Mark>>,
    cut_bodies: CutBodies,
    internal_errors: Vec<String>,
    /// The number of calls of the exchanges. It is updated with each change, because a waiting test
    /// asks for it after every change.
    calls: usize,
    /// The number of exchanges that have not ended.
    open: usize,
    /// The number of responses being written. It is updated with each change, because every
    /// assertion reads it.
    responding: usize,
    /// The number of open connections. It is updated with each change, because each end may be the
    /// last.
    connected: usize,
    /// The number of TLS handshakes in progress.
    handshaking: usize,
    /// The numbers of finished exchanges, in the order in which they ended.
    ended: Records<Number>,
    /// The connections on which no request could be read or no byte came, or that a fault ended, in
    /// the order in which that happened.
    noted: Records<Number>,
    dropped: Dropped,
    /// The number of the first exchange since the last reset.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    first_exchange: u64,
    /// Whether reports of its exchanges show secrets.
    secrets: Secrets,
    /// The number of changes, by which waiting code detects a change.
    version: u64,
}

impl Journal {
    /// Removes all records. Requests and connections that are in progress are not recorded any
    /// more. Numbers are never reused.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            connections: Records::starting_at(self.connections.next_number()),
            exchanges: Records::starting_at(self.exchanges.next_number()),
            marks: Records::starting_at(self.marks.next_number()),
            ended: Records::starting_at(self.ended.next_number()),
            noted: Records::starting_at(self.noted.next_number()),
            first_exchange: self.exchanges.next_number(),
            secrets: self.secrets,
            version: self.version + 1,
            ..Self::default()
        };
    }

    /// Lets reports of its exchanges show secrets, or redact them.
    pub(crate) fn set_secrets(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    /// Returns whether reports of its exchanges show secrets.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets
    }

    /// Returns the connections in the order of acceptance.
    pub fn connections(&self) -> &Records<Arc<Connection>> {
        &self.connections
    }

    /// Returns the exchanges in the order in which their heads arrived.
    pub fn exchanges(&self) -> &Records<Arc<Exchange>> {
        &self.exchanges
    }

    /// Returns the exchange of that number, or `None` if there is none or it was dropped.
    pub fn exchange(&self, index: u64) -> Option<&Arc<Exchange>> {
        self.exchanges.by_number(index)
    }

    /// Returns the exchanges with a number in `range`.
    pub(crate) fn exchanges_in(&self, range: Range<u64>) -> impl Iterator<Item = &Arc<Exchange>> {
        self.exchanges.range(range).map(|(_, exchange)| exchange)
    }

    /// Returns a clone for one use. The older exchanges that it unpacks are freed with it, whereas those
    /// that other clones unpack are kept for the next clone until more requests are recorded.
    pub(crate) fn detached(&self) -> Self {
        Self { exchanges: self.exchanges.detached(), ..self.clone() }
    }

    /// Returns the number that the first exchange since the last reset has.
    #[cfg(feature = "control")]
    pub(crate) fn first_exchange(&self) -> u64 {
        self.first_exchange
    }

    /// Returns the number of calls of all exchanges.
    pub(crate) fn calls(&self) -> usize {
        self.calls
    }

    /// Returns what is no longer in the journal.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Returns whether an exchange has not ended.
    #[cfg(feature = "control")]
    pub(crate) fn has_open_exchanges(&self) -> bool {
        self.open > 0
    }

    /// Returns the internal errors of the origin. Each is a bug of the origin, never of the client.
    pub fn internal_errors(&self) -> &[String] {
        &self.internal_errors
    }

    /// Records a connection. `make` receives its number.
    pub(crate) fn connect(&mut self, make: impl FnOnce(u64) -> Connection) -> u64 {
        self.version += 1;
        let connection = make(self.connections.next_number());
        self.connected += usize::from(connection.closed.is_none());
        self.connections.push(Arc::new(connection))
    }

    /// Records an exchange. `make` receives its number.
    pub(crate) fn open(&mut self, make: impl FnOnce(u64) -> Exchange) -> u64 {
        self.version += 1;
        let exchange = make(self.next_exchange());
        self.calls += exchange.calls.len();
        self.open += 1;
        self.exchanges.push(Arc::new(exchange))
    }

    /// Returns the number that the next exchange will have.
    pub(crate) fn next_exchange(&self) -> u64 {
        self.exchanges.next_number()
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
        let index = self.marks.next_number();
        self.marks.push(Arc::new(Mark { index, at, next_exchange, event }))
    }

    /// Returns the events that belong to no exchange, in the order in which they were recorded.
    pub fn marks(&self) -> &Records<Arc<Mark>> {
        &self.marks
    }

    /// Returns the marks with the number `first` or a higher one.
    pub(crate) fn marks_from(&self, first: u64) -> impl Iterator<Item = &Arc<Mark>> {
        self.marks.range(first..u64::MAX).map(|(_, mark)| mark)
    }

    /// Returns the mark of that number.
    pub fn mark(&self, index: u64) -> Option<&Arc<Mark>> {
        self.marks.by_number(index)
    }

    /// Returns the step of the test by which protocol time passed `time`; `None` if it came by
    /// itself, or has not come.
    pub fn step_over(&self, time: Timestamp) -> Option<&Arc<Mark>> {
        self.marks.iter().find(|mark| mark.is_step_over(time))
    }

    /// Changes the record of an exchange by `change`.
    pub(crate) fn update(&mut self, exchange: u64, change: impl FnOnce(&mut Exchange)) {
        let Some(record) = self.exchanges.by_number_mut(exchange).map(Arc::make_mut) else {
            return;
        };
        self.version += 1;
        let is_responding = |record: &Exchange| usize::from(record.outcome == Outcome::Responding);
        let (before, was_over) = (is_responding(record), record.outcome.is_final());
        let calls = record.calls.len();
        change(record);
        self.calls = self.calls + record.calls.len() - calls;
        self.responding = self.responding + is_responding(record) - before;
        if record.outcome.is_final() && !was_over {
            self.open -= 1;
            self.ended.push(Number::new(exchange));
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

    /// Returns whether any body ended early.
    pub(crate) fn has_cut_bodies(&self) -> bool {
        !self.cut_bodies.is_empty()
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
        if let Some(record) = self.connections.by_number_mut(connection).map(Arc::make_mut) {
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
        if self.connection(connection).is_some() {
            self.noted.push(Number::new(connection));
            self.update_connection(connection, change);
        }
    }

    /// Returns the connections with events that belong to no exchange, in the order of the events,
    /// after the first `seen`.
    pub(crate) fn connection_events_after(&self, seen: usize) -> Events<Connection> {
        events_after(&self.noted, seen, |index| self.connection(index))
    }

    /// Returns the connection of that number, or `None` if there is none or it was dropped.
    pub fn connection(&self, index: u64) -> Option<&Arc<Connection>> {
        self.connections.by_number(index)
    }

    /// Records an internal error of the origin.
    pub(crate) fn record_internal_error(&mut self, what: impl Into<String>) {
        self.internal_errors.push(what.into());
    }

    /// Returns the number of exchanges that have ended.
    pub(crate) fn ended(&self) -> usize {
        usize::try_from(self.ended.next_number()).unwrap_or(usize::MAX)
    }

    /// Returns the exchanges that ended after the first `seen`, in the order in which they ended.
    pub(crate) fn ended_after(&self, seen: usize) -> Events<Exchange> {
        events_after(&self.ended, seen, |index| self.exchange(index))
    }

    /// Returns the number that the next connection will have.
    fn next_connection(&self) -> u64 {
        self.connections.next_number()
    }

    /// Drops an exchange that has ended.
    fn drop_exchange(&mut self, number: u64) {
        let Some(exchange) = self.exchanges.remove(number) else { return };
        self.calls -= exchange.calls.len();
        self.dropped.exchanges += 1;
        self.dropped.rejected += u64::from(exchange.is_rejected());
        self.dropped.complete_from = self.dropped.complete_from.max(number + 1);
    }

    /// Drops a connection that has ended.
    fn drop_connection(&mut self, number: u64) {
        self.dropped.connections += u64::from(self.connections.remove(number).is_some());
    }

    /// Drops all but the newest `limit` marks and events.
    fn drop_events(&mut self, limit: u64) {
        let is_over = |len: usize| len as u64 > limit;
        while is_over(self.marks.len())
            && let Some(mark) = self.marks.pop_front()
        {
            self.dropped.complete_from = self.dropped.complete_from.max(mark.next_exchange);
        }
        while is_over(self.ended.len()) && self.ended.pop_front().is_some() {}
        while is_over(self.noted.len()) && self.noted.pop_front().is_some() {}
    }

    /// Removes the records of everything that is over, and returns the number of removed exchanges.
    /// Numbers are never reused, and the counts of [`Dropped`] begin anew.
    pub(crate) fn clear(&mut self) -> u64 {
        self.version += 1;
        let earlier = std::mem::take(&mut self.dropped);
        let before = self.exchanges.len();
        // All packed exchanges are over.
        self.exchanges.remove_packed();
        let over = self.exchanges.iter().filter(|it| it.outcome.is_final());
        for number in over.map(|exchange| exchange.index).collect::<Vec<_>>() {
            self.exchanges.remove(number);
        }
        self.calls = self.exchanges.iter().map(|exchange| exchange.calls.len()).sum();
        let removed = (before - self.exchanges.len()) as u64;
        let cleared = earlier.cleared + earlier.exchanges + removed;
        self.dropped =
            Dropped { cleared, complete_from: self.next_exchange(), ..Dropped::default() };
        let used: HashSet<u64> = self.exchanges.iter().map(|it| it.connection).collect();
        let over = self.connections.iter().filter(|it| it.closed.is_some());
        let over = over.map(|it| it.index).filter(|index| !used.contains(index));
        for number in over.collect::<Vec<_>>() {
            self.connections.remove(number);
        }
        self.marks = Records::starting_at(self.marks.next_number());
        self.ended = Records::starting_at(self.ended.next_number());
        self.noted = Records::starting_at(self.noted.next_number());
        removed
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

/// The number of a record, in a form that needs 8 bytes as an optional record of a list.
#[derive(Clone, Copy, Debug)]
struct Number(NonZero<u64>);

impl Number {
    fn new(number: u64) -> Self {
        Self(NonZero::<u64>::MIN.saturating_add(number))
    }

    fn get(self) -> u64 {
        self.0.get() - 1
    }
}

/// Returns the records that a list of numbers names after the first `seen`.
fn events_after<'a, T: 'a>(
    numbers: &Records<Number>,
    seen: usize,
    find: impl Fn(u64) -> Option<&'a Arc<T>>,
) -> Events<T> {
    let as_usize = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let found = numbers.range(seen as u64..u64::MAX).filter_map(|(_, number)| find(number.get()));
    let events: Vec<_> = found.cloned().collect();
    let next = as_usize(numbers.next_number());
    Events { dropped: next.saturating_sub(seen) - events.len(), events, next }
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
