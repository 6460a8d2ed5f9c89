//! Queries of the recorded requests, with assertions. Start with [`RecordedRequests`].

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::journal::{Call, Dropped, Exchange, Journal, Op, Records};
use crate::referee::Request;
use crate::storage::{Path, PathEncoding};
use crate::wording::counted;

use super::AssertionFailure;
use super::assertion_macro::assertions_with_try;
use super::attempts::{self, Attempts, Judged, Violation};
use super::count_range::CountRange;
use super::request::RecordedRequest;

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
    /// The selected calls. Those of a new query are listed when they are first asked for: most
    /// assertions that hold need no list.
    found: OnceLock<Vec<RecordedRequest>>,
    /// The upload whose calls are selected.
    of_upload: Option<Arc<str>>,
    /// Whether all calls that `of_upload` selects are in the journal.
    is_whole: bool,
    all: Arc<Snapshot>,
    question: Vec<String>,
}

/// The exchanges when the snapshot was taken. Failure messages show them.
#[derive(Clone, Debug)]
struct Snapshot {
    exchanges: Records<Arc<Exchange>>,
    calls: usize,
    dropped: Dropped,
}

impl RecordedRequests {
    /// Creates a query that matches every call of a journal.
    pub(crate) fn new(journal: &Journal) -> Self {
        let (exchanges, calls) = (journal.exchanges().clone(), journal.calls());
        let all = Arc::new(Snapshot { exchanges, calls, dropped: journal.dropped() });
        let is_whole = all.dropped.exchanges == 0;
        Self { found: OnceLock::new(), of_upload: None, is_whole, all, question: Vec::new() }
    }

    /// Returns the calls of an upload, without listing them yet. `is_whole` states whether the journal
    /// has all of them.
    pub(crate) fn of_upload(&self, id: &Arc<str>, is_whole: bool) -> Self {
        let (of_upload, all) = (Some(Arc::clone(id)), Arc::clone(&self.all));
        Self { found: OnceLock::new(), of_upload, is_whole, all, question: Vec::new() }
    }

    /// Lists those calls of a query without a list for which `wanted` returns true. Calls that are not
    /// wanted are not copied.
    fn list(&self, wanted: &dyn Fn(&Exchange, &Call) -> bool) -> Vec<RecordedRequest> {
        let upload = self.of_upload.as_deref();
        let mut found = Vec::new();
        for exchange in self.all() {
            for (number, call) in exchange.calls.iter().enumerate() {
                let is_meant = upload.is_none() || call.upload.as_deref() == upload;
                if is_meant && wanted(exchange, call) {
                    found.push(RecordedRequest::new(Arc::clone(exchange), number));
                }
            }
        }
        found
    }

    fn found(&self) -> &[RecordedRequest] {
        self.found.get_or_init(|| self.list(&|_, _| true))
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
        self.keep(words, &|_, call| op.matches(call))
    }

    /// Keeps only the calls for the upload with that multipart identifier.
    #[must_use]
    pub fn upload(self, id: &str) -> Self {
        self.keep(format!("upload {id}"), &|_, call| call.upload.as_deref() == Some(id))
    }

