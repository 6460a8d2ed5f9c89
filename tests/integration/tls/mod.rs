//! Tests origins that use TLS, with a client that verifies certificates.

mod client;
mod failures;
mod faults;
mod page;

use mock_origin::MockOrigin;
use rustls::{ProtocolVersion, version};

use client::{End, TlsClient, trusting, trusting_with};

#[test]
fn an_upload_over_tls_is_stored() {
    let origin = MockOrigin::builder().tls().directory("/videos").start();
    assert_eq!(origin.url(), format!("https://{}", origin.addr()));
    let token = origin.issue_token("jane");
    let mut client = TlsClient::new(&origin);
    let headers = [
        ("X-Agile-Authorization", &*token),
        ("X-Agile-Directory", "/videos"),
        ("X-Agile-Basename", "a.mp4"),
    ];
    let created = client.send("POST", "/multipart/create", &headers, b"");
    let id = created.header("X-Agile-Multipart").unwrap();
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Multipart", id)];
    // Longer than a TLS record, and longer than the buffers of rustls.
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let piece = [&headers[..], &[("X-Agile-Part", "1")]].concat();
    assert_eq!(client.send("POST", "/multipart/piece", &piece, &content).status, 200);
    assert_eq!(client.send("POST", "/multipart/complete", &headers, b"").status, 200);
    origin.file("/videos/a.mp4").assert_content(content.clone());
    assert_eq!(client.send("GET", "/acme/videos/a.mp4", &[], b"").body, content);
    origin.requests().assert_count(4);
    origin.finish();
}

#[test]
fn the_certificate_has_local_and_given_names() {
    let origin =
        MockOrigin::builder().tls_name("upload.example.com").tls_name("*.example.test").start();
    for name in ["localhost", "127.0.0.1", "::1", "upload.example.com", "a.example.test"] {
        let client = TlsClient::connect(&origin, name, trusting(origin.ca_pem()));
        client.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    origin.finish();
}

#[test]
fn urls_in_responses_and_reports_use_https() {
    let origin = MockOrigin::builder().tls().file("/a", "abc").start();
    let mut client = TlsClient::new(&origin);
    let token = origin.issue_token("jane");
    let body = format!(
        r#"{{"jsonrpc": "2.0", "method": "mediaVaultUrl", "params": ["{token}", "/a"], "id": 1}}"#
    );
    let response = client.send("POST", "/jsonrpc", &[], body.as_bytes());
    assert!(response.text().contains("\"https://origin/acme/a?e="), "{}", response.text());
    #[cfg(feature = "report")]
    {
        let file = tempfile::NamedTempFile::new().unwrap();
        origin.write_har(file.path()).unwrap();
        let har = std::fs::read_to_string(file.path()).unwrap().replace("\": ", "\":");
        let url = format!("\"url\":\"https://{}/jsonrpc\"", origin.addr());
        assert!(har.contains(&url), "{har}");
    }
    origin.finish();
}

#[test]
fn every_listener_uses_tls() {
    let origin = MockOrigin::builder().port(0).port(0).tls().start();
    assert!(origin.urls().iter().all(|url| url.starts_with("https://127.0.0.1:")));
}

#[test]
fn both_versions_of_tls_are_accepted() {
    let origin = MockOrigin::builder().tls().start();
    for (version, name) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let config = trusting_with(origin.ca_pem(), &[version]);
        let mut client = TlsClient::connect(&origin, "localhost", config).unwrap();
        assert_eq!(client.session().protocol_version(), Some(name));
        assert_eq!(client.send("OPTIONS", "/", &[], b"").status, 200);
    }
    origin.finish();
}

#[test]
fn a_connection_that_is_closed_in_order_ends_with_close_notify() {
    let origin = MockOrigin::builder().tls().file("/a", "abc").start();
    origin.on_connection().nth(2).close_after(1);
    for headers in [&[("Connection", "close")][..], &[]] {
        let mut client = TlsClient::new(&origin);
        assert_eq!(client.send("GET", "/acme/a", headers, b"").body, b"abc");
        assert_eq!(client.read_to_end(), (Vec::new(), End::CloseNotify));
    }
    origin.finish();
}

#[test]
#[should_panic(expected = "the origin does not use TLS: MockOrigin::builder().tls().start()")]
fn a_plain_origin_has_no_authority() {
    MockOrigin::start().ca_pem();
}

#[test]
#[should_panic(expected = "invalid TLS name \"a b\": expected a DNS name")]
fn an_invalid_name_is_rejected() {
    let _ = MockOrigin::builder().tls_name("a b");
}
