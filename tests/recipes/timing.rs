//! Slow, late, and at the same time

use std::time::Duration;

use mock_origin::{DeferredCommit, InterimResponse, Op, Outcome, ResponseLoss};

use crate::{upload, upload_expecting, videos};

/// The network is slow
///
/// In one direction or the other, in bytes a second.
#[test]
fn the_network_is_slow() {
    let origin = videos();
    origin.on(Op::piece(1)).read_slowly(10_000);
    origin.on(Op::piece(2)).answer_slowly(2_000);
    origin.on(Op::piece(3)).delay(Duration::from_millis(100));

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().assert_sequential();
    origin.finish();
}

/// `100 Continue` never comes
///
/// A client that sends `Expect: 100-continue` must go on without it after a while (RFC 9110 §10.1.1). One that
/// waits for ever has its connection closed at the hold limit: the record then has no byte of its body.
#[test]
fn continue_never_comes() {
    let origin = videos();
    origin.on(Op::piece(1)).withhold_continue();

    upload_expecting(&origin).unwrap();

    let request = origin.requests().op(Op::piece(1));
    let request = request.iter().next().unwrap();
    assert_eq!((request.received(), request.outcome()), (1000, Outcome::Responded));
    origin.finish();
}

/// `100 Continue` comes late, or broken
///
/// The fault acts on requests with `Expect: 100-continue` alone. One that begins its body before the delay is over
/// is not asked any more.
#[test]
fn continue_comes_late_or_broken() {
    let origin = videos();
    origin.on(Op::piece(1)).delay_continue(Duration::from_millis(10));
    origin.on(Op::piece(2)).attempt(1).garble_continue("HTTP/1.1 1OO Continue\r\n\r\n");

    upload_expecting(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(2).assert_attempts(2);
    origin.finish();
}

/// Interim responses that nobody has asked for
///
/// Whatever comes with 1xx is not the response yet: a client reads on. `102` keeps it patient, `103` has headers that
/// are not those of the response.
#[test]
fn interim_responses_that_nobody_asked_for() {
    let origin = videos();
    let hints = InterimResponse::status(103).header("X-Agile-Status", "-1");
    origin.on(Op::piece(1)).send_interim(hints);
    origin.on(Op::complete()).send_interim(102);

    upload(&origin).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().piece(1).assert_attempts(1);
    origin.finish();
}

/// A look in the middle
///
/// An answer that is held keeps the client where it is, for as long as the test wants to look around. The
/// piece has been stored by then; were it refused, the refusal would be held. `wait` waits for the first
/// answer that is held, `wait_for(n, patience)` for the n-th.
#[test]
fn a_look_in_the_middle() {
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

/// A piece comes back from the dead
///
/// The first attempt is answered with 503, and takes effect an hour later, when the retry has long
/// succeeded. By then the upload is complete, and nothing must change.
#[test]
fn a_piece_comes_back_from_the_dead() {
    let origin = videos();
    origin.on(Op::piece(2)).attempt(1).commit_later(Duration::from_secs(3600));

    upload(&origin).unwrap();
    origin.advance(Duration::from_secs(3600));

    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A beginning comes back from the dead
///
/// The connection breaks, and the upload that nobody knows of begins later.
#[test]
fn a_beginning_comes_back_from_the_dead() {
    let origin = videos();
    let later = DeferredCommit::after(Duration::from_secs(5)).then(ResponseLoss::Reset);
    origin.on(Op::create()).attempt(1).commit_later(later);

    upload(&origin).unwrap();
    assert_eq!(origin.uploads().len(), 1);
    origin.advance(Duration::from_secs(5));
    assert_eq!(origin.uploads().len(), 2);

    origin.finish();
}

/// Faults that come and go
///
/// A fault can be added and removed at any time, and has a name if it is given one.
#[test]
fn faults_that_come_and_go() {
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
