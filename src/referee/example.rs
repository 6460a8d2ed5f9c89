//! Journals built by hand, for the unit tests of rules. Start with [`Example`].

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::blob::Digest;
use crate::journal::{
    BodyEnd, Call, Connection, ConnectionEnd, Exchange, FaultRef, Head, Instants, Journal,
    MarkEvent, Outcome, ResponseHead, Retention, Unparsed, UnparsedKind,
};
use crate::protocol::{
    ENVELOPE_RESULTS, ErrorKind, Interface, Operation, ResultCode, endpoint_at, method_named,
};
use crate::storage::Timestamp;

use super::evidence::UploadFacts;
use super::{Evidence, Finding, judge, rule_by_id};

/// The multipart id of uploads in examples.
pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef";
/// The token of requests in examples.
pub(crate) const TOKEN: &str = "5b3dbe7e-4b5c-4d5e-8f10-0123456789ab";
/// The destination of uploads in examples.
pub(crate) const PATH: &str = "/acme/videos/a.mp4";

/// A journal in the making. Each request is accepted, and takes 10 ms, until a method says
/// otherwise of the latest one.
#[derive(Clone, Default)]
pub(crate) struct Example {
    journal: Journal,
    exchanges: Vec<Exchange>,
    connections: Vec<Connection>,
    uploads: HashMap<Arc<str>, UploadFacts>,
    /// The marks, with the number of exchanges before each.
    marks: Vec<(usize, MarkEvent)>,
    connection: u64,
    /// The real time of the next request, in milliseconds.
    clock: u64,
}

fn at(millis: u64) -> Instants {
    let elapsed = Duration::from_millis(millis);
    let protocol = Timestamp::from_secs(1_000).after(elapsed).unwrap();
    Instants { protocol, elapsed }
}

impl Example {
    // Requests.

