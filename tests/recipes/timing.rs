//! Slow, late, and at the same time

use std::time::Duration;

use mock_origin::{Later, Lose, Op, Outcome};

use crate::{upload, videos};

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

/// A look in the middle
///
/// An answer that is held keeps the client where it is, for as long as the test wants to look around. The
/// piece has been stored by then; were it refused, the refusal would be held. `arrived` waits for the first
/// answer that is held, `arrived_times(n, patience)` for the n-th.
#[test]
fn a_look_in_the_middle() {
    let origin = videos();
    let held = origin.on(Op::piece(3)).hold();

    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| upload(&origin));
        assert!(held.arrived(Duration::from_secs(10)));
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
    let later = Later::after(Duration::from_secs(5)).then(Lose::Reset);
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
