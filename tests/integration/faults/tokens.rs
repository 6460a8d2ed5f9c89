//! Tests tokens that expire early, and changes of options at run time.

use std::time::{Duration, UNIX_EPOCH};

use mock_origin::journal::ConnectionEnd;
use mock_origin::{Builder, ErrorResponse, Interference, MockOrigin, Op};

use super::requests::{self, result, rpc};
use super::videos;
use crate::support::{Client, Response, complete, create, piece, piece_headers, request};

fn builder() -> Builder {
    let two = MockOrigin::builder().user("jane", "a").user("joe", "b").directory("/videos");
    // These tests reuse expired tokens on purpose, to find out when they expired.
    let two = two.referee(mock_origin::referee::Level::Off);
    two.clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000)).clock_stopped()
}

/// Logs in and returns the token.
fn token_of(origin: &MockOrigin, user: &str, password: &str) -> String {
    requests::login(origin, user, password).header("X-Agile-Token").unwrap().to_owned()
}

fn begin(origin: &MockOrigin, token: &str) -> u16 {
    requests::create(origin, token, "/videos", "a.mp4").status
}

/// Returns the code of `stat` for the root.
fn stat(origin: &MockOrigin, token: &str) -> i64 {
    result(origin, "stat", &format!(r#"["{token}", "/"]"#))["code"].as_i64().unwrap()
}

#[test]
fn a_token_expires_after_requests_over_both_interfaces() {
    let origin = builder().start();
    let before = token_of(&origin, "jane", "a");
    assert_eq!(begin(&origin, &before), 200);
    let fault = origin.on_token().expire_after_requests(3);
    // Requests before the fault do not count, and each token counts separately.
    for token in [before, token_of(&origin, "jane", "a"), token_of(&origin, "joe", "b")] {
        assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 200]);
        assert_eq!(stat(&origin, &token), 0);
        assert_eq!((begin(&origin, &token), stat(&origin, &token)), (403, -10001));
    }
    assert_eq!(fault.fired(), 3);
    origin.finish();
}

#[test]
fn each_fault_counts_the_uses_of_a_token_from_when_it_was_added() {
    let origin = builder().start();
    let token = origin.issue_token("jane");
    let late = origin.on_token().expire_after_requests(9);
    assert_eq!([(); 2].map(|()| stat(&origin, &token)), [0, 0]);
    let soon = origin.on_token().expire_after_requests(2);
    assert_eq!([(); 3].map(|()| stat(&origin, &token)), [0, 0, -10001]);
    assert_eq!((late.fired(), soon.fired()), (0, 1));
    late.remove();
    origin.finish();
}

#[test]
fn a_rejected_request_counts_as_token_use() {
    let origin = builder().start();
    origin.on_token().expire_after_requests(2);
    let token = token_of(&origin, "jane", "a");
    assert_eq!(requests::piece(&origin, &token, "no upload", 1), Some(400));
    assert_eq!(requests::piece(&origin, "another token", "no upload", 1), Some(403));
    assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 403]);
    origin.finish();
}

#[test]
fn a_token_expires_after_bytes_and_the_last_piece_is_stored() {
    let origin = builder().start();
    let fault = origin.on_token().expire_after_bytes(10);
    let token = token_of(&origin, "jane", "a");
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let mut client = Client::new(&origin);
    let sent = |client: &mut Client, number| piece(client, &token, &id, number, b"123456").status;
    assert_eq!([sent(&mut client, 1), sent(&mut client, 2)], [200, 200]);
    assert_eq!(sent(&mut client, 3), 403);
    assert_eq!(fault.fired(), 1);
    let token = token_of(&origin, "jane", "a");
    let mut client = Client::new(&origin);
    assert_eq!(piece(&mut client, &token, &id, 3, b"789").status, 200);
    assert_eq!(complete(&mut client, &token, &id).status, 200);
    origin.file("/videos/a.mp4").assert_content("123456123456789");
    origin.finish();
}

#[test]
fn a_token_expires_after_the_time_of_the_fault() {
    let origin = builder().start();
    let fault = origin.on_token().expire_after(Duration::from_secs(60));
    let login =
        [("X-Agile-Username", "jane"), ("X-Agile-Password", "a"), ("X-Agile-Expiry", "1000000")];
    let long = requests::http(&origin, "/account/login", &login, b"");
    let long = long.header("X-Agile-Token").unwrap();
    origin.advance(Duration::from_secs(59));
    let late = token_of(&origin, "jane", "a");
    assert_eq!([begin(&origin, long), begin(&origin, &late)], [200, 200]);
    origin.advance(Duration::from_secs(1));
    assert_eq!([begin(&origin, long), begin(&origin, &late)], [403, 200]);
    origin.advance(Duration::from_secs(59));
    assert_eq!((begin(&origin, &late), fault.fired()), (403, 2));
    fault.remove();
    let token = token_of(&origin, "jane", "a");
    origin.advance(Duration::from_secs(600));
    assert_eq!(begin(&origin, &token), 200);
    origin.finish();
}

