//! Tests bodies with invalid framing, and bodies that are shorter than announced.

use mock_origin::Outcome;
use mock_origin::journal::{ConnectionEnd, Framing};

use crate::hostile::Scene;
use crate::support::payload::{chunk, chunked};
use crate::support::record::{closed_connection, closed_exchange};

#[test]
fn an_invalid_content_length_is_rejected() {
    let scene = Scene::new();
    for length in [
        "",
        "five",
        "-5",
        "+5",
        "5.0",
        "0x5",
        "5 5",
        "5, 5",
        "5, 6",
        "5;",
        "99999999999999999999",
        "5\r\nContent-Length: 6",
        "5\r\ncontent-length: five",
    ] {
        let head = format!("{}Content-Length: {length}\r\n\r\nhello", scene.piece_head());
        scene.assert_bad_head(head.as_bytes(), 400);
    }
    scene.assert_unharmed();
}

#[test]
fn a_repeated_equal_content_length_is_accepted() {
    let scene = Scene::new();
    let head =
        "OPTIONS / HTTP/1.1\r\nHost: o\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello";
    let mut client = scene.client();
    assert_eq!(client.write([head, head].concat()).read().status, 200);
    assert_eq!(client.read().status, 200);
    assert_eq!(closed_exchange(&scene.origin, 1).received, 5);
    scene.assert_unharmed();
}

#[test]
fn a_huge_content_length_reserves_no_memory() {
    let scene = Scene::new();
    // A length above the limit of a piece is rejected at the head.
    let head = format!("{}Content-Length: {}\r\n\r\n", scene.piece_head(), u64::MAX - 2);
    assert_eq!(scene.response_to(head).code(), Some(-11));
    // A length within the limit is accepted, and no memory is reserved for it.
    let head = format!("{}Content-Length: 100000000000\r\n\r\nhello", scene.piece_head());
    let response = scene.response_to(head);
    assert_eq!((response.status, response.code()), (500, Some(-49)));
    scene.assert_unharmed();
}

#[test]
fn chunked_framing_overrides_content_length_safely() {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: o\r\n\r\n";
    for (first, second) in [
        ("Content-Length: 3", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 3"),
        ("transfer-encoding: Chunked", "content-length: 99"),
    ] {
        let scene = Scene::new();
        let head = format!("OPTIONS / HTTP/1.1\r\nHost: o\r\n{first}\r\n{second}\r\n\r\n");
        let mut client = scene.client();
        client.write([head.as_bytes(), &chunked(b"hello", 2), smuggled.as_bytes()].concat());
        assert_eq!(client.finish_writing().read().header("Connection"), Some("close"));
        client.assert_closed();
        let record = closed_connection(&scene.origin, client.address());
        assert_eq!((record.end, record.drained), (ConnectionEnd::ByOrigin, smuggled.len() as u64));
        let exchange = closed_exchange(&scene.origin, 0);
        assert_eq!((exchange.framing, exchange.received), (Framing::Chunked, 5));
        scene.origin.requests().assert_count(1);
        scene.assert_unharmed();
    }
}

#[test]
fn an_unknown_transfer_coding_is_rejected_before_the_body() {
    for (codings, status) in [
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: identity, chunked", 501),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        ("Content-Length: 3\r\nTransfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: chunked, chunked", 400),
    ] {
        let scene = Scene::new();
        let head = format!("{}{codings}\r\nExpect: 100-continue\r\n\r\n", scene.piece_head());
        let mut client = scene.client();
        let response = client.write(head).read();
        let found = (response.status, response.code(), response.header("Connection"));
        assert_eq!(found, (status, None, Some("close")), "{codings}");
        client.write(chunked(b"hello", 2)).finish_writing().assert_closed();
        let exchange = closed_exchange(&scene.origin, 0);
        assert_eq!((exchange.framing, exchange.received), (Framing::Chunked, 0), "{codings}");
        scene.assert_unharmed();
    }
}

#[test]
fn a_transfer_encoding_must_end_in_chunked() {
    let scene = Scene::new();
    for coding in ["gzip", "chunked, gzip", "chunked,", "identity", "", "xchunked"] {
        let head = format!("{}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n", scene.piece_head());
        scene.assert_bad_head(head.as_bytes(), 400);
    }
    let old = scene.piece_head().replace("HTTP/1.1", "HTTP/1.0") + "Transfer-Encoding: chunked";
    scene.assert_bad_head(format!("{old}\r\n\r\n0\r\n\r\n").as_bytes(), 400);
    scene.assert_unharmed();
}

#[test]
fn malformed_chunks_are_rejected_and_store_nothing() {
    let scene = Scene::new();
    let head = format!("{}Transfer-Encoding: chunked\r\n\r\n", scene.piece_head());
    let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(20_000));
    let many_trailers = format!("5\r\nhello\r\n0\r\n{}\r\n", "a: b\r\n".repeat(1_000));
    for (garbage, received) in [
        ("\r\n", 0),
        ("x\r\nhello\r\n0\r\n\r\n", 0),
        ("-5\r\nhello\r\n0\r\n\r\n", 0),
        ("0x5\r\nhello\r\n0\r\n\r\n", 0),
        (" 5\r\nhello\r\n0\r\n\r\n", 0),
        ("5\nhello\r\n0\r\n\r\n", 0),
        ("5 5\r\nhello\r\n0\r\n\r\n", 0),
        ("5;a\nhello\r\n0\r\n\r\n", 0),
        ("\0\0\0\0\0\0\r\n", 0),
        ("10000000000000000\r\nhello", 0),
        ("99999999999999999999999\r\n", 0),
        (&long_extension, 0),
        ("5\r\nhelloworld\r\n0\r\n\r\n", 5),
        ("5\r\nhello\n0\r\n\r\n", 5),
        ("5\r\nhello\rX", 5),
        ("5\r\nhello\r\n\r\n", 5),
        ("5\r\nhello\r\n0\r\na b\r\n\r\n", 5),
        (&many_trailers, 5),
        ("5\r\nhello\r\n0\r\n\rX", 5),
    ] {
        let response = scene.response_to(format!("{head}{garbage}"));
        assert_eq!(response.status, 400, "{garbage:?}");
        let index = scene.origin.journal().exchanges().len() - 1;
        let exchange = closed_exchange(&scene.origin, index);
        assert_eq!((exchange.received, exchange.digest), (received, None), "{garbage:?}");
    }
    scene.assert_unharmed();
}

