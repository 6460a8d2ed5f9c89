//! Clients that do something wrong are caught: by one fault and an assertion, and by seeds alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::{Alter, Chaos, Failure, Lose, MockOrigin, Op, Profile};

use crate::client::{Mistake, Uploader};
use crate::{pieces, videos};

const PATH: &str = "/videos/a.mp4";

fn content() -> Vec<Vec<u8>> {
    pieces(2)
}

/// Uploads with such a client, which may notice that it has failed.
fn upload(origin: &MockOrigin, mistake: Mistake) -> bool {
    Uploader::new(origin, mistake).upload("/videos", "a.mp4", &content()).is_ok()
}

/// What a correct client achieves, whatever strikes.
fn assert_uploaded(origin: &MockOrigin) {
    origin.file(PATH).assert_content(content().concat());
    origin.upload(PATH).assert_completed();
}

/// Prepares two origins in the same way: the correct client passes on the one, the wrong one is
/// told `text` on the other.
#[track_caller]
fn assert_caught(
    mistake: Mistake,
    prepare: impl Fn(&MockOrigin),
    try_it: impl Fn(&MockOrigin) -> Result<(), Box<Failure>>,
    text: &[&str],
) {
    let judged = |mistake| {
        let origin = videos().start();
        prepare(&origin);
        let claims_success = upload(&origin, mistake);
        let tried = try_it(&origin).map_err(|failure| failure.to_string());
        // The fault did strike: it is the client that is judged.
        assert!(origin.verdict().is_ok());
        (claims_success, tried)
    };
    assert_eq!(judged(Mistake::None), (true, Ok(())));
    let found = judged(mistake).1.expect_err("the wrong client was not caught");
    for part in text {
        assert!(found.contains(part), "{part:?} is not in:\n{found}");
    }
}

fn try_content(origin: &MockOrigin) -> Result<(), Box<Failure>> {
    origin.file(PATH).try_content(content().concat()).map(|_| ())
}

#[test]
fn who_never_retries_is_caught() {
    assert_caught(
        Mistake::NeverRetries,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).reject(503)),
        try_content,
        &["found: no file", "READY with pieces 1: it was never completed"],
    );
    assert_caught(
        Mistake::NeverRetries,
        |origin| drop(origin.on(Op::piece(3)).attempt(1).lose(Lose::Reset)),
        |origin| origin.try_upload(PATH)?.piece(3).try_attempts(2..).map(|_| ()),
        &["piece 3 of /acme/videos/a.mp4 was sent", "expected: at least 2", "found: 1"],
    );
}

#[test]
fn who_forgets_the_body_is_caught() {
    for mistake in [Mistake::ForgetsTheBody, Mistake::SendsHalfTheBody] {
        let size = content()[1].len() as u64;
        assert_caught(
            mistake,
            |origin| drop(origin.on(Op::piece(2)).attempt(1).commit_then(Lose::Reset)),
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
fn who_gives_up_on_a_lost_completion_is_caught() {
    // The file is there: the client does not know, and says that it is not.
    let origin = videos().start();
    origin.on(Op::complete()).commit_then(Lose::Reset);
    assert!(!upload(&origin, Mistake::GivesUpOnComplete));
    assert_uploaded(&origin);
    assert_caught(
        Mistake::GivesUpOnComplete,
        |origin| drop(origin.on(Op::complete()).commit_then(Lose::Close)),
        |origin| origin.requests().op(Op::complete()).try_count(2).map(|_| ()),
        &["requests with complete", "expected: 2", "found: 1"],
    );
    assert_caught(
        Mistake::GivesUpOnComplete,
        |origin| drop(origin.on(Op::complete()).lose(Lose::Close)),
        |origin| origin.try_upload(PATH)?.try_completed().map(|_| ()),
        &["upload /acme/videos/a.mp4 was completed", "expected: SUCCESS", "found: READY"],
    );
}

#[test]
fn who_ignores_the_checksum_is_caught() {
    for alter in [Alter::WrongChecksum, Alter::WrongSize] {
        assert_caught(
            Mistake::IgnoresTheChecksum,
            |origin| drop(origin.on(Op::piece(2)).attempt(1).alter(alter.clone())),
            |origin| origin.try_upload(PATH)?.piece(2).try_attempts(2).map(|_| ()),
            &["piece 2 of /acme/videos/a.mp4 was sent", "expected: 2", "found: 1"],
        );
    }
}

#[test]
fn who_sends_another_part_is_caught() {
    assert_caught(
        Mistake::SendsAnotherPart,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).lose(Lose::Reset)),
        |origin| origin.try_upload(PATH)?.try_completed().map(|_| ()),
        &["found: READY with pieces 1, 3..=5", "-5 part numbers are not consecutive"],
    );
    assert_caught(
        Mistake::SendsAnotherPart,
        |origin| drop(origin.on(Op::piece(2)).attempt(1).commit_then(Lose::Reset)),
        |origin| origin.try_upload(PATH)?.try_pieces(1..=4).map(|_| ()),
        &["has exactly the expected pieces", "not expected: 5"],
    );
}

/// What is printed when seeds have found such a client.
fn explored(mistake: Mistake, chaos: Chaos) -> String {
    // Nothing is left to chance, so that what is printed can be compared.
    let builder =
        videos().seed(7).clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000)).clock_stopped();
    let claims_success = |origin: &MockOrigin| {
        let done = upload(origin, mistake);
        assert_uploaded(origin);
        assert!(done, "the client says that it has failed");
    };
    let found = catch_unwind(AssertUnwindSafe(|| builder.explore(chaos, 0..500, claims_success)));
    *found.expect_err("no seed has found it").downcast::<String>().unwrap()
}

