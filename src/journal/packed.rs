//! Older exchanges in a compact form: a long run has hundreds of thousands, and hardly any is read
//! before the end.
//!
//! Exchanges resemble each other. What most have in common is kept once for many, in a [`Template`].
//! Heads, paths and excerpts are kept as far as they differ from those of the previous exchange, times
//! as distances, and numbers in as few bytes as they need. An exchange with rare facts stays as it is.
//! Reading gives back every field as it was. This module does not decide what is packed, or when. Start
//! with [`Packing::push`] and [`Packed`].

mod codec;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::blob::Digest;
use crate::storage::{Pack, Timestamp};

use codec::{Reader, Writer};

use super::{BodyEnd, Call, Calls, Exchange, Head, Instants, Outcome, ResponseHead};

/// The records of a block.
pub(super) type Slots = [Option<Arc<Exchange>>];

/// The first exchanges of a block in the compact form, to which more are added.
#[derive(Debug, Default)]
pub(super) struct Packing {
    kinds: Vec<Kind>,
    /// The compact exchanges, as [`Packing::write`] wrote them. The allocation is used again for the next
    /// block.
    bytes: Vec<u8>,
    templates: Vec<Template>,
    whole: Vec<Arc<Exchange>>,
    /// The slot of the latest compact exchange.
    previous: Option<usize>,
}

/// A block of exchanges in the compact form.
struct Packed {
    /// The number of the first slot.
    first: u64,
    /// One for each slot.
    kinds: Box<[Kind]>,
    bytes: Box<[u8]>,
    templates: Box<[Template]>,
    /// The exchanges that stay as they are.
    whole: Box<[Arc<Exchange>]>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Gone,
    Whole,
    /// It has the template with this index.
    Compact(u8),
}

/// What many exchanges have in common.
#[derive(Debug)]
struct Template {
    body_end: Option<BodyEnd>,
    outcome: Outcome,
    /// The only call, without path and part number.
    call: Call,
    /// The response, without the headers of its own.
    response: Option<ResponseHead>,
}

/// An exchange looks for its template among this many.
const NEWEST_TEMPLATES: usize = 8;

// Which facts an exchange has.
const PART: u16 = 1;
const PATH: u16 = 1 << 1;
/// The path is that of the previous exchange.
const SAME_PATH: u16 = 1 << 2;
const DIGEST: u16 = 1 << 3;
/// The digest is that of the previous exchange.
const SAME_DIGEST: u16 = 1 << 4;
const LAST_BYTE: u16 = 1 << 5;
const CONTINUED: u16 = 1 << 6;
const COMMITTED: u16 = 1 << 7;
const RESPONSE_STARTED: u16 = 1 << 8;
const CLOSED: u16 = 1 << 9;
/// The headers that the response shares with no other are those of the previous one.
const SAME_OWN_HEADERS: u16 = 1 << 10;
const SAME_EXCERPT: u16 = 1 << 11;
/// Protocol time went on like real time since the previous exchange was opened.
const STEADY: u16 = 1 << 12;

impl Packing {
    /// Appends the next exchange of the block `slots`.
    pub(super) fn push(&mut self, slots: &Slots) {
        let at = self.kinds.len();
        let kind = match &slots[at] {
            None => Kind::Gone,
            Some(exchange) => {
                let start = self.bytes.len();
                let previous = self.previous.and_then(|at| slots[at].as_deref());
                if let Some(template) = self.write(exchange, previous) {
                    self.previous = Some(at);
                    Kind::Compact(template)
                } else {
                    self.bytes.truncate(start);
                    self.whole.push(Arc::clone(exchange));
                    Kind::Whole
                }
            }
        };
        self.kinds.push(kind);
    }

    /// Returns the block, whose first slot has the number `first`, and begins the next one.
    pub(super) fn finish(&mut self, first: u64) -> Arc<dyn Pack<Arc<Exchange>>> {
        let packed = Packed {
            first,
            kinds: self.kinds.as_slice().into(),
            bytes: self.bytes.as_slice().into(),
            templates: self.templates.drain(..).collect(),
            whole: self.whole.drain(..).collect(),
        };
        self.clear();
        Arc::new(packed)
    }

