//! One recorded request, with its facts and assertions. Start with [`RecordedRequest`].

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::{Blob, Digest};
use crate::journal::{
    BodyEnd, Call, EndedToken, Escaped, Exchange, FaultRef, Head, Instants, Outcome, redacted,
};
use crate::protocol::Operation;
use crate::referee::Request;

use super::AssertionFailure;
use super::assertion_macro::assertions_with_try;

/// One call of one exchange: the request and what became of it.
///
/// A JSON-RPC batch is one exchange with several calls. They share the facts of the exchange, such
/// as head, status and body.
///
/// ```
/// use std::io::{Read, Write};
///
/// let origin = mock_origin::MockOrigin::builder().record_bodies().start();
/// let mut client = std::net::TcpStream::connect(origin.addr())?;
/// client.write_all(b"POST /account/login HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n")?;
/// client.read_to_end(&mut Vec::new())?;
///
/// let requests = origin.requests();
/// let login = requests.single();
/// assert_eq!((&*login.method(), &*login.target()), ("POST", "/account/login"));
/// assert_eq!((login.version(), login.path(), login.user()), ("HTTP/1.1", None, None));
/// assert_eq!(login.header("host").as_deref(), Some("origin"));
/// assert_eq!(login.headers().count(), 2);
/// assert_eq!(login.operation(), mock_origin::Operation::Login);
/// assert_eq!((login.upload(), login.part()), (None, None));
/// assert_eq!(login.status(), Some(400));
/// assert_eq!(login.code(), Some(-10001));
/// assert_eq!(login.response_header("x-agile-status").as_deref(), Some("-10001"));
/// assert_eq!((login.received(), login.declared()), (0, None));
/// assert_eq!((login.body()?, login.digest()), (None, None)); // A login has no body.
/// assert_eq!((login.body_end(), login.partial_digest()), (None, None)); // It was not read.
/// assert_eq!((login.continued(), login.last_byte()), (None, None));
/// assert_eq!((login.http_error(), login.ended_token()), (None, None));
/// assert!(login.faults().is_empty());
/// assert_eq!(login.outcome(), mock_origin::Outcome::Responded);
/// assert!(login.opened().elapsed <= login.closed().unwrap().elapsed);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    exchange: Arc<Exchange>,
    call: usize,
}

impl RecordedRequest {
    /// Creates the call at that index of an exchange.
    pub(super) fn new(exchange: Arc<Exchange>, call: usize) -> Self {
        Self { exchange, call }
    }

    /// Returns the exchange of the call.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Returns the exchange with shared ownership.
    pub(crate) fn shared(&self) -> Arc<Exchange> {
        Arc::clone(&self.exchange)
    }

    /// Returns the index of the call in its exchange.
    pub(crate) fn call_index(&self) -> usize {
        self.call
    }

