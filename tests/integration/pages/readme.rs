//! The code of README.md.

use crate::pages::client as my_client;

// region: example
use mock_origin::{Disconnect, MockOrigin, Op};

#[test]
fn upload_survives_a_broken_connection() {
    let origin = MockOrigin::builder().user("jane", "secret").directory("/videos").start();
    // The connection breaks after 700 bytes of the first attempt to send piece 2.
    origin.on(Op::piece(2)).attempt(1).cut_after(700, Disconnect::Reset);

    my_client::upload(&origin.url(), "movie.mp4", &[7; 2500]).unwrap();

    origin.upload("/videos/movie.mp4").assert_completed().assert_pieces(1..=3);
    origin.finish(); // fails if a request was invalid, or the fault was never injected
}
// endregion

#[test]
fn faults_by_call_and_by_chance() {
    // region: faults
    use mock_origin::{Chaos, ErrorResponse, Profile, ResponseLoss};
    use std::time::Duration;

    let origin = MockOrigin::builder().directory("/videos").start();

    // Piece 2 is stored, but its response is lost.
    origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset);

    // Two requests to complete an upload are rejected.
    let busy = ErrorResponse::status(503).retry_after(Duration::from_secs(1));
    origin.on(Op::complete()).path("/videos/*.mp4").times(2).reject(busy);

    // Other requests fail at random, but repeatably: the seed decides. A request that is sent
    // three times succeeds at the latest on the third attempt.
    origin.chaos(Chaos::new(41).profile(Profile::Network).max_per_operation(2));
    // endregion
    assert_eq!(origin.faults().len(), 2);
    origin.clear_faults();
    origin.finish();
}
