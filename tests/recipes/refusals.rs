//! An origin that is ill
//!
//! Refusals that a healthy origin has no reason for. A row of the operation's table brings its status,
//! its code and its phrase; anything else that HTTP can say goes too.

use std::time::Duration;

use mock_origin::{ErrorResponse, Join, ListingFault, MockOrigin, Op};

use crate::support::{self, Client};
use crate::{upload, videos};

/// The origin is busy
///
/// Twice, and it says how long to wait. The row of the table with that status is found: for a piece it
/// is 503 with −26.
#[test]
fn the_origin_is_busy() {
    let origin = videos();
    let busy = ErrorResponse::status(503).retry_after(Duration::from_secs(1));
    origin.on(Op::piece(1)).attempts(1..=2).reject(busy);

    upload(&origin).unwrap();

    origin.requests().op(Op::piece(1)).status(503).code(-26).assert_count(2);
    origin.finish();
}

/// Too many requests
///
/// One request is told so. `.rate_limit(100)` in the builder, or `origin.set("rate_limit", "100")` while
/// it runs, is the real limit: one that a client can run into, and keep to (§1.11).
#[test]
fn too_many_requests() {
    let origin = videos();
    origin.on(Op::any_piece()).nth(2).reject(429);

    upload(&origin).unwrap();

    origin.requests().status(429).assert_count(1);
    origin.finish();
}

/// The disk is full
///
/// For one piece alone; `.disk_quota(bytes)` in the builder is the real thing.
#[test]
fn the_disk_is_full() {
    let origin = videos();
    origin.on(Op::piece(4)).attempt(1).reject(ErrorResponse::row(503, -22));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The lock has expired at the completion
#[test]
fn the_lock_has_expired_at_the_completion() {
    let origin = videos();
    origin.on(Op::complete()).attempt(1).reject(ErrorResponse::code(-13));

    upload(&origin).unwrap();

    origin.requests().op(Op::complete()).status(500).assert_count(1);
    origin.finish();
}

/// A proxy in between answers for the origin
///
/// Its response has no code, and a page for people. Header names are written exactly as they are given, as
/// many proxies write them in lower case; a header of the same name as one of the origin takes its place.
/// Without `.body()` the response is empty.
#[test]
fn a_proxy_in_between_answers_for_the_origin() {
    let origin = videos();
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let proxy = ErrorResponse::raw(502).header("server", "nginx").body("text/html", page);
    origin.on(Op::create()).attempt(1).reject(proxy);

    upload(&origin).unwrap();

    origin.finish();
}

/// A refusal before the body
///
/// A client that asks first, with `Expect: 100-continue`, never sends the piece. One that does not is
/// refused after so many bytes.
#[test]
fn a_refusal_before_the_body() {
    let origin = videos();
    origin.on(Op::piece(1)).attempt(1).reject(503);
    origin.on(Op::piece(2)).attempt(1).reject_after(100, 503);

    upload(&origin).unwrap();

    let received = |number| {
        origin.requests().op(Op::piece(number)).status(503).iter().next().unwrap().received()
    };
    assert_eq!((received(1), received(2)), (0, 100));
    origin.finish();
}

/// The join fails, and a restart helps
#[test]
fn the_join_fails_and_a_restart_helps() {
    let origin = videos();
    origin.on(Op::complete()).join(Join::Fail);

    upload(&origin).unwrap();

    origin.file("/videos/movie.mp4").assert_absent();
    let upload = origin.upload("/videos/movie.mp4");
    restart_and_complete(&origin, upload.id());
    origin.file("/videos/movie.mp4").assert_exists();
    origin.finish();
}

/// The listing is old
///
/// It shows what was there when the fault was added, for as many looks as is said.
#[test]
fn the_listing_is_old() {
    let origin = videos();
    origin.on(Op::method("listFile")).times(2).stale();

    upload(&origin).unwrap();

    assert!(!list(&origin).contains("movie.mp4"));
    assert!(!list(&origin).contains("movie.mp4"));
    assert!(list(&origin).contains("movie.mp4"));
    origin.finish();
}

/// The listing leaves something out, says something twice, or never ends
///
/// A client that follows cookies needs an end of its own.
#[test]
fn the_listing_is_wrong() {
    let origin = videos();
    upload(&origin).unwrap();
    origin.on(Op::method("listFile")).nth(1).list(ListingFault::Drops);
    origin.on(Op::method("listFile")).nth(2).list(ListingFault::Repeats);
    origin.on(Op::method("listFile")).nth(3).list(ListingFault::NeverEnds);

    assert_eq!(list(&origin).matches("movie.mp4").count(), 0);
    assert_eq!(list(&origin).matches("movie.mp4").count(), 2);
    assert!(!list(&origin).contains(r#""cookie": 0"#));
    origin.finish();
}

// Not part of the recipes: what their clients do by JSON-RPC.

fn call(origin: &MockOrigin, method: &str, param: &str) -> String {
    let token = origin.issue_token("jane");
    let call = format!(r#"{{"method": "{method}", "params": ["{token}", "{param}"], "id": 1}}"#);
    Client::new(origin).ask("POST", "/jsonrpc", &[], call.as_bytes()).text().to_owned()
}

fn list(origin: &MockOrigin) -> String {
    let token = origin.issue_token("jane");
    let call = format!(
        r#"{{"method": "listFile", "params": {{"token": "{token}", "path": "/videos"}}, "id": 1}}"#
    );
    Client::new(origin).ask("POST", "/jsonrpc", &[], call.as_bytes()).text().to_owned()
}

fn restart_and_complete(origin: &MockOrigin, id: &str) {
    assert!(call(origin, "restartMultipart", id).contains(r#""result": 0"#));
    let token = origin.issue_token("jane");
    assert_eq!(support::complete(&mut Client::new(origin), &token, id).status, 200);
}