    /// Adds a request to an HTTP endpoint with a body of known length.
    pub(crate) fn post(
        mut self,
        operation: Operation,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Self {
        let lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        let length = match body {
            [] => String::new(),
            body => format!("Content-Length: {}\r\n", body.len()),
        };
        let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n{lines}{length}\r\n");
        let head = Head::new(head.into_bytes());
        let endpoint = target.split('?').next().unwrap_or_default();
        let interface = match operation {
            Operation::Read => Interface::Egress,
            _ => Interface::Http,
        };
        let mut call = Call::new(operation, interface, endpoint.to_owned());
        call.user = Some("jane".into());
        call.result_code = endpoint_at(endpoint).map(|endpoint| &endpoint.results[0]);
        let mut response = vec![("X-Agile-Status", "0".to_owned())];
        let digest = Digest::compute(body);
        if matches!(operation, Operation::Piece | Operation::PostRaw) {
            response.push(("X-Agile-Checksum", digest.to_string()));
            response.push(("X-Agile-Size", body.len().to_string()));
        }
        let response = ResponseHead::new(200, "", response);
        self.push(head, call, response, body);
        self
    }

    fn push(&mut self, head: Head, call: Call, response: ResponseHead, body: &[u8]) {
        let start = self.clock;
        self.clock += 10;
        let (index, opened) = (self.exchanges.len() as u64, at(start));
        self.exchanges.push(Exchange {
            received: body.len() as u64,
            digest: Some(Digest::compute(body)),
            excerpt: body[..body.len().min(crate::journal::EXCERPT_BYTES)].into(),
            body_end: Some(BodyEnd::Complete),
            response: Some(Arc::new(response)),
            written: 100,
            committed: Some(at(start + 2)),
            response_started: Some(at(start + 3)),
            closed: Some(at(start + 4)),
            outcome: Outcome::Responded,
            ..Exchange::new(index, self.connection, head, vec![call], opened)
        });
    }

    /// Adds a login.
    pub(crate) fn login(self) -> Self {
        let headers = [("X-Agile-Username", "jane"), ("X-Agile-Password", "secret")];
        self.post(Operation::Login, "/account/login", &headers, b"").reply("X-Agile-Token", TOKEN)
    }

    /// Adds the creation of an upload.
    pub(crate) fn create(self) -> Self {
        self.create_as(ID)
    }

    /// Adds the creation of an upload with that multipart id.
    pub(crate) fn create_as(self, id: &str) -> Self {
        let headers = [
            ("X-Agile-Authorization", TOKEN),
            ("X-Agile-Directory", "/videos"),
            ("X-Agile-Basename", "a.mp4"),
        ];
        let example = self.post(Operation::Create, "/multipart/create", &headers, b"");
        let example = example.reply("X-Agile-Multipart", id);
        example.call(|call| {
            (call.path, call.upload) = (Some(PATH.into()), Some(id.into()));
        })
    }

    /// Adds a piece.
    pub(crate) fn piece(self, number: u32, body: &[u8]) -> Self {
        self.piece_of(ID, number, body)
    }

    /// Adds a piece of the upload with that multipart id.
    pub(crate) fn piece_of(self, id: &str, number: u32, body: &[u8]) -> Self {
        let part = number.to_string();
        let headers =
            [("X-Agile-Authorization", TOKEN), ("X-Agile-Multipart", id), ("X-Agile-Part", &part)];
        self.post(Operation::Piece, "/multipart/piece", &headers, body).call(|call| {
            (call.path, call.upload) = (Some(PATH.into()), Some(id.into()));
            call.part = Some(number);
        })
    }

    /// Adds the completion of the upload.
    pub(crate) fn complete(self) -> Self {
        let headers = [("X-Agile-Authorization", TOKEN), ("X-Agile-Multipart", ID)];
        self.post(Operation::Complete, "/multipart/complete", &headers, b"").call(|call| {
            (call.path, call.upload) = (Some(PATH.into()), Some(ID.into()));
        })
    }

    /// Adds a whole file.
    pub(crate) fn raw(self, body: &[u8]) -> Self {
        let headers = [("X-Agile-Authorization", TOKEN), ("X-Agile-Basename", "a.mp4")];
        let example = self.post(Operation::PostRaw, "/post/raw", &headers, body);
        example.call(|call| call.path = Some(PATH.into()))
    }

    /// Adds a call of a JSON-RPC method about the upload and its path.
    pub(crate) fn rpc(mut self, method: &str) -> Self {
        let known = method_named(method).unwrap();
        let body = format!(r#"{{"method": "{method}", "params": ["{TOKEN}", "{ID}"], "id": 1}}"#);
        let length = body.len();
        let head = format!(
            "POST /jsonrpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut call = Call::new(known.operation, Interface::JsonRpc, known.name);
        call.user = Some("jane".into());
        call.path = Some(PATH.into());
        call.upload = Some(ID.into());
        call.result_code = Some(&known.results[0]);
        let head = Head::new(head.into_bytes());
        self.push(head, call, ResponseHead::new(200, "", [("", ""); 0]), body.as_bytes());
        self
    }

    /// Adds a download of the file.
    pub(crate) fn read(self) -> Self {
        let example = self.post(Operation::Read, "/videos/a.mp4", &[], b"");
        example.call(|call| call.path = Some(PATH.into()))
    }

    // Changes of the latest request.

    fn latest(mut self, change: impl FnOnce(&mut Exchange)) -> Self {
        change(self.exchanges.last_mut().unwrap());
        self
    }

    /// Changes its call.
    pub(crate) fn call(self, change: impl FnOnce(&mut Call)) -> Self {
        self.latest(|exchange| change(&mut exchange.calls[0]))
    }

    /// Changes its response.
    fn response(self, change: impl FnOnce(&mut ResponseHead)) -> Self {
        self.latest(|exchange| change(Arc::make_mut(exchange.response.as_mut().unwrap())))
    }

    /// Sets a header of its response.
    pub(crate) fn reply(self, name: &str, value: &str) -> Self {
        let example = self.without_reply(name);
        example.response(|head| {
            head.edit(|headers| headers.push((name.to_owned(), value.to_owned().into_bytes())));
        })
    }

    /// Removes a header from its response.
    pub(crate) fn without_reply(self, name: &str) -> Self {
        self.response(|head| {
            head.edit(|headers| headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name)));
        })
    }

    /// Lets a fault alter its response. Call it before the change.
    pub(crate) fn altered(self) -> Self {
        self.latest(|exchange| exchange.faults.push(FaultRef::new(Some(1), "alter")))
    }

    /// Sets a header of the request.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let example = self.without(name);
        example.edit_head(|lines| lines.push(format!("{name}: {value}")))
    }

    /// Removes a header from the request.
    pub(crate) fn without(self, name: &str) -> Self {
        let prefix = format!("{}:", name.to_lowercase());
        self.edit_head(|lines| lines.retain(|line| !line.to_lowercase().starts_with(&prefix)))
    }

