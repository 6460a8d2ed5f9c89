//! Tests that the correct client survives chaos.

use std::time::{Duration, Instant};

use mock_origin::{
    Chaos, Disconnect, ErrorResponse, HeaderMutation, MalformedResponse, MockOrigin, Op,
    ResponseLoss,
};

use crate::chaos::client::Uploader;
use crate::chaos::facts::status_requests;
use crate::chaos::{pieces, videos};

/// Uploads once with keep-alive and once without.
fn survive(origin: &MockOrigin) {
    for (number, name) in [(0, "a.mp4"), (3, "b.mp4")] {
        let client = Uploader::correct(origin);
        let mut client = if number == 0 { client } else { client.without_keep_alive() };
        client.upload("/videos", name, &pieces(number)).unwrap();
        origin.file(&format!("/videos/{name}")).assert_content(pieces(number).concat());
        origin.upload(&format!("/videos/{name}")).assert_completed().assert_pieces(1..=2);
    }
}

#[test]
fn a_correct_client_survives_500_seeds() {
    let chaos = Chaos::new(0).max_per_operation(2);
    videos().explore(chaos, 0..500, survive);
}

#[test]
fn a_correct_client_survives_the_maximum_of_faults() {
    let chaos = Chaos::new(0).percent(100).max_per_operation(2);
    videos().explore(chaos, 0..40, survive);
}

#[test]
fn an_origin_without_a_builder_is_explored_too() {
    mock_origin::explore(0..20, |origin| {
        Uploader::correct(origin).upload("/", "a.mp4", &pieces(1)).unwrap();
        origin.file("/a.mp4").assert_content(pieces(1).concat());
    });
}

/// Uploads once and asserts that the upload is complete.
fn survives(origin: &MockOrigin) {
    survive(origin);
    assert_eq!(origin.verify().map_err(|verdict| verdict.to_string()), Ok(()));
}

#[test]
fn a_correct_client_survives_malformed_responses() {
    let garbles = [
        MalformedResponse::StatusLine,
        MalformedResponse::Chunk,
        MalformedResponse::ContentLength(1_000_000),
        MalformedResponse::Garbage(b"SSH-2.0-OpenSSH\r\n".to_vec()),
    ];
    for garble in garbles {
        for op in [Op::login(), Op::create(), Op::piece(1), Op::complete()] {
            let origin = videos().start();
            origin.on(op).garble(garble.clone());
            survives(&origin);
        }
    }
}

#[test]
fn a_correct_client_survives_contradicting_responses() {
    let alters = [
        HeaderMutation::WrongChecksum,
        HeaderMutation::WrongSize,
        HeaderMutation::UpperCaseChecksum,
        HeaderMutation::Code(-26),
        HeaderMutation::Without("X-Agile-Status".to_owned()),
    ];
    for alter in alters {
        let origin = videos().start();
        origin.on(Op::piece(2)).path("/videos/a.mp4").alter(alter.clone());
        survives(&origin);
        let sent = if alter == HeaderMutation::UpperCaseChecksum { 1 } else { 2 };
        origin.upload("/videos/a.mp4").piece(2).assert_attempts(sent);
    }
}

#[test]
fn a_correct_client_checks_the_status_after_a_lost_completion() {
    for lose in [
        ResponseLoss::Reset,
        ResponseLoss::Close,
        ResponseLoss::HalfClose,
        ResponseLoss::Status(500),
    ] {
        let origin = videos().start();
        origin.on(Op::complete()).path("/videos/a.mp4").commit_then(lose);
        survives(&origin);
        assert_eq!(status_requests(&origin), 1);
    }
}

#[test]
fn a_correct_client_creates_a_lost_upload_again() {
    let origin = videos().start();
    origin.on(Op::create()).path("/videos/a.mp4").commit_then(ResponseLoss::Reset);
    survives(&origin);
    assert_eq!(origin.uploads().len(), 3);
}

#[test]
fn a_correct_client_logs_in_again() {
    let origin = videos().start();
    origin.on_token().expire_after_requests(2);
    survives(&origin);
    origin.requests().op(Op::login()).assert_count(3..);
}

#[test]
fn a_correct_client_respects_retry_after() {
    let origin = videos().start();
    let wait = Duration::from_secs(1);
    origin.on(Op::piece(1)).first().reject(ErrorResponse::status(429).retry_after(wait));
    let started = Instant::now();
    survives(&origin);
    assert!(started.elapsed() >= wait);
}

#[test]
fn a_correct_client_survives_connections_that_end_early() {
    let origin = videos().start();
    origin.on_connection().nth(2).reset();
    origin.on_connection().nth(1).close_after(2);
    origin.on(Op::piece(2)).path("/videos/a.mp4").cut_after(5, Disconnect::HalfClose);
    survives(&origin);
}
