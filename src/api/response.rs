//! Responses and their construction (§1.6–§1.8). This module decides nothing about requests. Start
//! with [`Response`] and [`ResponseBuilder`].

use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use crate::blob::Blob;
use crate::journal::{Call, Calls, HeadError, ResponseHead, push_header, push_number};
use crate::protocol::{
    Endpoint, ErrorKind, HTTP_CONTENT_TYPE, Operation, ResultCode, result_code_for, standard_phrase,
};
use crate::storage::{Path, PathEncoding, Storage, Timestamp};

use super::url::encode_path;

/// The body of a response.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes that were made for this response.
    Bytes(Vec<u8>),
    /// A range of a stored blob.
    Blob(Blob, Range<u64>),
    /// No bytes, although the head declares a length: the response to HEAD.
    HeadOnly(u64),
}

impl Body {
    /// Returns the length in the head.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob(_, range) => range.end - range.start,
            Self::HeadOnly(length) => *length,
        }
    }

    /// Returns whether the length in the head is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status, reason phrase and headers, shared with the journal.
    pub head: Arc<ResponseHead>,
    /// The body.
    pub body: Body,
    /// The calls that it responds to.
    pub calls: Calls,
    closes: bool,
    /// Whether a fault chose some of its headers.
    is_custom: bool,
    head_error: Option<HeadError>,
}

impl Response {
    /// Returns the response to an internal error.
    pub fn internal_error_response(storage: &Storage, call: Call, now: Timestamp) -> Box<Self> {
        ResponseBuilder::from_status(500).with_call(call).build(storage, now)
    }

    /// Returns status, reason phrase and headers for changes.
    pub fn head_mut(&mut self) -> &mut ResponseHead {
        self.is_custom = true;
        Arc::make_mut(&mut self.head)
    }

    /// Returns whether any of the calls was executed.
    pub fn is_done(&self) -> bool {
        (0..self.calls.len()).any(|call| self.has_done(call))
    }

    /// Returns whether the call with this index was executed.
    pub fn has_done(&self, call: usize) -> bool {
        let is_success =
            |call: &Call| call.result_code.map_or(self.head.status < 400, ResultCode::is_success);
        self.calls.get(call).is_some_and(is_success)
    }

    /// Closes the connection after the response.
    #[must_use]
    pub fn closing(mut self: Box<Self>) -> Box<Self> {
        let says_so = self.head.header("Connection").is_some_and(|it| it == b"close");
        if !std::mem::replace(&mut self.closes, true) && !says_so {
            Arc::make_mut(&mut self.head).add("Connection", b"close");
        }
        self
    }

    /// Returns the rule of HTTP that the head of the request violates, if that is why it was
    /// rejected.
    pub fn head_error(&self) -> Option<HeadError> {
        self.head_error
    }

    /// Returns whether the connection is closed after the response, as it is after errors (§1.8).
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// Returns the values of the `Connection` headers of the head.
    pub(crate) fn connection_options(&self) -> impl Iterator<Item = &[u8]> {
        let headers = (self.closes || self.is_custom).then(|| self.head.headers());
        let named = |name: &str| name.eq_ignore_ascii_case("Connection");
        headers.into_iter().flatten().filter(move |(name, _)| named(name)).map(|(_, value)| value)
    }
}

/// A response under construction.
#[derive(Debug)]
pub(super) struct ResponseBuilder {
    status: u16,
    reason: Cow<'static, str>,
    /// The headers as [`push_header`] writes them, after room for the date.
    own: Vec<u8>,
    body: Body,
    calls: Calls,
    result_code: Option<&'static ResultCode>,
    /// Whether the code is among the headers.
    is_coded: bool,
    closes: bool,
    head_error: Option<HeadError>,
    /// The names of default headers that were replaced.
    replaced: Vec<String>,
}

/// A placeholder, which is as long as every date.
const ANY_DATE: &[u8; 29] = b"Thu, 01 Jan 1970 00:00:00 GMT";

/// The place of the date in the own headers. [`push_header`] writes a number and a length before it.
const DATE_VALUE: Range<usize> = 2..DATE_END as usize;
const DATE_END: u32 = 31;

/// Enough for the own headers of most responses.
const USUAL_LENGTH: usize = 128;