    fn edit_head(self, edit: impl FnOnce(&mut Vec<String>)) -> Self {
        self.latest(|exchange| {
            let head = String::from_utf8(exchange.head.raw().to_owned()).unwrap();
            let mut lines: Vec<_> = head.trim_end().split("\r\n").map(str::to_owned).collect();
            edit(&mut lines);
            exchange.head = Head::new(format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes());
            exchange.framing = exchange.head.framing();
        })
    }

    /// Rejects it by a fault: a status, and a code unless it is 0.
    pub(crate) fn rejected(self, status: u16, code: i32) -> Self {
        let example = self.response(|head| head.status = status);
        let example = match code {
            0 => example.without_reply("X-Agile-Status"),
            code => example.reply("X-Agile-Status", &code.to_string()),
        };
        example.latest(|exchange| {
            exchange.committed = None;
            exchange.faults.push(FaultRef::new(Some(1), "reject"));
            let call = &mut exchange.calls[0];
            let row: Option<&'static ResultCode> = call.results().find(|row| row.code == code);
            call.result_code = row;
        })
    }

    /// Rejects it by the origin itself.
    pub(crate) fn rejected_for(self, cause: ErrorKind) -> Self {
        let call = &self.exchanges.last().unwrap().calls[0];
        let row = call.results().find(|row| row.causes.contains(&cause)).unwrap();
        let example = self.rejected(row.http, row.code);
        example.latest(|exchange| exchange.faults.clear())
    }

    /// Rejects a JSON-RPC call with a code in a response with status 200.
    pub(crate) fn rejected_in_body(self, code: i32) -> Self {
        self.call(|call| {
            let row = call.results().chain(ENVELOPE_RESULTS).find(|row| row.code == code);
            call.result_code = row;
        })
    }

    /// Lets a fault lose its response. It took effect.
    pub(crate) fn lost(self) -> Self {
        self.latest(|exchange| {
            (exchange.response, exchange.response_started) = (None, None);
            exchange.outcome = Outcome::CutByFault;
            exchange.faults.push(FaultRef::new(Some(1), "lose"));
        })
    }

    /// Lets a fault cut it after some bytes of its body. It has no effect.
    pub(crate) fn cut_after(self, bytes: usize) -> Self {
        self.lost().latest(|exchange| {
            (exchange.received, exchange.digest) = (bytes as u64, None);
            exchange.excerpt = exchange.excerpt[..bytes.min(exchange.excerpt.len())].into();
            exchange.committed = None;
        })
    }

    /// Changes the latest exchange in any other way.
    pub(crate) fn having(self, change: impl FnOnce(&mut Exchange)) -> Self {
        self.latest(change)
    }

    /// Changes the record of the current connection.
    pub(crate) fn connection_having(mut self, change: impl FnOnce(&mut Connection)) -> Self {
        self.add_connections();
        change(self.connections.last_mut().unwrap());
        self
    }

    /// Records bytes from which no request could be read.
    pub(crate) fn unparsed(self, bytes: &[u8], behind: Option<u64>) -> Self {
        let kind = UnparsedKind::classify(bytes, behind.is_some(), true);
        self.connection_having(|connection| {
            let (bytes, at) = (bytes.into(), connection.opened);
            connection.unparsed = Some(Unparsed { kind, bytes, at, behind, status: Some(400) });
        })
    }

    /// Records a mark after the requests so far.
    pub(crate) fn mark(mut self, event: MarkEvent) -> Self {
        self.marks.push((self.exchanges.len(), event));
        self
    }

    // What happens between requests.

    /// Lets the client wait.
    pub(crate) fn wait(mut self, millis: u64) -> Self {
        self.clock += millis;
        self
    }

    /// Lets the next request begin before the latest one has ended.
    pub(crate) fn meanwhile(mut self) -> Self {
        self.clock -= 9;
        self
    }

    /// Lets the client open another connection.
    pub(crate) fn reconnect(mut self) -> Self {
        self.add_connections();
        self.connection += 1;
        self
    }

    fn add_connections(&mut self) {
        while self.connections.len() as u64 <= self.connection {
            let address = ([127, 0, 0, 1], 1).into();
            self.connections.push(Connection {
                index: self.connections.len() as u64,
                peer: address,
                local: address,
                opened: at(self.clock),
                closed: None,
                end: ConnectionEnd::ByClient,
                tls: None,
                unparsed: None,
                is_unused: false,
                drained: 0,
                fault: None,
                fault_injected: None,
            });
        }
    }

    /// Sets what the storage knows of the upload at the end.
    pub(crate) fn leaving(mut self, facts: UploadFacts) -> Self {
        self.uploads.insert(ID.into(), facts);
        self
    }

