//! The failures that a run is expected to have, as a file: [`Expectations`].
//!
//! A line is an entry, a comment or empty. An entry names a scenario and a rule that the client violates in it:
//!
//! ```text
//! lost/complete:check.false_alarm  # A client should not report failure — reported as #12
//! ```
//!
//! The comment of an entry is the beginning of the finding's sentence, and after ` — ` the reason. An entry is
//! stale if it no longer describes the run. This module reads and writes no file.

use crate::error::Error;
use crate::referee::RULES;
use crate::wording::unknown;

use super::{DECLINED, ScenarioResult, State, SuiteReport, scenarios};

/// The failures that a run is expected to have.
///
/// ```
/// use mock_origin::check::Expectations;
///
/// let text = "control/plain:check.left_behind  # A client should not leave — a daemon\n";
/// let expectations = Expectations::parse("expected.txt", text)?;
/// assert_eq!(expectations.entries().count(), 1);
/// # Ok::<(), mock_origin::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    file: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// A comment or an empty line.
    Text(String),
    Entry(Expectation),
}

/// An entry: a rule that the client violates in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expectation {
    /// The number of the line, counted from 1.
    pub line: usize,
    /// The id of the scenario.
    pub scenario: String,
    /// The id of the rule, or [`DECLINED`].
    pub rule: String,
    /// The beginning of the finding's sentence. If it is empty, every sentence is expected.
    pub sentence: String,
    /// Why the failure is expected.
    pub reason: String,
}

/// An entry that does not describe the run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleExpectation {
    /// The entry.
    pub entry: Expectation,
    /// Why it is stale, as a line that begins with the file and the number of its line.
    pub message: String,
    /// Whether the run has no verdict on the entry, so that the entry may still be right.
    pub has_no_verdict: bool,
}

/// Rules about what a client says: its exit status.
const CLAIM_RULES: &[&str] = &["check.lie", "check.false_alarm"];

/// What separates the sentence from the reason.
const REASON: &str = " — ";

