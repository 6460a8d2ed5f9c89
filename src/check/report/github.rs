//! The failures as annotations of `GitHub` Actions. Start with [`report`].

use std::fmt::Write as _;

use crate::check::{State, SuiteReport};
use crate::journal::escape_line;

use super::describe::facts;

/// Returns a line for each failure that is not expected, each warning, each error and each stale expectation.
pub(in crate::check) fn report(report: &SuiteReport) -> String {
    let mut lines = String::new();
    let mut add = |kind: &str, title: &str, message: &str| {
        let _ = writeln!(lines, "::{kind} title={}::{}", property(title), data(message));
    };
    if let Some(why) = &report.not_measured {
        add("error", "mock-origin check", &escape_line(why));
    }
    for result in &report.results {
        let (name, state) = (result.name(), result.state);
        if state == State::Error {
            let remark = result.remark.as_deref().unwrap_or_default();
            add("error", &name, &escape_line(remark));
        }
        let failures = report.unexpected(result);
        for (rule, sentence) in result.violations() {
            let is_failure = failures.contains(&(rule, sentence));
            let entry = report.expectations.entry_for(result.scenario.id, rule, sentence);
            if entry.is_some() || (state == State::Declined && !is_failure) {
                continue;
            }
            let mut message =
                format!("{rule}: {}\n{}", escape_line(sentence), result.scenario.situation);
            for (title, lines) in facts(result) {
                let _ = write!(message, "\n{title}: {}", lines.join("\n  "));
            }
            add(if is_failure { "error" } else { "warning" }, &name, &message);
        }
    }
    for stale in report.stale_expectations() {
        add("error", "stale expectation", &escape_line(&stale.message));
    }
    lines
}

/// Returns text that stands behind `::`. Line ends would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns text that stands in a property, where `:` and `,` have a meaning too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
