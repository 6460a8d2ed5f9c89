//! The bodies of responses. The names and the order of the fields are those of the JSON.

use serde::Serialize;

use crate::fault::{self, Chaos};
use crate::journal::{
    self, Actor, BodyEnd, FaultRef, Framing, Instants, Outcome, Secrets, shown_target,
};
use crate::mock::NamedUpload;
use crate::referee::{self, RefereeOptions};
use crate::storage;

/// A fault in the list of faults.
#[derive(Serialize)]
pub(in crate::control) struct FaultRecord {
    id: u64,
    name: String,
    fault: fault::Fault,
    definition: Option<String>,
    location: Option<String>,
    matched: u64,
    fired: u64,
    skip_reason: Option<String>,
}

impl From<&fault::FaultRecord> for FaultRecord {
    fn from(record: &fault::FaultRecord) -> Self {
        Self {
            id: record.id,
            name: record.name.to_string(),
            fault: (*record.fault).clone(),
            definition: record.fault.definition().map(str::to_owned),
            location: record.location.as_ref().map(ToString::to_string),
            matched: record.matched,
            fired: record.fired,
            skip_reason: record.skip_reason.as_deref().map(str::to_owned),
        }
    }
}

/// The active chaos and its injections.
#[derive(Serialize)]
pub(in crate::control) struct ChaosReport {
    pub(in crate::control) chaos: Option<Chaos>,
    pub(in crate::control) injected: Vec<InjectedFault>,
}

/// An injection of chaos: as a fault that does the same, and as a Rust expression.
#[derive(Serialize)]
pub(in crate::control) struct InjectedFault {
    pub(in crate::control) fault: fault::Fault,
    pub(in crate::control) rust: String,
}

/// The result of verification.
#[derive(Default, Serialize)]
pub(in crate::control) struct Verdict {
    pub(in crate::control) ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::control) failures: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::control) omitted: Option<usize>,
}

/// What the referee found.
#[derive(Serialize)]
pub(in crate::control) struct RefereeReport {
    findings: Vec<Finding>,
    not_applicable: Vec<&'static str>,
    omitted: u64,
}

impl RefereeReport {
    /// Sorts what counts before what is allowed, worst first.
    pub(in crate::control) fn new(mut report: referee::Report, options: &RefereeOptions) -> Self {
        let is_allowed = |finding: &referee::Finding| options.is_allowed(finding.id());
        report.findings.sort_by_key(|finding| (is_allowed(finding), finding.level()));
        let findings = report.findings.iter().map(|finding| Finding {
            rule: finding.id(),
            level: finding.level().name(),
            sentence: finding.rule().sentence,
            section: finding.rule().section,
            text: finding.text().to_owned(),
            count: finding.count(),
            exchanges: finding.exchanges().to_vec(),
            advice: finding.rule().advice,
            certain: !finding.rule().needs_end,
            allowed: options.reason_to_allow(finding.id()).map(str::to_owned),
        });
        Self {
            findings: findings.collect(),
            not_applicable: report.not_applicable,
            omitted: report.omitted.iter().map(|(_, count)| count).sum(),
        }
    }
}

/// A violation of a rule. If it is not `certain`, a later request may satisfy the rule. `allowed` is
/// the reason to allow it.
#[derive(Serialize)]
struct Finding {
    rule: &'static str,
    level: &'static str,
    sentence: &'static str,
    section: &'static str,
    text: String,
    count: u64,
    exchanges: Vec<u64>,
    advice: &'static str,
    certain: bool,
    allowed: Option<String>,
}

/// The result of a wait; `count` is missing for a wait until the origin is quiet.
#[derive(Serialize)]
pub(in crate::control) struct Waited {
    pub(in crate::control) met: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::control) count: Option<u64>,
}

/// An exchange of the journal. Times are seconds since the start of the origin.
#[derive(Serialize)]
pub(in crate::control) struct Exchange {
    index: u64,
    connection: u64,
    calls: Vec<Call>,
    method: String,
    target: String,
    headers: Vec<Header>,
    framing: &'static str,
    declared: Option<u64>,
    received: u64,
    http_error: Option<String>,
    body_end: Option<BodyEnd>,
    last_byte: Option<f64>,
    digest: Option<String>,
    partial_digest: Option<String>,
    prefixes: Vec<BodyPrefix>,
    status: Option<u16>,
    response_headers: Option<Vec<Header>>,
    written: u64,
    outcome: Outcome,
    faults: Vec<FaultReference>,
    opened: f64,
    continued: Option<f64>,
    committed: Option<f64>,
    response_started: Option<f64>,
    closed: Option<f64>,
}

