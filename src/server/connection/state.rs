//! The state of one connection, as far as the journal is concerned: a state machine without lock,
//! socket or clock. It decides no response. Start with [`ConnectionEvent`] and
//! [`ConnectionState::apply`].
//!
//! # Phases
//!
//! The recording stream passes one head at a time to hyper, and hyper reads the next head only after
//! it has flushed the previous response. Requests that are served without hyper go the same way. So at
//! most one exchange is open, and a connection goes through these phases:
//!
//! ```text
//!          HeadRead            HeadAccepted           Opened            ResponseReady
//!     Idle ────────▶ HeadRead ────────────▶ Opening ────────▶ Serving ───────────────▶ Ready
//!      ▲                                                         │ Closed                 │ Flushed
//!      ├─────────────────────────────────────────────────────────┘                        │ Closed
//!      └──────────────────────────────────────────────────────────────────────────────────┤
//!     Lingering ◀── if the response closes the connection ────────────────────────────────┘
//!
//!     any phase ── ServingEnded, EndedByFault, HandshakeFailed ──▶ Ended
//! ```
//!
//! Every other event leaves the phase as it is. An event that hyper cannot cause in the current phase
//! becomes an internal error, which fails the verification, and changes nothing.
//!
//! # Beside the phases
//!
//! Three facts do not depend on the phase: whether the input is still a sequence of requests
//! ([`Input`]), what became of the connection's fault ([`ConnectionFault`]), and how many bytes
//! are unread. [`ConnectionEvent::Dropped`] computes the end of the connection from all of them.

use crate::journal::{ChunkError, ConnectionEnd, Head, Outcome, UnparsedKind};

/// What happened to a connection.
#[derive(Debug)]
pub(crate) enum ConnectionEvent<'a> {
    /// The recording stream passes a complete head to hyper.
    HeadRead(Head),
    /// hyper has accepted the head, and its request is about to be served.
    HeadAccepted,
    /// The exchange of the request was opened in `epoch`.
    Opened { exchange: u64, epoch: u64 },
    /// The chunks of the body violate a rule, so that no more requests can be read.
    ChunksMalformed(ChunkError),
    /// This many bytes of the request body were read so far.
    BodyRead(u64),
    /// The rest of the body has not arrived yet.
    BodyPaused,
    /// This many more bytes were passed to the network.
    Written(u64),
    /// hyper has all bytes of a stored file.
    FilePassed,
    /// hyper has the whole response. `outcome` is recorded when it is flushed.
    ResponseReady { outcome: Outcome, closes: bool },
    /// hyper's bytes were all passed to the network.
    Flushed,
    /// The exchange ends, if one is open.
    Closed(Outcome),
    /// No request can be read from the last head, or from these bytes, which may grow.
    Unparsed(&'a [u8]),
    /// The TLS handshake failed, perhaps because of these bytes.
    #[cfg_attr(not(feature = "tls"), allow(dead_code))]
    HandshakeFailed(Box<UnparsedBytes>),
    /// A status line is written. If no exchange is open, hyper rejects the last head or `partial`.
    StatusWritten { status: u16, partial: &'a [u8] },
    /// The client has closed its sending direction, or the connection broke.
    ClientFinished,
    /// hyper reads no more. It was passed this many bytes of the last body.
    InputEnded { passed: u64 },
    /// This many more bytes were discarded after an early response.
    Drained(u64),
    /// The connection's fault was injected. It ends the connection, or changes only the handshake.
    FaultInjected { ends: bool },
    /// No more requests are served on the connection.
    ServingEnded { cleanly: bool },
    /// A fault on an exchange ended the connection; `drained` if the remaining bytes were discarded.
    EndedByFault { drained: bool },
    /// The last user has released the connection; `stopped` if the origin stopped.
    Dropped { stopped: bool },
}

/// The consequence of an event: what to record in the journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// Serve the request with this head. If `retracts` is true, bytes of it are recorded as unparsed.
    Serve {
        head: Head,
        retracts: bool,
    },
    /// Record the number of body bytes read, for concurrent readers.
    RecordReceived {
        exchange: u64,
        received: u64,
    },
    /// Record that `100 Continue` is written, if it is the first.
    RecordContinue {
        exchange: u64,
    },
    /// Record that hyper has the whole file.
    RecordFilePassed {
        exchange: u64,
    },
    /// Close the exchange.
    CloseExchange {
        exchange: u64,
        outcome: Outcome,
        received: u64,
        written: u64,
        chunk_error: Option<ChunkError>,
    },
    /// Record bytes that are not a request.
    RecordUnparsed(Box<UnparsedBytes>),
    /// Record the connection's fault for the connection and for the exchanges that it has had.
    RecordFault {
        exchanges: Vec<u64>,
        /// Whether it is an event of its own. Otherwise the end of the connection is the event.
        is_event: bool,
    },
    /// Close the connection. `skip_reason` says why its fault was not injected.
    CloseConnection {
        end: ConnectionEnd,
        /// Whether not a single byte came and no fault was injected.
        is_unused: bool,
        is_event: bool,
        drained: u64,
        skip_reason: Option<&'static str>,
    },
    /// Record an error of this library.
    InternalError(&'static str),
}

/// Bytes that are not a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnparsedBytes {
    pub(crate) kind: UnparsedKind,
    pub(crate) bytes: Box<[u8]>,
    /// The exchange before them on the connection.
    pub(crate) behind: Option<u64>,
    /// The status with which hyper rejected them.
    pub(crate) status: Option<u16>,
    /// Whether no such bytes were recorded before. Otherwise these replace them.
    pub(crate) is_new: bool,
}