impl Expectations {
    /// Parses the text of a file. `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// If a line is not an entry, or repeats one. The message names the file and the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut expectations = Self { file: file.to_owned(), lines: Vec::new() };
        for (line, text) in (1..).zip(text.lines()) {
            let error = |what: String| Error::invalid_argument(format!("{file}:{line}: {what}"));
            let (entry, comment) = text.split_once('#').unwrap_or((text, ""));
            if entry.trim().is_empty() {
                expectations.lines.push(Line::Text(text.trim_end().to_owned()));
                continue;
            }
            let entry = entry.trim();
            let is_word = |word: &str| {
                !word.is_empty() && !word.contains(|char: char| char.is_whitespace() || char == '*')
            };
            let Some((scenario, rule)) =
                entry.split_once(':').filter(|(scenario, rule)| is_word(scenario) && is_word(rule))
            else {
                let entry = entry.escape_debug();
                return Err(error(format!("invalid entry `{entry}`; expected SCENARIO:RULE")));
            };
            let comment = format!(" {} ", comment.trim());
            let (sentence, reason) = comment.split_once(REASON).unwrap_or((&comment, ""));
            let entry = Expectation {
                line,
                scenario: scenario.to_owned(),
                rule: rule.to_owned(),
                sentence: words(sentence),
                reason: words(reason),
            };
            let is_same = |it: &&Expectation| it.scenario == scenario && it.rule == rule;
            if let Some(first) = expectations.entries().find(is_same) {
                let first = first.line;
                return Err(error(format!("duplicate entry {scenario}:{rule}; see line {first}")));
            }
            expectations.lines.push(Line::Entry(entry));
        }
        Ok(expectations)
    }

    /// Returns the entries, in the order of their lines.
    pub fn entries(&self) -> impl Iterator<Item = &Expectation> {
        self.lines.iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry),
            Line::Text(_) => None,
        })
    }

    /// Returns the entry that expects a violation: its rule, and a sentence that begins like that of the entry.
    pub fn entry_for(&self, scenario: &str, rule: &str, sentence: &str) -> Option<&Expectation> {
        let sentence = words(sentence);
        self.entries().find(|entry| {
            entry.scenario == scenario
                && entry.rule == rule
                && sentence.starts_with(&entry.sentence)
        })
    }

    /// Returns the entries that do not describe the run: the scenario passes, fails otherwise, or has no verdict, or
    /// the entry names nothing. If a scenario has several runs, one failure is enough for an entry.
    pub fn stale(&self, report: &SuiteReport) -> Vec<StaleExpectation> {
        let stale = self.entries().filter_map(|entry| {
            let (why, has_no_verdict) = why_stale(entry, report)?;
            let (file, line, Expectation { scenario, rule, .. }) = (&self.file, entry.line, entry);
            let message = format!("{file}:{line}: stale expectation {scenario}:{rule}: {why}");
            Some(StaleExpectation { entry: entry.clone(), message, has_no_verdict })
        });
        stale.collect()
    }

    /// Returns the text of the file with entries that describe the run. Comments and order are kept, new entries
    /// are added at the end, and entries without a verdict stay.
    pub fn updated(&self, report: &SuiteReport) -> String {
        let stale = self.stale(report);
        let mut text = String::new();
        let mut written: Vec<(String, String)> = Vec::new();
        for line in &self.lines {
            let mut entry = match line {
                Line::Text(line) => {
                    text = text + line + "\n";
                    continue;
                }
                Line::Entry(entry) => entry.clone(),
            };
            if stale.iter().any(|stale| stale.entry == entry && !stale.has_no_verdict) {
                let violations = violations(report, &entry.scenario);
                let same_rule = violations.iter().find(|(rule, _)| *rule == entry.rule);
                let Some((_, sentence)) = same_rule else { continue };
                entry.sentence = steady_beginning(sentence);
            }
            text += &entry.to_line();
            written.push((entry.scenario, entry.rule));
        }
        for result in &report.results {
            for (rule, sentence) in result.failures(report.is_strict) {
                let key = (result.scenario.id.to_owned(), rule.to_owned());
                if !written.contains(&key) {
                    text += &Expectation {
                        line: 0,
                        scenario: key.0.clone(),
                        rule: key.1.clone(),
                        sentence: steady_beginning(sentence),
                        reason: String::new(),
                    }
                    .to_line();
                    written.push(key);
                }
            }
        }
        text
    }
}

impl Expectation {
    fn to_line(&self) -> String {
        let Self { scenario, rule, sentence, reason, .. } = self;
        let reason = if reason.is_empty() { String::new() } else { format!("{REASON}{reason}") };
        match format!("{sentence}{reason}") {
            comment if comment.is_empty() => format!("{scenario}:{rule}\n"),
            comment => format!("{scenario}:{rule}  # {}\n", comment.trim_start()),
        }
    }
}

/// Returns why an entry is stale, and whether that is because the run has no verdict on it.
fn why_stale(entry: &Expectation, report: &SuiteReport) -> Option<(String, bool)> {
    let ids: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
    if !ids.contains(&&*entry.scenario) {
        return Some((unknown("scenario", &entry.scenario, &ids), false));
    }
    let checks = super::RULES.iter().map(|rule| rule.id);
    let rules: Vec<_> = RULES.iter().map(|rule| rule.id).chain(checks).chain([DECLINED]).collect();
    if !rules.contains(&&*entry.rule) {
        return Some((unknown("rule", &entry.rule, &rules), false));
    }
    let violations = violations(report, &entry.scenario);
    let is_same = |rule: &str| rule == entry.rule;
    let begins = |sentence: &str| words(sentence).starts_with(&entry.sentence);
    if violations.iter().any(|(rule, sentence)| is_same(rule) && begins(sentence)) {
        return None;
    }
    if let Some((_, sentence)) = violations.iter().find(|(rule, _)| is_same(rule)) {
        return Some((format!("it now reads: {sentence}"), false));
    }
    if CLAIM_RULES.contains(&&*entry.rule) && exit_status_says_nothing(report) {
        let why = "the exit status of the client says nothing, so the rule cannot be judged";
        return Some((why.to_owned(), true));
    }
    if let Some((rule, sentence)) = violations.first() {
        return Some((format!("the scenario fails otherwise: {rule}: {sentence}"), false));
    }
    let mut results = report.results.iter().filter(|it| it.scenario.id == entry.scenario);
    let was_run = |state| !matches!(state, State::NotMeasured | State::NotExercised | State::Error);
    let Some(result) = results.clone().find(|it| was_run(it.state)).or_else(|| results.next())
    else {
        return Some(("the scenario was not run".to_owned(), true));
    };
    let name = result.state.name();
    let remark = result.remark.as_deref().map(|remark| format!(": {remark}")).unwrap_or_default();
    Some(if was_run(result.state) {
        ("the client no longer violates the rule".to_owned(), false)
    } else {
        (format!("the scenario has no verdict ({name}{remark})"), true)
    })
}

