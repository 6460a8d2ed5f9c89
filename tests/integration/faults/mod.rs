//! Tests every fault action byte by byte, and the accounting of faults.

mod accounting;
mod alter;
mod batches;
mod body;
mod commit;
mod connections;
mod counts;
mod deferred_commits;
#[cfg(target_os = "linux")]
mod descriptors;
mod ending;
mod interim;
mod large;
mod leaving;
mod lingering;
mod nameless;
mod pages;
mod rejections;
mod requests;
mod resets;
mod response;
mod rpc;
mod scene;
mod selecting;
mod skipped;
mod storage_faults;
mod tokens;
mod traces;
mod uses;
mod waking;

use std::time::Duration;

use crate::support::{self, Client, complete, create, piece};
use mock_origin::referee::Level;
use mock_origin::{Disconnect, ErrorResponse, MockOrigin, Op, Outcome, ResponseLoss};

/// Returns an origin without the referee, which would report these single requests as the conduct of a
/// client.
fn videos() -> (MockOrigin, String) {
    let origin = MockOrigin::builder().referee(Level::Off).directory("/videos").start();
    let token = origin.issue_token("jane");
    (origin, token)
}

#[test]
fn a_lost_acknowledgement_leaves_the_piece_stored() {
    let (origin, token) = videos();
    origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    assert_eq!(piece(&mut client, &token, &id, 1, b"one").status, 200);
    let headers = support::piece_headers(&token, &id, "2");
    client.write(support::request("POST", "/multipart/piece", &headers, b"two"));
    assert!(client.read_to_end().is_err(), "a reset");
    let mut client = Client::new(&origin);
    assert_eq!(piece(&mut client, &token, &id, 2, b"two").status, 200);
    assert_eq!(complete(&mut client, &token, &id).status, 200);
    let upload = origin.upload("/videos/a.mp4");
    upload.assert_completed().piece(2).assert_attempts(2);
    origin.finish();
}

#[test]
fn a_body_is_cut_after_the_exact_number_of_bytes() {
    let (origin, token) = videos();
    origin.on(Op::piece(1)).cut_after(100, Disconnect::Reset);
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    let headers = support::piece_headers(&token, &id, "1");
    client.write(support::request("POST", "/multipart/piece", &headers, &[7; 1000]));
    assert!(client.read_to_end().is_err(), "a reset");
    let cut = origin.requests().op(Op::piece(1));
    let exchange = cut.iter().next().unwrap().exchange().clone();
    assert_eq!((exchange.received, exchange.written), (100, 0));
    assert_eq!(exchange.outcome, Outcome::CutByFault);
    origin.finish();
}

#[test]
fn a_rejection_uses_the_result_codes_of_the_operation() {
    let (origin, token) = videos();
    origin.on(Op::complete()).reject(ErrorResponse::code(-13));
    origin.on(Op::create()).reject(503);
    let mut client = Client::new(&origin);
    let headers = [("X-Agile-Authorization", &*token), ("X-Agile-Directory", "/videos")];
    let rejected = client.send("POST", "/multipart/create", &headers, b"");
    assert_eq!((rejected.status, rejected.code()), (503, Some(-26)));
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    piece(&mut client, &token, &id, 1, b"one");
    let rejected = complete(&mut client, &token, &id);
    assert_eq!((rejected.status, rejected.code()), (500, Some(-13)));
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    origin.finish();
}

#[test]
fn a_response_is_held_until_released() {
    let (origin, token) = videos();
    let held = origin.on(Op::piece(1)).hold();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| piece(&mut Client::new(&origin), &token, &id, 1, b"one"));
        assert!(held.wait(Duration::from_secs(5)));
        origin.upload(&id).assert_pieces([1]);
        assert!(!sending.is_finished());
        held.release();
        assert_eq!(sending.join().unwrap().status, 200);
    });
    origin.finish();
}

#[test]
fn rejections_are_held_and_every_hold_can_be_awaited() {
    let (origin, _) = videos();
    let held = origin.on(Op::create()).times(2).hold();
    std::thread::scope(|scope| {
        let send = || Client::new(&origin).send("POST", "/multipart/create", &[], b"").status;
        let first = scope.spawn(send);
        assert!(held.wait_for(1, Duration::from_secs(5)));
        assert!(!held.wait_for(2, Duration::from_millis(1)));
        let second = scope.spawn(send);
        assert!(held.wait_for(2, Duration::from_secs(5)));
        held.release();
        assert_eq!([first, second].map(|asked| asked.join().unwrap()), [401, 401]);
    });
    origin.finish();
}

#[test]
#[should_panic(expected = "piece 9 was never sent; parts sent: 1")]
fn a_fault_that_is_never_injected_fails_the_test() {
    let (origin, token) = videos();
    origin.on(Op::piece(9)).reject(503);
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    piece(&mut client, &token, &id, 1, b"one");
    origin.finish();
}
