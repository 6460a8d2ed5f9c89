//! Tests faults on TLS connections: certificates, and ends with and without `close_notify`.

use std::time::Duration;

use mock_origin::journal::{ConnectionEnd, TlsFailure, UnparsedKind};
use mock_origin::report::describe_connection;
use mock_origin::{Disconnect, InvalidCertificate, MockOrigin, Op, Outcome, ResponseLoss};
use rustls::{CertificateError, ClientConfig, Error};

use super::client::{End, TlsClient, trusting};
use crate::support::record::{all_closed, closed_exchange};
use crate::support::{Client, TIMEOUT, request};

fn tls_error(origin: &MockOrigin, config: ClientConfig) -> Error {
    let error = TlsClient::connect(origin, "localhost", config).err().unwrap();
    *error.into_inner().unwrap().downcast().unwrap()
}

#[test]
fn a_client_that_verifies_rejects_each_invalid_certificate() {
    for (certificate, alert) in [
        (InvalidCertificate::Expired, 45),
        (InvalidCertificate::OtherName, 42),
        (InvalidCertificate::UnknownAuthority, 48),
    ] {
        let origin = MockOrigin::builder().tls().start();
        let fault = origin.on_connection().present_certificate(certificate);
        let Error::InvalidCertificate(error) = tls_error(&origin, trusting(origin.ca_pem())) else {
            panic!("{certificate:?} was not rejected because of the certificate")
        };
        let is_expected = match certificate {
            InvalidCertificate::Expired => matches!(error, CertificateError::ExpiredContext { .. }),
            InvalidCertificate::OtherName => {
                matches!(error, CertificateError::NotValidForNameContext { .. })
            }
            _ => error == CertificateError::UnknownIssuer,
        };
        assert!(is_expected, "{certificate:?}: {error}");
        assert_eq!(fault.fired(), 1);
        // The fault applied to one connection only.
        assert_eq!(TlsClient::new(&origin).send("OPTIONS", "/", &[], b"").status, 200);
        let record = all_closed(&origin, 2).connections()[0].clone();
        assert_eq!(origin.connection_events_after(0).events.len(), 1, "the failure is one event");
        let kind = UnparsedKind::TlsHandshake(TlsFailure::Alert(alert));
        assert_eq!(record.unparsed.as_ref().unwrap().kind, kind);
        assert_eq!((record.end, record.is_unused), (ConnectionEnd::TlsFailed, false));
        let line = describe_connection(&record).unwrap();
        let code = format!("present_certificate(InvalidCertificate::{certificate:?})");
        assert!(line.contains("TLS handshake failed") && line.contains(&code), "{line}");
        origin.finish();
    }
}

#[test]
fn a_client_that_ignores_certificates_is_served() {
    let origin = MockOrigin::builder().tls().start();
    let fault = origin.on_connection().present_certificate(InvalidCertificate::OtherName);
    let mut client =
        TlsClient::connect(&origin, "other.invalid", trusting(origin.ca_pem())).unwrap();
    assert_eq!(client.send("OPTIONS", "/", &[], b"").status, 200);
    drop(client);
    let record = all_closed(&origin, 1).connections()[0].clone();
    assert_eq!((fault.fired(), record.end), (1, ConnectionEnd::ByClient));
    let events = origin.connection_events_after(0).events;
    let line = describe_connection(&events[0]).unwrap();
    assert!(line.contains("connection affected by a fault"), "{line}");
    origin.finish();
}

#[test]
fn a_certificate_fault_that_is_never_injected_says_why() {
    let origin = MockOrigin::builder().tls().start();
    let fault = origin.on_connection().present_certificate(InvalidCertificate::Expired);
    Client::to(&origin.url().replace("https:", "http:")).send("OPTIONS", "/", &[], b"");
    all_closed(&origin, 1);
    assert_eq!(fault.fired(), 0);
    let verdict = origin.verify().unwrap_err().to_string();
    assert!(verdict.contains("its TLS handshake failed first"), "{verdict}");
}

