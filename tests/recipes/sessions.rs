//! Tokens that die
//!
//! A token is judged at the head of a request alone (§2.3): what has begun is finished.

use std::time::Duration;

use mock_origin::{Interference, Op};

use crate::{upload, videos};

/// A token dies in the middle of an upload
///
/// After so many requests that came with it since the fault was added. The client logs in again and
/// goes on where it was.
#[test]
fn a_token_dies_in_the_middle_of_an_upload() {
    let origin = videos();
    origin.on_token().user("jane").expire_after_requests(3);

    upload(&origin).unwrap();

    origin.requests().status(403).assert_count(1);
    origin.upload("/videos/movie.mp4").assert_completed();
    origin.finish();
}

/// A token dies after so many bytes
#[test]
fn a_token_dies_after_so_many_bytes() {
    let origin = videos();
    origin.on_token().expire_after_bytes(2500);

    upload(&origin).unwrap();

    origin.requests().op(Op::piece(4)).assert_count(2);
    origin.finish();
}

/// A token dies after a while
///
/// In protocol time from its login on, whatever that has asked for: no test waits for it.
#[test]
fn a_token_dies_after_a_while() {
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

/// A token dies at one place
#[test]
fn a_token_dies_at_one_place() {
    let origin = videos();
    origin.on(Op::piece(2)).interfere_after(Interference::ExpireToken);

    upload(&origin).unwrap();

    origin.requests().op(Op::piece(3)).status(403).assert_count(1);
    origin.finish();
}