    /// Forgets the exchanges.
    pub(super) fn clear(&mut self) {
        self.kinds.clear();
        self.bytes.clear();
        self.templates.clear();
        self.whole.clear();
        self.previous = None;
    }

    /// Appends what the template of an exchange lacks, and returns the index of the template, or `None` if
    /// the exchange must stay as it is.
    fn write(&mut self, exchange: &Exchange, previous: Option<&Exchange>) -> Option<u8> {
        let call = only_usual_facts(exchange)?;
        let template = self.find_template(exchange, call)?;
        let Exchange { head, digest, excerpt, .. } = exchange;
        let last = previous.map(Last::of).unwrap_or_default();
        let times = Times::new(exchange, last.opened)?;
        let [continued, committed, response_started, closed] = times.others;
        let own_headers = own_headers(exchange);
        let has_same_headers = own_headers == last.own_headers;
        let is_same_excerpt = **excerpt == *last.excerpt;
        let is_same_path = call.path.is_some() && call.path.as_deref() == last.path;
        let is_same_digest = digest.is_some() && *digest == last.digest;
        let flags = flag(PART, call.part.is_some())
            | flag(PATH, call.path.is_some())
            | flag(SAME_PATH, is_same_path)
            | flag(DIGEST, digest.is_some())
            | flag(SAME_DIGEST, is_same_digest)
            | flag(LAST_BYTE, exchange.last_byte.is_some())
            | flag(CONTINUED, continued.is_some())
            | flag(COMMITTED, committed.is_some())
            | flag(RESPONSE_STARTED, response_started.is_some())
            | flag(CLOSED, closed.is_some())
            | flag(SAME_OWN_HEADERS, has_same_headers)
            | flag(SAME_EXCERPT, is_same_excerpt)
            | flag(STEADY, times.is_steady);
        let writer = &mut Writer(&mut self.bytes);
        writer.number(flags.into());
        writer.distance(last.connection, exchange.connection);
        writer.difference(last.head, head.raw());
        writer.number(head.lines() as u64);
        if !has_same_headers {
            writer.difference(last.own_headers, own_headers);
        }
        if !is_same_excerpt {
            writer.difference(last.excerpt, excerpt);
        }
        writer.number(exchange.received);
        writer.number(exchange.written);
        if let Some(part) = call.part {
            writer.number(part.into());
        }
        if let Some(path) = call.path.as_deref().filter(|_| !is_same_path) {
            writer.difference(last.path.unwrap_or_default().as_bytes(), path.as_bytes());
        }
        if let Some(digest) = digest.filter(|_| !is_same_digest) {
            writer.bytes(digest.as_bytes());
        }
        times.opened.write(last.opened, times.is_steady, writer);
        if let Some(last_byte) = exchange.last_byte {
            writer.distance(times.opened.elapsed, nanos(last_byte)?);
        }
        for time in times.others.into_iter().flatten() {
            time.write(times.opened, times.is_steady, writer);
        }
        Some(template)
    }

    /// Returns the index of the template of an exchange with this only call.
    fn find_template(&mut self, exchange: &Exchange, call: &Call) -> Option<u8> {
        let response = exchange.response.as_deref();
        let newest = self.templates.len().saturating_sub(NEWEST_TEMPLATES);
        let is_same = |template: &Template| {
            (template.body_end, template.outcome) == (exchange.body_end, exchange.outcome)
                && differs_only_in_target(&template.call, call)
                && match (&template.response, response) {
                    (Some(one), Some(other)) => one.differs_only_in_own(other),
                    (one, other) => one.is_none() && other.is_none(),
                }
        };
        let found = self.templates[newest..].iter().rposition(is_same);
        let index = found.map_or(self.templates.len(), |at| newest + at);
        if found.is_none() {
            self.templates.push(Template {
                body_end: exchange.body_end,
                outcome: exchange.outcome,
                call: Call { path: None, part: None, ..call.clone() },
                response: response.map(|response| response.with_own(Box::default())),
            });
        }
        // A block has at most 256 exchanges, and so at most 256 templates.
        u8::try_from(index).ok()
    }
}

