//! Tests that one fault and one assertion catch each wrong client.

use mock_origin::referee::Level;
use mock_origin::{AssertionFailure, HeaderMutation, MockOrigin, Op, ResponseLoss};

use crate::chaos::client::{Mistake, Uploader};
use crate::chaos::{pieces, videos};

pub(crate) const PATH: &str = "/videos/a.mp4";

pub(crate) fn content() -> Vec<Vec<u8>> {
    pieces(2)
}

/// Uploads with this mistake. Returns whether the client reports success.
pub(crate) fn upload(origin: &MockOrigin, mistake: Mistake) -> bool {
    Uploader::new(origin, mistake).upload("/videos", "a.mp4", &content()).is_ok()
}

/// Asserts that the upload is complete and correct.
pub(crate) fn assert_uploaded(origin: &MockOrigin) {
    origin.file(PATH).assert_content(content().concat());
    origin.upload(PATH).assert_completed();
}

/// Asserts that under the same fault the correct client passes, and the wrong one fails with `text`.
#[track_caller]
fn assert_caught(
    mistake: Mistake,
    prepare: impl Fn(&MockOrigin),
    try_it: impl Fn(&MockOrigin) -> Result<(), Box<AssertionFailure>>,
    text: &[&str],
) {
    let judged = |mistake| {
        let origin = videos().referee(Level::Off).start();
        prepare(&origin);
        let claims_success = upload(&origin, mistake);
        let tried = try_it(&origin).map_err(|failure| failure.to_string());
        // The fault was injected, so that the failure comes from the client.
        assert!(origin.verify().is_ok());
        (claims_success, tried)
    };
    assert_eq!(judged(Mistake::None), (true, Ok(())));
    let found = judged(mistake).1.expect_err("the wrong client was not caught");
    for part in text {
        assert!(found.contains(part), "{part:?} is not in:\n{found}");
    }
}

fn try_content(origin: &MockOrigin) -> Result<(), Box<AssertionFailure>> {
    origin.file(PATH).try_content(content().concat()).map(|_| ())
}

#[test]
fn a_client_that_never_retries_is_caught() {
    assert_caught(
        Mistake::NeverRetries,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).reject(503)),
        try_content,
        &["found: no file", "READY with piece 1: it was never completed"],
    );
    assert_caught(
        Mistake::NeverRetries,
        |origin| drop(origin.on(Op::piece(3)).attempt(1).lose(ResponseLoss::Reset)),
        |origin| origin.try_upload(PATH)?.piece(3).try_attempts(2..).map(|_| ()),
        &["piece 3 of /acme/videos/a.mp4 was sent", "expected: at least 2", "found: 1"],
    );
}

#[test]
fn a_client_that_forgets_the_body_is_caught() {
    for mistake in [Mistake::ForgetsTheBody, Mistake::SendsHalfTheBody] {
        let size = content()[1].len() as u64;
        assert_caught(
            mistake,
            |origin| drop(origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset)),
            |origin| origin.try_upload(PATH)?.piece(2).try_size(size).map(|_| ()),
            &["piece 2 of /acme/videos/a.mp4 has the expected size", &format!("expected: {size}")],
        );
        assert_caught(
            mistake,
            |origin| drop(origin.on(Op::piece(2)).attempt(1).reject_after(1, 503)),
            try_content,
            &["file /acme/videos/a.mp4 has the expected content", "the first difference is"],
        );
    }
}

#[test]
fn a_client_that_gives_up_on_completion_is_caught() {
    // The file exists, but the client reports a failure.
    let origin = videos().start();
    origin.on(Op::complete()).commit_then(ResponseLoss::Reset);
    assert!(!upload(&origin, Mistake::GivesUpOnComplete));
    assert_uploaded(&origin);
    assert_caught(
        Mistake::GivesUpOnComplete,
        |origin| drop(origin.on(Op::complete()).commit_then(ResponseLoss::Close)),
        |origin| origin.requests().op(Op::complete()).try_count(2).map(|_| ()),
        &["requests with complete", "expected: 2", "found: 1"],
    );
    assert_caught(
        Mistake::GivesUpOnComplete,
        |origin| drop(origin.on(Op::complete()).lose(ResponseLoss::Close)),
        |origin| origin.try_upload(PATH)?.try_completed().map(|_| ()),
        &["upload /acme/videos/a.mp4 was completed", "expected: SUCCESS", "found: READY"],
    );
}

#[test]
fn a_client_that_ignores_the_checksum_is_caught() {
    for alter in [HeaderMutation::WrongChecksum, HeaderMutation::WrongSize] {
        assert_caught(
            Mistake::IgnoresTheChecksum,
            |origin| drop(origin.on(Op::piece(2)).attempt(1).alter(alter.clone())),
            |origin| origin.try_upload(PATH)?.piece(2).try_attempts(2).map(|_| ()),
            &["piece 2 of /acme/videos/a.mp4 was sent", "expected: 2", "found: 1"],
        );
    }
}

#[test]
fn a_client_that_sends_another_part_is_caught() {
    assert_caught(
        Mistake::SendsAnotherPart,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).lose(ResponseLoss::Reset)),
        |origin| origin.try_upload(PATH)?.try_completed().map(|_| ()),
        &["found: READY with pieces 1, 3..=5", "-5 part numbers are not consecutive"],
    );
    assert_caught(
        Mistake::SendsAnotherPart,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset)),
        |origin| origin.try_upload(PATH)?.try_pieces(1..=4).map(|_| ()),
        &["has exactly the expected pieces", "not expected: 5"],
    );
}
