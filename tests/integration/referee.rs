//! Tests that findings fail the verification unless a test allows them. The clients that each rule
//! catches are in `bad_clients`.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::golden::assert_golden;
use crate::support::panics::catch_panic;
use crate::support::{Client, complete, create, piece};
use mock_origin::referee::{Finding, Level};
use mock_origin::{Builder, Chaos, MockOrigin, Op};

fn builder() -> Builder {
    let builder = MockOrigin::builder().directory("/videos").seed(7);
    builder.clock_at(UNIX_EPOCH + Duration::from_secs(1_600_000_000)).clock_stopped()
}

/// Completes an upload although piece 2 was rejected.
fn complete_early(origin: &MockOrigin) {
    origin.on(Op::piece(2)).always().reject(503);
    let (mut client, token) = (Client::new(origin), origin.issue_token("jane"));
    let id = create(&mut client, &token, "/videos", "a.mp4");
    piece(&mut client, &token, &id, 1, b"one");
    piece(&mut client, &token, &id, 2, b"two");
    complete(&mut Client::new(origin), &token, &id);
}

#[test]
fn a_must_finding_fails_the_verification() {
    let origin = builder().start();
    complete_early(&origin);
    let error = origin.verify().unwrap_err();
    assert_eq!(error.failures().len(), 1);
    assert_golden("referee_complete_early", &error.to_string());
}

#[test]
fn an_allowed_finding_passes_and_is_not_listed() {
    let origin = builder().allow("complete.early", "known").start();
    complete_early(&origin);
    assert!(origin.findings().iter().all(|finding| finding.id() != "complete.early"));
    assert_eq!(origin.assert_finding("complete.early").count(), 1);
    origin.finish();
}

#[test]
fn an_unused_allowance_fails_the_verification() {
    let origin = builder().allow("complete.gap", "the tool starts at 2").start();
    assert_golden("referee_stale", &origin.verify().unwrap_err().to_string());
}

#[test]
fn an_allowance_need_not_be_used_in_every_explored_run() {
    builder().allow("complete.gap", "some seeds").explore(Chaos::new(0), 0..2, |_| {});
}

#[test]
fn the_level_decides_which_findings_fail() {
    for (level, fails) in [(Level::Off, false), (Level::Must, true), (Level::Should, true)] {
        let origin = builder().referee(level).start();
        complete_early(&origin);
        assert_eq!(origin.verify().is_err(), fails, "{level}");
    }
    // A client that leaves its upload open violates only a rule of level should.
    for (level, fails) in [(Level::Must, false), (Level::Should, true), (Level::Info, true)] {
        let origin = builder().referee(level).start();
        let (mut client, token) = (Client::new(&origin), origin.issue_token("jane"));
        let id = create(&mut client, &token, "/videos", "a.mp4");
        piece(&mut client, &token, &id, 1, b"one");
        assert_eq!(origin.verify().is_err(), fails, "{level}");
    }
}

#[test]
fn unknown_and_unjustified_allowances_are_rejected() {
    for (rule, reason, text) in [
        ("complete.eary", "known", "unknown rule `complete.eary`; did you mean `complete.early`?"),
        ("complete.early", "", "the reason to allow complete.early is empty"),
    ] {
        let error = builder().defer_errors().allow(rule, reason).validate().unwrap_err();
        assert!(error.is_invalid_argument());
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn failed_assertions_about_findings_list_all_findings() {
    let origin = builder().referee(Level::Off).start();
    origin.assert_no_findings();
    let none = origin.try_finding("complete.early").unwrap_err();
    assert_golden("referee_not_applicable", &none.to_string());
    complete_early(&origin);
    assert_golden("referee_findings", &origin.try_no_findings().unwrap_err().to_string());
    assert_golden(
        "referee_no_finding",
        &origin.try_finding("complete.gap").unwrap_err().to_string(),
    );
    let unknown = catch_panic(|| drop(origin.assert_finding("complete"))).unwrap().0;
    assert!(unknown.starts_with("unknown rule `complete`"), "{unknown}");
}

#[tokio::test]
async fn async_variants_return_the_same_findings() {
    let origin = builder().referee(Level::Off).start();
    origin.assert_no_findings_async().await;
    complete_early(&origin);
    assert_eq!(origin.assert_finding_async("complete.early").await.exchanges().len(), 2);
    let ids: Vec<_> = origin.findings_async().await.iter().map(Finding::id).collect();
    assert_eq!(ids, origin.findings().iter().map(Finding::id).collect::<Vec<_>>());
    assert!(origin.try_no_findings_async().await.is_err());
    assert!(origin.try_finding_async("complete.gap").await.is_err());
}