impl ResponseBuilder {
    fn new(status: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut own = Vec::with_capacity(USUAL_LENGTH);
        push_header(&mut own, "Date", ANY_DATE);
        Self {
            status,
            reason: reason.into(),
            own,
            body: Body::Bytes(Vec::new()),
            calls: Calls::default(),
            result_code: None,
            is_coded: false,
            closes: false,
            head_error: None,
            replaced: Vec::new(),
        }
    }

    /// Creates a response without a result code and without `X-Agile-Status`.
    pub(super) fn from_status(status: u16) -> Self {
        Self::new(status, standard_phrase(status))
    }

    /// Creates the response for a result code of an endpoint, with its number in `X-Agile-Status`.
    pub(super) fn from_result_code(result_code: &'static ResultCode) -> Self {
        // The message of a success is not a reason phrase (§1.8).
        let reason =
            if result_code.http == 200 { standard_phrase(200) } else { result_code.phrase };
        let mut response = Self::new(result_code.http, reason);
        response.result_code = Some(result_code);
        match result_code.code {
            0 => response.with("X-Agile-Status", "0"),
            code => response.with("X-Agile-Status", code.to_string()),
        }
    }

    /// Creates a success without `X-Agile-Status`.
    pub(super) fn success(result_code: &'static ResultCode) -> Self {
        Self { result_code: Some(result_code), ..Self::new(result_code.http, result_code.phrase) }
    }

    /// Creates the error response for `cause` on `endpoint`. Only `/post/directory` has a body
    /// (§1.7).
    pub(super) fn error(endpoint: &'static Endpoint, cause: ErrorKind) -> Self {
        let Some(result_code) = result_code_for(endpoint.results, cause) else {
            return Self::from_status(500);
        };
        let response = Self::from_result_code(result_code);
        if endpoint.operation == Operation::MakeDirectory {
            response.with_message(result_code)
        } else {
            response
        }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.is_coded |= name == "X-Agile-Status";
        push_header(&mut self.own, name, value.as_ref());
        self
    }

    /// Adds a header with a number.
    pub(super) fn with_number(mut self, name: &str, value: u64) -> Self {
        push_number(&mut self.own, name, value);
        self
    }

    /// Adds the JSON body of `/post/directory` (§6).
    pub(super) fn with_message(mut self, result_code: &ResultCode) -> Self {
        let text =
            format!("{{\"message\": \"{}\", \"code\": {}}}", result_code.phrase, result_code.code);
        self.body = Body::Bytes(text.into_bytes());
        self
    }

    /// Sets the body and its type.
    pub(super) fn with_body(mut self, content_type: impl AsRef<[u8]>, body: Body) -> Self {
        self.body = body;
        self.with("Content-Type", content_type)
    }

    /// Adds headers that replace the default ones of the same names. Only `Connection: close`
    /// replaces the default `Connection` header.
    pub(super) fn with_replacing_headers(mut self, headers: &[(String, String)]) -> Self {
        for (name, value) in headers {
            let is_connection = name.eq_ignore_ascii_case("Connection");
            if !is_connection || value.eq_ignore_ascii_case("close") {
                self.replaced.push(name.clone());
            }
            self = self.with(name, value);
        }
        self
    }

    /// Sets a body of a type other than the default, unless a header has set the type already.
    pub(super) fn with_own_body(mut self, content_type: &str, bytes: &[u8]) -> Self {
        const NAME: &str = "Content-Type";
        self.body = Body::Bytes(bytes.to_vec());
        if self.is_replaced(NAME) {
            return self;
        }
        self.replaced.push(NAME.to_owned());
        self.with(NAME, content_type)
    }

    fn is_replaced(&self, name: &str) -> bool {
        self.replaced.iter().any(|replaced| replaced.eq_ignore_ascii_case(name))
    }

    /// Redirects the client to `address`. Bytes that no header can contain are quoted.
    pub(super) fn with_redirect(
        mut self,
        result_code: &'static ResultCode,
        address: &[u8],
    ) -> Self {
        (self.status, self.reason, self.result_code) =
            (result_code.http, result_code.phrase.into(), Some(result_code));
        let address = address.iter().copied().fold(Vec::new(), push_visible);
        self.with("Location", address)
    }

