//! Failures of connections: bytes that are not HTTP requests.

use crate::journal::{Connection, Exchange, Framing, Journal, Unparsed, UnparsedKind};
use crate::wording::counted;

use super::AssertionFailure;

/// Returns the connections on which a client sent invalid HTTP, with the invalid bytes.
pub(super) fn unparsed(journal: &Journal) -> impl Iterator<Item = (&Connection, &Unparsed)> {
    let connections = journal.connections().iter().map(AsRef::as_ref);
    connections
        .filter_map(|connection: &Connection| Some((connection, connection.unparsed.as_ref()?)))
        .filter(|(_, unparsed)| unparsed.kind.is_wrong())
}

/// Returns the failure of such a connection.
pub(super) fn invalid_http(
    connection: &Connection,
    unparsed: &Unparsed,
    journal: &Journal,
) -> AssertionFailure {
    let response =
        unparsed.status.map_or("no response".to_owned(), |status| format!("response {status}"));
    let (index, shown) = (connection.index, unparsed.excerpt());
    let found = format!("on connection {index}, {unparsed}: \"{shown}\", {response}");
    let before = unparsed.behind.and_then(|index| journal.exchange(index));
    let failure = AssertionFailure::with_values(
        "client sent bytes that are not an HTTP request",
        "HTTP/1.0 or HTTP/1.1 requests (§1.9)",
        found,
    )
    .because(before.and_then(|exchange| cause(unparsed.kind, exchange)))
    .showing(before.cloned(), |_| true);
    match hint(unparsed.kind) {
        Some(hint) => *failure.hint(hint),
        None => *failure,
    }
}

/// Returns why bytes that are not a request followed an exchange.
fn cause(kind: UnparsedKind, before: &Exchange) -> Option<String> {
    let index = before.index;
    let announced = match before.framing {
        Framing::None => "no body".to_owned(),
        Framing::Length(length) => format!("a body of {}", counted(length, "byte")),
        Framing::Chunked => "a chunked body, which ended".to_owned(),
    };
    let is_behind = kind == UnparsedKind::BytesBehindRequest;
    is_behind.then(|| format!("#{index} announced {announced}, and more bytes followed"))
}

fn hint(kind: UnparsedKind) -> Option<&'static str> {
    match kind {
        UnparsedKind::TlsClientHello => {
            Some("the client's URL: it starts with https://, but the origin supports only http://")
        }
        UnparsedKind::Http2Preface => {
            Some("the client's settings: HTTP/2 with prior knowledge is enabled")
        }
        UnparsedKind::BytesBehindRequest => {
            Some("the Content-Length or the chunks of the marked request")
        }
        _ => None,
    }
}