impl Exchange {
    pub(in crate::control) fn new(exchange: &journal::Exchange, secrets: Secrets) -> Self {
        let header = |(name, value): (&[u8], &[u8])| {
            let name = lossy(name);
            let value = secrets.header(&name, value);
            (name, value)
        };
        let (framing, declared) = match exchange.framing {
            Framing::None => ("none", None),
            Framing::Length(length) => ("length", Some(length)),
            Framing::Chunked => ("chunked", None),
        };
        let response = exchange.response.as_deref();
        Self {
            index: exchange.index,
            connection: exchange.connection,
            calls: exchange.calls.iter().map(Call::from).collect(),
            method: lossy(exchange.head.method()),
            target: match secrets {
                Secrets::Redacted => shown_target(exchange.head.target()),
                Secrets::Shown => lossy(exchange.head.target()),
            },
            headers: exchange.head.headers().map(header).collect(),
            framing,
            declared,
            received: exchange.received,
            http_error: exchange.http_error(),
            body_end: exchange.body_end,
            last_byte: exchange.last_byte.map(|time| time.as_secs_f64()),
            digest: exchange.digest.map(|digest| digest.to_string()),
            partial_digest: exchange.partial_digest.map(|digest| digest.to_string()),
            prefixes: exchange.prefixes.iter().map(BodyPrefix::from).collect(),
            status: exchange.status(),
            response_headers: response.map(|head| {
                head.headers().map(|(name, value)| header((name.as_bytes(), value))).collect()
            }),
            written: exchange.written,
            outcome: exchange.outcome,
            faults: exchange.faults.iter().map(FaultReference::from).collect(),
            opened: seconds(&exchange.opened),
            continued: exchange.continued.as_ref().map(seconds),
            committed: exchange.committed.as_ref().map(seconds),
            response_started: exchange.response_started.as_ref().map(seconds),
            closed: exchange.closed.as_ref().map(seconds),
        }
    }
}

/// A header. Pairs keep the order, and a name may occur twice.
type Header = (String, String);

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns real time since the origin started, as in the timeline.
fn seconds(instants: &Instants) -> f64 {
    instants.elapsed.as_secs_f64()
}

/// A call of an exchange.
#[derive(Serialize)]
struct Call {
    operation: &'static str,
    interface: &'static str,
    name: String,
    user: Option<String>,
    path: Option<String>,
    upload: Option<String>,
    part: Option<u32>,
    session: Option<u64>,
    ended_token: Option<EndedToken>,
    code: Option<i32>,
}

impl From<&journal::Call> for Call {
    fn from(call: &journal::Call) -> Self {
        Self {
            operation: call.operation.name(),
            interface: call.interface.name(),
            name: call.name.to_string(),
            user: call.user.as_deref().map(str::to_owned),
            path: call.path.as_deref().map(str::to_owned),
            upload: call.upload.as_deref().map(str::to_owned),
            part: call.part,
            session: call.session.map(|session| session.0),
            ended_token: call.ended_token.as_deref().copied().map(EndedToken::from),
            code: call.result_code.map(|row| row.code),
        }
    }
}

/// The session of a token that is no longer valid, and what ended it. For an expiry, `exchange` is the
/// request that set the lifetime.
#[derive(Serialize)]
struct EndedToken {
    session: u64,
    by: &'static str,
    exchange: Option<u64>,
    fault: Option<u64>,
}

impl From<journal::EndedToken> for EndedToken {
    fn from(ended: journal::EndedToken) -> Self {
        let (by, exchange, fault) = match ended.change.by {
            Actor::Expiry { set_by } => ("expiry", set_by.map(|call| call.exchange), None),
            Actor::Fault { fault, during } => ("fault", during.map(|call| call.exchange), fault),
            Actor::Test => ("test", None, None),
            by => ("call", by.exchange(), None),
        };
        Self { session: ended.session.0, by, exchange, fault }
    }
}

/// The digest of the first bytes of a body.
#[derive(Serialize)]
struct BodyPrefix {
    length: u64,
    digest: String,
}

