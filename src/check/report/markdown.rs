//! The report as Markdown, for summaries of CI systems and comments. Start with [`report`].

use std::fmt::Write as _;

use crate::check::{ScenarioResult, State, SuiteReport};
use crate::journal::escape_line;

use super::describe::{command, headline};
use super::text;

/// Returns the document: the headline, a table of all results, the details of each failure.
pub(in crate::check) fn report(report: &SuiteReport) -> String {
    let mut page = format!("# mock-origin check\n\n**{}**\n", plain(&headline(report)));
    let command = command(report);
    if !command.is_empty() {
        let _ = write!(page, "\nCommand: {}\n", code(&command));
    }
    if let Some(observed) = &report.observed {
        let _ = write!(page, "\nClient: {}\n", plain(&observed.to_string()));
    }
    if let Some(why) = &report.not_measured {
        let _ = write!(page, "\nNothing else was measured: {}\n", plain(why));
    }
    page += "\n| | Scenario | Situation | Result |\n|---|---|---|---|\n";
    for result in &report.results {
        let state = result.state.name();
        let (name, situation) = (code(&result.name()), plain(result.scenario.situation));
        let _ = writeln!(page, "| {state} | {name} | {situation} | {} |", findings(report, result));
    }
    for (title, lines) in [
        (
            "Stale expectations",
            report.stale_expectations().into_iter().map(|it| it.message).collect(),
        ),
        ("What could make a pass meaningless", report.cautions.clone()),
    ] {
        if !lines.is_empty() {
            let _ = write!(page, "\n## {title}\n\n");
            for line in lines {
                let _ = writeln!(page, "* {}", plain(&line));
            }
        }
    }
    let has_details =
        |result: &&ScenarioResult| matches!(result.state, State::Fail | State::Warn | State::Error);
    for result in report.results.iter().filter(has_details) {
        let _ = write!(
            page,
            "\n## {}\n\n",
            plain(&format!("{}: {}", result.state.name(), result.name()))
        );
        // An indented block, because a fence could be ended by text of the client.
        for line in text::details(report, result).lines() {
            let _ = writeln!(page, "{}", format!("    {line}").trim_end());
        }
    }
    page
}

/// Returns the rules that the client violates, or the remark.
fn findings(report: &SuiteReport, result: &ScenarioResult) -> String {
    let mut parts = Vec::new();
    for (rule, sentence) in result.violations() {
        let entry = report.expectations.entry_for(result.scenario.id, rule, sentence);
        let expected = match entry.map(|entry| &*entry.reason) {
            None => String::new(),
            Some("") => " (expected)".to_owned(),
            Some(reason) => format!(" (expected: {})", plain(reason)),
        };
        parts.push(format!("{}: {}{expected}", code(rule), plain(sentence)));
    }
    match &result.remark {
        Some(remark) if result.findings.is_empty() => plain(remark),
        _ => parts.join("<br>"),
    }
}

/// Returns text on one line, without a meaning in Markdown or HTML.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for char in escape_line(text).chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => escaped.extend(['\\', char]),
            _ => escaped.push(char),
        }
    }
    escaped
}

/// Returns text as code. A backtick would end it, and a bar the cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", escape_line(text).replace('`', "'").replace('|', "\\|"))
}
