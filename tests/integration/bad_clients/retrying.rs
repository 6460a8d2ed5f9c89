//! Clients that retry or end an upload in a wrong way: they violate a rule of level should.

use std::time::Duration;

use crate::bad_clients::{bad_clients, plain};
use mock_origin::{Disconnect, ErrorResponse, Op, ResponseLoss};

bad_clients! {
    gives_up_at_once: "retry.none", plain, |client| {
        client.origin.on(Op::piece(1)).reject(503);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.abort(&id);
    };
    repeats_a_bad_request: "retry.permanent", plain, |client| {
        client.create_in("/missing", "a.mp4");
        client.create_in("/missing", "a.mp4");
    };
    ignores_retry_after: "retry.early", plain, |client| {
        let later = ErrorResponse::status(429).retry_after(Duration::from_secs(60));
        client.origin.on(Op::piece(1)).attempt(1).reject(later);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    never_pauses: "retry.flat", plain, |client| {
        client.origin.on(Op::create()).always().reject(503);
        client.repeat_until_found("retry.flat", |client| drop(client.create()));
    };
    sends_other_bytes: "retry.other_bytes", plain, |client| {
        client.origin.on(Op::piece(1)).attempt(1).cut_after(3, Disconnect::Close);
        let id = client.create();
        client.piece_without_response(&id, 1, b"onetwo");
        client.piece(&id, 1, b"twoone");
        client.complete(&id);
    };
    forgets_what_is_acknowledged: "retry.acknowledged", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.piece(&id, 2, b"two");
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    uploads_again_from_the_start: "complete.again_from_start", plain, |client| {
        client.origin.on(Op::complete()).first().commit_then(ResponseLoss::Close);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete_without_response(&id);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
    };
    never_looks_after_a_lost_completion: "complete.unverified", plain, |client| {
        client.origin.on(Op::complete()).commit_then(ResponseLoss::Close);
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete_without_response(&id);
    };
    leaves_its_upload_open: "orphan.left", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
    };
    goes_on_after_its_completion: "orphan.zombie", plain, |client| {
        let id = client.create();
        client.piece(&id, 1, b"one");
        client.complete(&id);
        client.piece(&id, 2, b"two");
    };
    never_waits_after_429: "rate.ignored", plain, |client| {
        client.origin.on(Op::create()).always().reject(429);
        client.repeat_until_found("rate.ignored", |client| drop(client.create()));
    };
}