/// Returns whether the control runs showed that the exit status of the client says nothing.
fn exit_status_says_nothing(report: &SuiteReport) -> bool {
    violations(report, "control/refused").iter().any(|(rule, _)| *rule == "check.exit_status")
}

/// Returns what an entry of a scenario can expect: the rule and the sentence of each finding of all its runs.
fn violations<'a>(report: &'a SuiteReport, scenario: &str) -> Vec<(&'a str, &'a str)> {
    let results = report.results.iter().filter(|result| result.scenario.id == scenario);
    results.flat_map(ScenarioResult::violations).collect()
}

/// Returns the words of a sentence before the first that contains a digit, which the next run may change.
fn steady_beginning(sentence: &str) -> String {
    let is_steady = |word: &&str| !word.contains(|char: char| char.is_ascii_digit());
    let sentence = sentence.split(REASON).next().unwrap_or_default();
    sentence.split_whitespace().take_while(is_steady).collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::samples::{finding, result};

    /// Returns a report in which `control/plain` violates two rules and `control/refused` passes.
    fn report() -> SuiteReport {
        let mut failing = result("control/plain", State::Fail);
        failing.findings = vec![
            finding("check.lie", "the client said that 3 pieces are stored"),
            finding("retry.flat", "piece 2 was sent again — at once"),
        ];
        let results = vec![failing, result("control/refused", State::Pass)];
        SuiteReport { results, ..SuiteReport::default() }
    }

    fn compare(text: &str, mut report: SuiteReport) -> (Vec<String>, String, bool) {
        report.expectations = Expectations::parse("known.txt", text).unwrap();
        let stale = report.stale_expectations();
        let updated = report.expectations.updated(&report);
        let stale = stale.into_iter().map(|stale| stale.message).collect();
        (stale, updated, report.is_as_expected())
    }

    const BOTH: &str = "control/plain:check.lie  # the client said that — known\n\
                        control/plain:retry.flat  # piece\n";

    #[test]
    fn expected_failures_are_as_they_must_be() {
        let text = format!("# Known failures.\n\n{BOTH}");
        assert_eq!(compare(&text, report()), (Vec::new(), text.clone(), true));
        let (stale, _, is_as_expected) = compare("control/plain:check.lie\n", report());
        assert_eq!((stale.len(), is_as_expected), (0, false));
        assert!(!report().is_as_expected());
    }

    #[test]
    fn entries_that_do_not_describe_the_run_are_stale() {
        let prefix = "known.txt:3: stale expectation ";
        for (entry, why) in [
            (
                "control/plian:check.lie",
                "unknown scenario `control/plian`; did you mean `control/plain`?",
            ),
            ("control/plain:check.li", "unknown rule `check.li`; did you mean `check.lie`?"),
            ("control/refused:check.lie", "the client no longer violates the rule"),
            (
                "control/plain:check.hang",
                "the scenario fails otherwise: check.lie: the client said that 3 pieces are stored",
            ),
        ] {
            let (stale, updated, is_as_expected) =
                compare(&format!("{BOTH}{entry}  # a — b\n"), report());
            assert_eq!(stale, [format!("{prefix}{entry}: {why}")]);
            assert_eq!((updated.as_str(), is_as_expected), (BOTH, false));
        }
    }

    #[test]
    fn entries_of_scenarios_that_were_not_run_are_stale_and_stay() {
        let mut without = report();
        without.results.truncate(1);
        let text = format!("{BOTH}control/refused:check.lie  # a\n");
        let why =
            "known.txt:3: stale expectation control/refused:check.lie: the scenario was not run";
        assert_eq!(compare(&text, without), (vec![why.to_owned()], text.clone(), false));
        let mut unexercised = report();
        unexercised.results[1].state = State::NotExercised;
        unexercised.results[1].remark = Some("the fault never acted".to_owned());
        let (stale, ..) = compare(&text, unexercised);
        assert!(
            stale[0].ends_with("no verdict (not exercised: the fault never acted)"),
            "{stale:?}"
        );
        // What is missing because of an interruption is not stale.
        let mut interrupted = report();
        interrupted.is_incomplete = true;
        assert_eq!(compare(&text, interrupted).0, Vec::<String>::new());
    }

    #[test]
    fn claims_have_no_verdict_if_the_exit_status_says_nothing() {
        let mut refused = result("control/refused", State::Fail);
        refused.findings = vec![finding("check.exit_status", "a client must tell success")];
        let mut declined = result("lost/piece", State::Declined);
        declined.remark = Some("the profile does not claim it".to_owned());
        let results = vec![refused, result("lost/file", State::Pass), declined];
        let report = SuiteReport { results, ..SuiteReport::default() };
        let text = "control/refused:check.exit_status\nlost/file:check.lie\nlost/piece:check.false_alarm\n\
                    lost/file:check.hang\n";
        let (stale, updated, _) = compare(text, report);
        let no_verdict = "the exit status of the client says nothing, so the rule cannot be judged";
        assert_eq!(
            stale,
            [
                format!("known.txt:2: stale expectation lost/file:check.lie: {no_verdict}"),
                format!("known.txt:3: stale expectation lost/piece:check.false_alarm: {no_verdict}"),
                "known.txt:4: stale expectation lost/file:check.hang: the client no longer violates the rule"
                    .to_owned(),
            ]
        );
        assert_eq!(updated, text.replace("lost/file:check.hang\n", ""));
    }

    #[test]
    fn a_changed_sentence_is_updated_and_keeps_its_reason() {
        let text = "control/plain:check.lie  # another sentence — known\n# end\n";
        let (stale, updated, _) = compare(text, report());
        let now = "known.txt:1: stale expectation control/plain:check.lie: it now reads: the client said that 3 \
                   pieces are stored";
        assert_eq!(stale, [now]);
        assert_eq!(
            updated,
            "control/plain:check.lie  # the client said that — known\n# end\ncontrol/plain:retry.flat  # piece\n"
        );
    }

    #[test]
    fn an_update_describes_the_run() {
        for is_strict in [false, true] {
            let mut declined = report();
            declined.is_strict = is_strict;
            declined.results[1].state = State::Declined;
            declined.results[1].remark = Some("the profile does not claim it".to_owned());
            let (_, updated, is_as_expected) = compare("", declined.clone());
            assert!(!is_as_expected);
            assert_eq!(updated.contains("control/refused:declined  # the profile does"), is_strict);
            assert_eq!(compare(&updated, declined), (Vec::new(), updated.clone(), true));
        }
    }

    #[test]
    fn one_failing_run_of_several_is_enough() {
        let mut several = report();
        several.results.push(result("control/plain", State::Pass));
        assert_eq!(compare(BOTH, several), (Vec::new(), BOTH.to_owned(), true));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (text, error) in [
            (
                "\ncontrol/plain\n",
                "known.txt:2: invalid entry `control/plain`; expected SCENARIO:RULE",
            ),
            ("a/*:b # c", "known.txt:1: invalid entry `a/*:b`; expected SCENARIO:RULE"),
            ("a/b:c d", "known.txt:1: invalid entry `a/b:c d`; expected SCENARIO:RULE"),
            ("a:b\n#\na:b # again", "known.txt:3: duplicate entry a:b; see line 1"),
        ] {
            let read = Expectations::parse("known.txt", text);
            assert_eq!(read.unwrap_err().to_string(), error);
        }
    }
}
