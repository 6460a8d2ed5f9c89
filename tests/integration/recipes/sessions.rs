//! Expired tokens
//!
//! The origin checks a token when it has read the head of a request (§2.3). A request that has begun is finished.

use std::time::Duration;

use mock_origin::{Interference, Op};

use crate::recipes::{upload, videos};

/// A token expires during an upload
///
/// It expires after three requests, counted from when the fault was added. The client logs in again and continues.
#[test]
fn a_token_expires_during_an_upload() {
    let origin = videos();
    origin.on_token().user("jane").expire_after_requests(3);

    upload(&origin).unwrap();

    origin.requests().status(403).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A token expires after a number of bytes
///
/// The request that exceeds the limit still succeeds; the next one is rejected.
#[test]
fn a_token_expires_after_a_number_of_bytes() {
    let origin = videos();
    origin.on_token().expire_after_bytes(2500);

    upload(&origin).unwrap();

    origin.requests().op(Op::piece(4)).assert_count(2);
    origin.finish();
}

/// A token expires after a time
///
/// The time is protocol time since the login, and replaces the lifetime that the login asked for. `advance` moves the
/// clock, so the test does not wait.
#[test]
fn a_token_expires_after_a_time() {
    let origin = videos();
    origin.on_token().expire_after(Duration::from_secs(60));
    let held = origin.on(Op::piece(2)).hold();

    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| upload(&origin));
        assert!(held.wait(Duration::from_secs(10)));
        origin.advance(Duration::from_secs(60));
        held.release();
        uploading.join().unwrap().unwrap();
    });

    origin.requests().op(Op::login()).assert_count(2);
    origin.finish();
}

/// A token expires after a given request
///
/// Piece 2 is stored. The next request is rejected with 403.
#[test]
fn a_token_expires_after_a_given_request() {
    let origin = videos();
    origin.on(Op::piece(2)).interfere_after(Interference::ExpireToken);

    upload(&origin).unwrap();

    origin.requests().op(Op::piece(3)).status(403).assert_count(1);
    origin.finish();
}