#[test]
fn a_huge_chunk_size_reserves_no_memory() {
    let scene = Scene::new();
    let head = format!("{}Transfer-Encoding: chunked\r\n\r\n", scene.piece_head());
    for size in ["ffffffffffffffff", "7fffffffffffffff", "00000000000000000006", "100000000"] {
        let response = scene.response_to(format!("{head}{size}\r\nhello"));
        assert_eq!((response.status, response.code()), (500, Some(-49)), "{size}");
    }
    scene.assert_unharmed();
}

#[test]
fn an_unexpected_body_is_read_and_ignored() {
    let scene = Scene::new();
    let mut client = scene.client();
    for method in ["GET", "OPTIONS", "HEAD"] {
        let sized = client.send(method, "/a.txt", &[], b"a body");
        let head =
            format!("{method} /a.txt HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunks = client.write([head.as_bytes(), &chunked(b"a body", 4)].concat());
        assert_eq!((sized.status, chunks.read_for(method).status), (200, 200), "{method}");
    }
    let journal = scene.origin.journal();
    assert!(journal.exchanges().iter().all(|exchange| exchange.received == 6));
    assert_eq!(journal.connections().len(), 1);
    scene.assert_unharmed();
}

#[test]
fn a_truncated_body_gets_a_response_and_stores_nothing() {
    let scene = Scene::new();
    let sized = format!("{}Content-Length: 10\r\n\r\nhello", scene.piece_head());
    let chunks = format!("{}Transfer-Encoding: chunked\r\n\r\n", scene.piece_head());
    let chunks = [chunks.as_bytes(), &chunk(b"hello")].concat();
    for (index, half) in [sized.into_bytes(), chunks].iter().enumerate() {
        let response = scene.response_to(half);
        assert_eq!((response.status, response.code()), (500, Some(-49)));
        let exchange = closed_exchange(&scene.origin, index);
        assert_eq!((exchange.outcome, exchange.received), (Outcome::RequestTruncated, 5));
    }
    scene.assert_unharmed();
}

#[test]
fn a_call_with_a_truncated_body_is_not_committed() {
    let scene = Scene::new();
    for (target, header) in [
        ("/multipart/create", "X-Agile-Basename: new"),
        ("/post/directory", "X-Agile-Directory: /new"),
        ("/multipart/complete", &format!("X-Agile-Multipart: {}", scene.upload)),
    ] {
        let head =
            format!("POST {target} HTTP/1.1\r\nHost: o\r\nX-Agile-Authorization: {}", scene.token);
        let response =
            scene.response_to(format!("{head}\r\n{header}\r\nContent-Length: 9\r\n\r\nhalf"));
        assert_eq!(response.status, 400, "{target}");
    }
    scene.assert_unharmed();
}
