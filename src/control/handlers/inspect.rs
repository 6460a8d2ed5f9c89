//! Shows what happened: journal, connections, timeline, findings and verification.

use std::collections::BTreeMap;

use serde_json::json;

use crate::journal::Outcome;
use crate::mock::MockOrigin;

use crate::control::dto::requests::{NewNote, read};
use crate::control::dto::responses::{self as dto, RefereeReport, Verdict};
use crate::control::list::{list_after, text};
use crate::control::message::{ApiError, Request, Response};
use crate::control::query::Parameter;

pub(in crate::control) fn timeline(origin: &MockOrigin) -> Response {
    Response::Text(origin.timeline())
}

pub(in crate::control) fn report(origin: &MockOrigin) -> Response {
    Response::Html(origin.html_report())
}

pub(in crate::control) fn verify(origin: &MockOrigin) -> Response {
    Response::Json(json!(match origin.verify() {
        Ok(()) => Verdict { ok: true, ..Verdict::default() },
        Err(error) => Verdict {
            ok: false,
            failures: Some(error.failures().iter().map(ToString::to_string).collect()),
            omitted: Some(error.omitted()),
        },
    }))
}

pub(in crate::control) fn findings(origin: &MockOrigin) -> Response {
    let (report, options) = origin.referee_report();
    Response::Json(json!(RefereeReport::new(report, options)))
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
    let (exchanges, secrets) = (origin.read_journal(from, limit), origin.secrets());
    let dropped = exchanges.dropped();
    Ok(Response::Written(list_after(
        &[("dropped", dropped.exchanges), ("cleared", dropped.cleared)],
        "exchanges",
        exchanges.flatten().map(move |exchange| Ok(json!(dto::Exchange::new(&exchange, secrets)))),
    )))
}

pub(in crate::control) fn clear(origin: &MockOrigin) -> Response {
    Response::Json(json!({ "cleared": origin.clear_journal() }))
}

pub(in crate::control) fn har(origin: &MockOrigin) -> Response {
    Response::Written(text(origin.har()))
}

pub(in crate::control) fn trace(origin: &MockOrigin) -> Response {
    Response::Written(text(origin.trace()))
}

pub(in crate::control) fn transcript(origin: &MockOrigin) -> Response {
    Response::Text(origin.transcript())
}

pub(in crate::control) fn connections(origin: &MockOrigin) -> Response {
    let events: BTreeMap<u64, dto::Connection> = origin
        .connection_events_after(0)
        .events
        .iter()
        .filter(|connection| connection.unparsed.is_some() || connection.fault.is_some())
        .map(|connection| (connection.index, (&**connection).into()))
        .collect();
    Response::Json(json!({ "connections": events.into_values().collect::<Vec<_>>() }))
}

pub(in crate::control) fn marks(origin: &MockOrigin) -> Response {
    let journal = origin.journal();
    let marks: Vec<_> = journal.marks().iter().map(|mark| dto::Mark::from(&**mark)).collect();
    Response::Json(json!({ "marks": marks }))
}

pub(in crate::control) fn add_note(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let NewNote { note } = read(request.body)?;
    origin.mark(note);
    Ok(Response::Json(json!({})))
}

/// Returns the outcome of that name in JSON.
pub(in crate::control) fn outcome_named(word: &str) -> Option<Outcome> {
    serde_json::from_value(word.into()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::thread;

    use crate::blob::Blob;
    use crate::control::query::Query;
    use crate::server::admin_listener::{AdminResponseBody, Chunks};

    use super::*;

    fn journal_chunks(origin: &MockOrigin) -> Chunks {
        let query = Query::parse("", "GET /__mock/journal", PAGE).unwrap();
        let request = Request { id: "", query, body: "", content: Blob::from_bytes("") };
        match journal(origin, &request) {
            Ok(Response::Written(AdminResponseBody::Chunks(chunks))) => chunks,
            _ => panic!("a long journal"),
        }
    }

    /// Makes the origin record this many requests of one connection.
    fn record(origin: &MockOrigin, count: usize) {
        let mut client = TcpStream::connect(origin.addr()).unwrap();
        let mut writer = client.try_clone().unwrap();
        let requests = "OPTIONS / HTTP/1.1\r\nHost: o\r\n\r\n".repeat(count - 1)
            + "OPTIONS / HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n";
        thread::scope(|scope| {
            scope.spawn(|| writer.write_all(requests.as_bytes()).unwrap());
            client.read_to_end(&mut Vec::new()).unwrap();
        });
    }

    #[test]
    fn a_long_journal_is_read_as_it_is_written() {
        let origin = MockOrigin::builder().verify_on_drop(false).start();
        record(&origin, 5_000);
        let bytes = |chunks: Chunks| chunks.map(|chunk| chunk.unwrap().len()).sum::<usize>();
        let whole = bytes(journal_chunks(&origin));
        let mut left = journal_chunks(&origin);
        let first = left.next().unwrap().unwrap().len();
        // What was not read is gone now, so that only the buffered rest follows.
        origin.reset();
        let buffered = bytes(left);
        assert!(10 * (first + buffered) < whole, "{first} and {buffered} of {whole} bytes");
    }
}
