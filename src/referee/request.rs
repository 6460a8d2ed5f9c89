//! One call of one exchange, and what was written in reply. Start with [`Request`].
//!
//! What almost every rule asks for is copied, so that a rule that passes over all requests does not read
//! their records, which are spread over the memory.

use std::time::Duration;

use crate::blob::Digest;
use crate::journal::{Call, Escaped, Exchange, Outcome, ResponseHead};
use crate::protocol::{ErrorKind, Interface, Operation, ResultCode};

/// One call of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) call: &'a Call,
    operation: Operation,
    interface: Interface,
    reply: Reply,
}

/// What was written in reply to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It has not ended.
    Pending,
    /// Nothing: the connection ended first.
    Nothing,
    /// A response that may be incomplete, or that has no result.
    Unclear,
    /// A complete response that reports an error.
    Rejected(Rejection),
    /// A complete response that reports success, with data that is wrong or missing.
    Flawed(Flaw),
    /// A complete response that reports success.
    Accepted,
}

/// A reported error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) status: u16,
    pub(crate) code: Option<i32>,
}

impl Rejection {
    /// Returns whether the same request may succeed later without a change.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..)
    }

    /// Returns whether the credentials were rejected.
    pub(crate) fn is_about_credentials(self) -> bool {
        matches!(self.status, 401 | 403) || self.code == Some(-10001)
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "{}, code {code}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

/// A defect in the data of a successful response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The checksum is not that of the received bytes.
    Checksum,
    /// The size is not the number of received bytes.
    Size,
    /// The token or the multipart id is missing.
    Credential,
    /// The checksum or the size is missing.
    Receipt,
}

impl<'a> Request<'a> {
    pub(crate) fn new(exchange: &'a Exchange, call: &'a Call) -> Self {
        let (operation, interface) = (call.operation, call.interface);
        Self { exchange, call, operation, interface, reply: read_reply(exchange, call) }
    }

    pub(crate) fn index(self) -> u64 {
        self.exchange.index
    }

    pub(crate) fn operation(self) -> Operation {
        self.operation
    }

    pub(crate) fn is(self, operation: Operation) -> bool {
        self.operation == operation
    }

    pub(crate) fn interface(self) -> Interface {
        self.interface
    }

    /// Returns what was written in reply.
    pub(crate) fn reply(self) -> Reply {
        self.reply
    }

    pub(crate) fn response_header(self, name: &str) -> Option<&'a [u8]> {
        self.exchange.response.as_ref()?.header(name)
    }

    pub(crate) fn is_accepted(self) -> bool {
        self.reply() == Reply::Accepted
    }

    /// Returns the reported error, if a complete response reported one.
    pub(crate) fn rejection(self) -> Option<Rejection> {
        match self.reply() {
            Reply::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Returns whether the origin itself rejected the request for this reason.
    pub(crate) fn is_rejected_for(self, cause: ErrorKind) -> bool {
        self.rejection().is_some()
            && self.call.result_code.is_some_and(|row| row.causes.contains(&cause))
            && self.exchange.faults.is_empty()
    }

    /// Returns whether the client cannot know that the request took effect.
    pub(crate) fn has_no_response(self) -> bool {
        let is_server_error = |rejection: Rejection| rejection.status >= 500;
        match self.reply() {
            Reply::Nothing | Reply::Unclear => true,
            Reply::Rejected(rejection) => is_server_error(rejection),
            _ => false,
        }
    }

    /// Returns whether its response, or its end without one, came before `later` began, so that the
    /// client can have known it. The start of the response counts, because a record is closed after
    /// the client may have read the response.
    pub(crate) fn ended_before(self, later: Request<'_>) -> bool {
        let ended = self.exchange.response_started.or(self.exchange.closed);
        let is_final = self.exchange.outcome.is_final();
        let is_earlier = ended.is_some_and(|ended| ended.elapsed <= later.opened());
        is_final && is_earlier && self.index() < later.index()
    }

    /// Returns the real time at which its head was complete.
    pub(crate) fn opened(self) -> Duration {
        self.exchange.opened.elapsed
    }

    /// Returns the time between the start of its response and `later`: the longest time that the
    /// client can have waited.
    pub(crate) fn longest_wait_until(self, later: Request<'_>) -> Option<Duration> {
        let started = self.exchange.response_started.or(self.exchange.closed)?.elapsed;
        later.opened().checked_sub(started)
    }

    pub(crate) fn header(self, name: &str) -> Option<&'a [u8]> {
        self.exchange.head.header(name)
    }

    /// Returns the length of the body that the client meant to send, as far as it is known.
    pub(crate) fn intended_length(self) -> Option<u64> {
        let whole = self.exchange.digest.map(|_| self.exchange.received);
        self.exchange.declared().or(whole)
    }

    /// Returns whether a fault ended the request or its connection.
    pub(crate) fn is_cut_by_fault(self) -> bool {
        self.exchange.outcome == Outcome::CutByFault || !self.exchange.faults.is_empty()
    }

    /// Returns `#4`.
    pub(crate) fn number(self) -> String {
        format!("#{}", self.index())
    }

    /// Returns what happened to the request, for messages: `was rejected with 503`.
    pub(crate) fn replied(self) -> String {
        match self.reply() {
            Reply::Pending => "got no response yet".to_owned(),
            Reply::Nothing => "got no response".to_owned(),
            Reply::Unclear => "got an incomplete response".to_owned(),
            Reply::Rejected(rejection) => format!("was rejected with {rejection}"),
            Reply::Flawed(_) => "got a response with wrong data".to_owned(),
            Reply::Accepted => "was acknowledged".to_owned(),
        }
    }

    /// Returns the request in words: `POST /multipart/piece 2 of /acme/a.mp4`.
    pub(crate) fn describe(self) -> String {
        let call = self.call;
        let name = match (&call.path, call.interface) {
            (Some(path), Interface::Egress) => Escaped::new(&**path).to_string(),
            _ => call.display_name(),
        };
        let method = Escaped::new(self.exchange.head.method());
        let method = if call.is_json_rpc() { String::new() } else { format!("{method} ") };
        let part = call.part.map(|part| format!(" {part}")).unwrap_or_default();
        let path = call.path.as_ref().filter(|_| call.interface != Interface::Egress);
        let path = path.map(|path| format!(" of {}", Escaped::new(&**path))).unwrap_or_default();
        format!("{method}{name}{part}{path}")
    }
}

