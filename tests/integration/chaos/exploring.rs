//! Tests that exploring seeds finds wrong clients, and that it prints the minimal faults as Rust code.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use mock_origin::referee::Level;
use mock_origin::{Chaos, Disconnect, ErrorResponse, MockOrigin, Op, Profile};

use crate::chaos::client::{Mistake, Uploader};
use crate::chaos::mistakes::{PATH, assert_uploaded, content, upload};
use crate::chaos::{pieces, videos};
use crate::support::golden::assert_golden;
use crate::support::{Client, TIMEOUT, request};

/// Explores seeds until `upload`, which returns whether the client reports success, fails the test.
/// Returns the printed text.
fn explored(chaos: Chaos, upload: impl Fn(&MockOrigin) -> bool) -> String {
    // Clock and seed are fixed, so that the text is reproducible.
    let builder =
        videos().seed(7).clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000)).clock_stopped();
    let run = |origin: &MockOrigin| {
        let done = upload(origin);
        assert_uploaded(origin);
        assert!(done, "the client reports a failure");
    };
    let found = catch_unwind(AssertUnwindSafe(|| builder.explore(chaos, 0..500, run)));
    let text = *found.expect_err("no seed has found it").downcast::<String>().unwrap();
    // Ports and times differ between runs.
    let (text, timeline) = text.split_once("\n\ntimeline of http://127.0.0.1:").unwrap();
    assert!(timeline.contains(" (seed 7):\n") && timeline.contains(", fault: "), "{timeline}");
    text.to_owned()
}

fn explored_with(mistake: Mistake, chaos: Chaos) -> String {
    explored(chaos, |origin| upload(origin, mistake))
}

/// Returns the faults in a printed text.
#[track_caller]
fn printed(text: &str) -> Vec<&str> {
    let (seed, rest) = text.split_once("; to replay its chaos:\n\n").unwrap();
    let seed: u64 = seed.strip_prefix("the run fails with seed ").unwrap().parse().unwrap();
    let chaos = format!(
        "    use mock_origin::{{Chaos, Profile}};\n\n    origin.chaos(Chaos::new({seed}).profile("
    );
    assert!(rest.starts_with(&chaos), "{text}");
    let note = ");\n\nThe run fails with these faults, and passes without any one of them:\n\n    \
                use mock_origin::";
    let (_, rest) = rest.split_once(note).unwrap();
    let (names, rest) = rest.split_once(";\n\n").unwrap();
    let (faults, failure) = rest.split_once("\n\nThe failure:\n\n").unwrap();
    assert!(!failure.is_empty() && names.contains("Op"));
    let sentence = |line: &'_ str| line.starts_with("    origin.on(") && line.ends_with(");");
    assert!(faults.lines().all(sentence), "{text}");
    faults.lines().map(str::trim).collect()
}

/// Returns the only fault in a printed text.
#[track_caller]
fn one_fault(text: &str) -> &str {
    let faults = printed(text);
    assert_eq!(faults.len(), 1, "{text}");
    faults[0]
}

fn chaos() -> Chaos {
    Chaos::new(0).max_per_operation(2).percent(10)
}

#[test]
fn seeds_find_a_client_that_never_retries() {
    let text = explored_with(Mistake::NeverRetries, chaos());
    let fault = one_fault(&text);
    assert!(fault.contains(".attempt(1)."), "{fault}");
    assert_golden("explored_never_retries", &text);
}

#[test]
fn seeds_find_a_client_that_forgets_the_body() {
    for mistake in [Mistake::ForgetsTheBody, Mistake::SendsHalfTheBody] {
        let text = explored_with(mistake, chaos());
        let fault = one_fault(&text);
        let is_piece = |number: &usize| {
            let start = format!(
                "origin.on(Op::piece({number})).path(\"/acme/videos/a.mp4\").user(\"jane\").attempt(1)."
            );
            fault.starts_with(&start)
        };
        assert!((1..=content().len()).any(|number| is_piece(&number)), "{fault}");
        assert!(text.contains("has the expected content"), "{text}");
    }
    assert_golden("explored_forgets_the_body", &explored_with(Mistake::ForgetsTheBody, chaos()));
}

#[test]
fn seeds_find_a_client_that_gives_up_on_completion() {
    let chaos = chaos().profile(Profile::Network);
    let text = explored_with(Mistake::GivesUpOnComplete, chaos);
    let fault = one_fault(&text);
    let start = "origin.on(Op::complete()).path(\"/acme/videos/a.mp4\").user(\"jane\").attempt(1).";
    assert!(fault.starts_with(start), "{fault}");
    assert_golden("explored_gives_up_on_complete", &text);
}

#[test]
fn seeds_find_a_client_that_sends_another_part() {
    let text = explored_with(Mistake::SendsAnotherPart, chaos());
    let fault = one_fault(&text);
    assert!(fault.starts_with("origin.on(Op::piece("), "{fault}");
}

