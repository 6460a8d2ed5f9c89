//! The record of a request and its response. Start with [`Exchange`] and [`Call`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::{Blob, Digest};
use crate::protocol::{
    ENVELOPE_RESULTS, Interface, Operation, ResultCode, endpoint_at, method_named,
};
use crate::storage::{EndedToken, SessionId, Timestamp};

use super::{BodyPrefix, Calls, ChunkError, Escaped, Framing, Head, HeadError, ResponseHead};

/// A point in time on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instants {
    /// Protocol time.
    pub protocol: Timestamp,
    /// Real time since the origin started.
    pub elapsed: Duration,
}

impl Instants {
    /// Creates a point in time.
    #[doc(hidden)]
    pub const fn new(protocol: Timestamp, elapsed: Duration) -> Self {
        Self { protocol, elapsed }
    }
}

/// An operation that a request asked for. A JSON-RPC batch asks for several.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// The requested operation.
    pub operation: Operation,
    /// The interface.
    pub interface: Interface,
    /// The documented path of the endpoint or name of the method; for unknown ones, the received
    /// text.
    pub name: Cow<'static, str>,
    /// The user, as far as the credentials identify one.
    pub user: Option<Arc<str>>,
    /// The absolute path of the target.
    pub path: Option<Arc<str>>,
    /// Whether the origin chose the name in that path because the request had none.
    pub is_named_by_origin: bool,
    /// The multipart identifier of the target.
    pub upload: Option<Arc<str>>,
    /// The part number.
    pub part: Option<u32>,
    /// The session of the token, if the token was valid.
    pub session: Option<SessionId>,
    /// The end of the token of the call, if the token was valid before and no longer is.
    #[doc(hidden)]
    pub ended_token: Option<Box<EndedToken>>,
    /// The result code of the response; `None` if no table applies.
    #[doc(hidden)]
    pub result_code: Option<&'static ResultCode>,
}

impl Call {
    /// Creates a call of which only this is known.
    #[doc(hidden)]
    pub fn new(
        operation: Operation,
        interface: Interface,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        let name = name.into();
        Self {
            operation,
            interface,
            name,
            user: None,
            path: None,
            is_named_by_origin: false,
            upload: None,
            part: None,
            session: None,
            ended_token: None,
            result_code: None,
        }
    }

    /// Returns whether it came over JSON-RPC.
    pub fn is_json_rpc(&self) -> bool {
        self.interface == Interface::JsonRpc
    }

    /// Returns every possible result code: those of the endpoint, or those of the method and the
    /// JSON-RPC envelope.
    pub(crate) fn results(&self) -> impl Iterator<Item = &'static ResultCode> + use<> {
        let (own, shared): (&[ResultCode], &[ResultCode]) = match self.interface {
            Interface::JsonRpc => {
                (method_named(&self.name).map_or(&[], |method| method.results), ENVELOPE_RESULTS)
            }
            _ => (endpoint_at(&self.name).map_or(&[], |endpoint| endpoint.results), &[]),
        };
        own.iter().chain(shared)
    }

    /// Returns the call as the client requested it: without a name that the origin chose, and
    /// without the upload that was created under that name.
    pub(crate) fn as_asked(&self) -> Cow<'_, Self> {
        if self.is_named_by_origin {
            Cow::Owned(Self { upload: None, ..self.without_path() })
        } else {
            Cow::Borrowed(self)
        }
    }

    /// Returns the same call without its path.
    #[must_use]
    pub(crate) fn without_path(&self) -> Self {
        Self { path: None, ..self.clone() }
    }

    /// Returns the name of the endpoint or method for messages.
    pub fn display_name(&self) -> String {
        let name = if self.name.is_empty() { "a stored file" } else { &*self.name };
        Escaped::new(name).to_string()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("interface", &self.interface)
            .field("name", &Escaped::new(&*self.name))
            .field("user", &self.user.as_deref().map(Escaped::new))
            .field("path", &self.path.as_deref().map(Escaped::new))
            .field("is_named_by_origin", &self.is_named_by_origin)
            .field("upload", &self.upload.as_deref().map(Escaped::new))
            .field("part", &self.part)
            .field("session", &self.session)
            .field("ended_token", &self.ended_token)
            .field("result_code", &self.result_code)
            .finish()
    }
}

