//! Questions to the journal.

use std::collections::HashMap;
use std::sync::Arc;

use crate::storage::{Path, PathEncoding};

use super::{Call, Exchange, Head, Op, Outcome};

/// One call of one exchange.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    exchange: Arc<Exchange>,
    call: usize,
}

impl RecordedRequest {
    /// The exchange it was part of.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange, to be held on to.
    pub(crate) fn shared(&self) -> Arc<Exchange> {
        Arc::clone(&self.exchange)
    }

    /// Returns the index of the call among those of its exchange.
    pub(crate) fn call_index(&self) -> usize {
        self.call
    }

    /// What was asked for.
    pub fn call(&self) -> &Call {
        &self.exchange.calls[self.call]
    }

    /// The head as it came.
    pub fn head(&self) -> &Head {
        &self.exchange.head
    }

    /// The first header of that name as text, in any case of the name; bytes that are not UTF-8
    /// are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        self.head().header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The HTTP status that was answered.
    pub fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    /// The protocol's own code that was answered; 0 is success. JSON-RPC `login` with wrong
    /// credentials counts as −10001, though its answer is `[null, null]` (§7.4).
    pub fn code(&self) -> Option<i32> {
        self.call().row.map(|row| row.code)
    }

    /// The part number.
    pub fn part(&self) -> Option<u32> {
        self.call().part
    }

    /// Bytes of the body that were read.
    pub fn received(&self) -> u64 {
        self.exchange.received
    }

    /// How far it came.
    pub fn outcome(&self) -> Outcome {
        self.exchange.outcome
    }
}

/// The calls that answer a question: an owned snapshot, in the order in which heads arrived.
#[derive(Clone, Debug)]
pub struct RecordedRequests {
    found: Vec<RecordedRequest>,
    /// All that was there to be asked, for failures to show.
    all: Arc<[Arc<Exchange>]>,
    question: Vec<String>,
}

impl RecordedRequests {
    /// Every call of `exchanges`.
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

    /// Only those that ask for `selector`.
    ///
    /// # Panics
    ///
    /// If it names part numbers that do not exist, such as 0.
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

    /// Only those about the upload with that multipart identifier.
    #[must_use]
    pub fn upload(self, id: &str) -> Self {
        self.keep(format!("upload {id}"), |request| request.call().upload.as_deref() == Some(id))
    }

    /// Only those about that path, which is read as [`Path::as_written`] says: `/dir/name`, or with
    /// the account in front as answers show it, `/acme/dir/name`.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        let wanted = self.absolute(path);
        let is_it = |request: &RecordedRequest| wanted.is_some() && request.call().path == wanted;
        self.keep(format!("path {path}"), is_it)
    }

    /// The path that a test means as the journal shows it; nothing if no call could be about it.
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

    /// Only those of that user.
    #[must_use]
    pub fn user(self, name: &str) -> Self {
        self.keep(format!("user {name}"), |request| request.call().user.as_deref() == Some(name))
    }

    /// Only those with that part number.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    #[track_caller]
    pub fn part(self, number: u32) -> Self {
        assert!(number > 0, "part numbers go from 1 up: .part(1)");
        self.keep(format!("part {number}"), |request| request.part() == Some(number))
    }

    /// All of them, by the upload that they are about.
    pub(crate) fn by_upload(&self) -> HashMap<String, Self> {
        let mut groups: HashMap<String, Self> = HashMap::new();
        for request in &self.found {
            let Some(id) = &request.call().upload else { continue };
            let group = groups.entry(id.clone()).or_insert_with(|| self.none_of_them(id));
            group.found.push(request.clone());
        }
        groups
    }

    /// No requests, of the same journal.
    pub(crate) fn none_of_them(&self, id: &str) -> Self {
        let question = vec![format!("upload {id}")];
        Self { found: Vec::new(), all: Arc::clone(&self.all), question }
    }

    /// Only those that were answered with that HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.keep(format!("status {status}"), |request| request.status() == Some(status))
    }

    /// Only those that were answered with that code of the protocol.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        self.keep(format!("code {code}"), |request| request.code() == Some(code))
    }

    /// Only those that came on the connection with that number.
    #[must_use]
    pub fn connection(self, index: u64) -> Self {
        self.keep(format!("connection {index}"), |request| request.exchange.connection == index)
    }

    /// Only those that `wanted` says yes to; `words` name them in messages.
    #[must_use]
    pub fn filter(self, words: &str, wanted: impl Fn(&RecordedRequest) -> bool) -> Self {
        self.keep(words.to_owned(), wanted)
    }

    /// The calls, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, RecordedRequest> {
        self.found.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything that was there to be asked.
    pub(crate) fn all(&self) -> &[Arc<Exchange>] {
        &self.all
    }

    /// The question in words; nothing if it is all requests.
    pub(crate) fn question(&self) -> Option<String> {
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
