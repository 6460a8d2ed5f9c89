//! Tests that every change of the state wakes waiting threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use mock_origin::{Chaos, DeferredCommit, InProgressUpload, MockOrigin, Op};

use super::requests;
use crate::support::{Client, TIMEOUT, complete};

/// Longer than any test, so that no wait ends by this limit.
const FOREVER: Duration = Duration::from_secs(3600);

/// Waits in a thread until `look` returns true, and sends the value of each check.
fn looks<F>(origin: &Arc<MockOrigin>, look: F) -> Receiver<bool>
where
    F: Fn(&MockOrigin) -> bool + Send + 'static,
{
    let (sender, looks) = channel();
    let origin = Arc::clone(origin);
    thread::spawn(move || {
        origin.wait_until(FOREVER, |_| {
            let seen = look(&origin);
            // The receiver is gone after the test.
            sender.send(seen).is_err() || seen
        })
    });
    looks
}

#[track_caller]
fn assert_becomes_true(looks: &Receiver<bool>) {
    while !looks.recv_timeout(TIMEOUT).expect("no check after the change") {}
}

fn origin(clock_stands: bool) -> Arc<MockOrigin> {
    let open = InProgressUpload::new("/videos/open").piece(1, "one");
    let builder = MockOrigin::builder().upload(open).set("join", "after:5");
    Arc::new(if clock_stands { builder.clock_stopped() } else { builder }.start())
}

#[test]
fn every_change_wakes_waiters() {
    type Change = fn(&MockOrigin, &str);
    let changes: [(&str, Change); 11] = [
        ("advance", |origin, _| origin.advance(Duration::from_secs(1))),
        ("add a fault", |origin, _| drop(origin.on(Op::create()).reject(503))),
        ("remove a fault", |origin, _| assert!(origin.remove_fault(0))),
        ("release a fault", |origin, _| assert!(origin.release_fault(1))),
        ("clear the faults", |origin, _| origin.clear_faults()),
        ("begin chaos", |origin, _| _ = origin.chaos(Chaos::new(1))),
        ("end chaos", |origin, _| _ = origin.end_chaos()),
        ("expire a token", |origin, token| origin.expire_token(token)),
        ("issue a token", |origin, _| drop(origin.issue_token("jane"))),
        ("set a switch", |origin, _| origin.set("rate_limit", "5")),
        ("reset", |origin, _| origin.reset()),
    ];
    for (name, change) in changes {
        let origin = origin(true);
        let token = origin.issue_token("jane");
        origin.on(Op::piece(1)).reject(503);
        let held = origin.on(Op::piece(2)).hold();
        let looks = looks(&origin, |_| false);
        assert!(looks.recv_timeout(TIMEOUT).is_ok());
        change(&origin, &token);
        assert!(looks.recv_timeout(TIMEOUT).is_ok(), "{name} wakes no waiter");
        drop((looks, held));
        origin.reset();
    }
}

#[test]
fn reading_the_state_does_not_wake_waiters() {
    let origin = origin(true);
    let looks = looks(&origin, |origin| {
        let _ = (origin.requests(), origin.faults(), origin.now(), origin.uploads());
        false
    });
    assert!(looks.recv_timeout(TIMEOUT).is_ok());
    assert!(looks.recv_timeout(Duration::from_millis(50)).is_err(), "a check without a change");
    drop(looks);
    origin.reset();
}

#[test]
fn advancing_to_a_join_or_a_deferred_commit_wakes_waiters() {
    let origin = origin(true);
    let token = origin.issue_token("jane");
    let id = origin.upload("/videos/open").id().to_owned();
    origin.on(Op::create()).commit_later(Duration::from_secs(5));
    assert_eq!(complete(&mut Client::new(&origin), &token, &id).status, 200);
    requests::create(&origin, &token, "/videos", "late");
    let joined = looks(&origin, |origin| origin.file("/videos/open").exists());
    let committed = looks(&origin, |origin| origin.try_upload("/videos/late").is_ok());
    assert_eq!(joined.recv_timeout(TIMEOUT), Ok(false));
    assert_eq!(committed.recv_timeout(TIMEOUT), Ok(false));
    origin.advance(Duration::from_secs(6));
    assert_becomes_true(&joined);
    assert_becomes_true(&committed);
}

#[test]
fn scheduled_changes_wake_waiters() {
    let origin = origin(false);
    let token = origin.issue_token("jane");
    origin.on(Op::create()).commit_later(DeferredCommit::after(Duration::from_millis(200)));
    requests::create(&origin, &token, "/videos", "late");
    let committed = looks(&origin, |origin| {
        origin.requests().iter().any(|request| request.exchange().committed.is_some())
    });
    assert_becomes_true(&committed);
}
