//! Tests invalid and unusual request heads.

use mock_origin::journal::ConnectionEnd;

use crate::hostile::Scene;
use crate::support::Client;
use crate::support::record::closed_connection;

/// The length of the longest accepted head.
const LONGEST: usize = 64 * 1024;

/// Returns a request for `/a.txt` whose head has exactly `length` bytes.
fn head_of(length: usize) -> Vec<u8> {
    let (begin, end) = ("GET /a.txt HTTP/1.1\r\nHost: o\r\nLong: ", "\r\n\r\n");
    format!("{begin}{}{end}", "x".repeat(length - begin.len() - end.len())).into_bytes()
}

/// Returns a request for `/a.txt` with `count` headers.
fn headers(count: usize) -> Vec<u8> {
    format!("GET /a.txt HTTP/1.1\r\nHost: o\r\n{}\r\n", "a:\r\n".repeat(count - 1)).into_bytes()
}

#[test]
fn a_head_of_64_kib_is_served_and_a_longer_one_rejected() {
    let scene = Scene::new();
    assert_eq!(scene.response_to(head_of(LONGEST)).text(), "hello");
    for length in [LONGEST + 1, LONGEST + 2, 100_000] {
        let record = scene.assert_bad_head(&head_of(length), 431);
        assert_eq!(record.unparsed.as_ref().unwrap().bytes.len(), LONGEST);
    }
    scene.assert_unharmed();
}

#[test]
fn an_endless_head_is_rejected_before_it_ends() {
    let scene = Scene::new();
    let mut client = scene.client();
    let response = client.write(&head_of(LONGEST + 5)[..=LONGEST]).read();
    assert_eq!(response.status, 431);
    let _ = client.finish_writing().read_to_end();
    let record = closed_connection(&scene.origin, client.address());
    assert_eq!(record.end, ConnectionEnd::BadHead(431));
    scene.assert_unharmed();
}

#[test]
fn ten_thousand_headers_are_rejected() {
    let scene = Scene::new();
    assert_eq!(scene.response_to(headers(100)).text(), "hello");
    for count in [101, 1_000, 10_000] {
        scene.assert_bad_head(&headers(count), 431);
    }
    scene.assert_unharmed();
}

#[test]
fn a_head_as_long_as_the_first_read_is_served() {
    /// The length of the buffer for the first read of a connection.
    const FIRST_READ: usize = 8 * 1024;
    let scene = Scene::new();
    // hyper gets these headers, and they have no space that could be left out.
    let begin = format!("GET /a.txt HTTP/1.1\r\nHost:o\r\n{}", "Connection:\r\n".repeat(98));
    let (last, end) = ("Connection:", "\r\n\r\n");
    let value = "a".repeat(FIRST_READ - begin.len() - last.len() - end.len());
    let mut client = scene.client();
    let response = client.write(format!("{begin}{last}{value}{end}")).read();
    assert_eq!((response.status, response.text()), (200, "hello"));
    scene.assert_unharmed();
}

#[test]
fn an_incomplete_head_is_recorded_when_its_client_leaves() {
    let scene = Scene::new();
    for begun in ["G", "GET /a.txt HTTP/1.1", "GET /a.txt HTTP/1.1\r\nHost: origin\r\nX-Ag"] {
        let record = scene.assert_bad_head(begun.as_bytes(), 0);
        assert_eq!(*record.unparsed.as_ref().unwrap().bytes, *begun.as_bytes());
    }
    scene.assert_unharmed();
}

#[test]
fn an_invalid_head_after_valid_requests_is_recorded_alone() {
    let scene = Scene::new();
    let mut client = scene.client();
    client.write("GET /a.txt HTTP/1.1\r\nHost: o\r\n\r\nOPTIONS / HTTP/1.1\r\nHost: o\r\n\r\n\0 / HTTP/1.1\r\n\r\n");
    assert_eq!([client.read().status, client.read().status, client.read().status], [200, 200, 400]);
    let _ = client.finish_writing().read_to_end();
    let record = closed_connection(&scene.origin, client.address());
    assert_eq!(record.end, ConnectionEnd::BadHead(400));
    let unparsed = record.unparsed.as_ref().unwrap();
    assert_eq!(*unparsed.bytes, *b"\0 / HTTP/1.1\r\n\r\n");
    scene.origin.requests().connection(record.index).assert_count(2);
    scene.assert_unharmed();
}

#[test]
fn empty_connections_and_empty_lines_are_ignored() {
    let scene = Scene::new();
    for nothing in ["", "\r\n", "\r\n\r\n\n\r\n\n"] {
        let mut client = scene.client();
        client.write(nothing).finish_writing().assert_closed();
        let record = closed_connection(&scene.origin, client.address());
        assert_eq!((record.end, record.unparsed.is_none()), (ConnectionEnd::ByClient, true));
    }
    assert_eq!(
        scene.response_to("\r\n\n\r\nGET /a.txt HTTP/1.1\r\nHost: o\r\n\r\n").text(),
        "hello"
    );
    scene.assert_unharmed();
}