    // Judgement.

    /// Returns the evidence.
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence { journal: &self.journal, uploads: self.uploads.clone() }
    }

    /// Moves the requests into the journal.
    pub(crate) fn finished(mut self) -> Self {
        self.add_connections();
        for connection in std::mem::take(&mut self.connections) {
            self.journal.connect(|_| connection);
        }
        let (exchanges, marks) = (std::mem::take(&mut self.exchanges), self.marks.clone());
        for (position, exchange) in exchanges.into_iter().enumerate() {
            for (_, event) in marks.iter().filter(|(before, _)| *before == position) {
                self.journal.record_mark(exchange.opened, event.clone());
            }
            self.journal.open(|_| exchange);
        }
        self
    }

    /// Returns the ids of the violated rules.
    pub(crate) fn violated_rules(self) -> HashSet<&'static str> {
        judge(&self.finished().evidence()).findings.iter().map(Finding::id).collect()
    }

    /// Asserts that no later request removes a violation whose rule claims to be certain.
    fn assert_certain_findings_stay(&self) {
        let found = self.clone().violated_rules();
        for requests in 0..self.exchanges.len() {
            let mut earlier = self.clone();
            earlier.exchanges.truncate(requests);
            for id in earlier.violated_rules() {
                let needs_end = rule_by_id(id).unwrap().needs_end;
                let is_kept = needs_end || found.contains(id);
                assert!(
                    is_kept,
                    "{id} was violated by the first {requests} requests, but not by all"
                );
            }
        }
    }

    /// Asserts that no rule is violated only because the journal lacks older exchanges.
    fn assert_unknown_is_not_found(&self) {
        let found = self.clone().violated_rules();
        let limits = (1..self.exchanges.len()).step_by(1 + self.exchanges.len() / 16);
        for (limit, keeps_open) in limits.flat_map(|it| [(it, true), (it, false)]) {
            let mut limited = self.clone().finished();
            let (journal, uploads) = (&mut limited.journal, &mut limited.uploads);
            let mut creations: HashMap<Arc<str>, u64> = HashMap::new();
            for exchange in journal.exchanges() {
                for id in exchange.calls.iter().filter_map(|call| call.upload.clone()) {
                    creations.entry(id).or_insert(exchange.index);
                }
            }
            let open = uploads.iter().filter(|(_, facts)| keeps_open && facts.is_open);
            let open: HashSet<Arc<str>> = open.map(|(id, _)| id.clone()).collect();
            Retention::new(limit).apply(journal, |id| open.contains(id));
            let complete_from = journal.dropped().complete_from;
            for (id, create) in creations {
                let is_kept = open.contains(&id) && journal.exchange(create).is_some();
                if !is_kept && create < complete_from {
                    uploads.entry(id).or_default().is_partial = true;
                }
            }
            let report = judge(&limited.evidence());
            for finding in report.findings {
                let id = finding.id();
                assert!(found.contains(id), "{finding}: only with the latest {limit} exchanges");
            }
        }
    }

    fn findings_of(self, id: &str) -> (bool, Vec<Finding>) {
        assert!(rule_by_id(id).is_ok(), "{id}");
        self.assert_certain_findings_stay();
        self.assert_unknown_is_not_found();
        let example = self.finished();
        let report = judge(&example.evidence());
        assert!(report.internal_errors.is_empty(), "{:?}", report.internal_errors);
        let applies = report.not_applicable.iter().all(|other| *other != id);
        (applies, report.findings.into_iter().filter(|finding| finding.id() == id).collect())
    }

    /// Asserts that the rule applies and finds nothing.
    #[track_caller]
    pub(crate) fn assert_good(self, id: &str) {
        let (applies, found) = self.findings_of(id);
        assert!(found.is_empty(), "{found:#?}");
        assert!(applies, "{id} does not apply");
    }

    /// Asserts that the rule is not applicable.
    #[track_caller]
    pub(crate) fn assert_not_applicable(self, id: &str) {
        let (applies, _) = self.findings_of(id);
        assert!(!applies, "{id} applies");
    }

    /// Asserts that the rule finds one thing, with that text.
    #[track_caller]
    pub(crate) fn assert_bad(self, id: &str, text: &str) {
        let (_, found) = self.findings_of(id);
        let [finding] = &*found else { panic!("not one finding: {found:#?}") };
        assert_eq!(finding.text(), text);
    }
}
