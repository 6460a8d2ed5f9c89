//! Shows what happened: journal, connections, timeline and verification.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::journal::{
    Actor, BodyPrefix, Call, Connection, EndedToken, Exchange, FaultRef, Framing, Instants, Mark,
    Outcome, ResponseHead, redacted, shown_target,
};
use crate::mock::MockOrigin;

use crate::control::dto::{NewNote, read};
use crate::control::list::list;
use crate::control::message::{ApiError, Request, Response};
use crate::control::query::Parameter;

pub(in crate::control) fn timeline(origin: &MockOrigin) -> Response {
    Response::Text(origin.timeline())
}

pub(in crate::control) fn verify(origin: &MockOrigin) -> Response {
    Response::Json(match origin.verify() {
        Ok(()) => json!({ "ok": true }),
        Err(verdict) => {
            let failures: Vec<_> = verdict.failures().iter().map(ToString::to_string).collect();
            json!({ "ok": false, "failures": failures, "omitted": verdict.omitted() })
        }
    })
}

/// The parameters that select a part of the journal.
pub(in crate::control) const PAGE: &[Parameter] =
    &[Parameter::new("after", "the number of an exchange"), Parameter::new("limit", "a number")];

pub(in crate::control) fn journal(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let after: Option<u64> = request.query.number("after")?;
    let limit = request.query.number("limit")?.unwrap_or(u64::MAX);
    let from = after.map_or(0, |after| after.saturating_add(1));
    let exchanges = origin.read_journal(from, limit).flatten();
    Ok(Response::Written(list("exchanges", exchanges.map(|exchange| Ok(told(&exchange))))))
}

pub(in crate::control) fn connections(origin: &MockOrigin) -> Response {
    let noted: BTreeMap<u64, Value> = origin
        .connection_events_after(0)
        .iter()
        .filter(|connection| connection.unparsed.is_some() || connection.fault.is_some())
        .map(|connection| (connection.index, noted(connection)))
        .collect();
    Response::Json(json!({ "connections": noted.into_values().collect::<Vec<_>>() }))
}

pub(in crate::control) fn marks(origin: &MockOrigin) -> Response {
    let journal = origin.journal();
    let marks: Vec<_> = journal.marks().iter().map(|mark| mark_value(mark)).collect();
    Response::Json(json!({ "marks": marks }))
}

fn mark_value(mark: &Mark) -> Value {
    json!({
        "index": mark.index,
        "event": mark.event.json_name(),
        "text": mark.event.to_string(),
        "fault": mark.event.fault().map(fault_ref),
        "next_exchange": mark.next_exchange,
        "at": seconds(&mark.at),
    })
}

pub(in crate::control) fn add_note(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let NewNote { note } = read(request.body)?;
    origin.mark(note);
    Ok(Response::Json(json!({})))
}

fn noted(connection: &Connection) -> Value {
    let unparsed = connection.unparsed.as_ref().map(|unparsed| {
        json!({
            "kind": unparsed.kind.json_name(),
            "text": unparsed.to_string(),
            "excerpt": unparsed.excerpt(),
            "behind": unparsed.behind,
            "status": unparsed.status,
            "at": seconds(&unparsed.at),
        })
    });
    json!({
        "index": connection.index,
        "opened": seconds(&connection.opened),
        "closed": connection.closed.as_ref().map(seconds),
        "unparsed": unparsed,
        "fault": connection.fault.as_ref().map(fault_ref),
    })
}

fn told(exchange: &Exchange) -> Value {
    let (framing, declared) = match exchange.framing {
        Framing::None => ("none", None),
        Framing::Length(length) => ("length", Some(length)),
        Framing::Chunked => ("chunked", None),
    };
    json!({
        "index": exchange.index,
        "connection": exchange.connection,
        "calls": exchange.calls.iter().map(call).collect::<Vec<_>>(),
        "method": lossy(exchange.head.method()),
        "target": shown_target(exchange.head.target()),
        "headers": headers(exchange.head.headers()),
        "framing": framing,
        "declared": declared,
        "received": exchange.received,
        "http_error": exchange.http_error(),
        "body_end": exchange.body_end,
        "last_byte": exchange.last_byte.map(|time| time.as_secs_f64()),
        "digest": exchange.digest.map(|digest| digest.to_string()),
        "partial_digest": exchange.partial_digest.map(|digest| digest.to_string()),
        "prefixes": exchange.prefixes.iter().map(prefix).collect::<Vec<_>>(),
        "status": exchange.status(),
        "response_headers": exchange.response.as_deref().map(answer_headers),
        "written": exchange.written,
        "outcome": exchange.outcome,
        "faults": exchange.faults.iter().map(fault_ref).collect::<Vec<_>>(),
        "opened": seconds(&exchange.opened),
        "continued": exchange.continued.as_ref().map(seconds),
        "committed": exchange.committed.as_ref().map(seconds),
        "response_started": exchange.response_started.as_ref().map(seconds),
        "closed": exchange.closed.as_ref().map(seconds),
    })
}

/// Returns the outcome of that name in JSON.
pub(in crate::control) fn outcome_named(word: &str) -> Option<Outcome> {
    serde_json::from_value(word.into()).ok()
}

fn call(call: &Call) -> Value {
    json!({
        "operation": call.operation.name(),
        "interface": call.interface.name(),
        "name": call.name,
        "user": call.user,
        "path": call.path,
        "upload": call.upload,
        "part": call.part,
        "session": call.session.map(|session| session.0),
        "ended_token": call.ended_token.map(ended_token),
        "code": call.result_code.map(|row| row.code),
    })
}

/// Returns the session of a token that is no longer valid, and what ended it. For an expiry,
/// `exchange` is the request that set the lifetime.
fn ended_token(ended: EndedToken) -> Value {
    let (by, exchange, fault) = match ended.change.by {
        Actor::Expiry { set_by } => ("expiry", set_by.map(|call| call.exchange), None),
        Actor::Fault { fault, during } => ("fault", during.map(|call| call.exchange), fault),
        Actor::Test => ("test", None, None),
        by => ("call", by.exchange(), None),
    };
    json!({ "session": ended.session.0, "by": by, "exchange": exchange, "fault": fault })
}

fn prefix(prefix: &BodyPrefix) -> Value {
    json!({ "length": prefix.length, "digest": prefix.digest.to_string() })
}

/// Refers to an entry of the list of faults. Chaos has no entry.
fn fault_ref(fault_ref: &FaultRef) -> Value {
    match fault_ref.fault {
        Some(id) => json!({ "id": id }),
        None => json!({ "id": null, "name": &*fault_ref.name }),
    }
}

fn answer_headers(head: &ResponseHead) -> Value {
    headers(head.headers.iter().map(|(name, value)| (name.as_bytes(), &**value)))
}

/// Returns headers in order, as pairs, because a name may occur twice.
fn headers<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Value {
    let pair = |(name, value): (&[u8], &[u8])| {
        let name = lossy(name);
        json!([name, redacted(&name, value)])
    };
    headers.map(pair).collect()
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Returns real time since the origin started, as in the timeline.
fn seconds(instants: &Instants) -> f64 {
    instants.elapsed.as_secs_f64()
}