#[test]
fn faults_that_need_tls_are_rejected_without_it() {
    let origin = MockOrigin::start();
    for text in [
        r#"{"on": "connections", "present_certificate": "expired"}"#,
        r#"{"op": "piece", "cut_after": {"bytes": 1, "how": "close_without_notify"}}"#,
        r#"{"op": "complete", "commit_then": "close_without_notify"}"#,
    ] {
        let fault = mock_origin::Fault::from_json(text).unwrap();
        let error = origin.try_add_fault(fault.clone()).unwrap_err();
        assert!(error.to_string().contains("the fault needs TLS"), "{error}");
        MockOrigin::builder().tls().faults(vec![fault]).start().clear_faults();
    }
    origin.finish();
}

#[test]
fn faults_at_the_accept_come_before_the_handshake() {
    let origin = MockOrigin::builder().tls().hold_limit(Duration::from_millis(20)).start();
    origin.on_connection().nth(1).reset();
    origin.on_connection().nth(2).silence();
    for _ in 0..2 {
        assert!(TlsClient::connect(&origin, "localhost", trusting(origin.ca_pem())).is_err());
    }
    for record in all_closed(&origin, 2).connections() {
        assert_eq!((record.end, &record.tls), (ConnectionEnd::ByFault, &None));
    }
    origin.finish();
}

#[test]
fn a_response_is_cut_after_plaintext_bytes() {
    const CUT: usize = 100_000;
    let origin = MockOrigin::builder()
        .tls()
        .hold_limit(Duration::from_millis(50))
        .file("/a", vec![7; 300_000])
        .start();
    for (index, (how, expected)) in [
        (Disconnect::Close, End::CloseNotify),
        (Disconnect::HalfClose, End::CloseNotify),
        (Disconnect::CloseWithoutNotify, End::Closed),
        (Disconnect::Stall, End::Closed),
    ]
    .into_iter()
    .enumerate()
    {
        origin.on(Op::egress()).cut_response(CUT as u64, how);
        let mut client = TlsClient::new(&origin);
        client.write(&request("GET", "/acme/a", &[], b""));
        let (received, end) = client.read_to_end();
        assert_eq!((received.len(), end), (CUT, expected), "{how:?}");
        let exchange = closed_exchange(&origin, index);
        assert_eq!((exchange.written, exchange.outcome), (CUT as u64, Outcome::CutByFault));
    }
    origin.clear_faults();
    origin.finish();
}

#[test]
fn a_reset_destroys_the_connection_below_tls() {
    let origin = MockOrigin::builder().tls().file("/a", "abc").start();
    origin.on(Op::egress()).commit_then(ResponseLoss::Reset);
    let mut client = TlsClient::new(&origin);
    client.write(&request("GET", "/acme/a", &[], b""));
    assert_eq!(client.read_to_end(), (Vec::new(), End::Reset));
    origin.finish();
}

#[test]
fn a_body_is_cut_after_plaintext_bytes() {
    let origin = MockOrigin::builder().tls().directory("/videos").start();
    origin.on(Op::raw()).cut_after(50_000, Disconnect::CloseWithoutNotify);
    let token = origin.issue_token("jane");
    let mut client = TlsClient::new(&origin);
    let headers = [
        ("X-Agile-Authorization", &*token),
        ("X-Agile-Directory", "/videos"),
        ("X-Agile-Basename", "a"),
    ];
    client.write(&request("POST", "/post/raw", &headers, &vec![1; 60_000]));
    assert_eq!(client.read_to_end(), (Vec::new(), End::Closed));
    assert_eq!(closed_exchange(&origin, 0).received, 50_000);
    origin.file("/videos/a").assert_absent();
    origin.finish();
}

#[test]
fn a_client_that_leaves_ends_a_hold() {
    let origin = MockOrigin::builder().tls().file("/a", "abc").start();
    let held = origin.on(Op::egress()).hold();
    let mut client = TlsClient::new(&origin);
    client.write(&request("GET", "/acme/a", &[], b""));
    assert!(held.wait(TIMEOUT));
    drop(client);
    assert_eq!(closed_exchange(&origin, 0).outcome, Outcome::ClientGone);
    held.release();
    origin.finish();
}
