//! Tests that a fault without effect is skipped, and that `finish()` reports the reason.

use mock_origin::{
    Disconnect, ErrorResponse, HeaderMutation, Interference, ListingFault, MalformedResponse,
    MockOrigin, Op, ResponseLoss,
};

use super::requests::{self, batch};
use super::videos;
use crate::support::{Client, Ended, TIMEOUT, create, piece_headers, request};

/// A fault, a request, and the expected reason.
type Case = (fn(&MockOrigin), fn(&MockOrigin, &str), &'static str);

fn send_create(origin: &MockOrigin, token: &str) {
    assert_eq!(requests::create(origin, token, "/videos", "a.mp4").status, 200);
}

/// Asserts that each fault is skipped, and that verification reports the reason.
fn assert_skipped(cases: &[Case]) {
    for (install, send, why) in cases {
        let (origin, token) = videos();
        install(&origin);
        send(&origin, &token);
        let written = origin.requests().iter().next_back().unwrap().exchange().written;
        let why = why.replace("LENGTH", &written.to_string());
        let verdict = origin.verify().unwrap_err().to_string();
        assert!(verdict.contains(&format!("1 call matched, but {why}")), "{why}: {verdict}");
    }
}

#[test]
fn a_fault_that_would_not_change_the_response_is_skipped() {
    assert_skipped(&[
        (
            |origin| drop(origin.on(Op::create()).respond_slowly(1_000_000)),
            send_create,
            "the response fits into one write at that rate: LENGTH bytes",
        ),
        (
            |origin| drop(origin.on(Op::create()).alter(HeaderMutation::Code(0))),
            send_create,
            "the response already has this value",
        ),
        (
            |origin| {
                let same = HeaderMutation::With("Server".into(), "Apache".into());
                drop(origin.on(Op::create()).alter(same));
            },
            send_create,
            "the response already has this value",
        ),
    ]);
}

#[test]
fn a_fault_without_effect_is_skipped() {
    let cases: [Case; 6] = [
        (
            |origin| drop(origin.on(Op::create()).garble(MalformedResponse::Truncate(0))),
            send_create,
            "the response body has only 0 bytes",
        ),
        (
            |origin| drop(origin.on(Op::create()).garble(MalformedResponse::ContentLength(0))),
            send_create,
            "the response body already has 0 bytes",
        ),
        (
            |origin| drop(origin.on(Op::raw()).read_slowly(1)),
            |origin, token| {
                let to = [("X-Agile-Directory", "/videos"), ("Transfer-Encoding", "chunked")];
                let headers = [&[("X-Agile-Authorization", token)], &to[..]].concat();
                let head = request("POST", "/post/raw", &headers, b"");
                assert_eq!(Client::new(origin).write(head).write("0\r\n\r\n").read().status, 200);
            },
            "the request had no body",
        ),
        (
            |origin| drop(origin.on(Op::method("listFile")).list(ListingFault::Drops)),
            |origin, token| {
                let listed =
                    requests::result(origin, "listFile", &format!(r#"["{token}", "/videos"]"#));
                assert_eq!(listed["list"].as_array().map(Vec::len), Some(0), "{listed}");
            },
            "the list is empty",
        ),
        (
            |origin| drop(origin.on(Op::method("listFile")).stale()),
            |origin, _| {
                let listed = requests::result(origin, "listFile", r#"["no token", "/videos"]"#);
                assert_eq!(listed["code"], -10001, "{listed}");
            },
            "the origin rejected the request: 200 -10001 invalid or expired token",
        ),
        (
            |origin| origin.on(Op::create()).hold().release(),
            send_create,
            "the hold was already released",
        ),
    ];
    assert_skipped(&cases);
}

#[test]
fn an_interference_is_skipped_if_the_head_is_rejected() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let fault = origin.on(Op::piece(2)).interfere_before(Interference::ExpireUpload);
    assert_eq!(requests::piece(&origin, "no token", &id, 2), Some(403));
    let why = "the origin rejected the request: 403 -10001 invalid or expired credentials";
    assert_eq!(fault.record().unwrap().skip_reason.as_deref(), Some(why));
    fault.remove();
    origin.finish();
}

#[test]
fn lose_is_skipped_if_the_body_is_truncated() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let lost = origin.on(Op::piece(1)).lose(ResponseLoss::Close);
    let long = [&piece_headers(&token, &id, "1")[..], &[("Content-Length", "1000")]].concat();
    let head = request("POST", "/multipart/piece", &long, b"");
    let response = Client::new(&origin).write(head).write([b'x'; 900]).finish_writing().read();
    assert_eq!(response.code(), Some(-49));
    assert_eq!(lost.fired(), 0);
    lost.remove();
    origin.finish();
}

#[test]
fn a_second_fault_on_a_call_names_the_first() {
    let (origin, token) = videos();
    origin.on(Op::create()).reject(503);
    let second = origin.on(Op::create()).nth(1).reject(500);
    assert_eq!(requests::create(&origin, &token, "/videos", "a.mp4").status, 503);
    let why =
        "another fault was injected: origin.on(Op::create()).reject(ErrorResponse::status(503))";
    assert_eq!(second.record().unwrap().skip_reason.as_deref(), Some(why));
    second.remove();

    origin.on_connection().reset();
    let second = origin.on_connection().nth(1).reset();
    // The client only reads: a write could fail before the read reports the reset.
    assert_eq!(Client::new(&origin).receive(usize::MAX), (Vec::new(), Ended::Reset));
    let why = "another fault was injected: origin.on_connection().reset()";
    assert_eq!(second.record().unwrap().skip_reason.as_deref(), Some(why));
    second.remove();
    origin.finish();
}

#[test]
fn a_fault_preempted_by_another_names_it() {
    let (origin, token) = videos();
    let rejected = origin.on(Op::method("noop")).reject(ErrorResponse::code(-10001));
    origin.on(Op::method("ping")).lose(ResponseLoss::Reset);
    let noop = ("noop", format!(r#"["{token}", "a"]"#));
    let ping = ("ping", "[]".to_owned());
    let body = requests::batch_body(&[noop.clone(), ping]);
    let sent = request("POST", "/jsonrpc2", &[], body.as_bytes());
    assert!(Client::new(&origin).write(sent).read_to_end().is_err());
    let skip_reason = || rejected.record().unwrap().skip_reason;
    assert_eq!(skip_reason().as_deref(), Some("another fault ended the request"));
    assert_eq!(batch(&origin, &[noop]).status, 200);
    assert_eq!(rejected.fired(), 1);
    origin.finish();
}

#[test]
fn a_fault_on_a_stopped_origin_states_the_reason() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let cut = origin.on(Op::piece(1)).cut_after(950, Disconnect::Reset);
    let long = [&piece_headers(&token, &id, "1")[..], &[("Content-Length", "1000")]].concat();
    let mut client = Client::new(&origin);
    client.write(request("POST", "/multipart/piece", &long, b"")).write([b'x'; 900]);
    assert!(origin.wait_until(TIMEOUT, |requests| {
        requests.iter().any(|request| request.exchange().received == 900)
    }));
    origin.go_offline();
    assert_eq!(cut.record().unwrap().skip_reason.as_deref(), Some("the origin stopped first"));
    cut.remove();
    origin.finish();
}

#[test]
fn a_released_hold_is_reported_without_a_release_hint() {
    for _ in 0..20 {
        let (origin, token) = videos();
        let held = origin.on(Op::create()).attempt(1).hold();
        let mut client = Client::new(&origin);
        let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Basename", "a.mp4")];
        client.write(request("POST", "/multipart/create", &headers, b""));
        assert!(held.wait(TIMEOUT));
        // The client leaves, then the test releases the hold.
        client.reset();
        held.release();
        origin.finish();
    }
}