/// A fault that affected an exchange or a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultRef {
    /// The number of the fault; `None` for chaos.
    pub fault: Option<u64>,
    /// The name of the fault.
    pub name: Arc<str>,
}

impl FaultRef {
    /// Creates a reference to a fault.
    pub fn new(fault: Option<u64>, name: impl Into<Arc<str>>) -> Self {
        Self { fault, name: name.into() }
    }
}

/// The progress of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The body is still being read.
    Receiving,
    /// The request was processed or rejected, and a fault holds the response.
    Held,
    /// A stored file is being sent.
    Sending,
    /// The response was passed to the network, except perhaps its last bytes.
    Responding,
    /// The whole response was passed to the network.
    Responded,
    /// The client stopped in the middle of its body. A response was sent, in case the client still
    /// reads.
    RequestTruncated,
    /// The client disconnected before the whole response was sent.
    ClientGone,
    /// A fault cut it, or suppressed the response.
    CutByFault,
    /// The origin was stopped first.
    Stopped,
}

impl Outcome {
    /// Returns the name in JSON.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) const fn json_name(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Responding => "responding",
            Self::Responded => "responded",
            Self::RequestTruncated => "request_truncated",
            Self::ClientGone => "client_gone",
            Self::CutByFault => "cut_by_fault",
            Self::Stopped => "stopped",
        }
    }

    /// Returns whether the outcome can no longer change.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Receiving | Self::Held | Self::Sending | Self::Responding)
    }
}

/// The way in which the body of a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "control", derive(serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BodyEnd {
    /// It was received as declared.
    Complete,
    /// It ended before its declared end: the client stopped, or a fault stopped the reading.
    Truncated,
    /// The framing was malformed.
    Malformed,
    /// It was longer than the request allows. The rest was not read.
    TooLarge,
}

/// The record of one request. It is opened when the head is complete, and always closed with an
/// outcome.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The number of the exchange in the order in which heads arrived, from 0.
    pub index: u64,
    /// The number of its connection.
    pub connection: u64,
    /// The head as received.
    pub head: Head,
    /// The rule of HTTP that the head violates. The origin rejects such a request, except with
    /// [`HeadError::LengthAndCoding`]. Heads that cannot be a request at all are recorded with their
    /// [connection](super::Connection::unparsed).
    pub head_error: Option<HeadError>,
    /// The declared framing of the body.
    pub framing: Framing,
    /// How the body ended; `None` while it is being read, and if the origin did not read it.
    pub body_end: Option<BodyEnd>,
    /// The rule of chunked framing that the body violates.
    pub chunk_error: Option<ChunkError>,
    /// The number of body bytes that were read, without chunk framing.
    pub received: u64,
    /// The digest of the body, if the whole body was received.
    pub digest: Option<Digest>,
    /// The digest of the bytes that were received, if the body ended early.
    pub partial_digest: Option<Digest>,
    /// The digests of the first bytes of the body, at the lengths at which earlier bodies for the
    /// same upload and part, or the same path, had ended early: the last eight.
    pub prefixes: Vec<BodyPrefix>,
    /// When the origin read the last byte of the body, in real time since it started. Protocol time
    /// is not known then, because it is read only under the lock.
    pub last_byte: Option<Duration>,
    /// The first bytes of the body.
    pub excerpt: Box<[u8]>,
    /// The whole body, if the origin records bodies.
    pub(crate) body: Option<Blob>,
    /// The calls of the request; at least one.
    pub calls: Calls,
    /// The head of the response, once it exists.
    pub response: Option<Arc<ResponseHead>>,
    /// The number of bytes that were passed to the network: the response with its head, and the
    /// interim responses before it, such as `100 Continue`.
    pub written: u64,
    /// The faults that affected it, its connection, or its token.
    pub faults: Vec<FaultRef>,
    /// When its head was complete.
    pub opened: Instants,
    /// When `100 Continue` was sent. No client can have seen it earlier.
    pub continued: Option<Instants>,
    /// When the request took effect, even if the response denies it; `None` if it did not.
    pub committed: Option<Instants>,
    /// Whether a fault deferred the commit to a later time.
    pub(crate) is_deferred: bool,
    /// When the response was begun. No client can have seen it earlier.
    pub response_started: Option<Instants>,
    /// When it changed last.
    pub closed: Option<Instants>,
    /// The progress.
    pub outcome: Outcome,
}