impl From<&journal::BodyPrefix> for BodyPrefix {
    fn from(prefix: &journal::BodyPrefix) -> Self {
        Self { length: prefix.length, digest: prefix.digest.to_string() }
    }
}

/// An event that belongs to no exchange.
#[derive(Serialize)]
pub(in crate::control) struct Mark {
    index: u64,
    event: &'static str,
    text: String,
    fault: Option<FaultReference>,
    next_exchange: u64,
    at: f64,
}

impl From<&journal::Mark> for Mark {
    fn from(mark: &journal::Mark) -> Self {
        Self {
            index: mark.index,
            event: mark.event.json_name(),
            text: mark.event.to_string(),
            fault: mark.event.fault().map(FaultReference::from),
            next_exchange: mark.next_exchange,
            at: seconds(&mark.at),
        }
    }
}

/// A reference to the list of faults. Chaos has no entry there, but a name.
#[derive(Serialize)]
struct FaultReference {
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<&FaultRef> for FaultReference {
    fn from(fault: &FaultRef) -> Self {
        let name = fault.fault.is_none().then(|| fault.name.to_string());
        Self { id: fault.fault, name }
    }
}

/// A connection with an event that belongs to no exchange.
#[derive(Serialize)]
pub(in crate::control) struct Connection {
    index: u64,
    opened: f64,
    closed: Option<f64>,
    tls: Option<Tls>,
    unparsed: Option<Unparsed>,
    fault: Option<FaultReference>,
}

impl From<&journal::Connection> for Connection {
    fn from(connection: &journal::Connection) -> Self {
        Self {
            index: connection.index,
            opened: seconds(&connection.opened),
            closed: connection.closed.as_ref().map(seconds),
            tls: connection.tls.as_ref().map(Tls::from),
            unparsed: connection.unparsed.as_ref().map(Unparsed::from),
            fault: connection.fault.as_ref().map(FaultReference::from),
        }
    }
}

/// The TLS handshake of a connection, as far as it went.
#[derive(Serialize)]
struct Tls {
    server_name: Option<String>,
    protocols: Vec<String>,
    version: Option<&'static str>,
}

impl From<&journal::Tls> for Tls {
    fn from(tls: &journal::Tls) -> Self {
        let journal::Tls { server_name, protocols, version } = tls.clone();
        Self { server_name, protocols, version }
    }
}

/// Bytes from which no request can be read.
#[derive(Serialize)]
struct Unparsed {
    kind: &'static str,
    text: String,
    excerpt: String,
    behind: Option<u64>,
    status: Option<u16>,
    at: f64,
}

impl From<&journal::Unparsed> for Unparsed {
    fn from(unparsed: &journal::Unparsed) -> Self {
        Self {
            kind: unparsed.kind.json_name(),
            text: unparsed.to_string(),
            excerpt: unparsed.excerpt(),
            behind: unparsed.behind,
            status: unparsed.status,
            at: seconds(&unparsed.at),
        }
    }
}

/// A stored file.
#[derive(Serialize)]
pub(in crate::control) struct File {
    pub(in crate::control) path: String,
    pub(in crate::control) size: u64,
    pub(in crate::control) digest: String,
    pub(in crate::control) content_type: Option<String>,
    pub(in crate::control) mtime: u64,
}

/// An upload.
#[derive(Serialize)]
pub(in crate::control) struct Upload {
    id: String,
    path: String,
    user: String,
    state: &'static str,
    error: u16,
    content_type: Option<String>,
    created: u64,
    size: u64,
    pieces: Vec<Piece>,
}

impl From<&NamedUpload> for Upload {
    fn from(NamedUpload { upload, path, user }: &NamedUpload) -> Self {
        Self {
            id: upload.id.to_string(),
            path: path.clone(),
            user: user.clone(),
            state: upload.state.name(),
            error: upload.error,
            content_type: upload.content_type.clone(),
            created: upload.created.secs(),
            size: upload.size(),
            pieces: upload.current_pieces().map(Piece::from).collect(),
        }
    }
}

/// A piece of an upload.
#[derive(Serialize)]
struct Piece {
    part: u32,
    size: u64,
    digest: String,
    state: &'static str,
}

impl From<&storage::Piece> for Piece {
    fn from(piece: &storage::Piece) -> Self {
        Self {
            part: piece.number,
            size: piece.size(),
            digest: piece.digest.to_string(),
            state: piece.state.name(),
        }
    }
}
