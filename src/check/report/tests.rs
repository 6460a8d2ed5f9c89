//! Reports of hand-made results, compared with the golden files in `fixtures/check`. `UPDATE_GOLDEN=1` writes the
//! files.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use crate::check::samples::{report, result};
use crate::check::{Expectations, State, SuiteReport};

/// Asserts that `text` equals the golden file `name`.
#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/check").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == golden, "{} has changed. Now:\n{text}", path.display());
}

/// Returns the report with expectations, one of which is stale.
fn expected_report() -> SuiteReport {
    let mut report = report();
    let text = "control/plain:check.lie  # A client — fixed\n";
    report.expectations = Expectations::parse("known.txt", text).unwrap();
    report
}

#[test]
fn texts_explain_each_failure() {
    assert_golden("report.txt", &report().to_text());
    let mut strict = expected_report();
    strict.is_strict = true;
    assert_golden("summary.txt", &strict.to_summary());
}

#[test]
fn a_failed_control_run_explains_itself() {
    let mut failed = result("control/plain", State::Fail);
    failed.runs[0].ending = crate::check::Ending::NotStarted("sh: not found".to_owned());
    failed.timeline =
        (1..=30).map(|line| format!("0.{line:03} exchange")).collect::<Vec<_>>().join("\n");
    let report = SuiteReport {
        command: vec!["sh".to_owned()],
        not_measured: Some("the client does not upload a file when nothing goes wrong".to_owned()),
        results: vec![failed, result("control/refused", State::NotMeasured)],
        ..SuiteReport::default()
    };
    assert_golden("not-measured.txt", &report.to_text());
}

#[test]
fn no_format_prints_control_characters_or_secrets() {
    let report = expected_report();
    for text in [report.to_text(), report.to_summary()] {
        let is_control = |char: char| char.is_control() && char != '\n';
        assert!(!text.contains(is_control) && !text.contains("hunter2"), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    }
}
