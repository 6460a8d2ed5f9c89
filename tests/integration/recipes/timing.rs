//! Delays, late effects and concurrency

use std::time::Duration;

use mock_origin::{DeferredCommit, InterimResponse, Op, Outcome, ResponseLoss};

use crate::recipes::{upload, upload_expecting, videos};

/// The network is slow
///
/// `read_slowly` limits how fast the origin reads a body, `respond_slowly` how fast it writes a response, both in bytes per
/// second. `delay` waits before the response.
#[test]
fn the_network_is_slow() {
    let origin = videos();
    origin.on(Op::piece(1)).read_slowly(10_000);
    origin.on(Op::piece(2)).respond_slowly(2_000);
    origin.on(Op::piece(3)).delay(Duration::from_millis(100));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().assert_sequential();
    origin.finish();
}

/// `100 Continue` is not sent
///
/// A client that sends `Expect: 100-continue` must send the body after a timeout of its own (RFC 9110 §10.1.1). If it
/// waits longer than the hold limit, the connection is closed and the journal shows 0 bytes received.
#[test]
fn code_100_continue_is_not_sent() {
    let origin = videos();
    origin.on(Op::piece(1)).withhold_continue();

    upload_expecting(&origin).unwrap();

    let request = origin.requests().op(Op::piece(1));
    let request = request.iter().next().unwrap();
    assert_eq!((request.received(), request.outcome()), (1000, Outcome::Responded));
    origin.finish();
}

/// `100 Continue` is late or malformed
///
/// These faults apply only to requests with `Expect: 100-continue`. If the client begins its body before the delay is
/// over, the origin does not send `100 Continue`.
#[test]
fn code_100_continue_is_late_or_malformed() {
    let origin = videos();
    origin.on(Op::piece(1)).delay_continue(Duration::from_millis(10));
    origin.on(Op::piece(2)).attempt(1).garble_continue("HTTP/1.1 1OO Continue\r\n\r\n");

    upload_expecting(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(2).assert_attempts(2);
    origin.finish();
}

/// Unexpected interim responses
///
/// A 1xx response is not the final response, so the client must read on. `102` only signals progress. The headers of
/// `103` are not those of the final response.
#[test]
fn unexpected_interim_responses() {
    let origin = videos();
    let hints = InterimResponse::status(103).header("X-Agile-Status", "-1");
    origin.on(Op::piece(1)).send_interim(hints);
    origin.on(Op::complete()).send_interim(102);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(1).assert_attempts(1);
    origin.finish();
}

/// Inspect the origin while a response is held
///
/// A held response keeps the client waiting while the test looks at the origin. The piece is already stored. If the
/// origin rejects the request, the rejection is held. `wait` waits for the first held response, `wait_for(n, timeout)`
/// for the n-th.
#[test]
fn inspect_the_origin_while_a_response_is_held() {
    let origin = videos();
    let held = origin.on(Op::piece(3)).hold();

    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| upload(&origin));
        assert!(held.wait(Duration::from_secs(10)));
        origin.upload("/videos/movie.mp4").assert_pieces(1..=3);
        origin.file("/videos/movie.mp4").assert_absent();
        held.release();
        uploading.join().unwrap().unwrap();
    });

    origin.finish();
}

/// A piece takes effect late
///
/// The first attempt gets 503 and takes effect one hour later, after the retry has succeeded. By then the upload is
/// complete and must not change.
#[test]
fn a_piece_takes_effect_late() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).commit_later(Duration::from_secs(3600));

    upload(&origin).unwrap();
    origin.advance(Duration::from_secs(3600));

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A create takes effect late
///
/// The connection breaks. Five seconds later an upload is created that the client does not know.
#[test]
fn a_create_takes_effect_late() {
    let origin = videos();
    let later = DeferredCommit::after(Duration::from_secs(5)).then(ResponseLoss::Reset);
    origin.on(Op::create()).attempt(1).commit_later(later);

    upload(&origin).unwrap();
    assert_eq!(origin.uploads().len(), 1);
    origin.advance(Duration::from_secs(5));
    assert_eq!(origin.uploads().len(), 2);

    origin.finish();
}

/// Add and remove faults at any time
///
/// A fault can be named. The name appears in the timeline and in messages.
#[test]
fn add_and_remove_faults_at_any_time() {
    let origin = videos();
    let outage = origin.on(Op::any_piece()).always().named("outage").reject(503);
    upload(&origin).unwrap_err();
    assert!(outage.fired() > 0);

    outage.remove();
    upload(&origin).unwrap();

    let lost = origin.requests().filter("cut", |request| request.outcome() == Outcome::CutByFault);
    lost.assert_count(0);
    origin.finish();
}
