//! The report as plain text, for a terminal. Start with [`report`].
//!
//! Each line is escaped, and no line begins with the words of a client. The program adds colours by the first
//! word of a line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::check::{CheckFinding, ScenarioResult, State, SuiteReport};
use crate::journal::{escape_line, escape_lines};
use crate::referee::Level;

use super::describe::{advice, command, facts, headline, seconds};

/// The number of lines of the timeline that are shown if the control run fails.
const MAX_TIMELINE: usize = 12;

/// The number of names that are shown of results without a verdict for the same reason.
const MAX_NAMES: usize = 12;

/// Returns the details of each failure, and the summary.
pub(in crate::check) fn report(report: &SuiteReport) -> String {
    let mut text = format!("mock-origin check -- {}\n", command(report));
    if let Some(observed) = &report.observed {
        let _ = writeln!(text, "client: {observed}");
    }
    for result in &report.results {
        let has_details = matches!(result.state, State::Fail | State::Warn | State::Error);
        let is_expected = !result.failures(true).is_empty()
            && result.failures(true).iter().all(|(rule, sentence)| {
                report.expectations.entry_for(result.scenario.id, rule, sentence).is_some()
            });
        let is_reason = report.not_measured.is_some() && result.state != State::NotMeasured;
        if (has_details && !is_expected) || is_reason {
            text += "\n";
            text += &details(report, result);
        }
    }
    text + "\n" + &summary(report)
}

/// Returns a line about a result.
pub(in crate::check) fn line(result: &ScenarioResult) -> String {
    let time = seconds(result.runs.iter().map(|run| run.duration).sum());
    let mut rules: Vec<_> = result.violations().into_iter().map(|(rule, _)| rule).collect();
    rules.dedup();
    let rules = if result.state == State::Declined { Vec::new() } else { rules };
    let what = match (&result.remark, rules.is_empty()) {
        (Some(remark), true) => format!(": {remark}"),
        (_, true) => String::new(),
        (_, false) => format!(": {}", rules.join(", ")),
    };
    escape_line(&format!("{:<13} {} ({time}){what}", result.state.name(), result.name()))
}

/// Returns everything about a result that helps to find the cause.
pub(super) fn details(report: &SuiteReport, result: &ScenarioResult) -> String {
    let (name, scenario) = (result.name(), result.scenario);
    let state = result.state.name();
    let mut text = format!("{state} {name}: {} ({})\n", scenario.situation, scenario.section);
    let _ = writeln!(text, "    right: {}", scenario.right);
    if let Some(remark) = &result.remark {
        let _ = writeln!(text, "   remark: {}", escape_line(remark));
    }
    for (title, lines) in facts(result) {
        for (at, line) in lines.iter().enumerate() {
            let title = if at == 0 { format!("{title}:") } else { String::new() };
            let _ = writeln!(text, "{title:>10} {line}");
        }
    }
    for found in &result.findings {
        text += &finding(found);
    }
    if report.not_measured.is_some() {
        let lines: Vec<_> = result.timeline.lines().collect();
        let shown = &lines[lines.len().saturating_sub(MAX_TIMELINE)..];
        for line in shown {
            let _ = writeln!(text, "      | {}", escape_line(line));
        }
    }
    text + &reproduction(report, result)
}

fn finding(finding: &CheckFinding) -> String {
    let CheckFinding { rule, level, sentence, because, however, .. } = finding;
    let mut text = format!("  {rule} ({level}): {}\n", escape_line(sentence));
    for (title, value) in [("because", because), ("however", however)] {
        if !value.is_empty() {
            let _ = writeln!(text, "{title:>11}: {}", escape_line(value));
        }
    }
    for line in &finding.lines {
        let _ = writeln!(text, "    > {}", escape_line(line));
    }
    if let Some(advice) = advice(rule) {
        let _ = writeln!(text, "     to fix: {advice}");
    }
    text
}