/// Asserts that a text has a seed and the one fault that matters, as it is written in a test, and
/// gives that.
#[track_caller]
fn one_fault(text: &str) -> String {
    let (seed, rest) =
        text.split_once(" fails.\n\nThe faults without which it passes:\n\n").unwrap();
    assert!(seed.strip_prefix("seed ").is_some_and(|seed| seed.parse::<u64>().is_ok()), "{text}");
    let (faults, failure) = rest.split_once("\n\nThe failure:\n\n").unwrap();
    let faults: Vec<_> = faults.lines().collect();
    assert_eq!(faults.len(), 1, "{text}");
    assert!(!failure.is_empty());
    let sentence =
        faults[0].strip_prefix("    origin.on(").and_then(|rest| rest.strip_suffix(");"));
    assert!(sentence.is_some(), "{text}");
    faults[0].trim().to_owned()
}

fn chaos() -> Chaos {
    Chaos::seed(0).at_most(2).per_operation().percent(10)
}

#[test]
fn seeds_find_who_never_retries() {
    let text = explored(Mistake::NeverRetries, chaos());
    let fault = one_fault(&text);
    assert!(fault.contains(".attempt(1)."), "{fault}");
    assert_golden("explored_never_retries", &text);
}

#[test]
fn seeds_find_who_forgets_the_body() {
    for mistake in [Mistake::ForgetsTheBody, Mistake::SendsHalfTheBody] {
        let text = explored(mistake, chaos());
        let fault = one_fault(&text);
        let is_piece = |number: &usize| {
            let start =
                format!("origin.on(Op::piece({number})).path(\"/acme/videos/a.mp4\").attempt(1).");
            fault.starts_with(&start)
        };
        assert!((1..=content().len()).any(|number| is_piece(&number)), "{fault}");
        assert!(text.contains("has the expected content"), "{text}");
    }
    assert_golden("explored_forgets_the_body", &explored(Mistake::ForgetsTheBody, chaos()));
}

#[test]
fn seeds_find_who_gives_up_on_a_lost_completion() {
    let chaos = chaos().profile(Profile::Lossy);
    let text = explored(Mistake::GivesUpOnComplete, chaos);
    let fault = one_fault(&text);
    let start = "origin.on(Op::complete()).path(\"/acme/videos/a.mp4\").attempt(1).";
    assert!(fault.starts_with(start), "{fault}");
    assert_golden("explored_gives_up_on_complete", &text);
}

#[test]
fn seeds_find_who_sends_another_part() {
    let fault = one_fault(&explored(Mistake::SendsAnotherPart, chaos()));
    assert!(fault.starts_with("origin.on(Op::piece("), "{fault}");
}

#[test]
fn who_fails_without_faults_is_told_so() {
    let explore = || videos().explore(chaos(), 0..500, |_| panic!("always"));
    let found = catch_unwind(AssertUnwindSafe(explore)).unwrap_err();
    let text = found.downcast::<String>().unwrap();
    assert_eq!(*text, "seed 0 fails.\n\nIt fails without any fault.\n\nThe failure:\n\nalways");
}

/// As in `tests/assertions.rs`: `UPDATE_GOLDEN=1 cargo test --test chaos` writes them anew.
#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/failures").join(name);
    let path = path.with_extension("txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden.trim_end_matches('\n'), "{} differs", path.display());
}