/// Returns what was written in reply to a call of an exchange.
fn read_reply(exchange: &Exchange, call: &Call) -> Reply {
    if !exchange.outcome.is_final() {
        return Reply::Pending;
    }
    let Some(head) = &exchange.response else { return Reply::Nothing };
    if exchange.outcome != Outcome::Responded {
        return Reply::Unclear;
    }
    // Without a fault, a success has the headers that it must have, and their values are right.
    let is_success = call.result_code.is_some_and(ResultCode::is_success);
    if is_success && exchange.faults.is_empty() {
        return Reply::Accepted;
    }
    let code = written_code(call, head);
    if head.status >= 400 || code.is_some_and(|code| code != 0) {
        return Reply::Rejected(Rejection { status: head.status, code });
    }
    let needs_code = !matches!(call.operation, Operation::Read | Operation::Preflight);
    match flaw(exchange, call, head) {
        _ if code.is_none() && needs_code => Reply::Unclear,
        Some(flaw) => Reply::Flawed(flaw),
        None => Reply::Accepted,
    }
}

/// Returns the result code as written.
fn written_code(call: &Call, head: &ResponseHead) -> Option<i32> {
    if call.interface == Interface::JsonRpc {
        return call.result_code.map(|row| row.code);
    }
    std::str::from_utf8(head.header("X-Agile-Status")?).ok()?.parse().ok()
}

/// Returns the defect in the data of a successful response.
fn flaw(exchange: &Exchange, call: &Call, head: &ResponseHead) -> Option<Flaw> {
    if call.interface != Interface::Http {
        return None;
    }
    let is_missing = |name: &str| head.header(name).is_none_or(<[u8]>::is_empty);
    match call.operation {
        Operation::Login => is_missing("X-Agile-Token").then_some(Flaw::Credential),
        Operation::Create => is_missing("X-Agile-Multipart").then_some(Flaw::Credential),
        Operation::Piece | Operation::PostRaw => {
            let text = |name: &str| std::str::from_utf8(head.header(name)?).ok();
            let (checksum, size) = (text("X-Agile-Checksum"), text("X-Agile-Size"));
            let is_wrong_digest = |checksum: &str| {
                exchange.digest.is_some_and(|own| Digest::parse_hex(checksum) != Some(own))
            };
            let is_wrong_size = |size: &str| size.parse() != Ok(exchange.received);
            if checksum.is_some_and(is_wrong_digest) {
                Some(Flaw::Checksum)
            } else if size.is_some_and(is_wrong_size) {
                Some(Flaw::Size)
            } else {
                (checksum.is_none() || size.is_none()).then_some(Flaw::Receipt)
            }
        }
        _ => None,
    }
}

/// Returns whether an operation shows the state of an upload or a file.
pub(crate) fn is_look(operation: Operation) -> bool {
    use Operation::{ListPieces, Read, Stat, Status};
    matches!(operation, ListPieces | Read | Stat | Status)
}

/// Returns whether an operation changes something, so that a client has no reason to repeat it
/// except a failure.
pub(crate) fn is_change(operation: Operation) -> bool {
    use Operation::{
        Abort, Complete, Copy, Create, DeleteDirectory, DeleteFile, DeleteObject, Fetch, Login,
        MakeDirectory, Piece, PostFile, PostRaw, Rename, Restart, SetContentType, SetMTime,
    };
    matches!(operation, Login | Create | Piece | Complete | Abort | Restart)
        || matches!(operation, PostRaw | PostFile | MakeDirectory | Rename | SetMTime)
        || matches!(operation, SetContentType | Fetch | Copy | DeleteObject | DeleteFile)
        || operation == DeleteDirectory
}
