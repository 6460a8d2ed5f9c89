//! Tests that records and messages stay bounded in long runs and with hostile clients.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::support::{Client, request};
use mock_origin::{MockOrigin, Op};

/// Sends each request on its own connection, and reads the response.
fn send(origin: &MockOrigin, requests: impl IntoIterator<Item = (String, usize)>) {
    for (path, times) in requests {
        for _ in 0..times {
            Client::new(origin).write(request("POST", &path, &[], b"")).read();
        }
    }
}

fn panic_text(origin: MockOrigin) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| origin.finish())).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn equal_failures_are_listed_once_with_a_count() {
    let origin = MockOrigin::start();
    let paths = ["/multipart/peice", "/nowhere"].map(|path| (path.to_owned(), 30));
    send(&origin, paths);
    let verdict = origin.verify().unwrap_err();
    let text = verdict.to_string();
    assert_eq!((verdict.failures().len(), verdict.omitted()), (2, 0), "{text}");
    assert!(text.contains("/multipart/peice, response 404, 30 times"), "{text}");
    assert!(text.contains("… and 22 more"), "{text}");
}

#[test]
fn verification_lists_a_bounded_number_of_each_kind() {
    let origin = MockOrigin::start();
    send(&origin, (0..50).map(|number| (format!("/nowhere/{number}"), 1)));
    for _ in 0..50 {
        origin.on(Op::login()).reject(503);
    }
    let verdict = origin.verify().unwrap_err();
    assert_eq!((verdict.failures().len(), verdict.omitted()), (40, 60));
    assert!(verdict.to_string().ends_with("… and 60 more failures"), "{verdict}");
}

#[test]
fn a_long_path_is_shortened_in_messages() {
    let origin = MockOrigin::start();
    send(&origin, [(format!("/{}", "x".repeat(60_000)), 1)]);
    let text = panic_text(origin);
    assert!(text.contains("…[59809 bytes left out]…"), "{text}");
    assert!(text.len() < 4_000, "{} bytes: {text}", text.len());
}

#[test]
fn a_failing_test_prints_a_bounded_timeline() {
    let origin = MockOrigin::start();
    origin.on(Op::login()).nth(5_000).reject(503);
    let mut client = Client::new(&origin);
    let (name, password) = (("X-Agile-Username", "jane"), ("X-Agile-Password", "secret"));
    for _ in 0..400 {
        client.send("POST", "/account/login", &[name, password], b"");
    }
    Client::new(&origin).write(request("POST", "/account/login", &[], b"")).read();
    for _ in 0..400 {
        client.send("POST", "/account/login", &[name, password], b"");
    }
    assert_eq!(origin.timeline().lines().count(), 804);
    let text = panic_text(origin);
    let (_, timeline) = text.split_once("timeline").unwrap();
    assert_eq!(timeline.lines().count(), 2 + 20 + 2 + 1 + 60, "{timeline}");
    assert!(timeline.contains("381 lines omitted"), "{timeline}");
    assert!(timeline.contains("340 lines omitted"), "{timeline}");
    assert!(timeline.contains("400 -10001"), "{timeline}");
}

#[test]
fn a_long_fault_name_is_not_copied_into_records() {
    let origin = MockOrigin::start();
    let name = "x".repeat(900_000);
    origin.on(Op::login()).named(&name).always().reject(503);
    let passed_over: Vec<_> =
        (0..10).map(|_| origin.on(Op::login()).always().reject(500)).collect();
    send(&origin, [("/account/login".to_owned(), 1)]);
    let reasons: Vec<_> =
        passed_over.iter().map(|fault| fault.record().unwrap().skip_reason.unwrap()).collect();
    assert!(reasons.iter().all(|reason| Arc::ptr_eq(reason, &reasons[0])));
    assert!(reasons[0].len() < 1_000, "{} bytes", reasons[0].len());
    assert!(origin.timeline().len() < 4_000, "{} bytes", origin.timeline().len());
    origin.clear_faults();
    origin.finish();
}

#[test]
fn records_of_removed_faults_are_bounded() {
    let origin = MockOrigin::start();
    let faults: Vec<_> = (0..3_000).map(|_| origin.on(Op::login()).reject(503)).collect();
    faults.iter().for_each(mock_origin::FaultHandle::remove);
    let kept = faults.iter().filter(|fault| fault.record().is_some()).count();
    assert_eq!(kept, 1_000);
    assert!(faults[2_999].record().is_some());
    origin.finish();
}

#[test]
fn a_failure_lists_a_bounded_number_of_names() {
    let names: Vec<_> = (0..2_000).map(|number| format!("{number:04}")).collect();
    let builder = MockOrigin::builder();
    let origin =
        names.iter().fold(builder, |builder, name| builder.directory(&format!("/d/{name}")));
    let origin = origin.start();
    let expected: Vec<_> = names.iter().skip(1).map(String::as_str).chain(["x"]).collect();
    let text = origin.directory("/d").try_names(&expected).unwrap_err().to_string();
    assert!(text.contains("and 1980 more"), "{text}");
    assert!(text.contains(r#"missing: ["x"]; not expected: ["0000"]"#), "{text}");
    assert!(text.len() < 1_000, "{} bytes: {text}", text.len());
    origin.directory("/d").assert_names(&names.iter().map(String::as_str).collect::<Vec<_>>());
    origin.finish();
}
