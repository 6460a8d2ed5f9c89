//! HAR 1.2 (HTTP Archive): the exchanges for the developer tools of browsers and other viewers.
//!
//! Sizes are exact, and what the origin cannot know is -1. Facts for which HAR has no field have names
//! that begin with an underscore. Bodies are left out. Start with [`har`].

use std::time::Duration;
use std::{iter, mem};

use serde_json::{Value, json};

use crate::journal::{Exchange, Outcome, escape_json};

use super::run::Run;
use super::time::Start;

/// Returns the archive in pieces, one per exchange, so that a long one is never in memory as a whole.
pub(crate) fn har(run: Run) -> impl Iterator<Item = String> + Send + use<> {
    let creator = json!({ "name": "mock-origin", "version": env!("CARGO_PKG_VERSION") });
    let missing = run.journal.dropped().describe();
    let comment = missing.map(|it| format!("\"comment\":{},", json!(format!("missing: {it}"))));
    let comment = comment.unwrap_or_default();
    let head = format!(
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},{comment}\"pages\":[],\"entries\":["
    );
    let start = Start::of(&run.journal);
    let (mut next, mut separator) = (0, "\n");
    let entries = iter::from_fn(move || {
        let (number, exchange) = run.journal.exchanges().range(next..u64::MAX).next()?;
        next = number + 1;
        let entry = entry(&run, start, exchange);
        let separator = mem::replace(&mut separator, ",\n");
        Some(separator.to_owned() + &escape_json(&entry.to_string()))
    });
    iter::once(head).chain(entries).chain(iter::once("\n]}}\n".to_owned()))
}

fn entry(run: &Run, start: Start, exchange: &Exchange) -> Value {
    let mut entry = json!({
        "startedDateTime": start.date(exchange.opened.elapsed),
        "request": request(run, exchange),
        "response": response(run, exchange),
        "cache": {},
        "connection": exchange.connection.to_string(),
        "_exchange": exchange.index,
        "_outcome": exchange.outcome.json_name(),
        "_written": exchange.written,
        "_committed": exchange.committed.is_some(),
    });
    let (time, phases) = timings(exchange);
    (entry["time"], entry["timings"]) = (time.into(), phases);
    if let Some(connection) = run.journal.connection(exchange.connection) {
        entry["serverIPAddress"] = connection.local.ip().to_string().into();
    }
    for (call, attempt) in exchange.calls.iter().zip(run.attempts(exchange)).take(1) {
        entry["_operation"] = call.operation.name().into();
        entry["_part"] = call.part.into();
        entry["_attempt"] = format!("{}/{}", attempt.number, attempt.total).into();
        entry["_upload"] = call.upload.as_deref().into();
        entry["_path"] = call.path.as_deref().into();
    }
    let faults: Vec<_> = exchange.faults.iter().map(|fault| &*fault.name).collect();
    entry["_fault"] = faults.into();
    let findings: Vec<_> = run.findings_of(exchange.index).map(ToString::to_string).collect();
    entry["_finding"] = findings.into();
    entry
}

fn request(run: &Run, exchange: &Exchange) -> Value {
    let (head, secrets) = (&exchange.head, run.journal.secrets());
    let connection = run.journal.connection(exchange.connection);
    let scheme = if connection.is_some_and(|it| it.tls.is_some()) { "https" } else { "http" };
    let local = connection.map(|it| it.local.to_string());
    let origin = format!("{scheme}://{}", local.as_deref().unwrap_or("localhost"));
    let query: Vec<_> = secrets
        .query(head.target())
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "method": lossy(head.method()),
        "url": url(&origin, &secrets.target(head.target())),
        "httpVersion": head.version(),
        "cookies": [],
        "headers": headers(run, head.headers()),
        "queryString": query,
        "headersSize": head.raw().len(),
        "bodySize": exchange.received,
    })
}

