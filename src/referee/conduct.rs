//! What the clients did, grouped for the rules: per upload and part, per request and its tries, per
//! connection and per token. It is built once, in one pass over the journal. Start with
//! [`Conduct`].
//!
//! If exchanges were dropped from the journal, the requests since then are known without gaps, and so
//! are those about uploads of which none was dropped. What an earlier request did or lacked is unknown.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use crate::journal::{Connection, MarkEvent};
use crate::protocol::Operation;

use super::evidence::{Evidence, UploadFacts};
use super::request::{Request, is_change, is_look};
use super::try_key::TryKey;
use super::upload::UploadConduct;

/// What the clients did.
pub(crate) struct Conduct<'a> {
    /// Every call in the order in which heads arrived, without those from before dropped exchanges and
    /// those about uploads that are not completely known.
    pub(crate) requests: Vec<Request<'a>>,
    /// The completely known uploads in the order in which they appeared.
    pub(crate) uploads: Vec<UploadConduct<'a>>,
    /// The tries of each request, in the order of the first.
    pub(crate) tries: Vec<Vec<Request<'a>>>,
    /// The requests with each token, in the order of the first.
    pub(crate) tokens: Vec<Vec<Request<'a>>>,
    /// The requests of each connection.
    pub(crate) connections: Vec<(&'a Connection, Vec<Request<'a>>)>,
    upload_positions: HashMap<&'a str, usize>,
    /// No exchange from this number on was dropped.
    complete_from: u64,
    operations: HashSet<Operation>,
    /// The number of the latest exchange of each connection.
    latest_exchanges: HashMap<u64, u64>,
    /// The number of the latest exchange for each operation.
    latest: HashMap<Operation, u64>,
    /// The number of the latest exchange that reads each path.
    latest_looks: HashMap<&'a str, u64>,
    /// The numbers of the exchanges that changed something.
    changes: Vec<u64>,
    /// When the latest connection began that a fault ended before its first request.
    last_lost_connection: Option<Duration>,
    /// The number of the next exchange when the origin went offline last.
    last_offline: Option<u64>,
    /// The numbers of the next exchanges when the test intervened.
    interventions: Vec<u64>,
}

/// Groups items in the order of the first of each group.
struct Groups<K, T> {
    positions: HashMap<K, usize>,
    groups: Vec<Vec<T>>,
}

impl<K: Eq + Hash, T> Groups<K, T> {
    fn new() -> Self {
        Self { positions: HashMap::new(), groups: Vec::new() }
    }

    fn add(&mut self, key: K, item: T) {
        let next = self.groups.len();
        let at = *self.positions.entry(key).or_insert(next);
        if at == next {
            self.groups.push(Vec::new());
        }
        self.groups[at].push(item);
    }
}

impl<'a> Conduct<'a> {
    pub(crate) fn new(evidence: &'a Evidence<'a>) -> Self {
        let journal = evidence.journal;
        let marks = journal.marks().iter();
        let offline = marks.clone().filter(|mark| mark.event == MarkEvent::Offline);
        let mut conduct = Self {
            requests: Vec::new(),
            uploads: Vec::new(),
            tries: Vec::new(),
            tokens: Vec::new(),
            connections: journal.connections().iter().map(|it| (&**it, Vec::new())).collect(),
            upload_positions: HashMap::new(),
            complete_from: journal.dropped().complete_from,
            operations: HashSet::new(),
            latest_exchanges: HashMap::new(),
            latest: HashMap::new(),
            latest_looks: HashMap::new(),
            changes: Vec::new(),
            last_lost_connection: None,
            last_offline: offline.map(|mark| mark.next_exchange).max(),
            interventions: marks.map(|mark| mark.next_exchange).collect(),
        };
        let positions: HashMap<u64, usize> =
            conduct.connections.iter().enumerate().map(|(at, (it, _))| (it.index, at)).collect();
        let (mut tries, mut tokens) = (Groups::new(), Groups::new());
        for exchange in journal.exchanges() {
            conduct.latest_exchanges.insert(exchange.connection, exchange.index);
            for call in &exchange.calls {
                let request = Request { exchange, call };
                conduct.operations.insert(call.operation);
                conduct.latest.insert(call.operation, exchange.index);
                if let (true, Some(path)) = (is_look(call.operation), call.path.as_deref()) {
                    conduct.latest_looks.insert(path, exchange.index);
                }
                if exchange.committed.is_some() && is_change(call.operation) {
                    conduct.changes.push(exchange.index);
                }
                let upload = call.upload.as_deref().map(|id| (id, evidence.uploads.get(id)));
                let upload = upload.filter(|(_, facts)| facts.is_none_or(|it| !it.is_partial));
                let is_known = upload.is_some() || call.upload.is_none();
                if is_known && exchange.index >= conduct.complete_from {
                    conduct.requests.push(request);
                    tries.add(TryKey::new(exchange, call), request);
                }
                if let Some(token) = request.token() {
                    tokens.add(token, request);
                }
                if let Some(at) = positions.get(&exchange.connection) {
                    conduct.connections[*at].1.push(request);
                }
                if let Some((id, facts)) = upload {
                    conduct.add_to_upload(id, request, facts);
                }
            }
        }
        (conduct.tries, conduct.tokens) = (tries.groups, tokens.groups);
        let lost = conduct
            .connections
            .iter()
            .filter(|(connection, requests)| requests.is_empty() && connection.fault.is_some());
        conduct.last_lost_connection = lost.map(|(it, _)| it.opened.elapsed).max();
        conduct
    }

    fn add_to_upload(&mut self, id: &'a str, request: Request<'a>, facts: Option<&UploadFacts>) {
        let next = self.uploads.len();
        let at = *self.upload_positions.entry(id).or_insert(next);
        if at == next {
            let facts = facts.copied();
            self.uploads.push(UploadConduct { id, facts, ..UploadConduct::default() });
        }
        self.uploads[at].add(request);
    }

    /// Returns whether any request asked for this operation.
    pub(crate) fn has(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
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
        let latest = self.latest_exchanges.get(&request.exchange.connection);
        latest.is_some_and(|latest| *latest > request.index())
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
        self.latest.get(&request.operation()).is_some_and(|latest| *latest > request.index())
    }

    /// Returns whether a later request reads the path, its state, or a list, or that is unknown.
    pub(crate) fn is_looked_at_after(&self, path: Option<&str>, request: Request<'_>) -> bool {
        if self.is_before_gap(request) {
            return true;
        }
        let is_later = |latest: Option<&u64>| latest.is_some_and(|it| *it > request.index());
        is_later(path.and_then(|path| self.latest_looks.get(path)))
            || is_later(self.latest.get(&Operation::List))
            || is_later(self.latest.get(&Operation::ListUploads))
    }

    /// Returns the upload of a request.
    pub(crate) fn upload_of(&self, request: Request<'_>) -> Option<&UploadConduct<'a>> {
        let at = self.upload_positions.get(request.call.upload.as_deref()?)?;
        self.uploads.get(*at)
    }
}