impl Exchange {
    /// Creates the record of a request whose head was just read, and that has these calls.
    pub fn new(
        index: u64,
        connection: u64,
        head: Head,
        calls: impl Into<Calls>,
        opened: Instants,
    ) -> Self {
        Self {
            index,
            connection,
            framing: head.framing(),
            head,
            head_error: None,
            body_end: None,
            chunk_error: None,
            received: 0,
            digest: None,
            partial_digest: None,
            prefixes: Vec::new(),
            last_byte: None,
            excerpt: Box::default(),
            body: None,
            calls: calls.into(),
            response: None,
            written: 0,
            faults: Vec::new(),
            opened,
            continued: None,
            committed: None,
            is_deferred: false,
            response_started: None,
            closed: None,
            outcome: Outcome::Receiving,
        }
    }

    /// Returns the status of the response.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status)
    }

    /// Returns whether the request was not processed as asked: it was rejected, got no response, or
    /// got a code other than success, which JSON-RPC sends with status 200.
    pub fn is_rejected(&self) -> bool {
        let fails = |call: &Call| call.result_code.is_some_and(|row| !row.is_success());
        self.status().is_none_or(|status| status >= 400) || self.calls.iter().any(fails)
    }

    /// Returns the rule of HTTP that head or body violate, for a message.
    pub fn http_error(&self) -> Option<String> {
        let in_head = self.head_error.map(|error| error.message(self.head.raw()));
        in_head.or_else(|| self.chunk_error.map(|error| error.to_string()))
    }

    /// Returns whether the body begins with the bytes that were received of the body of `earlier`;
    /// `None` if that is not known, because the requests overlapped, or because both bodies ended
    /// early and this one first.
    pub fn body_starts_with(&self, earlier: &Self) -> Option<bool> {
        let wanted = earlier.received;
        if wanted == 0 {
            return Some(true);
        }
        let excerpts = self.excerpt.iter().zip(&earlier.excerpt);
        if excerpts.clone().any(|(byte, before)| byte != before) {
            return Some(false);
        }
        // The excerpts may contain everything.
        if excerpts.len() as u64 == wanted {
            return Some(true);
        }
        if self.received < wanted {
            return (self.body_end == Some(BodyEnd::Complete)).then_some(false);
        }
        let digest = |exchange: &Self| exchange.digest.or(exchange.partial_digest);
        let start = if self.received == wanted {
            digest(self)
        } else {
            let prefix = self.prefixes.iter().find(|prefix| prefix.length == wanted);
            prefix.map(|prefix| prefix.digest)
        };
        Some(start? == digest(earlier)?)
    }

    /// Returns the declared number of body bytes, or `None` if there is no length or the body is
    /// chunked.
    pub fn declared(&self) -> Option<u64> {
        self.framing.declared()
    }
}

impl fmt::Debug for Exchange {
    /// Shows request and result. Bodies are left out, because they may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("index", &self.index)
            .field("connection", &self.connection)
            .field("head", &self.head)
            .field("received", &self.received)
            .field("calls", &self.calls)
            .field("response", &self.response)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
