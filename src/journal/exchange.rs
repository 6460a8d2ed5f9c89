//! One request and what became of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::{Blob, Digest};
use crate::protocol::{
    ENVELOPE_RESULTS, Interface, Operation, ResultCode, endpoint_at, method_named,
};
use crate::storage::{Actor, SessionId, Timestamp};

use super::{Escaped, Framing, Head, redacted};

/// When something happened, on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    /// Protocol time.
    pub protocol: Timestamp,
    /// Real time since the origin started.
    pub elapsed: Duration,
}

/// One operation that a request asked for. A JSON-RPC batch asks for several.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// What was asked for.
    pub operation: Operation,
    /// On which face of the origin.
    pub interface: Interface,
    /// The endpoint's path or the method's name, as documented; what came, where it is neither.
    pub name: Cow<'static, str>,
    /// Who asked, as far as the credentials told.
    pub user: Option<String>,
    /// The absolute path that it was about.
    pub path: Option<String>,
    /// Whether the origin chose the name in that path, as the request gave none.
    pub is_named_by_origin: bool,
    /// The multipart identifier that it was about.
    pub upload: Option<String>,
    /// The part number.
    pub part: Option<u32>,
    /// The session whose token was good for it.
    pub session: Option<SessionId>,
    /// Who ended the token that it came with, if that token was good once.
    pub token_ended_by: Option<Actor>,
    /// The row of the protocol's tables that was answered; none where no table applies.
    pub row: Option<&'static ResultCode>,
}

impl Call {
    /// A call of which nothing more is known yet.
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
            token_ended_by: None,
            row: None,
        }
    }

    /// Whether it came by JSON-RPC.
    pub fn is_json_rpc(&self) -> bool {
        self.interface == Interface::JsonRpc
    }

    /// Every row that can be answered: those of the endpoint, or of the method and its envelope.
    pub fn results(&self) -> impl Iterator<Item = &'static ResultCode> + use<> {
        let (own, shared): (&[ResultCode], &[ResultCode]) = match self.interface {
            Interface::JsonRpc => {
                (method_named(&self.name).map_or(&[], |method| method.results), ENVELOPE_RESULTS)
            }
            _ => (endpoint_at(&self.name).map_or(&[], |endpoint| endpoint.results), &[]),
        };
        own.iter().chain(shared)
    }

    /// What was asked for: without the name that the origin chose, if the request gave none, and
    /// without the upload that began under it.
    pub fn as_asked(&self) -> Cow<'_, Self> {
        if self.is_named_by_origin {
            Cow::Owned(Self { upload: None, ..self.pathless() })
        } else {
            Cow::Borrowed(self)
        }
    }

    /// The same, as it was known before its path was.
    #[must_use]
    pub fn pathless(&self) -> Self {
        Self { path: None, ..self.clone() }
    }

    /// What is called, for messages.
    pub fn shown_name(&self) -> String {
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
            .field("user", &self.user.as_ref().map(Escaped::new))
            .field("path", &self.path.as_ref().map(Escaped::new))
            .field("is_named_by_origin", &self.is_named_by_origin)
            .field("upload", &self.upload.as_ref().map(Escaped::new))
            .field("part", &self.part)
            .field("session", &self.session)
            .field("token_ended_by", &self.token_ended_by)
            .field("row", &self.row)
            .finish()
    }
}

/// A fault that struck an exchange or a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultRef {
    /// Its number among the faults of the origin; none if chaos made it.
    pub fault: Option<u64>,
    /// What it is called.
    pub name: Arc<str>,
}

impl FaultRef {
    /// A fault, by number and name.
    pub fn new(fault: Option<u64>, name: impl Into<Arc<str>>) -> Self {
        Self { fault, name: name.into() }
    }
}

/// The head of an answer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// The reason phrase.
    pub reason: Cow<'static, str>,
    /// The headers in the order in which they are written.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, [u8]>)>,
}

