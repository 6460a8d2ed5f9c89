//! Queries of the journal. Start with [`RecordedRequests`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use crate::blob::{Blob, Digest};
use crate::protocol::Operation;
use crate::storage::{Path, PathEncoding};

use super::{Call, Exchange, FaultRef, Head, Instants, Op, Outcome};

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

    /// Returns the version of HTTP in which the origin answers: `HTTP/1.0` to a client that sent
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
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The calls that were selected: an owned snapshot, in the order in which their heads arrived.
///
/// ```
/// use std::io::{Read, Write};
///
/// let origin = mock_origin::MockOrigin::start();
/// for method in ["OPTIONS", "HEAD"] {
///     let mut client = std::net::TcpStream::connect(origin.addr())?;
///     write!(client, "{method} / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n")?;
///     client.read_to_end(&mut Vec::new())?;
/// }
///
/// let requests = origin.requests();
/// assert_eq!((requests.len(), requests.is_empty()), (2, false));
/// assert_eq!(requests.first().unwrap().method(), "OPTIONS");
/// assert_eq!(requests.last().unwrap().method(), "HEAD");
/// assert!(requests.get(2).is_none());
/// let methods: Vec<_> = requests.iter().map(|request| request.method().into_owned()).collect();
/// assert_eq!(methods, ["OPTIONS", "HEAD"]);
/// for request in requests {
///     assert!(request.status().is_some());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordedRequests {
    found: Vec<RecordedRequest>,
    /// All exchanges of the snapshot, which failure messages show.
    all: Arc<[Arc<Exchange>]>,
    question: Vec<String>,
}

impl RecordedRequests {
    /// Creates a query that matches every call of `exchanges`.
    pub fn new(exchanges: &[Arc<Exchange>]) -> Self {
        let calls = |exchange: &Arc<Exchange>| {
            let exchange = Arc::clone(exchange);
            (0..exchange.calls.len())
                .map(move |call| RecordedRequest { exchange: Arc::clone(&exchange), call })
        };
        Self {
            found: exchanges.iter().flat_map(calls).collect(),
            all: exchanges.into(),
            question: Vec::new(),
        }
    }

    /// Keeps only the calls that `op` selects.
    ///
    /// # Panics
    ///
    /// Panics if `op` has invalid part numbers, such as 0.
    #[must_use]
    #[track_caller]
    pub fn op(self, op: impl AsRef<Op>) -> Self {
        let op = op.as_ref();
        if let Some(parts) = op.parts() {
            let is_possible = !parts.is_empty() && *parts.start() > 0;
            assert!(
                is_possible,
                "part numbers go from 1 up, in a range that is not empty: Op::piece(1..=4)"
            );
        }
        let words = op.describe();
        self.keep(words, |request| op.matches(request.call()))
    }

    /// Keeps only the calls for the upload with that multipart identifier.
    #[must_use]
    pub fn upload(self, id: &str) -> Self {
        self.keep(format!("upload {id}"), |request| request.call().upload.as_deref() == Some(id))
    }

    /// Keeps only the calls for that path. [`Path::as_written`] describes its forms: `/dir/name`,
    /// or with the name of the account as in responses, `/acme/dir/name`.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        let wanted = self.absolute(path);
        let is_it = |request: &RecordedRequest| wanted.is_some() && request.call().path == wanted;
        self.keep(format!("path {path}"), is_it)
    }

    /// Returns a path in test code as the journal shows it, or `None` if no call can have it.
    fn absolute(&self, text: &str) -> Option<String> {
        let path = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).ok()?;
        let calls = || self.all.iter().flat_map(|exchange| &exchange.calls);
        let paths = || calls().filter_map(|call| call.path.as_deref());
        // Every path in the journal begins with the account.
        let account = paths().next()?.split('/').nth(1)?;
        let was_asked_for = |path: &Path| {
            let absolute = path.absolute(account);
            paths().any(|other| other == absolute)
        };
        Some(path.as_written(account, was_asked_for).absolute(account))
    }

    /// Keeps only the calls of that user.
    #[must_use]
    pub fn user(self, name: &str) -> Self {
        self.keep(format!("user {name}"), |request| request.call().user.as_deref() == Some(name))
    }

    /// Keeps only the calls with that part number.
    ///
    /// # Panics
    ///
    /// Panics if `number` is 0.
    #[must_use]
    #[track_caller]
    pub fn part(self, number: u32) -> Self {
        assert!(number > 0, "part numbers go from 1 up: .part(1)");
        self.keep(format!("part {number}"), |request| request.part() == Some(number))
    }

    /// Groups the calls by upload.
    pub(crate) fn by_upload(&self) -> HashMap<String, Self> {
        let mut groups: HashMap<String, Self> = HashMap::new();
        for request in &self.found {
            let Some(id) = &request.call().upload else { continue };
            let group = groups.entry(id.clone()).or_insert_with(|| self.empty_selection(id));
            group.found.push(request.clone());
        }
        groups
    }

    /// Returns an empty selection of the same snapshot.
    pub(crate) fn empty_selection(&self, id: &str) -> Self {
        let question = vec![format!("upload {id}")];
        Self { found: Vec::new(), all: Arc::clone(&self.all), question }
    }

    /// Keeps only the calls whose response has that HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.keep(format!("status {status}"), |request| request.status() == Some(status))
    }

    /// Keeps only the calls whose response has that code of the protocol.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        self.keep(format!("code {code}"), |request| request.code() == Some(code))
    }

    /// Keeps only the calls on the connection with that number.
    #[must_use]
    pub fn connection(self, index: u64) -> Self {
        self.keep(format!("connection {index}"), |request| request.exchange.connection == index)
    }

    /// Keeps only the calls for which `wanted` returns true. `words` describe them in messages.
    #[must_use]
    pub fn filter(self, words: &str, wanted: impl Fn(&RecordedRequest) -> bool) -> Self {
        self.keep(words.to_owned(), wanted)
    }

    /// Iterates over the calls, in the order in which their heads arrived.
    pub fn iter(&self) -> std::slice::Iter<'_, RecordedRequest> {
        self.found.iter()
    }

    /// Returns the first call.
    pub fn first(&self) -> Option<&RecordedRequest> {
        self.found.first()
    }

    /// Returns the last call.
    pub fn last(&self) -> Option<&RecordedRequest> {
        self.found.last()
    }

    /// Returns the call at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<&RecordedRequest> {
        self.found.get(index)
    }

    /// Returns the number of calls.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Returns whether there are no calls.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns all exchanges of the snapshot.
    pub(crate) fn all(&self) -> &[Arc<Exchange>] {
        &self.all
    }

    /// Returns the query in words, or `None` if it matches every call.
    pub(crate) fn query_text(&self) -> Option<String> {
        (!self.question.is_empty()).then(|| self.question.join(", "))
    }

    fn keep(mut self, words: String, wanted: impl Fn(&RecordedRequest) -> bool) -> Self {
        self.found.retain(wanted);
        self.question.push(words);
        self
    }
}

impl<'a> IntoIterator for &'a RecordedRequests {
    type Item = &'a RecordedRequest;
    type IntoIter = std::slice::Iter<'a, RecordedRequest>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for RecordedRequests {
    type Item = RecordedRequest;
    type IntoIter = std::vec::IntoIter<RecordedRequest>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}