    /// Returns the call for the checks that the referee shares.
    pub(super) fn judged(&self) -> Request<'_> {
        Request::new(&self.exchange, self.call())
    }

    /// Returns the call.
    pub fn call(&self) -> &Call {
        &self.exchange.calls[self.call]
    }

    /// Returns the head as the client sent it.
    pub fn head(&self) -> &Head {
        &self.exchange.head
    }

    /// Returns the method as sent. Bytes that are not UTF-8 are replaced.
    pub fn method(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.head().method())
    }

    /// Returns the request target as sent, with its query. Bytes that are not UTF-8 are replaced.
    pub fn target(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.head().target())
    }

    /// Returns the absolute path of the file or directory that the call is about, such as
    /// `/acme/videos/a.mp4`. It is `None` for a call about no path, such as a login.
    pub fn path(&self) -> Option<&str> {
        self.call().path.as_deref()
    }

    /// Returns the version of HTTP of the response: `HTTP/1.0` to a client that sent
    /// `HTTP/1.0`, else `HTTP/1.1`.
    pub fn version(&self) -> &'static str {
        self.head().version()
    }

    /// Returns the value of the first header of that name. The case of the name does not matter.
    /// Bytes that are not UTF-8 are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.head().header(name).map(lossy)
    }

    /// Returns the names and values of all headers, in the order and case in which they were sent.
    /// Bytes that are not UTF-8 are replaced; [`Head::headers`] has the bytes.
    pub fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.head().headers().map(|(name, value)| (lossy(name), lossy(value)))
    }

    /// Returns the HTTP status of the response. It is `None` if no response was begun.
    pub fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    /// Returns the value of the first response header of that name. The case of the name does not
    /// matter. Bytes that are not UTF-8 are replaced.
    pub fn response_header(&self, name: &str) -> Option<String> {
        self.exchange.response.as_ref()?.header(name).map(lossy)
    }

    /// Returns the protocol code of the response; 0 is success. A JSON-RPC `login` with wrong
    /// credentials counts as −10001, although its response is `[null, null]` (§7.4).
    pub fn code(&self) -> Option<i32> {
        self.call().result_code.map(|row| row.code)
    }

    /// Returns the operation that the client asked for.
    pub fn operation(&self) -> Operation {
        self.call().operation
    }

    /// Returns the user whose credentials the client sent. It is `None` if the origin could not
    /// tell the user.
    pub fn user(&self) -> Option<&str> {
        self.call().user.as_deref()
    }

    /// Returns the multipart id of the upload that the call is about.
    pub fn upload(&self) -> Option<&str> {
        self.call().upload.as_deref()
    }

    /// Returns the part number.
    pub fn part(&self) -> Option<u32> {
        self.call().part
    }

    /// Returns how many bytes of the body the origin read, without chunk framing.
    pub fn received(&self) -> u64 {
        self.exchange.received
    }

    /// Returns the `Content-Length` of the request. It is `None` without one, and for a chunked
    /// body.
    pub fn declared(&self) -> Option<u64> {
        self.exchange.declared()
    }

    /// Returns the SHA-256 digest of the body. It is `None` if the body did not arrive completely.
    pub fn digest(&self) -> Option<Digest> {
        self.exchange.digest
    }

    /// Returns the SHA-256 digest of the bytes that were received, if the body ended early. It is
    /// `None` if it arrived completely, and if the origin did not read it.
    pub fn partial_digest(&self) -> Option<Digest> {
        self.exchange.partial_digest
    }

    /// Returns how the body ended. It is `None` while it is being read, and if the origin did not
    /// read it.
    pub fn body_end(&self) -> Option<BodyEnd> {
        self.exchange.body_end
    }

    /// Returns whether the body begins with the bytes that the origin received of the body of
    /// `earlier`, so that a client that repeats a request sends the same bytes. It is `None` if
    /// that is not known: the requests overlapped, they have different targets, or both bodies
    /// ended early and this one first.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let origin = mock_origin::MockOrigin::start();
    /// for (length, body) in [(5, "hel"), (5, "hello"), (2, "lo")] {
    ///     let mut client = std::net::TcpStream::connect(origin.addr())?;
    ///     let head = format!("OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    ///     write!(client, "{head}{body}")?;
    ///     client.shutdown(std::net::Shutdown::Write)?;
    ///     client.read_to_end(&mut Vec::new())?;
    /// }
    /// let requests = origin.requests();
    /// let [first, again, rest] = [0, 1, 2].map(|at| requests.get(at).unwrap());
    /// assert_eq!(again.body_starts_with(first), Some(true));
    /// assert_eq!(rest.body_starts_with(first), Some(false));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn body_starts_with(&self, earlier: &Self) -> Option<bool> {
        self.exchange.body_starts_with(&earlier.exchange)
    }

    /// Returns the rule of HTTP that head or body violate, in words.
    pub fn http_error(&self) -> Option<String> {
        self.exchange.http_error()
    }

    /// Returns the whole body. It is `None` if the origin does not record bodies
    /// (`Builder::record_bodies`), and for requests whose body the origin does not read.
    ///
    /// # Errors
    ///
    /// If the body was spooled to a temporary file and cannot be read back.
    pub fn body(&self) -> io::Result<Option<Vec<u8>>> {
        self.exchange.body.as_ref().map(Blob::to_vec).transpose()
    }

    /// Returns how far the exchange came.
    pub fn outcome(&self) -> Outcome {
        self.exchange.outcome
    }

    /// Returns the faults that were applied to the exchange, its connection, or its token.
    pub fn faults(&self) -> &[FaultRef] {
        &self.exchange.faults
    }

    /// Returns when the head of the request was complete.
    pub fn opened(&self) -> Instants {
        self.exchange.opened
    }

    /// Returns when `100 Continue` was sent. It is `None` if it was not.
    pub fn continued(&self) -> Option<Instants> {
        self.exchange.continued
    }

    /// Returns when the origin read the last byte of the body, in real time since it started, like
    /// [`Instants::elapsed`]. It is `None` until the origin has read the body.
    pub fn last_byte(&self) -> Option<Duration> {
        self.exchange.last_byte
    }

    /// Returns the end of the token of the call, if the token had been valid before.
    pub fn ended_token(&self) -> Option<EndedToken> {
        self.call().ended_token.as_deref().copied()
    }

    /// Returns when the operation was carried out. It is `None` if it was not, whatever the
    /// response said.
    pub fn committed(&self) -> Option<Instants> {
        self.exchange.committed
    }

    /// Returns when the response was begun. No client can have seen it earlier.
    pub fn response_started(&self) -> Option<Instants> {
        self.exchange.response_started
    }

    /// Returns when the exchange ended. It is `None` while it is open.
    pub fn closed(&self) -> Option<Instants> {
        self.exchange.closed
    }

    assertions_with_try! {
        /// Asserts that the request has the header `name` with exactly this value. If the header is
        /// repeated, the first value counts (§1.13).
        assert_header, try_header(self, name: &str, value: &str) {
            let found = self.head().header(name);
            if found == Some(value.as_bytes()) { Ok(()) } else { Err(self.wrong_header(name, value, found)) }
        }

        /// Asserts the result code of the response; 0 is success.
        assert_code, try_code(self, expected: i32) {
            let found = self.code().map_or("none".to_owned(), |code| code.to_string());
            let failure = || self.failure(format!("response has result code {expected}"), expected, &found);
            if self.code() == Some(expected) { Ok(()) } else { Err(failure()) }
        }
    }

    fn wrong_header(&self, name: &str, value: &str, found: Option<&[u8]>) -> Box<AssertionFailure> {
        let shown = |value: &[u8]| Escaped::new(&redacted(name, value)).to_string();
        let expected = shown(value.as_bytes());
        let found = found.map_or("no such header".to_owned(), shown);
        // Two secrets are redacted to the same text.
        let found =
            if found == expected { format!("{found}, but a different value") } else { found };
        self.failure(format!("request has the header {name}"), expected, found)
    }

    fn failure(
        &self,
        claim: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Box<AssertionFailure> {
        let exchange: Arc<Exchange> = self.shared();
        AssertionFailure::new(claim, expected, found).showing([exchange], |_| true)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