    /// Keeps only the calls for that path. [`Path::as_written`] describes its forms: `/dir/name`,
    /// or with the name of the account as in responses, `/acme/dir/name`.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        let wanted = self.absolute(path);
        let is_it =
            |_: &_, call: &Call| wanted.is_some() && call.path.as_deref() == wanted.as_deref();
        self.keep(format!("path {path}"), &is_it)
    }

    /// Returns a path in test code as the journal shows it, or `None` if no call can have it.
    fn absolute(&self, text: &str) -> Option<String> {
        let path = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).ok()?;
        let calls = || self.all().iter().flat_map(|exchange| &exchange.calls);
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
        self.keep(format!("user {name}"), &|_, call| call.user.as_deref() == Some(name))
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
        self.keep(format!("part {number}"), &|_, call| call.part == Some(number))
    }

    /// Returns the calls of each upload.
    pub(crate) fn by_upload(&self) -> HashMap<Arc<str>, Vec<RecordedRequest>> {
        let mut groups: HashMap<Arc<str>, Vec<RecordedRequest>> = HashMap::new();
        for exchange in self.all() {
            for (number, call) in exchange.calls.iter().enumerate() {
                let Some(id) = &call.upload else { continue };
                let request = RecordedRequest::new(Arc::clone(exchange), number);
                match groups.get_mut(id) {
                    Some(group) => group.push(request),
                    None => drop(groups.insert(Arc::clone(id), vec![request])),
                }
            }
        }
        groups
    }

    /// Sets the calls that the query selects.
    pub(crate) fn listed(self, found: Vec<RecordedRequest>) -> Self {
        Self { found: found.into(), ..self }
    }

    /// Keeps only the calls whose response has that HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.keep(format!("status {status}"), &|exchange, _| exchange.status() == Some(status))
    }

    /// Keeps only the calls whose response has that code of the protocol.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        self.keep(format!("code {code}"), &|_, call| {
            call.result_code.is_some_and(|row| row.code == code)
        })
    }

    /// Keeps only the calls on the connection with that number.
    #[must_use]
    pub fn connection(self, index: u64) -> Self {
        self.keep(format!("connection {index}"), &|exchange, _| exchange.connection == index)
    }

    /// Keeps only the calls for which `wanted` returns true. `words` describe them in messages.
    #[must_use]
    pub fn filter(mut self, words: &str, wanted: impl Fn(&RecordedRequest) -> bool) -> Self {
        let mut found = self.take_found();
        found.retain(wanted);
        self.question.push(words.to_owned());
        self.listed(found)
    }

    /// Iterates over the calls, in the order in which their heads arrived.
    pub fn iter(&self) -> std::slice::Iter<'_, RecordedRequest> {
        self.found().iter()
    }

    /// Returns the first call.
    pub fn first(&self) -> Option<&RecordedRequest> {
        self.found().first()
    }

    /// Returns the last call.
    pub fn last(&self) -> Option<&RecordedRequest> {
        self.found().last()
    }

    /// Returns the call at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<&RecordedRequest> {
        self.found().get(index)
    }

    /// Returns the number of calls.
    pub fn len(&self) -> usize {
        match (self.found.get(), &self.of_upload) {
            (None, None) => self.all.calls,
            _ => self.found().len(),
        }
    }

    /// Returns whether there are no calls.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many requests there are, and how many of them are unfinished.
    pub(crate) fn progress(&self) -> String {
        let came = counted(self.len(), "request");
        match self.iter().filter(|request| !request.outcome().is_final()).count() {
            0 => came,
            open => format!("{came}, {open} of them unfinished"),
        }
    }

    /// Returns all exchanges of the snapshot.
    pub(crate) fn all(&self) -> &Records<Arc<Exchange>> {
        &self.all.exchanges
    }

    /// Returns what the journal lacked when the snapshot was taken.
    pub(crate) fn dropped(&self) -> Dropped {
        self.all.dropped
    }

    /// Returns whether the journal had every call that the query may select.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns an error if the journal lacks calls that the query may select, so that a claim about all
    /// of them is uncertain. `failure` takes the expected and the found value.
    pub(super) fn check_whole(
        &self,
        failure: &dyn Fn(&str, &str) -> Box<AssertionFailure>,
    ) -> Result<(), Box<AssertionFailure>> {
        if self.is_whole {
            return Ok(());
        }
        let hint =
            "Builder::journal_limit and MockOrigin::clear_journal, by which requests were removed";
        Err(failure("every request of the upload", "only the latest of them").hint(hint))
    }

    /// Checks how the client sent the pieces of an upload, by all its calls. `failure` takes the
    /// expected and the found value.
    pub(super) fn judge<'a>(
        &'a self,
        check: impl FnOnce(&Attempts<'a>) -> Judged,
        failure: &dyn Fn(&str, &str) -> Box<AssertionFailure>,
    ) -> Result<(), Box<AssertionFailure>> {
        self.check_whole(failure)?;
        let attempts = Attempts::new(self.iter().map(RecordedRequest::judged));
        check(&attempts).map_err(|violation| {
            let failure = failure(&violation.expected, &violation.found);
            self.with_violation(failure, violation)
        })
    }

    fn with_violation(
        &self,
        failure: Box<AssertionFailure>,
        violation: Violation,
    ) -> Box<AssertionFailure> {
        let exchanges = self.iter().map(RecordedRequest::shared);
        failure
            .showing(exchanges, |exchange| violation.culprits.contains(&exchange.index))
            .because(violation.cause)
    }

    /// Returns the query in words, or `None` if it matches every call.
    pub(crate) fn query_text(&self) -> Option<String> {
        let upload = self.of_upload.iter().map(|id| format!("upload {id}"));
        let question: Vec<_> = upload.chain(self.question.iter().cloned()).collect();
        (!question.is_empty()).then(|| question.join(", "))
    }

    fn keep(mut self, words: String, wanted: &dyn Fn(&Exchange, &Call) -> bool) -> Self {
        let found = match self.found.take() {
            Some(mut found) => {
                found.retain(|request| wanted(request.exchange(), request.call()));
                found
            }
            None => self.list(wanted),
        };
        self.question.push(words);
        self.listed(found)
    }

    fn take_found(&mut self) -> Vec<RecordedRequest> {
        self.found();
        self.found.take().unwrap_or_default()
    }

    assertions_with_try! {
        /// Asserts the number of requests: `3`, `1..=2`, `1..`.
        assert_count, try_count(self, expected: impl Into<CountRange>) {
            let expected = expected.into().or_reject(".assert_count");
            if self.holds(expected) { Ok(()) } else { Err(self.wrong_count(expected)) }
        }

        /// Asserts that the client asked for these operations one after the other: the requests of each
        /// begin after the responses to those before it, and each has at least one. A request that
        /// several of them select belongs to the first. Other requests do not matter.
        ///
        /// ```no_run
        /// use mock_origin::Op;
        ///
        /// # let origin = mock_origin::MockOrigin::start();
        /// let upload = origin.upload("/videos/a.mp4");
        /// upload.requests().assert_order(&[Op::create(), Op::any_piece(), Op::complete()]);
        /// ```
        assert_order, try_order(self, expected: &[Op]) {
            assert!(expected.len() > 1, "an order needs two operations or more: .assert_order(&[Op::create(), Op::complete()])");
            let steps: Vec<_> = expected.iter().map(Op::describe).collect();
            let step_of = |request: Request<'_>| expected.iter().position(|op| op.matches(request.call));
            attempts::in_order(self.iter().map(RecordedRequest::judged), &steps, step_of).map_err(|violation| {
                let claim = "requests came in the expected order";
                let is_shown = |it: &RecordedRequest| step_of(it.judged()).is_some();
                AssertionFailure::new(claim, violation.expected, violation.found).showing(
                    self.iter().filter(|it| is_shown(it)).map(RecordedRequest::shared),
                    |exchange| violation.culprits.contains(&exchange.index),
                )
                .lacking(self.dropped())
            })
        }

        /// Asserts that there is at least one request, and that each has the header `name` with exactly
        /// this value.
        assert_header, try_header(self, name: &str, value: &str) {
            self.try_count(1..)?;
            let mut wrong = self.iter().filter_map(|request| request.try_header(name, value).err());
            wrong.next().map_or(Ok(()), |failure| Err(failure.lacking(self.dropped())))
        }
    }

    /// Returns the only call.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let origin = mock_origin::MockOrigin::start();
    /// let mut client = std::net::TcpStream::connect(origin.addr())?;
    /// client.write_all(b"OPTIONS / HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n")?;
    /// client.read_to_end(&mut Vec::new())?;
    ///
    /// assert_eq!(origin.requests().single().method(), "OPTIONS");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none or more than one, with the text of [`assert_count`](Self::assert_count).
    #[track_caller]
    pub fn single(&self) -> &RecordedRequest {
        match self.try_single() {
            Ok(request) => request,
            Err(failure) => failure.raise(),
        }
    }

    /// Returns the only call, as [`single`](Self::single) does, but does not panic.
    ///
    /// # Errors
    ///
    /// If there is none or more than one.
    pub fn try_single(&self) -> Result<&RecordedRequest, Box<AssertionFailure>> {
        match (self.first(), self.len()) {
            (Some(request), 1) if self.is_whole => Ok(request),
            _ => Err(self.wrong_count(CountRange::from(1))),
        }
    }

    /// Returns whether the number of calls is certainly expected: dropped exchanges may add to it.
    fn holds(&self, expected: CountRange) -> bool {
        expected.contains(self.len()) && (self.is_whole || expected.max().is_none())
    }

    fn wrong_count(&self, expected: CountRange) -> Box<AssertionFailure> {
        // In ascending order, as the calls are.
        let found: Vec<u64> = self.iter().map(|request| request.exchange().index).collect();
        let claim = self
            .query_text()
            .map_or("of all requests".to_owned(), |it| format!("of requests with {it}"));
        let number = if expected.contains(self.len()) {
            format!("{} in the journal, and perhaps more that were dropped", self.len())
        } else {
            self.len().to_string()
        };
        let failure = AssertionFailure::new(format!("number {claim}"), expected, number)
            .showing(self.all().iter().cloned(), |exchange| {
                found.binary_search(&exchange.index).is_ok()
            })
            .lacking(self.dropped());
        if found.is_empty() {
            return failure;
        }
        failure.hint("the marked exchanges, which were counted")
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

    fn into_iter(mut self) -> Self::IntoIter {
        self.take_found().into_iter()
    }
}
