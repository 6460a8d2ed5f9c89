//! What the clients did, grouped for the rules: per upload and part, per request and its tries, per
//! connection and per token. It is built once, in one pass over the journal. Start with
//! [`Conduct`].
//!
//! If exchanges were dropped from the journal, the requests since then are known without gaps, and so
//! are those about uploads of which none was dropped. What an earlier request did or lacked is unknown.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::journal::{Connection, Framing, Journal, MarkEvent, Outcome};
use crate::protocol::Operation;

use super::evidence::Evidence;
use super::head_facts::{HEAD_MARKS, HeadFacts, HeadMark};
use super::request::{Rejection, Reply, Request, is_change, is_look};
use super::try_key::TryKey;
use super::upload::UploadConduct;

/// What the clients did.
pub(crate) struct Conduct<'a> {
    /// Every call in the order in which heads arrived, without those from before dropped exchanges and
    /// those about uploads that are not completely known.
    pub(crate) requests: Vec<Request<'a>>,
    /// Those of `requests` that were not accepted, and have ended.
    pub(crate) failures: Vec<Request<'a>>,
    /// Those of `requests` with each kind of head.
    marked: [Vec<Request<'a>>; HEAD_MARKS],
    /// Those of `requests` that are invalid HTTP, sent in chunks or truncated.
    pub(crate) irregular: Vec<Request<'a>>,
    /// Whether any of `requests` declared the length of its body.
    pub(crate) has_declared_length: bool,
    /// The completely known uploads in the order in which they appeared.
    pub(crate) uploads: Vec<UploadConduct<'a>>,
    /// The tries of each request, in the order of the first.
    pub(crate) tries: Vec<Vec<Request<'a>>>,
    /// The tokens, in the order of their first requests.
    pub(crate) tokens: Vec<TokenConduct<'a>>,
    pub(crate) connections: Vec<ConnectionConduct<'a>>,
    journal: &'a Journal,
    latest_looks: OnceCell<HashMap<&'a str, u64>>,
    /// The position of each upload in `uploads`; `None` for one that is not completely known.
    upload_positions: HashMap<&'a str, Option<usize>>,
    connection_positions: HashMap<u64, usize>,
    /// No exchange from this number on was dropped.
    complete_from: u64,
    /// The number of the latest exchange for each operation.
    latest: Vec<(Operation, u64)>,
    /// The numbers of the exchanges that changed something.
    changes: Vec<u64>,
    /// When the latest connection began that a fault ended before its first request.
    last_lost_connection: Option<Duration>,
    /// The number of the next exchange when the origin went offline last.
    last_offline: Option<u64>,
    /// The numbers of the next exchanges when the test intervened.
    interventions: Vec<u64>,
}

/// The requests with one token.
pub(crate) struct TokenConduct<'a> {
    pub(crate) count: usize,
    /// Those whose credentials were rejected.
    pub(crate) rejected: Vec<Request<'a>>,
}

/// The requests of one connection.
pub(crate) struct ConnectionConduct<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) first: Option<Request<'a>>,
    pub(crate) last: Option<Request<'a>>,
}

/// The positions of groups of requests in the order of the first of each group.
///
/// The key of the latest request is compared first, because most requests belong to the same token and
/// upload as the one before.
struct Positions<K> {
    positions: HashMap<K, usize>,
    latest: Option<(K, usize)>,
}

impl<K: Copy + Eq + Hash> Positions<K> {
    fn new() -> Self {
        Self { positions: HashMap::new(), latest: None }
    }

    /// Returns the position of the group with this key, and whether it is new.
    fn find(&mut self, key: K) -> (usize, bool) {
        if let Some((latest, at)) = self.latest
            && latest == key
        {
            return (at, false);
        }
        let next = self.positions.len();
        let at = *self.positions.entry(key).or_insert(next);
        self.latest = Some((key, at));
        (at, at == next)
    }
}

