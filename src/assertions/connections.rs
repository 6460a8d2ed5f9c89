//! Failures of connections: bytes from which no request could be read.

use crate::journal::{Connection, Exchange, Framing, Journal, Unparsed, UnparsedKind};
use crate::wording::counted;

use super::AssertionFailure;

/// The connections on which a client sent what is wrong HTTP, and what that was.
pub(super) fn unparsed(journal: &Journal) -> impl Iterator<Item = (&Connection, &Unparsed)> {
    let connections = journal.connections().iter().map(AsRef::as_ref);
    connections
        .filter_map(|connection: &Connection| Some((connection, connection.unparsed.as_ref()?)))
        .filter(|(_, unparsed)| unparsed.kind.is_wrong())
}

/// The failure of such a connection.
pub(super) fn no_request(
    connection: &Connection,
    unparsed: &Unparsed,
    journal: &Journal,
) -> AssertionFailure {
    let answered = unparsed.status.map_or("nothing".to_owned(), |status| status.to_string());
    let (index, shown) = (connection.index, unparsed.excerpt());
    let found = format!("on connection {index}, {unparsed}: \"{shown}\", answered {answered}");
    let before = unparsed.behind.and_then(|index| journal.exchange(index));
    let failure = AssertionFailure::new(
        "every client sends requests",
        "requests of HTTP/1.0 or 1.1 (§1.9)",
        found,
    )
    .because(before.and_then(|exchange| cause(unparsed.kind, exchange)))
    .showing(before.cloned(), |_| true);
    match hint(unparsed.kind) {
        Some(hint) => *failure.hint(hint),
        None => *failure,
    }
}

/// Why bytes came behind an exchange that are no request.
fn cause(kind: UnparsedKind, before: &Exchange) -> Option<String> {
    let index = before.index;
    let announced = match before.framing {
        Framing::None => "no body".to_owned(),
        Framing::Length(length) => format!("a body of {}", counted(length, "byte")),
        Framing::Chunked => "a body in chunks, which ended".to_owned(),
    };
    let is_behind = kind == UnparsedKind::BytesBehindRequest;
    is_behind.then(|| format!("#{index} announced {announced}, and more came"))
}

fn hint(kind: UnparsedKind) -> Option<&'static str> {
    match kind {
        UnparsedKind::TlsClientHello => {
            Some("the client's URL: it begins with https://, and the origin speaks http:// alone")
        }
        UnparsedKind::Http2Preface => {
            Some("the client's settings: HTTP/2 without a negotiation (\"prior knowledge\") is on")
        }
        UnparsedKind::BytesBehindRequest => {
            Some("the Content-Length or the chunks of that request")
        }
        _ => None,
    }
}
