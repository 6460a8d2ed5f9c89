//! Failures of connections: bytes that are not HTTP requests.

use std::fmt::Write as _;

use crate::journal::{
    Connection, Escaped, Exchange, Framing, Journal, TlsFailure, Unparsed, UnparsedKind,
};
use crate::wording::counted;

use super::AssertionFailure;

/// Returns the connections on which a client sent invalid HTTP, with the invalid bytes.
pub(super) fn unparsed(journal: &Journal) -> impl Iterator<Item = (&Connection, &Unparsed)> {
    let connections = journal.connections().iter().map(AsRef::as_ref);
    connections.filter_map(|connection: &Connection| Some((connection, connection.wrong_bytes()?)))
}

/// Returns the failure of such a connection.
pub(super) fn invalid_http(
    connection: &Connection,
    unparsed: &Unparsed,
    journal: &Journal,
) -> AssertionFailure {
    if let UnparsedKind::TlsHandshake(failure) = unparsed.kind {
        return failed_handshake(connection, unparsed, failure);
    }
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

fn failed_handshake(
    connection: &Connection,
    unparsed: &Unparsed,
    failure: TlsFailure,
) -> AssertionFailure {
    let Connection { index, tls, .. } = connection;
    let mut found = format!("on connection {index}: {failure}");
    if !unparsed.bytes.is_empty() {
        let _ = write!(found, ": \"{}\"", unparsed.excerpt());
    }
    if let Some(name) = tls.as_ref().and_then(|tls| tls.server_name.as_ref()) {
        let _ = write!(found, "; it asked for {}", Escaped::new(name));
    }
    if let Some(tls) = tls.as_ref().filter(|tls| !tls.protocols.is_empty()) {
        let _ = write!(found, "; it offers {}", Escaped::new(&tls.protocols.join(", ")));
    }
    let hint = match failure {
        _ if failure.is_unknown_ca() => {
            "what the client trusts: give it the certificate of origin.ca_pem(), or the file of \
             `mock-origin serve --ca-out`"
        }
        _ if failure.is_about_certificate() => {
            "the host in the client's URL: the certificate is valid for localhost, 127.0.0.1, ::1 and \
             the names of tls_name"
        }
        TlsFailure::NoCommonProtocol => "the client's settings: the origin speaks only HTTP/1",
        TlsFailure::Invalid => "the scheme of the client's URL and the protocol that it speaks",
        _ => "the client's TLS settings: the origin speaks TLS 1.2 and TLS 1.3",
    };
    *AssertionFailure::with_values("TLS handshake failed", "a complete TLS handshake", found)
        .hint(hint)
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
            Some("the client's URL: it starts with https://, but the origin does not use TLS")
        }
        UnparsedKind::HttpOnTlsPort => {
            Some("the client's URL: it starts with http://, but the origin uses TLS")
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
