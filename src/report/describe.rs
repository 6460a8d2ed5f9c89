//! Exchanges and connections as one line of text. Start with [`describe`].

use crate::journal::{
    Call, Connection, ConnectionEnd, Escaped, Exchange, Framing, Outcome, ResponseHead, escape_line,
};
use crate::protocol::{Interface, Operation};

/// Returns an exchange as one line, without number and time: request, body, response.
pub fn describe(exchange: &Exchange) -> String {
    let call = |call: &Call| {
        let part = call.part.map(|part| format!(" {part}")).unwrap_or_default();
        name(exchange, call) + &part + &target(call)
    };
    let requests: Vec<_> = exchange.calls.iter().map(call).collect();
    let (requests, body) = (requests.join(" + "), body(exchange));
    escape_line(&format!("{requests:<52} {body:<20} {}", response(exchange)))
}

/// Returns the event of a connection that belongs to no exchange, without number and time: bytes that
/// are not a request, a fault, or an end without a single byte.
pub fn describe_connection(connection: &Connection) -> Option<String> {
    let (what, response) = connection_event(connection)?;
    Some(escape_line(format!("{what:<73} {response}").trim_end()))
}

/// Returns the event of [`describe_connection`], and what was sent or done.
pub(super) fn connection_event(connection: &Connection) -> Option<(String, String)> {
    let fault = connection.fault.as_ref().map(|fault| format!("fault: {}", fault.name));
    Some(match (&connection.unparsed, fault) {
        (None, Some(fault)) => ("connection affected by a fault".to_owned(), fault),
        (None, None) if connection.is_unused => {
            let has_session = connection.tls.as_ref().is_some_and(|tls| tls.version.is_some());
            let end = match connection.end {
                ConnectionEnd::ByClient if has_session => {
                    "the client closed the connection after the TLS handshake"
                }
                ConnectionEnd::ByClient => "the client closed the connection without a byte",
                ConnectionEnd::ByOrigin | ConnectionEnd::Stopped => {
                    "no byte came until the origin closed the connection"
                }
                _ => "the connection broke without a byte",
            };
            (format!("no request: {end}"), String::new())
        }
        (None, None) => return None,
        (Some(unparsed), fault) => {
            let status = unparsed.status.map(|status| status.to_string());
            let status = status.unwrap_or_else(|| "no response".to_owned());
            let excerpt = match unparsed.excerpt() {
                none if none.is_empty() => none,
                excerpt => format!(": {excerpt}"),
            };
            let what = format!("no request: {unparsed}{excerpt}");
            (what, fault.map_or(status.clone(), |fault| format!("{status}, {fault}")))
        }
    })
}

/// Returns method and endpoint, or the name of a JSON-RPC method.
pub(super) fn name(exchange: &Exchange, call: &Call) -> String {
    let (method, called) = (Escaped::new(exchange.head.method()), Escaped::new(&*call.name));
    match &call.path {
        // The decoded path is clearer than the request target.
        Some(path) if call.interface == Interface::Egress => {
            format!("{method} {}", Escaped::new(&**path))
        }
        _ if call.interface != Interface::JsonRpc => format!("{method} {called}"),
        _ if call.name.is_empty() => "JSON-RPC".to_owned(),
        _ => called.to_string(),
    }
}

/// Returns what a call is about, with a space in front: ` of /acme/a.mp4`, or nothing.
pub(super) fn target(call: &Call) -> String {
    match (&call.path, &call.user) {
        (Some(_), _) if call.interface == Interface::Egress => String::new(),
        (_, Some(user)) if call.operation == Operation::Login => {
            format!(" by {}", Escaped::new(&**user))
        }
        (Some(path), _) => format!(" of {}", Escaped::new(&**path)),
        (None, Some(user)) => format!(" by {}", Escaped::new(&**user)),
        (None, None) => String::new(),
    }
}

/// Returns the size of the body, and its declared size if that differs.
pub(super) fn body(exchange: &Exchange) -> String {
    let received = exchange.received;
    match exchange.framing {
        Framing::None => "-".to_owned(),
        Framing::Length(declared) if declared != received => format!("{received} of {declared} B"),
        Framing::Length(_) => format!("{received} B"),
        Framing::Chunked => format!("{received} B chunked"),
    }
}

/// Returns the response or what happened instead, and the faults.
pub(super) fn response(exchange: &Exchange) -> String {
    let ended = outcome(exchange.outcome);
    let text = match (&exchange.response, exchange.outcome) {
        (None, _) => ended.to_owned(),
        (Some(head), Outcome::Responded) => status(exchange, head),
        (Some(head), _) => format!("{}, {ended}", status(exchange, head)),
    };
    exchange.faults.iter().fold(text, |text, fault| text + ", fault: " + &fault.name)
}

fn status(exchange: &Exchange, head: &ResponseHead) -> String {
    let codes: Vec<_> = exchange.calls.iter().filter_map(code).collect();
    let words = if codes.is_empty() { head.reason.to_string() } else { codes.join("; ") };
    // An unregistered status has no phrase.
    let error = exchange.http_error().map_or_else(String::new, |error| format!(": {error}"));
    format!("{} {words}", head.status).trim_end().to_owned()
        + &injected_code(exchange, head)
        + &error
}

/// Returns the code in the head if it is not the result of the call: a fault wrote it.
fn injected_code(exchange: &Exchange, head: &ResponseHead) -> String {
    let result = exchange.calls.first().and_then(|call| call.result_code).map_or(0, |row| row.code);
    let written = head.header("X-Agile-Status").map(String::from_utf8_lossy);
    let written = written.filter(|written| **written != result.to_string());
    written.map_or_else(String::new, |written| format!(", X-Agile-Status: {written}"))
}

/// Returns a result code with its meaning and section, or `OK`.
fn code(call: &Call) -> Option<String> {
    let row = call.result_code?;
    let rejected = || format!("{} {} ({})", row.code, row.phrase, row.section);
    Some(if row.is_success() { "OK".to_owned() } else { rejected() })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Receiving => "body still coming",
        Outcome::Held => "response held",
        Outcome::Sending => "file being sent",
        Outcome::Responding => "response being sent",
        Outcome::Responded => "response sent",
        Outcome::RequestTruncated => "body cut short",
        Outcome::ClientGone => "client gone",
        Outcome::CutByFault => "cut by a fault",
        Outcome::Stopped => "origin stopped",
    }
}

/// Returns whether a reader looks for this exchange: it was rejected, had a fault, or did not end
/// with a complete response.
pub(super) fn is_eventful(exchange: &Exchange) -> bool {
    !exchange.faults.is_empty() || exchange.is_rejected() || exchange.outcome != Outcome::Responded
}
