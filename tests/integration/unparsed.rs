//! Tests that bytes that are not HTTP are recorded and shown, and that verification fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::support::golden::assert_golden;
use crate::support::record::{closed_connection, wait_for};
use crate::support::{Client, request};
use mock_origin::MockOrigin;
use mock_origin::journal::{Connection, HeadError, UnparsedKind};
use mock_origin::report::describe_connection;

const HELLO: &[u8] = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Sends bytes and returns the closed record of the connection.
fn sent(origin: &MockOrigin, bytes: &[u8]) -> Arc<Connection> {
    let mut client = Client::new(origin);
    let _ = client.write(bytes).finish_writing().read_to_end();
    closed_connection(origin, client.address())
}

fn ping(length: usize, more: &str) -> Vec<u8> {
    let body = r#"{"method": "ping", "id": 1}"#;
    let head = format!("POST /jsonrpc HTTP/1.1\r\nHost: o\r\nContent-Length: {length}\r\n\r\n");
    format!("{head}{body}{more}").into_bytes()
}

#[test]
fn bytes_that_are_not_http_fail_verification() {
    let head = |line: &str| format!("GET / HTTP/1.1\r\nHost: o\r\n{line}\r\n\r\n").into_bytes();
    for (name, bytes, kind) in [
        ("tls", HELLO.to_vec(), UnparsedKind::TlsClientHello),
        ("http2", PREFACE.to_vec(), UnparsedKind::Http2Preface),
        ("long_body", ping(20, ""), UnparsedKind::BytesBehindRequest),
        ("no_request_line", b"{\"a\": 1}\r\n\r\n".to_vec(), UnparsedKind::NoRequestLine),
        (
            "content_length",
            head("Content-Length: +5"),
            UnparsedKind::InvalidHead(HeadError::ContentLength(3)),
        ),
        ("folded", head("A: b\r\n c"), UnparsedKind::InvalidHead(HeadError::Folded(4))),
    ] {
        let origin = MockOrigin::start();
        let record = sent(&origin, &bytes);
        assert_eq!(record.unparsed.as_ref().unwrap().kind, kind, "{name}");
        let verdict = origin.verify().unwrap_err();
        assert_eq!(verdict.failures().len(), 1, "{verdict}");
        assert_golden(&format!("unparsed_{name}"), &verdict.to_string());
        let line = describe_connection(&record).unwrap();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&origin.timeline()).contains(&words(&line)), "{}", origin.timeline());
    }
}

#[test]
fn an_unannounced_body_is_recorded_after_its_request() {
    let origin = MockOrigin::start();
    let record = sent(&origin, &[&request("OPTIONS", "/", &[], b"")[..], b"{}\r\n\r\n"].concat());
    let unparsed = record.unparsed.as_ref().unwrap();
    assert_eq!((unparsed.kind, unparsed.behind), (UnparsedKind::BytesBehindRequest, Some(0)));
    let verdict = origin.verify().unwrap_err().to_string();
    assert!(
        verdict.contains("because: #0 announced no body, and more bytes followed"),
        "{verdict}"
    );
}

#[test]
fn bytes_after_a_closing_response_fail_verification() {
    let origin = MockOrigin::start();
    let request = b"OPTIONS / HTTP/1.0\r\nContent-Length: 2\r\n\r\nabcde\r\n";
    let record = sent(&origin, request);
    assert_eq!(*record.unparsed.as_ref().unwrap().bytes, *b"cde\r\n");
    assert!(origin.verify().is_err());
}

#[test]
fn bytes_after_a_body_are_recorded_before_the_close() {
    let origin = MockOrigin::start();
    let mut client = Client::new(&origin);
    assert_eq!(client.write(ping(27, "xyz")).read().status, 200);
    let unparsed = wait_for(&origin, |journal| journal.connections()[0].unparsed.clone());
    assert_eq!((unparsed.kind, unparsed.behind), (UnparsedKind::BytesBehindRequest, Some(0)));
    assert_eq!(unparsed.status, None);
    let noted = origin.connection_events_after(0).events;
    assert_eq!(
        (noted.len(), noted[0].index, origin.connection_events_after(1).events.len()),
        (1, 0, 0)
    );
    assert!(origin.verify().is_err());
}

#[test]
fn finish_reports_bytes_that_were_just_rejected() {
    let head = b"GET / HTTP/1.1\r\nContent-Length: +5\r\n\r\n";
    for (bytes, named) in [(HELLO, "TLS ClientHello"), (head, "is not one number")] {
        let origin = MockOrigin::start();
        let mut client = Client::new(&origin);
        assert_eq!(client.write(bytes).read().status, 400);
        let panic = catch_unwind(AssertUnwindSafe(|| origin.finish()));
        let text = *panic.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains(named) && text.contains("response 400"), "{text}");
    }
}

#[test]
fn a_pipelined_request_is_not_recorded_as_extra_bytes() {
    let origin = MockOrigin::start();
    let two = [ping(27, "\r\n"), ping(27, "")].concat();
    let closing = b"OPTIONS / HTTP/1.0\r\n\r\nOPTIONS / HTTP/1.0\r\n\r\n";
    for bytes in [&two[..], closing] {
        assert!(sent(&origin, bytes).unparsed.is_none());
    }
    origin.finish();
}

#[test]
fn an_unknown_http_method_is_recorded_as_a_request() {
    let origin = MockOrigin::start();
    let mut client = Client::new(&origin);
    client.write_bytewise("XYZ /a HTTP/1.1\r\nHost: o\r\n\r\n").finish_writing();
    assert_eq!(client.read().status, 405);
    let record = closed_connection(&origin, client.address());
    assert!(record.unparsed.is_none(), "{record:?}");
    assert_eq!(origin.requests().len(), 1);
    origin.verify().unwrap_err();
}

#[test]
fn connections_without_bytes_pass_verification() {
    let origin = MockOrigin::start();
    for bytes in [&b""[..], b"\r\n"] {
        assert!(sent(&origin, bytes).unparsed.is_none());
    }
    Client::new(&origin).reset();
    let _idle = Client::new(&origin);
    origin.finish();
}

#[test]
fn an_incomplete_head_is_shown_and_passes_verification() {
    let origin = MockOrigin::start();
    let record = sent(&origin, b"POST /multipart/piece HTTP/1.1\r\nHos");
    assert_eq!(record.unparsed.as_ref().unwrap().kind, UnparsedKind::IncompleteHead);
    assert!(origin.timeline().contains("no request: incomplete head: POST /multipart/piece"));
    origin.finish();
}

#[test]
fn the_timeline_shows_connections_in_time_order() {
    let origin = MockOrigin::start();
    let send = || assert_eq!(Client::new(&origin).send("OPTIONS", "/", &[], b"").status, 200);
    send();
    sent(&origin, HELLO);
    send();
    let timeline = origin.timeline();
    let lines = timeline.lines().filter(|line| !line.starts_with("finding: "));
    let shown: Vec<_> = lines.map(|line| line.contains("ClientHello")).collect();
    assert_eq!(shown, [false, false, false, true, false], "{timeline}");
    origin.verify().unwrap_err();
}

#[test]
fn a_timeline_names_its_origin() {
    let origins = [MockOrigin::start(), MockOrigin::builder().seed(7).start()];
    for origin in &origins {
        let (url, seed, timeline) = (origin.url(), origin.seed(), origin.timeline());
        assert!(timeline.starts_with(&format!("timeline of {url} (seed {seed}):\n")), "{timeline}");
    }
}
