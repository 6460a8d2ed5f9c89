//! Tests handshakes that fail: what is recorded, and what verification says.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use mock_origin::MockOrigin;
use mock_origin::journal::{Connection, ConnectionEnd, TlsFailure, UnparsedKind};
use mock_origin::report::describe_connection;

use super::client::{TlsClient, trusting};
use crate::support::TIMEOUT;
use crate::support::golden::assert_golden;
use crate::support::record::all_closed;

const HTTP: &[u8] = b"GET /acme/a HTTP/1.1\r\nHost: o\r\n\r\n";

/// Returns the error of a client that does not complete the handshake.
fn rejected(origin: &MockOrigin, name: &str, config: rustls::ClientConfig) -> rustls::Error {
    let error: io::Error = TlsClient::connect(origin, name, config).err().unwrap();
    *error.into_inner().unwrap().downcast().unwrap()
}

/// Sends bytes without TLS, closes the sending direction, and returns what comes back.
fn sent(origin: &MockOrigin, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(origin.addr()).unwrap();
    socket.set_read_timeout(Some(TIMEOUT)).unwrap();
    socket.write_all(bytes).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    socket.read_to_end(&mut received).unwrap();
    received
}

/// Returns the record of the only connection after it was closed.
fn record(origin: &MockOrigin) -> Arc<Connection> {
    all_closed(origin, 1).connections()[0].clone()
}

fn kind(record: &Connection) -> UnparsedKind {
    record.unparsed.as_ref().unwrap().kind
}

#[track_caller]
fn assert_verdict(origin: &MockOrigin, name: &str) {
    let verdict = origin.verify().unwrap_err();
    assert_eq!(verdict.failures().len(), 1, "{verdict}");
    assert_golden(name, &verdict.to_string());
    let line = describe_connection(&record(origin)).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&origin.timeline()).contains(&words(&line)), "{}", origin.timeline());
}

#[test]
fn a_client_that_does_not_trust_the_authority_is_named() {
    let origin = MockOrigin::builder().tls().start();
    let other = MockOrigin::builder().tls().start();
    let error = rejected(&origin, "localhost", trusting(other.ca_pem()));
    assert!(matches!(error, rustls::Error::InvalidCertificate(_)), "{error}");
    assert_verdict(&origin, "tls_unknown_ca");
    let record = record(&origin);
    assert_eq!(kind(&record), UnparsedKind::TlsHandshake(TlsFailure::Alert(48)));
    assert_eq!(record.end, ConnectionEnd::TlsFailed);
    let tls = record.tls.as_ref().unwrap();
    assert_eq!((tls.server_name.as_deref(), tls.version), (Some("localhost"), None));
}

#[test]
fn a_client_that_uses_another_name_is_named() {
    let origin = MockOrigin::builder().tls_name("upload.example.com").start();
    rejected(&origin, "download.example.com", trusting(origin.ca_pem()));
    assert_verdict(&origin, "tls_other_name");
}

#[test]
fn a_client_that_offers_only_http_2_is_named() {
    let origin = MockOrigin::builder().tls().start();
    let mut config = trusting(origin.ca_pem());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let error = rejected(&origin, "localhost", config);
    assert_eq!(
        error,
        rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol)
    );
    assert_verdict(&origin, "tls_http2");
}

#[test]
fn the_offered_protocols_and_the_version_are_recorded() {
    let origin = MockOrigin::builder().tls().start();
    let mut config = trusting(origin.ca_pem());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client = TlsClient::connect(&origin, "localhost", config).unwrap();
    assert_eq!(client.session().alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(client.send("OPTIONS", "/", &[], b"").status, 200);
    let tls = origin.journal().connections()[0].tls.clone().unwrap();
    assert_eq!(
        (tls.version, tls.protocols),
        (Some("TLS 1.3"), vec!["h2".into(), "http/1.1".into()])
    );
    origin.finish();
}

#[test]
fn plain_http_on_a_tls_port_is_recorded_and_answered() {
    let origin = MockOrigin::builder().tls().start();
    let response = String::from_utf8(sent(&origin, HTTP)).unwrap();
    assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{response}");
    assert!(response.ends_with("This port uses TLS: the URL must begin with https.\n"));
    assert_verdict(&origin, "tls_plain_http");
    let record = record(&origin);
    assert_eq!(&*record.unparsed.as_ref().unwrap().bytes, HTTP);
    assert_eq!((record.end, record.is_unused), (ConnectionEnd::TlsFailed, false));
}

#[test]
fn bytes_that_are_neither_tls_nor_http_are_recorded() {
    let origin = MockOrigin::builder().tls().start();
    assert_eq!(sent(&origin, b"\0\x01garbage"), b"");
    assert_verdict(&origin, "tls_garbage");
}

#[test]
fn an_invalid_handshake_is_answered_with_an_alert() {
    let origin = MockOrigin::builder().tls().start();
    let alert = sent(&origin, b"\x16\x03\x01\0\x04\x02\0\0\0");
    assert_eq!(alert[..5], *b"\x15\x03\x03\0\x02", "{alert:?}");
    assert_eq!(kind(&record(&origin)), UnparsedKind::TlsHandshake(TlsFailure::Invalid));
    origin.verify().unwrap_err();
}

#[test]
fn a_client_that_stops_during_the_handshake_passes_verification() {
    let origin = MockOrigin::builder().tls().start();
    sent(&origin, b"\x16\x03\x01\x02");
    assert_eq!(kind(&record(&origin)), UnparsedKind::TlsHandshake(TlsFailure::Closed));
    origin.finish();
}

#[test]
fn a_client_that_leaves_with_the_certificate_is_shown() {
    let origin = MockOrigin::builder().tls().start();
    let config = Arc::new(trusting(origin.ca_pem()));
    let mut session =
        rustls::ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(origin.addr()).unwrap();
    session.write_tls(&mut socket).unwrap();
    assert!(socket.read(&mut [0; 16]).unwrap() > 0);
    drop(socket);
    let kind = kind(&record(&origin));
    assert_eq!(kind, UnparsedKind::TlsHandshake(TlsFailure::ClosedAfterCertificate));
    let timeline = origin.timeline();
    let shown =
        "TLS handshake failed: the client closed the connection when it had the certificate";
    assert!(timeline.contains(shown), "{timeline}");
    origin.finish();
}

#[test]
fn a_connection_without_a_request_is_shown() {
    let origin = MockOrigin::builder().tls().start();
    sent(&origin, b"");
    let timeline = origin.timeline();
    assert!(timeline.contains("the client closed the connection without a byte"), "{timeline}");
    drop(TlsClient::new(&origin));
    all_closed(&origin, 2);
    let timeline = origin.timeline();
    let shown = "no request: the client closed the connection after the TLS handshake";
    assert!(timeline.contains(shown), "{timeline}");
    origin.finish();
}

#[test]
fn a_stalled_handshake_does_not_block_others() {
    let origin = MockOrigin::builder().tls().start();
    let stalled = [(); 8].map(|()| {
        let mut socket = TcpStream::connect(origin.addr()).unwrap();
        socket.write_all(b"\x16\x03").unwrap();
        socket
    });
    assert_eq!(TlsClient::new(&origin).send("OPTIONS", "/", &[], b"").status, 200);
    drop(stalled);
    all_closed(&origin, 9);
    origin.finish();
}
