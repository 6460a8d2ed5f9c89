//! Tests rejections as a proxy writes them: with a page, and with header names in any case.

use mock_origin::{ErrorResponse, HeaderMutation, Op, Outcome};

use super::response::text;
use super::scene::{Figures, Request, Scene, WAYS, Way, assert_works, head, read};
use crate::support::Ended;

const PAGE: &str = "<html><h1>502 Bad Gateway</h1></html>\n";

fn page() -> ErrorResponse {
    ErrorResponse::raw(502).body("text/html", PAGE)
}

/// Returns the expected bytes of a rejection with a page.
fn written(page: &str) -> Vec<u8> {
    let length = PAGE.len().to_string();
    let own = [("Content-Type", "text/html"), ("Connection", "close"), ("Content-Length", &length)];
    [&head("502 Bad Gateway", &own)[..], page.as_bytes()].concat()
}

#[test]
fn a_rejection_has_its_body_content_type_and_length() {
    for way in WAYS {
        let scene = Scene::new();
        scene.origin.on(Op::piece(1)).reject(page());
        let seen = scene.play(&scene.piece(1), way, usize::MAX);
        let expected = written(PAGE);
        assert_eq!((text(&seen.bytes), seen.ended), (text(&expected), Ended::Fin));
        let figures = Figures {
            received: 0,
            written: expected.len() as u64,
            outcome: Outcome::Responded,
            committed: false,
            status: Some(502),
            faults: 1,
        };
        assert_eq!(Figures::of(&seen.exchange), figures);
        scene.origin.finish();
    }
}

#[test]
fn a_rejection_of_head_has_a_length_but_no_body() {
    let scene = Scene::with(|builder| builder.file("/a.txt", "abc"));
    scene.origin.on(Op::egress()).reject(page());
    let request = Request { method: "HEAD", ..read("/a.txt") };
    let seen = scene.play(&request, Way::Length, usize::MAX);
    assert_eq!((text(&seen.bytes), seen.ended), (text(&written("")), Ended::Fin));
    assert_eq!(seen.exchange.written, written("").len() as u64);
    scene.origin.finish();
}

#[test]
fn a_given_body_replaces_the_body_of_the_result_code() {
    let scene = Scene::new();
    scene
        .origin
        .on(Op::directory())
        .reject(ErrorResponse::row(401, -10001).body("text/plain", "busy"));
    let response = scene.client().write(scene.directory().bytes(Way::Length)).read();
    assert_eq!((response.status, response.code(), response.text()), (401, Some(-10001), "busy"));
    let types: Vec<_> =
        response.headers.iter().filter(|(name, _)| name == "Content-Type").collect();
    assert_eq!(types, [&("Content-Type".to_owned(), "text/plain".to_owned())]);
    scene.origin.finish();
}

#[test]
fn a_body_of_bytes_rejects_a_whole_json_rpc_request() {
    let scene = Scene::new();
    let reject = ErrorResponse::raw(503).body("application/octet-stream", [0, 255]);
    scene.origin.on(Op::method("noop")).reject(reject);
    let request = scene.rpc("noop", "{}");
    let response = scene.client().write(request.bytes(Way::Length)).read();
    assert_eq!((response.status, &*response.body), (503, &[0, 255][..]));
    assert_eq!(response.header("Content-Type"), Some("application/octet-stream"));
    scene.origin.finish();
}

#[test]
fn a_body_is_cut_with_its_rejection_in_the_request_body() {
    let scene = Scene::new();
    scene.origin.on(Op::piece(1)).reject_after(10, page());
    let seen = scene.play(&scene.piece(1), Way::Length, usize::MAX);
    assert_eq!(text(&seen.bytes), text(&written(PAGE)));
    assert_eq!(seen.exchange.received, 10);
    scene.origin.finish();
}

#[test]
fn header_names_of_a_rejection_keep_their_case_and_order() {
    for way in WAYS {
        let scene = Scene::new();
        let reject = ErrorResponse::raw(502)
            .header("via", "1.1 cache")
            .header("X-ID", "1")
            .header("Via", "1.1 edge")
            .header("x-id", "2");
        scene.origin.on(Op::piece(1)).reject(reject);
        let seen = scene.play(&scene.piece(1), way, usize::MAX);
        let own = [
            ("via", "1.1 cache"),
            ("X-ID", "1"),
            ("Via", "1.1 edge"),
            ("x-id", "2"),
            ("Connection", "close"),
            ("Content-Length", "0"),
        ];
        let expected = head("502 Bad Gateway", &own);
        assert_eq!((text(&seen.bytes), seen.ended), (text(&expected), Ended::Fin));
        assert_eq!(seen.exchange.written, expected.len() as u64);
        let recorded = seen.exchange.response.as_ref().unwrap().to_bytes("HTTP/1.1");
        assert_eq!(text(&recorded), text(&expected));
        scene.origin.finish();
    }
}

#[test]
fn a_header_of_a_rejection_replaces_the_default() {
    let scene = Scene::new();
    let reject = ErrorResponse::raw(502)
        .header("server", "nginx")
        .header("date", "today")
        .header("connection", "close")
        .header("content-type", "text/html; charset=utf-8")
        .body("text/html", PAGE);
    scene.origin.on(Op::piece(1)).reject(reject);
    let seen = scene.play(&scene.piece(1), Way::Length, usize::MAX);
    let lines = text(&seen.bytes).to_ascii_lowercase();
    for name in ["server", "date", "connection", "content-type"] {
        assert_eq!(lines.matches(&format!("\\r\\n{name}: ")).count(), 1, "{name}: {lines}");
    }
    let seen = text(&seen.bytes);
    assert!(
        seen.contains("\\r\\nserver: nginx\\r\\ndate: today\\r\\nconnection: close\\r\\n"),
        "{seen}"
    );
    assert!(seen.contains("\\r\\ncontent-type: text/html; charset=utf-8\\r\\n"), "{seen}");
    scene.origin.finish();
}

#[test]
fn an_altered_header_name_keeps_its_case() {
    for way in WAYS {
        let scene = Scene::new();
        let op = || scene.origin.on(Op::piece(1)).attempt(1);
        op().alter(HeaderMutation::With("x-agile-status".into(), "0".into()));
        let mut client = scene.client();
        let seen = scene.play_on(&mut client, &scene.piece(1), way, 1);
        let seen_text = text(&seen.bytes);
        assert!(seen_text.contains("\\r\\nx-agile-status: 0\\r\\n"), "{seen_text}");
        assert!(!seen_text.contains("X-Agile-Status"), "{seen_text}");
        assert_eq!(
            (seen.ended, seen.exchange.written),
            (Ended::StillOpen, seen.bytes.len() as u64)
        );
        assert_works(&mut client);
        scene.origin.finish();
    }
}

#[test]
fn a_large_file_follows_a_head_with_exact_names() {
    let content = vec![b'x'; 3_000_000];
    let scene = Scene::with(|builder| builder.file("/large", content.clone()));
    scene.origin.on(Op::egress()).alter(HeaderMutation::With("x-cache".into(), "HIT".into()));
    let mut client = scene.client();
    let response = client.write(read("/large").bytes(Way::Length)).read();
    assert_eq!((response.status, response.header("x-cache")), (200, Some("HIT")));
    assert_eq!(response.body.len(), content.len());
    assert_works(&mut client);
    scene.origin.finish();
}
