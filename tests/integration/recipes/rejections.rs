//! Rejected requests
//!
//! Responses that a healthy origin would not send. If the operation's table has a row for the status, the response gets
//! the code and phrase of that row. Any other HTTP status can be sent too.

use std::time::Duration;

use mock_origin::options::Join;
use mock_origin::{ErrorResponse, ListingFault, MockOrigin, Op};

use crate::recipes::{upload, videos};
use crate::support::{self, Client};

/// The origin is busy
///
/// It rejects two attempts and says how long to wait. The table row for the status is used: for a piece, 503 is −26.
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
/// One request is rejected. To test a real limit that the client can reach and respect, use `.rate_limit(100)` in the
/// builder or `origin.set("rate_limit", "100")` while the origin runs (§1.11).
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
/// One piece is rejected. To test a real quota, use `.disk_quota(bytes)` in the builder.
#[test]
fn the_disk_is_full() {
    let origin = videos();
    origin.on(Op::piece(4)).attempt(1).reject(ErrorResponse::row(503, -22));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// The lock has expired at complete
///
/// The request is rejected with −13 and can be sent again.
#[test]
fn the_lock_has_expired_at_complete() {
    let origin = videos();
    origin.on(Op::complete()).attempt(1).reject(ErrorResponse::code(-13));

    upload(&origin).unwrap();

    origin.requests().op(Op::complete()).status(500).assert_count(1);
    origin.finish();
}

/// A proxy responds for the origin
///
/// The response has no code, and its body is an HTML page. Header names are written exactly as given; many proxies use
/// lower case. A header replaces the origin's header of the same name. Without `.body()` the response is empty.
#[test]
fn a_proxy_responds_for_the_origin() {
    let origin = videos();
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let proxy = ErrorResponse::raw(502).header("server", "nginx").body("text/html", page);
    origin.on(Op::create()).attempt(1).reject(proxy);

    upload(&origin).unwrap();

    origin.finish();
}

/// A request is rejected before its body
///
/// A client that sends `Expect: 100-continue` never sends piece 1. Piece 2 is rejected after exactly 100 bytes of its
/// body.
#[test]
fn a_request_is_rejected_before_its_body() {
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

/// The join fails and a restart succeeds
///
/// Completing succeeds, but the pieces are not joined. `restartMultipart` opens the upload again.
#[test]
fn the_join_fails_and_a_restart_succeeds() {
    let origin = videos();
    origin.on(Op::complete()).join(Join::Fail);

    upload(&origin).unwrap();

    origin.file("/videos/movie.mp4").assert_absent();
    let upload = origin.upload("/videos/movie.mp4");
    restart_and_complete(&origin, upload.id());
    origin.file("/videos/movie.mp4").assert_exists();
    origin.finish();
}

/// A listing is stale
///
/// The response shows the state at the time when the fault was added, here twice.
#[test]
fn a_listing_is_stale() {
    let origin = videos();
    origin.on(Op::method("listFile")).times(2).stale();

    upload(&origin).unwrap();

    assert!(!list(&origin).contains("movie.mp4"));
    assert!(!list(&origin).contains("movie.mp4"));
    assert!(list(&origin).contains("movie.mp4"));
    origin.finish();
}

/// A listing drops or repeats entries, or never ends
///
/// A client that follows cookies needs a limit of its own.
#[test]
fn a_listing_drops_or_repeats_entries_or_never_ends() {
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
    Client::new(origin).send("POST", "/jsonrpc", &[], call.as_bytes()).text().to_owned()
}

fn list(origin: &MockOrigin) -> String {
    let token = origin.issue_token("jane");
    let call = format!(
        r#"{{"method": "listFile", "params": {{"token": "{token}", "path": "/videos"}}, "id": 1}}"#
    );
    Client::new(origin).send("POST", "/jsonrpc", &[], call.as_bytes()).text().to_owned()
}

fn restart_and_complete(origin: &MockOrigin, id: &str) {
    assert!(call(origin, "restartMultipart", id).contains(r#""result": 0"#));
    let token = origin.issue_token("jane");
    assert_eq!(support::complete(&mut Client::new(origin), &token, id).status, 200);
}