#[test]
fn a_failure_without_faults_is_reported() {
    let explore = || videos().explore(chaos(), 0..500, |_| panic!("always"));
    let found = catch_unwind(AssertUnwindSafe(explore)).unwrap_err();
    let text = found.downcast::<String>().unwrap();
    let expected =
        "The run fails without any fault.\n\nThe failure:\n\nalways\n\ntimeline of http://";
    assert!(text.starts_with("the run fails with seed 0; ") && text.contains(expected), "{text}");
}

#[test]
#[should_panic(expected = "no seeds in 7..7: explore(0..500, ..)")]
fn an_empty_range_of_seeds_is_rejected() {
    videos().explore(chaos(), 7..7, |_| {});
}

/// A client with two attempts fails if two faults apply to the same operation.
#[test]
fn seeds_find_a_client_with_one_attempt_too_few() {
    let text = explored(Chaos::new(0), |origin| {
        let mut client = Uploader::correct(origin);
        client.attempts = 2;
        client.upload("/videos", "a.mp4", &content()).is_ok()
    });
    let faults = printed(&text);
    assert_eq!(faults.len(), 2, "{text}");
    let (one, first) = faults[0].split_once(".attempt(").unwrap();
    let (other, second) = faults[1].split_once(".attempt(").unwrap();
    assert_eq!((one, &first[..2], &second[..2]), (other, "1)", "2)"), "{text}");
}

#[test]
fn seeds_find_a_mistake_in_one_of_several_uploads() {
    let text = explored(Chaos::new(0), |origin| {
        let mut correct = Uploader::correct(origin);
        for name in ["b.mp4", "c.mp4"] {
            correct.upload("/videos", name, &pieces(1)).unwrap();
        }
        upload(origin, Mistake::ForgetsTheBody)
    });
    assert!(one_fault(&text).contains(".path(\"/acme/videos/a.mp4\")"), "{text}");
}

/// Adds a fault by the exact code of a golden text. Only the wrong client fails under it.
macro_rules! assert_pasted {
    ($name:literal, $mistake:expr, |$origin:ident| $sentence:expr) => {
        let golden = include_str!(concat!("../../../fixtures/failures/", $name, ".txt"));
        // `stringify!` breaks long expressions into lines.
        let sentence = stringify!($sentence).replace('\n', " ");
        assert_eq!(format!("{sentence};"), one_fault(golden));
        for mistake in [Mistake::None, $mistake] {
            // Without the referee only the content shows the mistake.
            let $origin = videos().referee(Level::Off).start();
            let handle = $sentence;
            let done = upload(&$origin, mistake);
            assert_eq!(handle.fired(), 1);
            let is_there = $origin.file(PATH).try_content(content().concat()).is_ok();
            assert_eq!(done && is_there, mistake == Mistake::None, "{mistake:?}");
        }
    };
}

#[test]
fn printed_faults_are_equivalent_code() {
    assert_pasted!("explored_never_retries", Mistake::NeverRetries, |origin| origin
        .on(Op::piece(2))
        .path("/acme/videos/a.mp4")
        .user("jane")
        .attempt(1)
        .reject(ErrorResponse::status(429).header("Retry-After", "0")));
    assert_pasted!("explored_forgets_the_body", Mistake::ForgetsTheBody, |origin| origin
        .on(Op::piece(2))
        .path("/acme/videos/a.mp4")
        .user("jane")
        .attempt(1)
        .reject(ErrorResponse::status(429).header("Retry-After", "0")));
    assert_pasted!("explored_gives_up_on_complete", Mistake::GivesUpOnComplete, |origin| origin
        .on(Op::complete())
        .path("/acme/videos/a.mp4")
        .user("jane")
        .attempt(1)
        .cut_response(43, Disconnect::Reset));
}

/// Returns the text of a run without chaos faults that fails in its verification.
fn left_behind(run: impl Fn(&MockOrigin)) -> String {
    let chaos = Chaos::new(0).percent(1);
    let found = catch_unwind(AssertUnwindSafe(|| videos().explore(chaos, 0..1, run)));
    *found.expect_err("nothing is found").downcast::<String>().unwrap()
}

#[test]
fn exploring_verifies_a_run_like_finish() {
    let login = request("POST", "/account/login", &[("X-Agile-Username", "jane")], b"");
    // A hold ends if the client leaves or if its guard is dropped.
    let waiting = RefCell::new(Vec::new());
    let held = left_behind(|origin| {
        let held = origin.on(Op::login()).hold();
        let mut client = Client::new(origin);
        client.write(&login);
        assert!(held.wait(TIMEOUT));
        waiting.borrow_mut().push((held, client));
    });
    assert!(held.contains("held response was never released: "), "{held}");
    let late = left_behind(|origin| {
        origin.on(Op::create()).commit_later(Duration::from_secs(3600));
        let token = origin.issue_token("jane");
        let create = [("X-Agile-Authorization", token.as_str()), ("X-Agile-Basename", "a.mp4")];
        let response = Client::new(origin).send("POST", "/multipart/create", &create, b"");
        assert_eq!(response.status, 503);
    });
    assert!(late.contains("deferred operation was never carried out: "), "{late}");
}