impl ResponseHead {
    /// Adds a header where hyper writes it: in front of the length.
    pub(crate) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: &[u8]) {
        let at = self.headers.iter().position(|(name, _)| *name == "Content-Length");
        let header = (name.into(), Cow::Owned(value.to_owned()));
        self.headers.insert(at.unwrap_or(self.headers.len()), header);
    }

    /// The head as it is written in that version of HTTP, such as [`Head::version`] gives, up to
    /// and with the empty line.
    pub fn to_bytes(&self, version: &str) -> Vec<u8> {
        let mut bytes = format!("{version} {} {}\r\n", self.status, self.reason).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let named = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        named.map(|(_, value)| &**value)
    }
}

impl fmt::Debug for ResponseHead {
    /// As it is written, but for secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.status, Escaped::new(&*self.reason))?;
        let mut map = f.debug_map();
        for (name, value) in &self.headers {
            map.entry(&Escaped::new(&**name), &Escaped::new(&redacted(name, value)));
        }
        map.finish()
    }
}

/// How far an exchange came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// The body is still being read.
    Receiving,
    /// What was asked for is done, or refused, and a fault holds the answer back.
    Held,
    /// A stored file is being sent.
    Sending,
    /// The answer has been given to the network, but for its last bytes perhaps.
    Responding,
    /// The answer was handed to the network whole.
    Responded,
    /// The client stopped in the middle of its body; it was answered, in case it still listened.
    RequestTruncated,
    /// The client went away before it had the whole answer.
    ClientGone,
    /// A fault cut it, or kept the answer back for good.
    CutByFault,
    /// The origin was stopped first.
    Stopped,
}

impl Outcome {
    /// Whether anything more can happen.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Receiving | Self::Held | Self::Sending | Self::Responding)
    }
}

/// The record of one request: begun when its head is there, closed with an outcome.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// Its number in the order in which heads arrived, from 0.
    pub index: u64,
    /// The number of its connection.
    pub connection: u64,
    /// The head as it came.
    pub head: Head,
    /// How the body was announced.
    pub framing: Framing,
    /// Bytes of the body that were read, without chunk framing.
    pub received: u64,
    /// The digest of the body, if all of it came.
    pub digest: Option<Digest>,
    /// The first bytes of the body.
    pub excerpt: Box<[u8]>,
    /// The whole body, where the origin was asked to keep bodies.
    pub body: Option<Blob>,
    /// What it asked for; at least one.
    pub calls: Vec<Call>,
    /// The answer's head, once there is one.
    pub answer: Option<Arc<ResponseHead>>,
    /// Bytes that were handed to the network: the answer, its head included, and the interim responses
    /// before it, such as the `100 Continue` with which its body was asked for.
    pub written: u64,
    /// The faults that struck it, its connection, or the token that it came with.
    pub faults: Vec<FaultRef>,
    /// When its head was complete.
    pub opened: Instants,
    /// When what it asked for was done, whatever the client was told; nothing if it was not.
    pub committed: Option<Instants>,
    /// When its answer was begun: no client can have seen it before.
    pub answered: Option<Instants>,
    /// When the last happened.
    pub closed: Option<Instants>,
    /// How far it came.
    pub outcome: Outcome,
}

impl Exchange {
    /// The status that was answered.
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// Whether it was not done as asked: refused, not answered, or answered with a code that is no
    /// success, which JSON-RPC does with status 200.
    pub fn is_refused(&self) -> bool {
        let fails = |call: &Call| call.row.is_some_and(|row| !row.is_success());
        self.status().is_none_or(|status| status >= 400) || self.calls.iter().any(fails)
    }

    /// How many bytes the client announced; nothing where it announced none or sent chunks.
    pub fn declared(&self) -> Option<u64> {
        self.framing.declared()
    }
}

impl fmt::Debug for Exchange {
    /// What it was and what became of it; bodies may hold secrets, and are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("index", &self.index)
            .field("connection", &self.connection)
            .field("head", &self.head)
            .field("received", &self.received)
            .field("calls", &self.calls)
            .field("answer", &self.answer)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