#[test]
fn a_token_that_expires_by_itself_names_no_fault() {
    let origin = builder().start();
    let given = token_of(&origin, "jane", "a");
    // At and after the token's own lifetime.
    let [same, longer] = [3600, 7200].map(Duration::from_secs).map(|life| {
        let fault = origin.on_token().expire_after(life);
        (life, fault)
    });
    assert_eq!(begin(&origin, &given), 200);
    for (life, fault) in [&same, &longer] {
        origin.advance(Duration::from_secs(3600));
        assert_eq!((begin(&origin, &given), fault.fired()), (403, 0), "{life:?}");
        assert_eq!(fault.record().unwrap().matched, 1, "the calls with this token");
        fault.remove();
    }
    let late = origin.on_token().expire_after(Duration::from_secs(60));
    assert_eq!((begin(&origin, &given), late.fired()), (403, 0), "the token had already expired");
    let given = token_of(&origin, "jane", "a");
    origin.advance(Duration::from_secs(9000));
    assert_eq!(
        (begin(&origin, &given), late.fired()),
        (403, 1),
        "the fault ended it before its lifetime"
    );
    origin.finish();
}

#[test]
fn attempts_without_a_known_user_count_separately() {
    let origin = builder().start();
    origin.on(Op::create()).attempt(2).reject(500);
    origin.on(Op::login()).attempt(2).reject(500);
    let token = origin.issue_token("jane");
    let log_in = |password: &str| requests::login(&origin, "jane", password).status;
    assert_eq!([begin(&origin, "no token"), begin(&origin, &token)], [403, 200]);
    assert_eq!([log_in("wrong"), log_in("a")], [400, 200]);
    assert_eq!([begin(&origin, &token), log_in("a")], [500, 500]);
    origin.finish();
}

#[test]
fn a_token_older_than_the_fault_allows_expires_at_once() {
    let origin = builder().start();
    let token = origin.issue_token("jane");
    origin.advance(Duration::from_secs(60));
    assert_eq!(begin(&origin, &token), 200);
    origin.on_token().expire_after(Duration::from_secs(60));
    assert_eq!(begin(&origin, &token), 403);
    origin.finish();
}

#[test]
fn only_tokens_of_the_selected_user_expire() {
    let ways: [fn(&MockOrigin); 3] = [
        |origin| {
            origin.on_token().user("joe").expire_after_requests(1);
        },
        |origin| {
            origin.on_token().user("joe").expire_after_bytes(3);
        },
        |origin| {
            origin.on_token().user("joe").expire_after(Duration::from_secs(5));
        },
    ];
    for die in ways {
        let origin = builder().start();
        die(&origin);
        let [jane, joe] = ["jane", "joe"].map(|user| origin.issue_token(user));
        for token in [&jane, &joe] {
            assert_eq!(requests::raw(&origin, token, "/videos", "a").status, 200);
        }
        origin.advance(Duration::from_secs(5));
        assert_eq!([begin(&origin, &jane), begin(&origin, &joe)], [200, 403]);
        assert_eq!(begin(&origin, &token_of(&origin, "joe", "b")), 200);
        origin.finish();
    }
}

#[test]
fn an_upload_continues_with_a_new_token() {
    type Meddle = fn(&MockOrigin);
    let interfere_after: Meddle = |origin| {
        origin.on(Op::piece(2)).interfere_after(Interference::ExpireToken);
    };
    // The token of the piece in progress was already checked.
    let interfere_before: Meddle = |origin| {
        origin.on(Op::piece(2)).interfere_before(Interference::ExpireToken);
    };
    for meddle in [interfere_after, interfere_before] {
        let origin = builder().start();
        meddle(&origin);
        let mut token = token_of(&origin, "jane", "a");
        let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
        let mut rejected = Vec::new();
        for number in 1..=4 {
            if requests::piece(&origin, &token, &id, number) == Some(403) {
                rejected.push(number);
                token = token_of(&origin, "jane", "a");
                assert_eq!(requests::piece(&origin, &token, &id, number), Some(200));
            }
        }
        assert_eq!(rejected, [3]);
        assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
        origin.file("/videos/a.mp4").assert_content("123123123123");
        origin.finish();
    }
}

