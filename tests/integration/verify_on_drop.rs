//! An origin that is dropped without `finish()` verifies itself. The panic text is golden.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::{assert_golden, without_lines};
use crate::support::panics::{catch_panic, panic_text};
use crate::support::{self, Client, TIMEOUT};
use mock_origin::{Builder, MockOrigin, Op};

/// Starts an origin whose text can be compared.
fn builder() -> Builder {
    MockOrigin::builder()
        .seed(7)
        .clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000))
        .clock_stopped()
}

/// Starts an origin that fails verification: its fault is never injected.
fn failing_origin() -> MockOrigin {
    let origin = builder().start();
    origin.on(Op::piece(2)).reject(503);
    origin
}

/// Returns the text of the panic of `run`, which must panic.
fn panic_of(run: impl FnOnce()) -> String {
    catch_panic(run).unwrap().0
}

#[test]
fn drop_panics_with_the_report_if_the_run_fails() {
    let origin = failing_origin();
    let url = origin.url();
    Client::new(&origin).send("POST", "/acount/login", &[], b"");
    let text = panic_of(|| drop(origin)).replace(&url, "http://<origin>");
    let (report, timeline) = text.split_once("timeline of ").unwrap();
    assert_golden("dropped_unverified", without_lines(report).trim_end());
    assert!(timeline.contains("POST /acount/login"), "{timeline}");
}

#[test]
fn drop_passes_if_the_run_passes() {
    let origin = builder().start();
    Client::new(&origin).send("OPTIONS", "/", &[], b"");
    drop(origin);
}

#[test]
fn drop_names_a_response_that_is_still_held() {
    let origin = builder().start();
    let held = origin.on(Op::login()).hold();
    let mut client = Client::new(&origin);
    client.write(support::request("POST", "/account/login", &[], b""));
    assert!(held.wait(TIMEOUT));
    let text = panic_of(move || {
        let _released_last = held;
        drop(origin);
    });
    assert!(text.contains("held response was never released: origin.on(Op::login())"), "{text}");
}

#[test]
fn drop_does_not_verify_if_the_builder_says_so() {
    let origin = builder().verify_on_drop(false).start();
    origin.on(Op::piece(2)).reject(503);
    drop(origin);
}

#[test]
fn drop_does_not_verify_after_a_call_of_verify() {
    let origin = failing_origin();
    assert!(origin.verify().is_err());
    drop(origin);
    let origin = failing_origin();
    assert!(origin.verify_at_end().is_err());
    drop(origin);
}

#[test]
fn drop_verifies_a_run_that_began_with_a_reset() {
    let origin = builder().start();
    origin.verify().unwrap();
    origin.reset();
    origin.on(Op::piece(2)).reject(503);
    let text = panic_of(|| drop(origin));
    assert!(text.contains("fault was never injected"), "{text}");
}

#[test]
fn drop_does_not_verify_after_finish_has_panicked() {
    let text = panic_of(|| failing_origin().finish());
    assert!(text.starts_with("fault was never injected"), "{text}");
}

#[test]
fn drop_during_a_panic_keeps_that_panic() {
    let text = panic_of(|| {
        let _origin = failing_origin();
        panic!("the test fails");
    });
    assert_eq!(text, "the test fails");
}

#[test]
fn drop_inside_a_destructor_during_a_panic_does_not_abort() {
    struct Outer(Option<MockOrigin>);
    impl Drop for Outer {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }
    let text = panic_of(|| {
        let _outer = Outer(Some(failing_origin()));
        panic!("the test fails");
    });
    assert_eq!(text, "the test fails");
}

#[test]
fn several_failing_origins_panic_once() {
    let origins = vec![failing_origin(), failing_origin(), failing_origin()];
    let text = panic_of(|| drop(origins));
    assert!(text.contains("without `finish()`"), "{text}");
}

#[test]
fn drop_during_a_panic_of_another_origin_closes_its_port() {
    let (first, second) = (failing_origin(), failing_origin());
    let mut kept_alive = Client::new(&second);
    kept_alive.send("OPTIONS", "/", &[], b"");
    panic_of(|| drop((first, second)));
    kept_alive.assert_closed();
}

#[test]
fn the_last_owner_of_a_shared_origin_verifies() {
    let shared = Arc::new(failing_origin());
    let other = Arc::clone(&shared);
    drop(shared);
    let panic = thread::spawn(move || drop(other)).join().unwrap_err();
    assert!(panic_text(&*panic).contains("without `finish()`"));
}

#[tokio::test]
async fn drop_with_a_cancelled_task_panics_in_that_task() {
    let origin = failing_origin();
    let task = tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(origin);
    });
    tokio::task::yield_now().await;
    task.abort();
    let panic = task.await.unwrap_err().into_panic();
    assert!(panic_text(&*panic).contains("without `finish()`"));
}

#[test]
fn drop_of_an_unpolled_finish_async_verifies() {
    let finishing = failing_origin().finish_async();
    let text = panic_of(|| drop(finishing));
    assert!(text.contains("without `finish()`"), "{text}");
}

#[tokio::test]
async fn finish_async_panics_with_the_report_once() {
    let finishing = tokio::spawn(failing_origin().finish_async());
    let panic = finishing.await.unwrap_err().into_panic();
    let text = panic_text(&*panic);
    assert!(text.starts_with("fault was never injected"), "{text}");
}