impl<'a> Conduct<'a> {
    pub(crate) fn new(evidence: &'a Evidence<'a>) -> Self {
        let journal = evidence.journal;
        let marks = journal.marks().iter();
        let offline = marks.clone().filter(|mark| mark.event == MarkEvent::Offline);
        let connections = journal.connections().iter();
        let mut conduct = Self {
            requests: Vec::new(),
            failures: Vec::new(),
            marked: Default::default(),
            irregular: Vec::new(),
            has_declared_length: false,
            uploads: Vec::new(),
            tries: Vec::new(),
            tokens: Vec::new(),
            connections: connections
                .clone()
                .map(|it| ConnectionConduct { connection: it, first: None, last: None })
                .collect(),
            journal,
            latest_looks: OnceCell::new(),
            upload_positions: HashMap::new(),
            connection_positions: connections.map(|it| it.index).zip(0..).collect(),
            complete_from: journal.dropped().complete_from,
            latest: Vec::new(),
            changes: Vec::new(),
            last_lost_connection: None,
            last_offline: offline.map(|mark| mark.next_exchange).max(),
            interventions: marks.map(|mark| mark.next_exchange).collect(),
        };
        conduct.read(evidence);
        for upload in &mut conduct.uploads {
            upload.find_unacknowledged();
        }
        let lost = conduct
            .connections
            .iter()
            .filter(|it| it.first.is_none() && it.connection.fault.is_some());
        conduct.last_lost_connection = lost.map(|it| it.connection.opened.elapsed).max();
        conduct
    }

    /// Reads the requests of the journal, once.
    fn read(&mut self, evidence: &'a Evidence<'a>) {
        let (mut tries, mut tokens) = (Positions::new(), Positions::new());
        let mut latest_connection = None;
        let mut latest_upload: Option<(&str, Option<usize>)> = None;
        for exchange in evidence.journal.exchanges() {
            let facts = HeadFacts::new(&exchange.head);
            let connection = match latest_connection {
                Some((index, at)) if index == exchange.connection => at,
                _ => self.connection_positions.get(&exchange.connection).copied(),
            };
            latest_connection = Some((exchange.connection, connection));
            for call in &exchange.calls {
                let request = Request::new(exchange, call);
                self.note_latest(call.operation, exchange.index);
                if exchange.committed.is_some() && is_change(call.operation) {
                    self.changes.push(exchange.index);
                }
                if let Some(at) = connection {
                    let connection = &mut self.connections[at];
                    connection.first = connection.first.or(Some(request));
                    connection.last = Some(request);
                }
                if let Some(token) = facts.token {
                    let (at, is_new) = tokens.find(token);
                    if is_new {
                        self.tokens.push(TokenConduct { count: 0, rejected: Vec::new() });
                    }
                    self.tokens[at].count += 1;
                    if request.rejection().is_some_and(Rejection::is_about_credentials) {
                        self.tokens[at].rejected.push(request);
                    }
                }
                if let Some(id) = call.upload.as_deref() {
                    let at = match latest_upload {
                        Some((latest, at)) if latest == id => at,
                        _ => self.upload_position(id, evidence),
                    };
                    latest_upload = Some((id, at));
                    let Some(at) = at else { continue };
                    self.uploads[at].add(request);
                }
                if exchange.index >= self.complete_from {
                    self.add(request, &facts);
                    let (at, is_new) = tries.find(TryKey::with_facts(&exchange.head, call, &facts));
                    if is_new {
                        self.tries.push(vec![request]);
                    } else {
                        self.tries[at].push(request);
                    }
                }
            }
        }
    }

    /// Adds a request to the lists of all requests.
    fn add(&mut self, request: Request<'a>, facts: &HeadFacts<'_>) {
        self.requests.push(request);
        if !matches!(request.reply(), Reply::Accepted | Reply::Pending) {
            self.failures.push(request);
        }
        let exchange = request.exchange;
        self.has_declared_length |= exchange.declared().is_some();
        let is_regular = exchange.head_error.is_none()
            && exchange.chunk_error.is_none()
            && exchange.framing != Framing::Chunked
            && exchange.outcome != Outcome::RequestTruncated;
        if !is_regular {
            self.irregular.push(request);
        }
        for (marked, is_marked) in self.marked.iter_mut().zip(facts.marks) {
            if is_marked {
                marked.push(request);
            }
        }
    }

    fn note_latest(&mut self, operation: Operation, exchange: u64) {
        match self.latest.iter_mut().find(|(known, _)| *known == operation) {
            Some((_, latest)) => *latest = exchange,
            None => self.latest.push((operation, exchange)),
        }
    }