/// The recording state of one connection.
#[derive(Debug, Default)]
pub(crate) struct ConnectionState {
    phase: Phase,
    input: Input,
    fault: ConnectionFault,
    /// What is wrong with the chunks of the last body. hyper may read it before the exchange is open.
    chunk_error: Option<ChunkError>,
    /// The exchange that was closed last, and the bytes of its body that were read.
    closed: Option<(u64, u64)>,
    /// Whether the client has finished sending or is gone.
    client_finished: bool,
    /// Bytes of the last body that were passed to hyper.
    passed: u64,
    drained: u64,
}

#[derive(Debug, Default)]
enum Phase {
    /// Between two requests.
    #[default]
    Idle,
    /// hyper has this head and has not accepted it yet.
    HeadRead(Head),
    /// hyper has accepted a head whose exchange is being opened.
    Opening,
    /// A request is being served, and hyper does not have the whole response.
    Serving(OpenExchange),
    /// hyper has the whole response.
    Ready { open: OpenExchange, outcome: Outcome, closes: bool },
    /// The last response closes the connection. What the client still sends is discarded.
    Lingering,
    /// hyper or a fault has ended the connection; `lingered` if the rest was discarded.
    Ended { end: ConnectionEnd, lingered: bool },
}

#[derive(Debug)]
struct OpenExchange {
    exchange: u64,
    epoch: u64,
    /// Bytes of the body that were read, and how many of them the journal knows.
    received: u64,
    recorded: u64,
    /// Bytes of the response that were passed to the network.
    written: u64,
}

#[derive(Debug, Default)]
enum Input {
    /// Requests, as far as it was read.
    #[default]
    Valid,
    /// So many bytes are recorded from which no request can be read. hyper may have rejected them.
    Unparsed { length: usize, status: Option<u16> },
}

#[derive(Debug, Default)]
enum ConnectionFault {
    /// No fault was selected for the connection.
    #[default]
    None,
    /// A fault was selected. It counts for these exchanges too when it is injected.
    Selected(Vec<u64>),
    Injected {
        ends: bool,
    },
}

impl ConnectionState {
    /// Creates the state of a new connection; `has_fault` if a fault was selected for it.
    pub(crate) fn new(has_fault: bool) -> Self {
        let fault =
            if has_fault { ConnectionFault::Selected(Vec::new()) } else { ConnectionFault::None };
        Self { fault, ..Self::default() }
    }

