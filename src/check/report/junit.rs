//! The report as `JUnit` XML, which CI systems show. Start with [`report`].
//!
//! A run is a test case. Failures that are not expected are `<failure>`, errors of this program `<error>`, and what
//! neither passed nor failed is `<skipped>` with the reason.

use std::fmt::Write as _;

use crate::check::{ScenarioResult, State, SuiteReport};
use crate::journal::is_unsafe;

use super::text;

/// Returns the document.
pub(in crate::check) fn report(report: &SuiteReport) -> String {
    let mut cases = String::new();
    let (mut failures, mut errors, mut skipped) = (0, 0, 0);
    let mut add = |family: &str, name: &str, seconds: f64, outcome: &Outcome| {
        let (family, name) = (escape(family), escape(name));
        let _ = write!(
            cases,
            "    <testcase classname=\"{family}\" name=\"{name}\" time=\"{seconds:.3}\""
        );
        match outcome {
            Outcome::Passed { output } if output.is_empty() => cases += "/>\n",
            Outcome::Passed { output } => {
                let _ = write!(
                    cases,
                    ">\n      <system-out>{}</system-out>\n    </testcase>\n",
                    escape(output)
                );
            }
            Outcome::Other { element, kind, message, text } => {
                match *element {
                    "failure" => failures += 1,
                    "error" => errors += 1,
                    _ => skipped += 1,
                }
                let _ = write!(cases, ">\n      <{element} message=\"{}\"", escape(message));
                if !kind.is_empty() {
                    let _ = write!(cases, " type=\"{}\"", escape(kind));
                }
                let _ = write!(cases, ">{}</{element}>\n    </testcase>\n", escape(text));
            }
        }
    };
    for result in &report.results {
        let seconds = result.runs.iter().map(|run| run.duration.as_secs_f64()).sum();
        add(result.scenario.family(), &result.name(), seconds, &outcome(report, result));
    }
    let stale = report.stale_expectations();
    for stale in &stale {
        let entry = format!("{}:{}", stale.entry.scenario, stale.entry.rule);
        let message = stale.message.clone();
        let (element, kind) = ("failure", "stale expectation".to_owned());
        add(
            "expectations",
            &entry,
            0.0,
            &Outcome::Other { element, kind, message, text: String::new() },
        );
    }
    let tests = report.results.len() + stale.len();
    let time = report.duration.as_secs_f64();
    let counts = format!(
        "name=\"mock-origin check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\" time=\"{time:.3}\""
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite {counts}>\n{cases}  </testsuite>\n\
         </testsuites>\n"
    )
}

enum Outcome {
    Passed { output: String },
    Other { element: &'static str, kind: String, message: String, text: String },
}

fn outcome(report: &SuiteReport, result: &ScenarioResult) -> Outcome {
    let unexpected = report.unexpected(result);
    let failures = result.failures(report.is_strict);
    let remark = || result.remark.clone().unwrap_or_default();
    let other = |element, kind: &str, message, text| Outcome::Other {
        element,
        kind: kind.to_owned(),
        message,
        text,
    };
    match (unexpected.first(), result.state) {
        (_, State::Error) => other("error", "error", remark(), text::details(report, result)),
        (Some((rule, sentence)), _) => {
            other("failure", rule, (*sentence).to_owned(), text::details(report, result))
        }
        (None, State::Pass | State::Warn | State::Fail) if failures.is_empty() => {
            let has_findings = !result.findings.is_empty();
            let output = has_findings.then(|| text::details(report, result));
            Outcome::Passed { output: output.unwrap_or_default() }
        }
        (None, State::Pass | State::Warn | State::Fail) => {
            let rules: Vec<_> = failures.iter().map(|(rule, _)| *rule).collect();
            other("skipped", "", format!("expected: {}", rules.join(", ")), String::new())
        }
        (None, state) => {
            other("skipped", "", format!("{}: {}", state.name(), remark()), String::new())
        }
    }
}

/// Returns text for an element or an attribute. XML 1.0 cannot express control characters at all.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped.push('\n'),
            _ if is_unsafe(char) => escaped.extend(char.escape_default()),
            _ => escaped.push(char),
        }
    }
    escaped
}