/// Returns the ways to see a result again. A warning has only the first.
pub(super) fn reproduction(report: &SuiteReport, result: &ScenarioResult) -> String {
    let again = &result.reproduction;
    if again.check.is_empty() {
        return String::new();
    }
    let command = command(report);
    let command = if command.is_empty() { String::new() } else { format!(" -- {command}") };
    let mut text = format!("  see it again:\n    {}{command}\n", escape_line(&again.check));
    if result.state == State::Warn && !report.is_strict {
        return text;
    }
    let mut add = |title: &str, lines: &str| {
        let lines = escape_lines(lines);
        let _ = writeln!(text, "    {title}");
        for line in lines.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)) {
            let _ = writeln!(text, "{}", format!("      {line}").trim_end());
        }
    };
    if !again.serve.is_empty() {
        add(&escape_line(&again.serve), "");
    }
    if !again.faults.is_empty() {
        add("with this file of faults:", &again.faults);
    }
    if !again.rust.is_empty() {
        add("in a test:", &again.rust);
    }
    text
}

/// Returns the summary: the findings again, what did not pass without failing, what could make a pass
/// meaningless, and the result of the whole.
pub(in crate::check) fn summary(report: &SuiteReport) -> String {
    let mut text = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(text, "{title}:");
            for line in lines {
                let _ = writeln!(text, "  {}", escape_line(&line));
            }
            text += "\n";
        }
    };
    if let Some(why) = &report.not_measured {
        section("Nothing else was measured", vec![why.clone()]);
    }
    let (expected, unexpected) = by_rule(report);
    section("Findings", unexpected);
    section("Expected findings", expected);
    section("Not passed", without_verdict(report));
    let stale = report.stale_expectations();
    section("Stale expectations", stale.into_iter().map(|stale| stale.message).collect());
    section("What could make a pass meaningless", report.cautions.clone());
    let kept = report.scratch.iter().map(|folder| folder.display().to_string());
    section("Kept folders", kept.collect());
    text + &headline(report) + "\n"
}

/// Returns a line for each reason for which results neither passed nor failed.
fn without_verdict(report: &SuiteReport) -> Vec<String> {
    let mut groups: Vec<(State, &str, Vec<String>)> = Vec::new();
    for result in &report.results {
        let is_known = report.not_measured.is_some() && result.state == State::NotMeasured;
        if matches!(result.state, State::Pass | State::Fail | State::Warn) || is_known {
            continue;
        }
        let remark = result.remark.as_deref().unwrap_or("no reason is known");
        match groups.iter_mut().find(|(state, why, _)| (*state, *why) == (result.state, remark)) {
            Some((.., names)) => names.push(result.name()),
            None => groups.push((result.state, remark, vec![result.name()])),
        }
    }
    groups.sort_by_key(|(state, ..)| *state);
    let line = |(state, remark, names): (State, &str, Vec<String>)| {
        let left_out = names.len().saturating_sub(MAX_NAMES);
        let more = if left_out > 0 { format!(" and {left_out} more") } else { String::new() };
        let names = names[..names.len() - left_out].join(", ");
        format!("{}: {names}{more}: {remark}", state.name())
    };
    groups.into_iter().map(line).collect()
}

/// Returns a line for each rule, with the results that violate it: those that are expected, and the others.
fn by_rule(report: &SuiteReport) -> (Vec<String>, Vec<String>) {
    let mut names: BTreeMap<(bool, Level, &str), Vec<String>> = BTreeMap::new();
    for result in &report.results {
        for finding in &result.findings {
            let (rule, sentence) = (&*finding.rule, &*finding.sentence);
            let entry = report.expectations.entry_for(result.scenario.id, rule, sentence);
            let reason = entry.map(|entry| &*entry.reason).filter(|reason| !reason.is_empty());
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            let names = names.entry((entry.is_some(), finding.level, rule)).or_default();
            let name = result.name() + &reason;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let (mut expected, mut others) = (Vec::new(), Vec::new());
    for ((is_expected, level, rule), names) in names {
        let lines = if is_expected { &mut expected } else { &mut others };
        lines.push(format!("{rule} ({level}): {}", names.join(", ")));
    }
    (expected, others)
}