    /// Returns the position of an upload, which is added if it is new; `None` if it is not completely
    /// known.
    fn upload_position(&mut self, id: &'a str, evidence: &Evidence<'_>) -> Option<usize> {
        let uploads = &mut self.uploads;
        *self.upload_positions.entry(id).or_insert_with(|| {
            let facts = evidence.uploads.get(id).copied();
            if facts.is_some_and(|facts| facts.is_partial) {
                return None;
            }
            uploads.push(UploadConduct { id, facts, ..UploadConduct::default() });
            Some(uploads.len() - 1)
        })
    }

    /// Returns the requests with a kind of head, among `requests`.
    pub(crate) fn marked(&self, mark: HeadMark) -> &[Request<'a>] {
        &self.marked[mark as usize]
    }

    /// Returns whether any request asked for this operation.
    pub(crate) fn has(&self, operation: Operation) -> bool {
        self.latest_of(operation).is_some()
    }

    /// Returns whether the journal has every exchange.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete_from == 0
    }

    /// Returns whether a request comes from before dropped exchanges, so that what followed it is
    /// unknown.
    fn is_before_gap(&self, request: Request<'_>) -> bool {
        request.index() < self.complete_from
    }

    /// Returns whether the origin went offline after `request`, or a fault ended a connection before
    /// the client could send a request on it, or that is unknown. The client may have tried what the
    /// journal lacks.
    pub(crate) fn was_cut_off_after(&self, request: Request<'_>) -> bool {
        if self.is_before_gap(request) {
            return true;
        }
        if self.last_offline.is_some_and(|next| next > request.index()) {
            return true;
        }
        self.last_lost_connection.is_some_and(|lost| lost >= request.opened())
    }

    /// Returns whether the client sent another request on the connection after the response, which
    /// proves that it read the response.
    pub(crate) fn was_read(&self, request: Request<'_>) -> bool {
        let at = self.connection_positions.get(&request.exchange.connection);
        let latest = at.and_then(|at| self.connections[*at].last);
        latest.is_some_and(|latest| latest.index() > request.index())
    }

    /// Returns whether any request took effect, or the test intervened, between the heads of `one`
    /// and `next`, or that is unknown.
    pub(crate) fn has_change_between(&self, one: Request<'_>, next: Request<'_>) -> bool {
        if self.is_before_gap(one) {
            return true;
        }
        let at = self.changes.partition_point(|change| *change <= one.index());
        let has_intervened = {
            let at = self.interventions.partition_point(|mark| *mark <= one.index());
            self.interventions.get(at).is_some_and(|mark| *mark <= next.index())
        };
        self.changes.get(at).is_some_and(|change| *change < next.index()) || has_intervened
    }

    /// Returns whether a later request asks for the same operation.
    pub(crate) fn is_followed_by_its_like(&self, request: Request<'_>) -> bool {
        self.latest_of(request.operation()).is_some_and(|latest| latest > request.index())
    }

    /// Returns the number of the latest exchange for an operation.
    fn latest_of(&self, operation: Operation) -> Option<u64> {
        let latest = self.latest.iter().find(|(known, _)| *known == operation);
        latest.map(|(_, exchange)| *exchange)
    }

    /// Returns whether a later request reads the path, its state, or a list, or that is unknown.
    pub(crate) fn is_looked_at_after(&self, path: Option<&str>, request: Request<'_>) -> bool {
        if self.is_before_gap(request) {
            return true;
        }
        let is_later = |latest: Option<u64>| latest.is_some_and(|it| it > request.index());
        if is_later(self.latest_of(Operation::List))
            || is_later(self.latest_of(Operation::ListUploads))
        {
            return true;
        }
        path.is_some_and(|path| is_later(self.latest_looks().get(path).copied()))
    }

    /// Returns the number of the latest exchange that reads each path. They are collected when they are
    /// first asked for, because few journals have a lost completion.
    fn latest_looks(&self) -> &HashMap<&'a str, u64> {
        self.latest_looks.get_or_init(|| {
            let mut looks = HashMap::new();
            for exchange in self.journal.exchanges() {
                for call in exchange.calls.iter().filter(|call| is_look(call.operation)) {
                    if let Some(path) = call.path.as_deref() {
                        looks.insert(path, exchange.index);
                    }
                }
            }
            looks
        })
    }

    /// Returns the upload of a request.
    pub(crate) fn upload_of(&self, request: Request<'_>) -> Option<&UploadConduct<'a>> {
        let at = *self.upload_positions.get(request.call.upload.as_deref()?)?;
        self.uploads.get(at?)
    }
}
