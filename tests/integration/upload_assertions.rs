//! Tests assertions on how a client uploaded, and the texts of their failures. The
//! texts are golden files; `UPDATE_GOLDEN=1 cargo test --test integration upload_assertions` writes
//! them.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::{assert_fails, assert_golden};
use crate::support::{Client, TIMEOUT, complete, create, piece, piece_headers, request};
use mock_origin::referee::Level;
use mock_origin::{
    AssertionFailure, DeferredCommit, HoldGuard, InProgressUpload, MockOrigin, Op, ResponseLoss,
};

/// Returns an origin with fixed tokens, identifiers and clock.
fn origin() -> MockOrigin {
    MockOrigin::builder()
        .referee(Level::Off)
        .directory("/videos")
        .upload(InProgressUpload::new("/videos/given.txt").piece(1, "one"))
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
        .start()
}

/// Uploads pieces 1, 2, … to `/videos/a.txt` and does not complete.
fn uploaded(origin: &MockOrigin, pieces: &[&[u8]]) -> (String, String) {
    let token = origin.issue_token("jane");
    let id = create(&mut Client::new(origin), &token, "/videos", "a.txt");
    for (content, number) in pieces.iter().zip(1..) {
        send(origin, &token, &id, number, content);
    }
    (token, id)
}

/// Sends a piece on its own connection, because a rejection closes the connection.
fn send(origin: &MockOrigin, token: &str, id: &str, number: u32, content: &[u8]) {
    piece(&mut Client::new(origin), token, id, number, content);
}

fn finish(origin: &MockOrigin, token: &str, id: &str) {
    complete(&mut Client::new(origin), token, id);
}

fn abort(origin: &MockOrigin, token: &str, id: &str) {
    let text = format!(r#"{{"method": "abortMultipart", "params": ["{token}", "{id}"], "id": 1}}"#);
    let mut client = Client::new(origin);
    client.write(request("POST", "/jsonrpc", &[("Connection", "close")], text.as_bytes()));
    // A fault may leave the client without a response.
    let _ = client.read_to_end();
}

#[test]
fn every_assertion_on_sending_can_pass() {
    let origin = origin();
    origin.on(Op::piece(2)).first().reject(503);
    let (token, id) = uploaded(&origin, &[b"one", b"two"]);
    std::thread::sleep(Duration::from_millis(2));
    send(&origin, &token, &id, 2, b"two");
    finish(&origin, &token, &id);
    let upload = origin.upload(&id);
    upload
        .assert_acknowledged_once()
        .assert_completed_after_acknowledgements()
        .assert_attempts_per_piece(1..=2)
        .assert_bytes_sent_at_most(9)
        .assert_in_flight_at_most(1)
        .assert_resumed()
        .assert_waited_between_attempts(Duration::from_millis(1));
    upload
        .piece(2)
        .assert_acknowledged_once()
        .assert_waited_between_attempts(Duration::from_millis(1));
    upload
        .requests()
        .assert_order(&[Op::create(), Op::any_piece(), Op::complete()])
        .assert_order(&[Op::create(), Op::piece(1), Op::piece(2), Op::any()]);
}

#[test]
fn pieces_that_were_not_acknowledged_once_are_named() {
    let origin = origin();
    origin.on(Op::piece(1)).reject(503);
    origin.on(Op::piece(3)).commit_then(ResponseLoss::Status(504));
    let (token, id) = uploaded(&origin, &[b"one", b"two", b"three"]);
    send(&origin, &token, &id, 2, b"two");
    let upload = origin.upload(&id);
    assert_fails("upload_acknowledgements", upload.try_acknowledged_once());
    assert_fails("piece_acknowledgements", upload.piece(2).try_acknowledged_once());
    assert_fails("upload_never_sent", origin.upload("/videos/given.txt").try_acknowledged_once());
}

#[test]
fn completing_before_an_acknowledgement_is_named() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[b"one"]);
    let claim = |name: &str| {
        assert_fails(name, origin.upload(&id).try_completed_after_acknowledgements());
    };
    claim("upload_without_completion");
    origin.on(Op::piece(2)).first().reject(503);
    origin.on(Op::complete()).first().reject(503);
    send(&origin, &token, &id, 2, b"two");
    finish(&origin, &token, &id);
    send(&origin, &token, &id, 2, b"two");
    send(&origin, &token, &id, 3, b"three");
    finish(&origin, &token, &id);
    claim("upload_completed_early");
}