    /// Applies an event. Returns what the journal has to record.
    pub(crate) fn apply(&mut self, event: ConnectionEvent<'_>) -> Effect {
        match event {
            ConnectionEvent::HeadRead(head) => self.read_head(head),
            ConnectionEvent::HeadAccepted => self.accept_head(),
            ConnectionEvent::Opened { exchange, epoch } => self.open_exchange(exchange, epoch),
            ConnectionEvent::ChunksMalformed(error) => {
                self.chunk_error = Some(error);
                Effect::None
            }
            ConnectionEvent::BodyRead(total) => self.read_body(total),
            ConnectionEvent::BodyPaused => self.pause_body(),
            ConnectionEvent::Written(count) => {
                // Without an exchange, hyper itself responds.
                if let Phase::Serving(open) | Phase::Ready { open, .. } = &mut self.phase {
                    open.written += count;
                }
                Effect::None
            }
            ConnectionEvent::FilePassed => match self.phase {
                Phase::Serving(OpenExchange { exchange, .. }) => {
                    Effect::RecordFilePassed { exchange }
                }
                _ => Effect::None,
            },
            ConnectionEvent::ResponseReady { outcome, closes } => {
                self.phase = match std::mem::take(&mut self.phase) {
                    Phase::Serving(open) => Phase::Ready { open, outcome, closes },
                    other => other,
                };
                Effect::None
            }
            ConnectionEvent::Flushed => match self.phase {
                Phase::Ready { outcome, .. } => self.close_exchange(outcome),
                _ => Effect::None,
            },
            ConnectionEvent::Closed(outcome) => self.close_exchange(outcome),
            ConnectionEvent::Unparsed(partial) => self.record_unparsed(partial, None),
            ConnectionEvent::HandshakeFailed(bytes) => {
                self.phase = Phase::Ended { end: ConnectionEnd::TlsFailed, lingered: false };
                Effect::RecordUnparsed(bytes)
            }
            ConnectionEvent::StatusWritten { status, partial } => {
                self.write_status(status, partial)
            }
            ConnectionEvent::ClientFinished => {
                self.client_finished = true;
                Effect::None
            }
            ConnectionEvent::InputEnded { passed } => {
                self.passed = passed;
                Effect::None
            }
            ConnectionEvent::Drained(count) => {
                self.drained += count;
                Effect::None
            }
            ConnectionEvent::FaultInjected { ends } => self.inject_fault(ends),
            ConnectionEvent::ServingEnded { cleanly } => self.release(cleanly),
            ConnectionEvent::EndedByFault { drained } => self.end(ConnectionEnd::ByFault, drained),
            ConnectionEvent::Dropped { stopped } => self.close_connection(stopped),
        }
    }