#[test]
fn header_values_may_be_invalid_utf_8() {
    let scene = Scene::new();
    let send = |head: &[u8]| scene.response_to([head, b"\r\n\r\n"].concat());
    assert_eq!(send(b"GET /a.txt HTTP/1.1\r\nHost: o\r\nAny: \xff\xfe\x80").text(), "hello");
    let login = b"POST /account/login HTTP/1.1\r\nHost: o\r\nX-Agile-Username: jane\r\nX-Agile-Password: \xff";
    assert_eq!(send(login).code(), Some(-10001));
    let token = b"POST /multipart/create HTTP/1.1\r\nHost: o\r\nX-Agile-Authorization: \xc3\x28";
    assert_eq!((send(token).status, send(token).code()), (403, Some(-10001)));
    let piece = scene.piece_head().replace("Part: 2\r\n", "Part: ").into_bytes();
    assert_eq!(send(&[&piece, &b"\xd9\xa2"[..]].concat()).code(), Some(-3));
    scene.assert_unharmed();
}

#[test]
fn control_characters_in_a_head_are_rejected() {
    let scene = Scene::new();
    for bad in ["A: b\0c", "A\0: b", "A: b\rc", "A: \x01", "A: \x7f", "A b: c", ": b", "A", " A: b"]
    {
        scene.assert_bad_head(
            format!("GET /a.txt HTTP/1.1\r\nHost: o\r\n{bad}\r\n\r\n").as_bytes(),
            400,
        );
    }
    scene.assert_unharmed();
}

#[test]
fn http_1_1_requires_exactly_one_host() {
    let scene = Scene::new();
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: a b\r\n"] {
        for line in ["GET /a.txt", "POST /jsonrpc", "OPTIONS *", "POST /none"] {
            let response = scene.response_to(format!("{line} HTTP/1.1\r\n{hosts}\r\n"));
            assert_eq!((response.status, response.reason.as_str()), (400, "Bad Request"), "{line}");
            assert_eq!(response.header("Connection"), Some("close"), "{line}");
        }
    }
    for good in ["HTTP/1.0\r\n", "HTTP/1.0\r\nHost: a\r\n", "HTTP/1.1\r\nhost:\r\n"] {
        assert_eq!(scene.response_to(format!("GET /a.txt {good}\r\n")).text(), "hello", "{good}");
    }
    scene.assert_unharmed();
}

#[test]
fn a_rejection_closes_an_http_1_0_keep_alive_connection() {
    let scene = Scene::new();
    let send = |line: &str| {
        let mut client = scene.client();
        client.write(format!("{line} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        (client.read(), client)
    };
    for rejected in ["POST /multipart/create", "GET /none", "PUT /a.txt", "POST /none"] {
        let (response, mut client) = send(rejected);
        let connection: Vec<_> =
            response.headers.iter().filter(|(name, _)| name == "Connection").collect();
        assert_eq!(connection, [&("Connection".to_owned(), "close".to_owned())], "{rejected}");
        client.assert_closed();
    }
    let (response, mut client) = send("GET /a.txt");
    assert_eq!((response.status, response.header("Connection")), (200, Some("keep-alive")));
    assert_eq!(client.send("GET", "/a.txt", &[], b"").text(), "hello");
    scene.assert_unharmed();
}

#[test]
fn bare_line_feeds_end_lines() {
    let scene = Scene::new();
    for head in [
        "GET /a.txt HTTP/1.1\nHost: o\n\n",
        "GET /a.txt HTTP/1.1\nHost: o\nA: b\n\r\n",
        "\nGET /a.txt HTTP/1.1\r\nHost: o\r\n\n",
    ] {
        assert_eq!(scene.response_to(head).text(), "hello", "{head:?}");
    }
    scene.assert_unharmed();
}

#[test]
fn invalid_request_lines_are_rejected() {
    let scene = Scene::new();
    for line in [
        "GET",
        "GET /a.txt",
        "GET  /a.txt HTTP/1.1",
        " GET /a.txt HTTP/1.1",
        "/a.txt HTTP/1.1",
        "GET /a.txt HTTP/1.1 more",
        "GET /a .txt HTTP/1.1",
        "GET /\x01 HTTP/1.1",
        "G(T /a.txt HTTP/1.1",
        "GET a/b HTTP/1.1",
        "GET http:// HTTP/1.1",
        "GET /a.txt HTTP/1.2",
        "GET /a.txt HTTP/9",
        "GET /a.txt FTP/1.1",
        "GET /a.txt http/1.1",
        "HTTP/1.1 200 OK",
    ] {
        scene.assert_bad_head(format!("{line}\r\n\r\n").as_bytes(), 400);
    }
    scene.assert_bad_head(b"GET /\xff HTTP/1.1\r\nHost: o\r\n\r\n", 400);
    scene.assert_unharmed();
}

#[test]
fn other_protocols_are_rejected() {
    let scene = Scene::new();
    for hello in [
        &b"GET /\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x8a\x01\n\r\n\r\n\xc0\x2b\xc0\x2f",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"EHLO client\r\n",
        b"\x00\x00\x00\x00",
        b"\xff\xfb\x1f\r\n\r\n",
    ] {
        scene.assert_bad_head(hello, 400);
    }
    scene.assert_unharmed();
}

#[test]
fn a_client_that_writes_byte_by_byte_is_served() {
    let scene = Scene::new();
    let mut client = Client::new(&scene.origin);
    client.write_bytewise("\r\nGET /a.txt HTTP/1.1\r\nHost: origin\r\nRange: bytes=1-3\r\n\r\n");
    assert_eq!(client.read().text(), "ell");
    client
        .write_bytewise("POST /jsonrpc HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n");
    client
        .write_bytewise("10;x=\"y\"\r\n{\"method\":\"ping\"\r\n1\r\n}\r\n0\r\nTrailer: z\r\n\r\n");
    assert_eq!(
        client.read().text(),
        r#"{"id": null, "result": {"code": 0, "operation": "pong"}, "error": null}"#
    );
    scene.assert_unharmed();
}