fn response(run: &Run, exchange: &Exchange) -> Value {
    let Some(head) = &exchange.response else {
        // As browsers write a request without a response.
        return json!({
            "status": 0, "statusText": "", "httpVersion": "unknown", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1,
        });
    };
    let version = exchange.head.version();
    let headers_size = head.to_bytes(version).len() as u64;
    let body_size = response_body_size(exchange, headers_size);
    let content_type = head.header("Content-Type").map_or("x-unknown".into(), lossy);
    let location = run.journal.secrets().header("Location", head.header("Location").unwrap_or(b""));
    let sent = head.headers().map(|(name, value)| (name.as_bytes(), value));
    json!({
        "status": head.status,
        "statusText": head.reason,
        "httpVersion": version,
        "cookies": [],
        "headers": headers(run, sent),
        "content": { "size": body_size, "mimeType": content_type },
        "redirectURL": location,
        "headersSize": headers_size,
        "bodySize": body_size,
    })
}

/// Returns the number of body bytes that were passed to the network, or -1 if interim responses or a
/// fault make it unknown.
fn response_body_size(exchange: &Exchange, headers_size: u64) -> i64 {
    let Some(body) = exchange.written.checked_sub(headers_size) else { return -1 };
    let declared = exchange.response.as_ref().and_then(|head| head.header("Content-Length"));
    let declared = declared.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    let has_interim = exchange.continued.is_some();
    match (declared, exchange.outcome) {
        (Some(length), Outcome::Responded) if length == body => to_size(body),
        // Its response declares the size of a body that is not sent.
        (Some(_), Outcome::Responded) if exchange.head.method() == b"HEAD" && !has_interim => 0,
        (Some(length), Outcome::Responded) if has_interim && length < body => to_size(length),
        (None, Outcome::Responded) if !has_interim && exchange.faults.is_empty() => to_size(body),
        _ => -1,
    }
}

fn to_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(-1)
}

/// Returns the milliseconds between two moments, to the microsecond.
fn millis(from: Duration, to: Duration) -> f64 {
    (to.saturating_sub(from).as_secs_f64() * 1e6).round() / 1e3
}

/// Returns the time of an exchange and its phases, whose sum it is. A body that was not read has no
/// known end, so that `wait` begins with the exchange.
fn timings(exchange: &Exchange) -> (f64, Value) {
    let opened = exchange.opened.elapsed;
    let closed = exchange.closed.map_or(opened, |it| it.elapsed);
    let started = exchange.response_started.map(|it| it.elapsed);
    let waited_until = started.unwrap_or(closed);
    let sent = exchange.last_byte.map(|sent| sent.clamp(opened, waited_until.max(opened)));
    let unknown = || json!(-1);
    let phases = json!({
        "blocked": -1, "dns": -1, "connect": -1, "ssl": -1,
        "send": sent.map_or_else(unknown, |sent| millis(opened, sent).into()),
        "wait": millis(sent.unwrap_or(opened), waited_until),
        "receive": started.map_or_else(unknown, |started| millis(started, closed).into()),
    });
    (millis(opened, closed.max(waited_until)), phases)
}

fn headers<'a>(run: &Run, headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Value {
    let secrets = run.journal.secrets();
    let pair = |(name, value): (&[u8], &[u8])| {
        let name = lossy(name);
        json!({ "name": name, "value": secrets.header(&name, value) })
    };
    headers.map(pair).collect()
}

/// Returns the URL of a target as it was sent: absolute, a path, or anything else.
fn url(origin: &str, target: &str) -> String {
    match target {
        absolute if absolute.starts_with("http://") || absolute.starts_with("https://") => {
            escape_uri(absolute)
        }
        path if path.starts_with('/') => format!("{origin}{}", escape_uri(path)),
        other => format!("{origin}/{}", escape_uri(other)),
    }
}

/// Escapes every byte that no URI contains, and a `%` that begins no escape.
fn escape_uri(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut uri = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().enumerate() {
        let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        let is_kept = match byte {
            b'%' => is_hex(at + 1) && is_hex(at + 2),
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(byte),
        };
        if is_kept {
            uri.push(char::from(*byte));
        } else {
            uri.extend(["%", &format!("{byte:02X}")]);
        }
    }
    uri
}

fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_becomes_a_url() {
        for (target, expected) in [
            ("/a/b?c=d", "http://h:1/a/b?c=d"),
            ("http://x/a b", "http://x/a%20b"),
            ("*", "http://h:1/*"),
            ("/%41%zz%", "http://h:1/%41%25zz%25"),
            ("/ä<\u{202e}", "http://h:1/%C3%A4%3C%E2%80%AE"),
        ] {
            assert_eq!(url("http://h:1", target), expected);
        }
    }
}
