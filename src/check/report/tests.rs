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
    let texts = [report.to_text(), report.to_junit(), report.to_markdown(), report.to_html("d")];
    for text in texts.iter().chain([&report.to_json(), &report.to_github()]) {
        let is_control = |char: char| char.is_control() && char != '\n';
        assert!(!text.contains(is_control) && !text.contains("hunter2"), "{text}");
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with("::error::forged")),
            "{text}"
        );
    }
}

#[test]
fn formats_for_other_programs_have_every_result() {
    let report = expected_report();
    assert_golden("report.xml", &report.to_junit());
    assert_golden("report.md", &report.to_markdown());
    assert_golden("annotations.txt", &report.to_github());
    let mut page = report.clone();
    page.results[1].exports.html = Some(String::new());
    assert_golden(
        "report.html",
        &page.to_html("my: report.d").replace(crate::report::HTML_STYLE, ""),
    );
}

#[test]
fn expected_failures_are_not_failures_of_other_programs() {
    let mut report = report();
    let text = "responses/checksum_once:check.lie # A client — known\n\
                responses/checksum_once:ack.checksum\nlost/complete:check.false_alarm\n";
    report.expectations = Expectations::parse("known.txt", text).unwrap();
    report.results.truncate(3);
    let junit = report.to_junit();
    assert!(junit.contains("<skipped message=\"expected: check.lie, ack.checksum\">"), "{junit}");
    assert!(!report.to_github().contains("title=responses/checksum"));
    assert!(report.to_markdown().contains("(expected: known)"));
    assert!(report.to_json().contains("\"expected\":\"known\""));
    assert!(report.to_text().contains("check.lie (must): responses/checksum_once (known)"));
}

#[test]
fn xml_and_html_are_well_formed() {
    use scraper::Html;
    let page = Html::parse_document(&report().to_html("report.d"));
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let xml = report().to_junit();
    let mut open = Vec::new();
    for tag in xml.split('<').skip(2).map(|tag| tag.split('>').next().unwrap()) {
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

/// `docs/check.schema.json` is generated here, and describes what is written.
mod schema {
    use boon::{Compiler, Schemas};
    use serde_json::Value;

    use super::*;
    use crate::check::report::json::Report;

    fn schema() -> Value {
        let mut schema = schemars::schema_for!(Report<'static>);
        schema.insert("title".to_owned(), "Report of mock-origin check".into());
        schema.to_value()
    }

    #[test]
    fn the_schema_in_docs_is_generated_from_the_types() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json");
        let generated = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == generated, "docs/check.schema.json is out of date");
    }

    #[test]
    fn every_report_is_valid_by_the_schema() {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("check.schema.json", schema()).unwrap();
        let schema = compiler.compile("check.schema.json", &mut schemas).unwrap();
        let is_valid = |value: &Value| schemas.validate(value, schema).map_err(|it| it.to_string());
        for report in [report(), expected_report(), SuiteReport::default()] {
            let mut value = serde_json::from_str(&report.to_json()).unwrap();
            assert_eq!(is_valid(&value), Ok(()));
            value["exit_status"] = "0".into();
            assert!(is_valid(&value).is_err());
        }
    }
}