/// Returns the only call of an exchange, if it has only facts that the compact form keeps.
fn only_usual_facts(exchange: &Exchange) -> Option<&Call> {
    // Each field is named, so that a new one is not forgotten.
    let Exchange {
        index: _,
        connection: _,
        head,
        head_error: None,
        framing,
        body_end: _,
        chunk_error: None,
        received: _,
        digest: _,
        partial_digest: None,
        prefixes,
        last_byte: _,
        excerpt: _,
        body: None,
        calls,
        response: _,
        written: _,
        faults,
        opened: _,
        continued: _,
        committed: _,
        is_deferred: false,
        response_started: _,
        closed: _,
        outcome: _,
    } = exchange
    else {
        return None;
    };
    let [call] = &**calls else { return None };
    let is_usual = prefixes.is_empty()
        && faults.is_empty()
        && call.ended_token.is_none()
        && *framing == head.framing();
    is_usual.then_some(call)
}

fn flag(flag: u16, is_set: bool) -> u16 {
    if is_set { flag } else { 0 }
}

impl Pack<Arc<Exchange>> for Packed {
    fn unpack(&self) -> Vec<Option<Arc<Exchange>>> {
        let mut reader = Reader(&self.bytes);
        let mut whole = self.whole.iter();
        let mut previous: Option<Arc<Exchange>> = None;
        let unpack = |(index, kind): (u64, &Kind)| match kind {
            Kind::Gone => None,
            Kind::Whole => whole.next().cloned(),
            Kind::Compact(template) => {
                let template = &self.templates[usize::from(*template)];
                let exchange = Arc::new(read(index, template, previous.as_deref(), &mut reader));
                previous = Some(Arc::clone(&exchange));
                Some(exchange)
            }
        };
        (self.first..).zip(&self.kinds).map(unpack).collect()
    }
}

/// Returns the exchange of that number, as [`Packing::write`] wrote it.
fn read(
    index: u64,
    template: &Template,
    previous: Option<&Exchange>,
    reader: &mut Reader<'_>,
) -> Exchange {
    let last = previous.map(Last::of).unwrap_or_default();
    let flags = reader.number();
    let has = |flag: u16| flags & u64::from(flag) > 0;
    let connection = reader.distance(last.connection);
    let raw = reader.difference(last.head);
    let head = Head::with_lines(&raw, reader.length());
    let mut difference = |same, last| {
        let bytes = if has(same) { Vec::from(last) } else { reader.difference(last) };
        bytes.into_boxed_slice()
    };
    let own = difference(SAME_OWN_HEADERS, last.own_headers);
    let excerpt = difference(SAME_EXCERPT, last.excerpt);
    let (received, written) = (reader.number(), reader.number());
    let part = if has(PART) { u32::try_from(reader.number()).ok() } else { None };
    let path = match (has(PATH), has(SAME_PATH)) {
        (false, _) => None,
        (true, false) => {
            let path = reader.difference(last.path.unwrap_or_default().as_bytes());
            Some(String::from_utf8_lossy(&path).into())
        }
        (true, true) => previous.and_then(|it| it.calls[0].path.clone()),
    };
    let digest = match (has(DIGEST), has(SAME_DIGEST)) {
        (false, _) => None,
        (true, false) => reader.bytes(32).first_chunk().copied().map(Digest::from_bytes),
        (true, true) => last.digest,
    };
    let is_steady = has(STEADY);
    let opened = Time::read(last.opened, is_steady, reader);
    let last_byte = has(LAST_BYTE).then(|| Duration::from_nanos(reader.distance(opened.elapsed)));
    let mut instants = |flag| has(flag).then(|| Time::read(opened, is_steady, reader).instants());
    Exchange {
        index,
        connection,
        framing: head.framing(),
        head,
        head_error: None,
        body_end: template.body_end,
        chunk_error: None,
        received,
        digest,
        partial_digest: None,
        prefixes: Vec::new(),
        last_byte,
        excerpt,
        body: None,
        calls: Calls::from(Call { path, part, ..template.call.clone() }),
        response: template.response.as_ref().map(|it| Arc::new(it.with_own(own))),
        written,
        faults: Vec::new(),
        opened: opened.instants(),
        continued: instants(CONTINUED),
        committed: instants(COMMITTED),
        is_deferred: false,
        response_started: instants(RESPONSE_STARTED),
        closed: instants(CLOSED),
        outcome: template.outcome,
    }
}