#[test]
fn completing_while_a_piece_has_no_response_is_named() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[]);
    let hold = origin.on(Op::piece(1)).hold();
    let mut other = Client::new(&origin);
    other.write(request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), b"one"));
    assert!(hold.wait(TIMEOUT), "piece 1 was not recorded");
    finish(&origin, &token, &id);
    hold.release();
    assert_eq!(other.read().code(), Some(0));
    let upload = origin.upload(&id);
    assert_fails("upload_completed_meanwhile", upload.try_completed_after_acknowledgements());
    let order = [Op::any_piece(), Op::complete()];
    assert_fails("requests_order", upload.requests().try_order(&order));
    let order = [Op::create(), Op::piece(2), Op::complete()];
    assert_fails("requests_order_missing", upload.requests().try_order(&order));
}

#[test]
fn repeated_pieces_are_counted() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[b"one", b"two"]);
    send(&origin, &token, &id, 2, b"two");
    let upload = origin.upload(&id);
    assert_fails("upload_attempts", upload.try_attempts_per_piece(1));
    assert_fails("upload_bytes_at_most", upload.try_bytes_sent_at_most(6));
    assert_fails("upload_not_resumed", upload.try_resumed());
    let given = origin.upload("/videos/given.txt");
    assert_fails("upload_not_continued", given.try_resumed());
    send(&origin, &token, given.id(), 1, b"one");
    send(&origin, &token, given.id(), 2, b"two");
    assert_fails("upload_given_again", origin.upload("/videos/given.txt").try_resumed());
}

#[test]
fn pieces_in_flight_are_counted() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[]);
    let holds: Vec<_> = (1..=3).map(|number| origin.on(Op::piece(number)).hold()).collect();
    let mut clients = Vec::new();
    for (number, hold) in ["1", "2", "3"].iter().zip(&holds) {
        let mut client = Client::new(&origin);
        client.write(request(
            "POST",
            "/multipart/piece",
            &piece_headers(&token, &id, number),
            b"x",
        ));
        assert!(hold.wait(TIMEOUT), "piece {number} was not recorded");
        clients.push(client);
    }
    holds.into_iter().for_each(HoldGuard::release);
    for client in &mut clients {
        assert_eq!(client.read().code(), Some(0));
    }
    origin.upload(&id).assert_in_flight_at_most(3);
    assert_fails("upload_in_flight", origin.upload(&id).try_in_flight_at_most(2));
}

#[test]
fn retries_without_a_wait_are_named() {
    let origin = origin();
    origin.on(Op::piece(1)).first().reject(503);
    let (token, id) = uploaded(&origin, &[b"one"]);
    let hour = Duration::from_secs(3600);
    assert_fails("upload_never_retried", origin.upload(&id).try_waited_between_attempts(hour));
    send(&origin, &token, &id, 1, b"one");
    let failure = origin.upload(&id).try_waited_between_attempts(hour).unwrap_err().to_string();
    // The time differs in each run.
    let (before, after) = failure.split_once("#2 came ").unwrap();
    let (_, after) = after.split_once(" after").unwrap();
    assert_golden("upload_retried_early", &format!("{before}#2 came <time> after{after}"));
    let piece = origin.upload(&id).piece(1);
    let piece = piece.try_waited_between_attempts(hour);
    assert!(piece.unwrap_err().to_string().starts_with("assertion failed: piece 1 of /acme"));
}

#[test]
fn an_upload_left_open_is_named_with_its_reason() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[b"one"]);
    assert_fails("upload_left_open", origin.try_no_open_uploads());
    finish(&origin, &token, &id);
    abort(&origin, &token, origin.upload("/videos/given.txt").id());
    abort(&origin, &token, origin.upload("/videos/given.txt").id());
    origin.assert_no_open_uploads();
    origin.assert_no_open_uploads_within(TIMEOUT);
}