    /// Adds the code under its former header name, if there is a code.
    pub(super) fn with_legacy_status(self) -> Self {
        let code = self
            .result_code
            .filter(|_| self.is_coded)
            .map(|result_code| result_code.code.to_string());
        match code {
            Some(code) => self.with("X-Llnw-Status", code),
            None => self,
        }
    }

    /// Sets the call that it responds to.
    pub(super) fn with_call(mut self, mut call: Call) -> Self {
        call.result_code = self.result_code;
        self.calls = call.into();
        self
    }

    /// Returns a plain response to the same calls.
    pub(super) fn replace_with_status(self, status: u16) -> Self {
        Self::from_status(status).with_calls(self.calls)
    }

    /// Sets the calls that it responds to, each with its result code.
    pub(super) fn with_calls(self, calls: Calls) -> Self {
        Self { calls, ..self }
    }

    /// Sets the rule of HTTP that the head of the request violates.
    pub(super) fn with_head_error(self, error: HeadError) -> Self {
        Self { head_error: Some(error), ..self }
    }

    /// Sets another reason phrase, if there is one.
    pub(super) fn with_reason(mut self, reason: Option<String>) -> Self {
        if let Some(reason) = reason {
            self.reason = reason.into();
        }
        self
    }

    /// Closes the connection after the response, because the rest of the body was not read.
    pub(super) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    /// Adds the headers of every response, at both ends, and finishes the response.
    pub(super) fn build(mut self, storage: &Storage, now: Timestamp) -> Box<Response> {
        let is_typed = self.is_coded && !self.is_replaced("Content-Type");
        let closes = self.closes || self.status >= 400;
        let says_close = closes && !self.is_replaced("Connection");
        self.own[DATE_VALUE].copy_from_slice(&date_of(now));
        let cors = storage.options().cors;
        let (mut before, mut shared) = (DATE_END, Some(cors));
        let is_custom = !self.replaced.is_empty();
        if is_custom {
            let (date, rest) = self.own.split_at(DATE_VALUE.end);
            let mut own = if self.is_replaced("Date") { Vec::new() } else { date.to_vec() };
            for (name, value) in cors.standard_headers() {
                if !self.is_replaced(name) {
                    push_header(&mut own, name, value.as_bytes());
                }
            }
            own.extend_from_slice(rest);
            (self.own, before, shared) = (own, 0, None);
        }
        let mut own = self.own;
        if is_typed {
            push_header(&mut own, "Content-Type", HTTP_CONTENT_TYPE.as_bytes());
        }
        if says_close {
            push_header(&mut own, "Connection", b"close");
        }
        if !matches!(self.status, 204 | 304) {
            push_number(&mut own, "Content-Length", self.body.len());
        }
        let head = ResponseHead::with_shared(self.status, self.reason, own, before, shared);
        let Self { body, calls, head_error, .. } = self;
        Box::new(Response { head: Arc::new(head), body, calls, closes, is_custom, head_error })
    }
}

/// Returns the `Date` of a response. Most responses have the date of the one before.
fn date_of(now: Timestamp) -> [u8; ANY_DATE.len()] {
    thread_local! {
        static LAST: Cell<(u64, [u8; ANY_DATE.len()])> = const { Cell::new((0, *ANY_DATE)) };
    }
    let (secs, mut date) = LAST.get();
    if secs != now.secs() {
        // The room is as long as every date.
        let _ = write!(&mut date[..], "{}", httpdate::HttpDate::from(now.to_system_time()));
        LAST.set((now.secs(), date));
    }
    date
}

/// Returns a path for `X-Agile-Path` (§3.3): quoted if the request had quoted names, else raw
/// except for control characters, which no header can contain.
pub(super) fn path_header(path: &Path, account: &str, path_encoding: PathEncoding) -> Vec<u8> {
    let absolute = path.absolute(account);
    match path_encoding {
        PathEncoding::PercentEncoded => encode_path(&absolute).to_string().into_bytes(),
        PathEncoding::Raw => absolute.bytes().fold(Vec::new(), push_visible),
    }
}

fn push_visible(mut text: Vec<u8>, byte: u8) -> Vec<u8> {
    if byte.is_ascii_control() {
        text.extend(format!("%{byte:02X}").into_bytes());
    } else {
        text.push(byte);
    }
    text
}