    /// Returns the epoch of the open exchange.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.open().map(|open| open.epoch)
    }

    /// Returns whether any byte of the current body was read.
    pub(crate) fn has_received(&self) -> bool {
        self.open().is_some_and(|open| open.received > 0)
    }

    /// Returns whether no more requests can be read.
    pub(crate) fn is_unparsed(&self) -> bool {
        matches!(self.input, Input::Unparsed { .. })
    }

    fn open(&self) -> Option<&OpenExchange> {
        match &self.phase {
            Phase::Serving(open) | Phase::Ready { open, .. } => Some(open),
            _ => None,
        }
    }

    /// Returns whether bytes that the client still sends are discarded, not judged.
    fn is_lingering(&self) -> bool {
        match self.phase {
            Phase::Lingering => true,
            Phase::Ready { closes, .. } => closes,
            Phase::Ended { lingered, .. } => lingered,
            _ => false,
        }
    }

    fn read_head(&mut self, head: Head) -> Effect {
        match self.phase {
            // A fault may have removed the header that closes the connection.
            Phase::Idle | Phase::Lingering => {
                self.phase = Phase::HeadRead(head);
                Effect::None
            }
            _ => Effect::InternalError("hyper read a head before its turn"),
        }
    }

    fn accept_head(&mut self) -> Effect {
        match std::mem::replace(&mut self.phase, Phase::Opening) {
            Phase::HeadRead(head) => {
                // Bytes that looked invalid may still be a request with an unusual method.
                let retracts = self.is_unparsed();
                self.input = Input::Valid;
                Effect::Serve { head, retracts }
            }
            other => {
                self.phase = other;
                Effect::InternalError("a request was served whose head was not seen")
            }
        }
    }

    fn open_exchange(&mut self, exchange: u64, epoch: u64) -> Effect {
        if !matches!(self.phase, Phase::Opening) {
            return Effect::InternalError("an exchange was opened without a head");
        }
        let (received, recorded, written) = (0, 0, 0);
        self.phase = Phase::Serving(OpenExchange { exchange, epoch, received, recorded, written });
        if let ConnectionFault::Selected(exchanges) = &mut self.fault {
            exchanges.push(exchange);
        }
        Effect::None
    }

    fn read_body(&mut self, total: u64) -> Effect {
        match &mut self.phase {
            Phase::Serving(open) => {
                open.received = total;
                Effect::None
            }
            _ => Effect::InternalError("a body was read outside of its exchange"),
        }
    }

    fn pause_body(&mut self) -> Effect {
        match &mut self.phase {
            Phase::Serving(open) if open.recorded < open.received => {
                open.recorded = open.received;
                Effect::RecordReceived { exchange: open.exchange, received: open.received }
            }
            _ => Effect::None,
        }
    }

    fn close_exchange(&mut self, outcome: Outcome) -> Effect {
        let (open, next) = match std::mem::take(&mut self.phase) {
            Phase::Serving(open) => (open, Phase::Idle),
            Phase::Ready { open, closes, .. } => {
                (open, if closes { Phase::Lingering } else { Phase::Idle })
            }
            other => {
                self.phase = other;
                return Effect::None;
            }
        };
        let OpenExchange { exchange, received, written, .. } = open;
        (self.phase, self.closed) = (next, Some((exchange, received)));
        let chunk_error = self.chunk_error.take();
        Effect::CloseExchange { exchange, outcome, received, written, chunk_error }
    }

    fn write_status(&mut self, status: u16, partial: &[u8]) -> Effect {
        match self.open() {
            Some(OpenExchange { exchange, .. }) if status == 100 => {
                Effect::RecordContinue { exchange: *exchange }
            }
            Some(_) => Effect::None,
            None => self.record_unparsed(partial, Some(status)),
        }
    }

    fn record_unparsed(&mut self, partial: &[u8], rejected: Option<u16>) -> Effect {
        let bytes = if let Phase::HeadRead(head) = &self.phase { head.raw() } else { partial };
        let (known, status) = match self.input {
            Input::Valid => (0, rejected),
            Input::Unparsed { length, status } => (length, rejected.or(status)),
        };
        if bytes.is_empty() || bytes.len() == known && rejected.is_none() {
            return Effect::None;
        }
        self.input = Input::Unparsed { length: bytes.len(), status };
        let closed = self.closed.map(|(exchange, _)| exchange);
        let behind = self.open().map(|open| open.exchange).or(closed);
        let kind = UnparsedKind::classify(bytes, behind.is_some(), status.is_some());
        let (bytes, is_new) = (bytes.into(), known == 0);
        Effect::RecordUnparsed(Box::new(UnparsedBytes { kind, bytes, behind, status, is_new }))
    }

    fn inject_fault(&mut self, ends: bool) -> Effect {
        match std::mem::take(&mut self.fault) {
            ConnectionFault::Selected(exchanges) => {
                self.fault = ConnectionFault::Injected { ends };
                Effect::RecordFault { exchanges, is_event: ends }
            }
            other => {
                self.fault = other;
                Effect::None
            }
        }
    }

    fn release(&mut self, cleanly: bool) -> Effect {
        let end = match (self.is_lingering(), cleanly) {
            (false, false) => ConnectionEnd::Broken,
            (false, true) if self.client_finished => ConnectionEnd::ByClient,
            // The origin closed it, or the client asked for that: HTTP/1.0, or `Connection: close`.
            _ => ConnectionEnd::ByOrigin,
        };
        self.end(end, self.is_lingering())
    }

    /// Ends the connection, unless it has ended already.
    fn end(&mut self, end: ConnectionEnd, lingered: bool) -> Effect {
        let effect = self.close_exchange(Outcome::ClientGone);
        if !matches!(self.phase, Phase::Ended { .. }) {
            self.phase = Phase::Ended { end, lingered };
        }
        effect
    }

    fn close_connection(&self, stopped: bool) -> Effect {
        let end = match (&self.input, &self.fault, &self.phase) {
            // Bytes after a closing response have not ended the connection.
            (Input::Unparsed { status, .. }, ..) if !self.is_lingering() => {
                ConnectionEnd::BadHead(status.unwrap_or(0))
            }
            (_, ConnectionFault::Injected { ends: true }, _) => ConnectionEnd::ByFault,
            (.., Phase::Ended { end, .. }) => *end,
            _ if stopped => ConnectionEnd::Stopped,
            _ => ConnectionEnd::Broken,
        };
        // hyper reads some of a body before anybody asks for it.
        let unread = self.passed.saturating_sub(self.closed.map_or(0, |(_, received)| received));
        let drained = self.drained + if self.is_lingering() { unread } else { 0 };
        let is_skipped = matches!(self.fault, ConnectionFault::Selected(_));
        let skip_reason = is_skipped.then(|| skip_reason(end));
        // An exchange or unparsed bytes are recorded for every byte that was read.
        let is_used = matches!(end, ConnectionEnd::BadHead(_) | ConnectionEnd::TlsFailed)
            || matches!(self.fault, ConnectionFault::Injected { .. });
        let is_unused = self.closed.is_none() && !is_used && end != ConnectionEnd::ByFault;
        let is_fault_event = matches!(self.fault, ConnectionFault::Injected { ends: false });
        let is_event = is_unused || is_fault_event && end != ConnectionEnd::TlsFailed;
        Effect::CloseConnection { end, is_unused, is_event, drained, skip_reason }
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
        ConnectionEnd::TlsFailed => "its TLS handshake failed first",
        ConnectionEnd::ByFault => "a fault on a call ended it first",
        ConnectionEnd::Stopped => "the origin was stopped first",
        ConnectionEnd::Open | ConnectionEnd::Broken => "it broke first",
    }
}

#[cfg(test)]
mod tests;