#[test]
fn a_body_in_progress_is_stored_when_its_token_expires() {
    let origin = builder().start();
    let token = token_of(&origin, "jane", "a");
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    origin.on_token().expire_after_requests(2);
    let whole = request("POST", "/multipart/piece", &piece_headers(&token, &id, "1"), b"1234");
    let mut client = Client::new(&origin);
    client.write(&whole[..whole.len() - 2]);
    assert!(origin.wait_until(crate::support::TIMEOUT, |requests| requests.iter().count() == 3));
    assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 403]);
    client.write(&whole[whole.len() - 2..]);
    assert_eq!(client.read().status, 200);
    origin.upload(&id).assert_pieces([1]);
    origin.finish();
}

#[test]
fn the_rate_limit_can_be_changed_at_run_time() {
    let (origin, token) = videos();
    let limited = |response: &Response| (response.status, response.code()) == (429, Some(-26));
    let send = || requests::create(&origin, &token, "/videos", "a.mp4");
    assert!(!limited(&send()));
    origin.set("rate_limit", "0");
    assert!(limited(&send()));
    // The limit is one per second, so that a quick sequence exceeds it.
    origin.set("rate_limit", "1");
    while !limited(&send()) {}
    assert_eq!(rpc(&origin, "stat", &format!(r#"["{token}", "/"]"#)).status, 200, "uploads only");
    origin.set("rate_limit", "off");
    assert!((0..20).all(|_| send().status == 200));
    origin.finish();
}

#[test]
fn a_rejection_can_send_retry_after() {
    let (origin, token) = videos();
    let wait = ErrorResponse::status(429).retry_after(Duration::from_millis(1001));
    let fault = origin.on(Op::create()).times(2).reject(wait);
    for _ in 0..2 {
        let response = requests::create(&origin, &token, "/videos", "a.mp4");
        assert_eq!((response.status, response.code()), (429, Some(-26)));
        assert_eq!(response.header("Retry-After"), Some("2"), "whole seconds, rounded up");
        assert_eq!(response.reason, "too many requests");
    }
    assert_eq!((begin(&origin, &token), fault.fired()), (200, 2));
    origin.finish();
}

#[test]
fn the_disk_quota_can_be_changed_at_run_time() {
    let (origin, token) = videos();
    let id = create(&mut Client::new(&origin), &token, "/videos", "a.mp4");
    let send = |number| requests::piece(&origin, &token, &id, number);
    assert_eq!(send(1), Some(200));
    origin.set("disk_quota", "5");
    assert_eq!(send(2), Some(503));
    let raw = requests::raw(&origin, &token, "/videos", "b");
    assert_eq!((raw.status, raw.code()), (503, Some(-22)));
    origin.set("disk_quota", "off");
    assert_eq!(send(2), Some(200));
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    origin.finish();
}

#[test]
fn a_reset_clears_the_state_and_keeps_the_ports() {
    let origin = builder().file("/videos/given", "given").start();
    let (url, start) = (origin.url(), origin.now());
    let token = origin.issue_token("jane");
    let mut client = Client::new(&origin);
    let id = create(&mut client, &token, "/videos", "a.mp4");
    let handle = origin.on(Op::any()).always().reject(503);
    assert_eq!(begin(&origin, &token), 503);
    origin.set("rate_limit", "0");
    origin.advance(Duration::from_secs(9));
    handle.remove();
    origin.on_token().expire_after_requests(1);
    let held = origin.on(Op::piece(1)).hold();
    assert_eq!(origin.directory("/videos").names(), ["given"]);
    origin.reset();
    assert_eq!((origin.url(), origin.now()), (url, start));
    assert_eq!((origin.faults().len(), origin.requests().iter().count()), (0, 0));
    assert!(origin.uploads().is_empty() && origin.verify().is_ok());
    origin.file("/videos/given").assert_content("given");
    // The connection survives; token and upload do not.
    assert_eq!(piece(&mut client, &token, &id, 1, b"x").status, 403);
    let token = origin.issue_token("jane");
    assert_eq!(requests::piece(&origin, &token, &id, 1), Some(400));
    assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 200]);
    assert!(
        origin.on(Op::create()).reject(503).id() > handle.id(),
        "numbers are never given twice"
    );
    assert_eq!(begin(&origin, &token), 503);
    drop(held);
    let ends = origin.journal().connections().iter().map(|it| it.end).collect::<Vec<_>>();
    assert!(!ends.contains(&ConnectionEnd::Stopped), "{ends:?}");
    origin.finish();
}

#[test]
fn attempts_restart_after_a_reset() {
    let (origin, token) = videos();
    origin.on(Op::create()).attempt(2).reject(503);
    assert_eq!([begin(&origin, &token), begin(&origin, &token)], [200, 503]);
    origin.reset();
    let token = origin.issue_token("jane");
    origin.on(Op::create()).attempt(2).reject(503);
    assert_eq!([(); 3].map(|()| begin(&origin, &token)), [200, 503, 200]);
    origin.finish();
}