/// What an exchange is compared with.
#[derive(Default)]
struct Last<'a> {
    connection: u64,
    head: &'a [u8],
    own_headers: &'a [u8],
    excerpt: &'a [u8],
    path: Option<&'a str>,
    digest: Option<Digest>,
    opened: Time,
}

impl<'a> Last<'a> {
    fn of(exchange: &'a Exchange) -> Self {
        Self {
            connection: exchange.connection,
            head: exchange.head.raw(),
            own_headers: own_headers(exchange),
            excerpt: &exchange.excerpt,
            path: exchange.calls[0].path.as_deref(),
            digest: exchange.digest,
            opened: Time::new(exchange.opened).unwrap_or_default(),
        }
    }
}

/// Returns the headers that the response shares with no other, as it keeps them.
fn own_headers(exchange: &Exchange) -> &[u8] {
    exchange.response.as_ref().map_or(b"", |response| response.own())
}

/// Returns whether calls differ at most in path and part number.
fn differs_only_in_target(one: &Call, other: &Call) -> bool {
    let Call {
        operation,
        interface,
        name,
        user,
        path: _,
        is_named_by_origin,
        upload,
        part: _,
        session,
        ended_token: _,
        result_code,
    } = one;
    let has_same_result = match (result_code, other.result_code) {
        (Some(one), Some(other)) => std::ptr::eq(*one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    has_same_result
        && (*operation, *interface) == (other.operation, other.interface)
        && (*is_named_by_origin, *session) == (other.is_named_by_origin, other.session)
        && *upload == other.upload
        && *user == other.user
        && *name == other.name
}

/// The points in time of an exchange.
struct Times {
    opened: Time,
    /// `continued`, `committed`, `response_started` and `closed`.
    others: [Option<Time>; 4],
    is_steady: bool,
}

impl Times {
    /// Returns the times of an exchange, unless a number is too large. The previous one was opened at
    /// `last`.
    fn new(exchange: &Exchange, last: Time) -> Option<Self> {
        let Exchange { continued, committed, response_started, closed, .. } = exchange;
        let opened = Time::new(exchange.opened)?;
        let mut others = [None; 4];
        let mut is_steady = opened.offset == last.offset;
        let instants = [continued, committed, response_started, closed];
        for (other, instants) in others.iter_mut().zip(instants) {
            if let Some(instants) = instants {
                let time = Time::new(*instants)?;
                is_steady &= time.offset == opened.offset;
                *other = Some(time);
            }
        }
        Some(Self { opened, others, is_steady })
    }
}

/// Instants in nanoseconds.
#[derive(Clone, Copy, Default)]
struct Time {
    elapsed: u64,
    /// Protocol time, less the elapsed time. It changes only when protocol time jumps or stands still.
    offset: u64,
}

impl Time {
    /// Returns the same point in time, unless a number is too large.
    fn new(instants: Instants) -> Option<Self> {
        let elapsed = nanos(instants.elapsed)?;
        let protocol = nanos(instants.protocol.since(Timestamp::default()))?;
        Some(Self { elapsed, offset: protocol.wrapping_sub(elapsed) })
    }

    /// Appends the distance to an earlier point in time. Of two with the same offset, `is_steady` is set.
    fn write(self, from: Self, is_steady: bool, writer: &mut Writer<'_>) {
        writer.distance(from.elapsed, self.elapsed);
        if !is_steady {
            writer.distance(from.offset, self.offset);
        }
    }

    fn read(from: Self, is_steady: bool, reader: &mut Reader<'_>) -> Self {
        let elapsed = reader.distance(from.elapsed);
        let offset = if is_steady { from.offset } else { reader.distance(from.offset) };
        Self { elapsed, offset }
    }

    fn instants(self) -> Instants {
        let protocol = Duration::from_nanos(self.offset.wrapping_add(self.elapsed));
        let protocol = Timestamp::default().after(protocol).unwrap_or_default();
        Instants::new(protocol, Duration::from_nanos(self.elapsed))
    }
}

fn nanos(time: Duration) -> Option<u64> {
    time.as_secs().checked_mul(1_000_000_000)?.checked_add(time.subsec_nanos().into())
}
