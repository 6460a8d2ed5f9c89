//! A deferred operation has the same effect as an immediate one, and `finish()` fails if it was never
//! carried out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mock_origin::{MockOrigin, Op};

use super::requests::{self, batch, result};
use super::videos;
use crate::support::payload::sha256;
use crate::support::{Client, create, piece};

const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
fn rejected_operations_are_not_deferred() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let late = origin.on(Op::complete()).commit_later(AN_HOUR);
    let complete = format!(r#"["{token}", "{id}"]"#);
    assert_eq!(result(&origin, "completeMultipart", &complete)["code"], -4);
    let skip_reason = late.record().unwrap().skip_reason.unwrap();
    assert_eq!(&*skip_reason, "the origin rejected the request: 200 -4 upload has no pieces");
    late.remove();

    let late = origin.on(Op::piece(1)).commit_later(AN_HOUR);
    let wrong = ("X-Agile-Checksum", &*"0".repeat(64));
    let headers = [
        ("X-Agile-Authorization", &*token),
        ("X-Agile-Multipart", &*id),
        ("X-Agile-Part", "1"),
        wrong,
    ];
    assert_eq!(requests::http(&origin, "/multipart/piece", &headers, b"1").code(), Some(-6));
    assert_eq!(late.fired(), 0);
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(503));
    assert_eq!(late.fired(), 1);
    origin.advance(AN_HOUR);
    origin.upload(&id).assert_pieces(1..=1);
    origin.finish();
}

#[test]
fn a_token_is_checked_at_the_request_of_a_deferred_call() {
    let (origin, token) = videos();
    origin.on(Op::create()).times(2).commit_later(2 * AN_HOUR);
    assert_eq!(requests::create(&origin, &token, "/videos", "http.mp4").status, 503);
    let params = format!(r#"["{token}", "/videos/rpc.mp4"]"#);
    assert_eq!(requests::rpc(&origin, "createMultipart", &params).status, 503);
    assert_eq!(origin.uploads().len(), 0);
    origin.advance(2 * AN_HOUR);
    assert_eq!(result(&origin, "noop", &format!(r#"["{token}", "a"]"#))["code"], -10001);
    assert_eq!(origin.uploads().len(), 2);
    origin.finish();
}

#[test]
fn a_batch_is_deferred_as_a_whole_even_with_a_digest() {
    let (origin, token) = videos();
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "joined.mp4");
    for number in [2, 1] {
        piece(&mut client, &token, &id, number, b"123");
    }
    assert_eq!(super::complete(&mut client, &token, &id).status, 200);
    origin.on(Op::method("createMultipart")).commit_later(AN_HOUR);
    let stat = ("stat", format!(r#"["{token}", "/videos/joined.mp4", true]"#));
    let create = ("createMultipart", format!(r#"["{token}", "/videos/late.mp4"]"#));
    assert_eq!(batch(&origin, &[stat, create]).status, 503);
    origin.advance(AN_HOUR);
    assert_eq!(origin.uploads().len(), 2);
    origin.finish();
}

#[test]
fn finish_fails_if_a_deferred_operation_is_left() {
    let (origin, token) = videos();
    origin.on(Op::create()).commit_later(AN_HOUR);
    assert_eq!(requests::create(&origin, &token, "/videos", "a.mp4").status, 503);
    let text = panic_of(origin);
    assert!(
        text.contains("deferred operation was never carried out: origin.on(Op::create())"),
        "{text}"
    );
    assert!(text.contains("look at: origin.advance(..)"), "{text}");
}

#[test]
fn a_reset_discards_everything_in_progress() {
    let (origin, token) = videos();
    origin.on(Op::raw()).commit_later(AN_HOUR);
    assert_eq!(requests::raw(&origin, &token, "/videos", "late.bin").status, 503);
    let mut client = Client::new(&origin);
    let headers = [
        ("X-Agile-Authorization", &*token),
        ("X-Agile-Directory", "/videos"),
        ("X-Agile-Basename", "a.bin"),
        ("Content-Length", "1000"),
    ];
    let head = crate::support::request("POST", "/post/raw", &headers, b"");
    client.write(head).write([b'x'; 900]);
    assert!(origin.wait_until(crate::support::TIMEOUT, |requests| {
        requests.iter().any(|request| request.exchange().received == 900)
    }));
    origin.reset();
    client.write([b'x'; 100]);
    assert_eq!(client.read_to_end().unwrap(), b"");
    origin.advance(AN_HOUR);
    origin.file("/videos/a.bin").assert_absent();
    origin.file("/videos/late.bin").assert_absent();
    assert!(origin.journal().exchanges().is_empty(), "{}", origin.timeline());
    origin.finish();
}

/// Returns the panic message of `finish()`.
fn panic_of(origin: MockOrigin) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| origin.finish())).unwrap_err();
    *failed.downcast::<String>().unwrap()
}

#[test]
fn deferred_operations_of_equal_time_keep_their_order() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    origin.on(Op::piece(1)).times(2).commit_later(AN_HOUR);
    origin.on(Op::piece(2)).nth(1).commit_later(AN_HOUR);
    origin.on(Op::piece(2)).nth(2).commit_later(2 * AN_HOUR);
    let client = || Client::new(&origin);
    for (number, content) in [(1, "old"), (1, "new"), (2, "old"), (2, "new")] {
        assert_eq!(piece(&mut client(), &token, &id, number, content.as_bytes()).status, 503);
    }
    let is = |number, content: &str| {
        let digest = sha256(content.as_bytes());
        origin.upload(&id).piece(number).try_digest(&digest).is_ok()
    };
    origin.advance(AN_HOUR);
    assert!(is(1, "new") && is(2, "old"));
    origin.advance(AN_HOUR);
    assert!(is(2, "new"));
    origin.finish();
}
