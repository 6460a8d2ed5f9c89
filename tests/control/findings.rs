//! Findings of the referee as other programs see them.

use mock_origin::MockOrigin;
use mock_origin::referee::Level;
use serde_json::{Value, json};

use crate::support::{Client, complete, create, piece};
use crate::{Stage, stage_of};

/// Completes an upload although piece 2 was rejected, and leaves another one open.
fn misbehave(stage: &Stage) {
    stage.call("POST", "/__mock/faults", r#"{"op": "piece", "part": 2, "reject": 503}"#);
    let mut client = Client::new(&stage.origin);
    let id = create(&mut client, &stage.token, "/videos", "a.mp4");
    piece(&mut client, &stage.token, &id, 1, b"one");
    piece(&mut client, &stage.token, &id, 2, b"two");
    complete(&mut Client::new(&stage.origin), &stage.token, &id);
    let mut client = Client::new(&stage.origin);
    let left = create(&mut client, &stage.token, "/videos", "b.mp4");
    piece(&mut client, &stage.token, &left, 1, b"one");
}

fn finding(report: &Value, rule: &str) -> Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["rule"] == rule).cloned().unwrap_or_default()
}

#[test]
fn findings_have_their_rule_and_their_evidence() {
    let stage = stage_of(MockOrigin::builder().referee(Level::Off));
    let nothing = stage.call("GET", "/__mock/findings", "");
    assert_eq!((&nothing["findings"], &nothing["omitted"]), (&json!([]), &json!(0)));
    misbehave(&stage);
    let report = stage.call("GET", "/__mock/findings", "");
    assert_eq!(report["findings"][0]["rule"], "complete.early", "worst first: {report}");
    let early = finding(&report, "complete.early");
    assert_eq!((&early["level"], &early["section"]), (&json!("must"), &json!("§4.3")));
    assert_eq!((&early["exchanges"], &early["count"]), (&json!([2, 3]), &json!(1)));
    assert_eq!((&early["certain"], &early["allowed"]), (&json!(true), &json!(null)));
    assert!(early["text"].as_str().unwrap().contains("without piece 2"), "{early}");
    let rule = mock_origin::referee::rule_by_id("complete.early").unwrap();
    assert_eq!(
        (&early["sentence"], &early["advice"]),
        (&json!(rule.sentence), &json!(rule.advice))
    );
    let left = finding(&report, "orphan.left");
    assert_eq!((&left["level"], &left["certain"]), (&json!("should"), &json!(false)));
    let not_applicable = report["not_applicable"].as_array().unwrap();
    assert!(not_applicable.contains(&json!("http.expect_ignored")), "{report}");
    assert!(!not_applicable.contains(&json!("complete.early")), "{report}");
}

#[test]
fn the_verdict_follows_the_level_of_the_referee() {
    for (level, rules) in [
        (Level::Off, &[][..]),
        (Level::Must, &["complete.early"]),
        (Level::Should, &["complete.early", "orphan.left"]),
    ] {
        let stage = stage_of(MockOrigin::builder().referee(level));
        misbehave(&stage);
        let verdict = stage.call("GET", "/__mock/verdict", "");
        assert_eq!(verdict["ok"], rules.is_empty(), "{level} {verdict}");
        let text = verdict.to_string();
        for rule in ["complete.early", "orphan.left"] {
            assert_eq!(text.contains(rule), rules.contains(&rule), "{level} {verdict}");
        }
    }
}

#[test]
fn an_allowed_finding_is_marked_and_comes_last() {
    let builder = MockOrigin::builder().allow("complete.early", "fixed in 2.0");
    let stage = stage_of(builder.allow("complete.gap", "some tool"));
    misbehave(&stage);
    let report = stage.call("GET", "/__mock/findings", "");
    let last = report["findings"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["rule"], &last["allowed"]),
        (&json!("complete.early"), &json!("fixed in 2.0"))
    );
    // The other allowance is stale.
    let verdict = stage.call("GET", "/__mock/verdict", "");
    let failures = verdict["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{verdict}");
    let text = failures[0].as_str().unwrap();
    assert!(text.starts_with("allowed rule was never violated: complete.gap"), "{text}");
}