#[test]
fn an_abort_whose_body_was_cut_is_named() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[b"one"]);
    let text = format!(r#"{{"method": "abortMultipart", "params": ["{token}", "{id}"], "id": 1}}"#);
    let bytes = request("POST", "/jsonrpc", &[], text.as_bytes());
    let mut client = Client::new(&origin);
    client.write(&bytes[..bytes.len() - 5]).finish_writing();
    client.read();
    assert_fails("upload_abort_lost", origin.upload(&id).try_aborted());
}

#[test]
fn an_abort_that_had_no_effect_is_named() {
    let origin = origin();
    let (token, id) = uploaded(&origin, &[b"one"]);
    assert_fails("upload_no_abort", origin.upload(&id).try_aborted());
    origin.on(Op::abort()).named("busy").first().reject(503);
    abort(&origin, &token, &id);
    assert_fails("upload_abort_rejected", origin.upload(&id).try_aborted());
    let hour = Duration::from_secs(3600);
    let later = DeferredCommit::after(hour).then(ResponseLoss::Status(504));
    origin.on(Op::abort()).named("late").first().commit_later(later);
    abort(&origin, &token, &id);
    assert_fails("upload_abort_deferred", origin.upload(&id).try_aborted());
    origin.advance(hour);
    origin.upload(&id).assert_aborted();
}

#[test]
fn assertions_wait_until_they_pass() {
    let origin = origin();
    let upload = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (token, id) = uploaded(&origin, &[b"one", b"two"]);
            finish(&origin, &token, &id);
        });
        origin.upload_within("/videos/a.txt", TIMEOUT, |upload| {
            upload.try_completed()?.try_attempts_per_piece(1)
        })
    });
    assert_eq!(upload.pieces(), [1, 2]);
    let requests = origin.requests_within(TIMEOUT, |all| all.try_count(4));
    assert_eq!(requests.len(), 4);
}

#[tokio::test]
async fn async_assertions_wait_until_they_pass() {
    let origin = origin();
    let token = origin.issue_token("jane");
    let waiting = origin.upload_within_async("/videos/a.txt", TIMEOUT, |it| it.try_pieces([1]));
    let sending = async {
        let id = create(&mut Client::new(&origin), &token, "/videos", "a.txt");
        tokio::task::yield_now().await;
        send(&origin, &token, &id, 1, b"one");
        abort(&origin, &token, &id);
        abort(&origin, &token, origin.upload("/videos/given.txt").id());
    };
    let (upload, ()) = tokio::join!(waiting, sending);
    assert_eq!(upload.pieces(), [1]);
    origin.assert_no_open_uploads_async().await;
    origin.assert_no_open_uploads_within_async(TIMEOUT).await;
    origin.requests_within_async(TIMEOUT, |all| all.try_count(4)).await;
}

#[tokio::test]
async fn a_timed_out_wait_shows_the_state_of_the_client() {
    let (origin, short) = (origin(), Duration::from_millis(20));
    let none = origin.try_upload_within("/videos/a.txt", short, |upload| upload.try_completed());
    assert_fails("within_no_upload", none);
    let (_, id) = uploaded(&origin, &[b"one"]);
    assert_fails("within_upload", origin.try_upload_within(&id, short, |it| it.try_completed()));
    let count = origin.try_requests_within(short, |all| all.try_count(5));
    assert_fails("within_requests", count);
    assert_fails("within_open_uploads", origin.try_no_open_uploads_within(short));
    let text = |result: Result<(), Box<AssertionFailure>>| result.unwrap_err().to_string();
    assert_eq!(
        text(origin.try_no_open_uploads_within_async(short).await),
        text(origin.try_no_open_uploads_within(short)),
    );
    let upload = origin.try_upload_within_async(&id, short, |it| it.try_completed()).await;
    assert_fails("within_upload", upload);
    let count = origin.try_requests_within_async(short, |all| all.try_count(5)).await;
    assert_fails("within_requests", count);
}
