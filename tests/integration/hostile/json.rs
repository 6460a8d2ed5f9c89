//! Tests invalid and unusual JSON-RPC bodies.

use mock_origin::Outcome;
use mock_origin::journal::ConnectionEnd;

use crate::hostile::Scene;
use crate::support::payload::chunk;
use crate::support::record::{closed_connection, closed_exchange};
use crate::support::{Client, Response, request};

const DEEP: usize = 100_000;

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

fn post(client: &mut Client, body: &str) -> Response {
    client.send("POST", "/jsonrpc2", &[], body.as_bytes())
}

#[test]
fn invalid_json_is_rejected_as_a_parse_error() {
    let scene = Scene::new();
    let mut client = scene.client();
    let long = "9".repeat(500_000);
    for body in [
        "",
        "{",
        "]",
        "nul",
        "'a'",
        "{a: 1}",
        "[1,]",
        "\"\\ud800",
        "\u{feff}{}",
        "{} {}",
        "\0",
        "1e",
        "--1",
        "{\"a\": 01}",
        &"[".repeat(DEEP),
        &"{\"a\":".repeat(DEEP),
        &format!("{long}."),
    ] {
        let shown: String = body.chars().take(20).collect();
        assert!(post(&mut client, body).text().contains("-32700"), "{shown}");
    }
    for bytes in [&b"\xff\xfe{\0}\0"[..], b"{\"a\": \"\xc3\x28\"}"] {
        let response = client.send("POST", "/jsonrpc", &[], bytes);
        assert!(response.text().contains("-32700"), "{}", bytes.escape_ascii());
    }
    assert_eq!(scene.origin.journal().connections().len(), 1);
    scene.assert_unharmed();
}

#[test]
fn json_that_is_not_a_request_is_rejected() {
    let scene = Scene::new();
    let mut client = scene.client();
    for body in [
        "null",
        "1",
        "\"ping\"",
        "{}",
        "{\"method\": \"ping\"}",
        "{\"jsonrpc\": \"2.0\"}",
        "{\"jsonrpc\": \"2.0\", \"method\": 1}",
        "{\"jsonrpc\": 2.0, \"method\": \"ping\"}",
        &format!("{{\"jsonrpc\": {}, \"method\": \"ping\"}}", nested(DEEP)),
        &format!("{{\"jsonrpc\": \"2.0\", \"method\": {}}}", nested(DEEP)),
    ] {
        let shown: String = body.chars().take(40).collect();
        assert!(post(&mut client, body).text().contains("-32600"), "{shown}");
    }
    scene.assert_unharmed();
}

#[test]
fn deeply_nested_json_does_not_overflow_the_stack() {
    let scene = Scene::new();
    let mut client = scene.client();
    let mut send = |method: &str, params: &str, id: &str| {
        let head = format!("{{\"jsonrpc\": \"2.0\", \"method\": \"{method}\"");
        let body = format!("{head}, \"params\": {params}, \"id\": {id}}}");
        post(&mut client, &body).text().to_owned()
    };
    let deep = nested(DEEP);
    assert!(send("ping", &format!("[{deep}]"), "1").contains(&deep), "what is echoed comes back");
    assert!(send("ping", "[]", &deep).contains(&deep), "an id comes back as it came");
    assert!(send("stat", &deep, "1").contains("-32602"));
    assert!(send("stat", &format!("[{deep}, {deep}]"), "1").contains("-10001"));
    assert!(
        send("stat", &format!("[\"{}\", {deep}]", scene.token), "1").contains("{\"code\": -1}")
    );
    assert!(post(&mut client, &deep).text().contains("-32600"));
    scene.assert_unharmed();
}

#[test]
fn a_json_body_of_2_mib_gets_an_early_rejection() {
    let scene = Scene::new();
    let body = format!("{{\"method\": \"ping\", \"params\": [\"{}\"]}}", "x".repeat(2 << 20));
    let mut client = scene.client();
    let response = client.send("POST", "/jsonrpc", &[], body.as_bytes());
    assert!(response.status == 200 && response.text().contains("-32600"), "{response:?}");
    assert_eq!(response.header("Connection"), Some("close"));
    assert_eq!(closed_exchange(&scene.origin, 0).received, 0);
    drop(client);
    scene.assert_unharmed();
}

#[test]
fn chunked_json_is_rejected_at_the_size_limit() {
    let scene = Scene::new();
    let mut client = scene.client();
    client.write("POST /jsonrpc HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.write(chunk(&vec![b' '; 1 << 20])).write("1\r\n ");
    let response = client.read();
    assert!(response.text().contains("-32600"), "{response:?}");
    let exchange = closed_exchange(&scene.origin, 0);
    assert_eq!((exchange.outcome, exchange.received), (Outcome::Responded, (1 << 20) + 1));
    let address = client.address();
    drop(client);
    assert_eq!(closed_connection(&scene.origin, address).end, ConnectionEnd::ByOrigin);
    scene.assert_unharmed();
}

#[test]
fn a_json_body_of_exactly_1_mib_is_accepted() {
    let scene = Scene::new();
    let mut body = request("POST", "/jsonrpc", &[], &vec![b' '; 1 << 20]);
    let call = br#"{"method": "ping"}"#;
    let at = body.len() - call.len();
    body[at..].copy_from_slice(call);
    assert!(scene.client().write(body).read().text().contains("pong"));
    scene.assert_unharmed();
}

#[test]
fn numbers_out_of_range_in_json_are_rejected() {
    let scene = Scene::new();
    let mut client = scene.client();
    let longest = "9".repeat(1_000);
    for number in ["-1", "1.5", "1e400", "-1e400", "18446744073709551616", &longest, "1e-400"] {
        for (method, params, code) in [
            ("createMultipart", format!("\"/videos/new\", \"\", {number}"), "-20"),
            ("listMultipartPiece", format!("\"{}\", {number}", scene.upload), "-3"),
            ("listMultipartPiece", format!("\"{}\", 0, {number}", scene.upload), "-14"),
        ] {
            let params = format!("[\"{}\", {params}]", scene.token);
            let body =
                format!("{{\"jsonrpc\": \"2.0\", \"method\": \"{method}\", \"params\": {params}}}");
            let response = post(&mut client, &body);
            assert!(
                response.text().contains(&format!("{{\"code\": {code}}}")),
                "{number} {response:?}"
            );
        }
    }
    scene.assert_unharmed();
}
