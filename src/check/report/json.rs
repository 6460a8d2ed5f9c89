//! The report as JSON. `docs/check.schema.json` is generated from [`Report`]. Start with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{
    CheckFinding, ClientRun, Ending, FaultUse, Observed, Output, Reproduction, ScenarioResult,
    State, SuiteReport,
};
use crate::journal::{escape_json, redacted_output};

/// The number of bytes that are kept of the end of an output.
const MAX_OUTPUT: usize = 4096;

/// The report of `mock-origin check`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Report<'a> {
    /// The version of mock-origin.
    version: &'static str,
    /// The exit status of the program.
    exit_status: u8,
    /// Whether every failure is expected, and no expectation is stale.
    is_as_expected: bool,
    /// Whether the suite was interrupted, so that results are missing.
    is_incomplete: bool,
    /// Why nothing but the control scenarios was measured, if so.
    not_measured: Option<&'a str>,
    /// The command of the client, with placeholders.
    command: &'a [String],
    /// How long the suite ran, in seconds.
    seconds: f64,
    /// What the control run showed about the client, if it succeeded.
    observed: Option<&'a Observed>,
    /// The number of results in each state.
    counts: BTreeMap<State, usize>,
    /// What could make a pass meaningless.
    cautions: &'a [String],
    /// The expectations that do not describe the run, each with the reason.
    stale_expectations: Vec<String>,
    /// The results, in the order of the catalogue.
    results: Vec<Item<'a>>,
}

/// The result of a scenario with a seed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Item<'a> {
    /// The id of the scenario.
    scenario: &'a str,
    /// What happens in it.
    situation: &'a str,
    /// What a right client does.
    right: &'a str,
    /// The section of the protocol, or of an RFC.
    section: &'a str,
    /// The seed of the run.
    seed: u64,
    /// The verdict.
    state: State,
    /// Why there is no verdict, or what declined the scenario.
    remark: Option<&'a str>,
    /// What is wrong, worst first.
    findings: Vec<Violation<'a>>,
    /// The faults and what they did.
    faults: &'a [FaultUse],
    /// What the client did, one entry per run.
    runs: Vec<Run>,
    /// What is true at the end.
    truth: &'a str,
    /// How to see it again.
    reproduction: &'a Reproduction,
    /// The timeline of the run.
    timeline: &'a str,
}

/// Something that the client does wrong.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Violation<'a> {
    #[serde(flatten)]
    finding: &'a CheckFinding,
    /// The reason why it is expected, which may be empty. If it is missing, the finding is not expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
}

/// A run of the client.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Run {
    /// How it ended.
    ending: EndingName,
    /// The exit status, if it exited.
    status: Option<i32>,
    /// How it ended, in words.
    text: String,
    /// How long it ran, in seconds.
    seconds: f64,
    stdout: Tail,
    stderr: Tail,
    /// The processes that the client left running, and that were killed.
    left_behind: Vec<String>,
}

/// How a run ended.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum EndingName {
    Exited,
    Crashed,
    Interrupted,
    TimedOut,
    NotStarted,
    Stopped,
}

/// The end of an output.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Tail {
    /// The last 4 KiB, without secrets.
    tail: String,
    /// The number of bytes in all.
    bytes: u64,
}

/// Returns the document, on one line with a line end.
pub(in crate::check) fn report(report: &SuiteReport) -> String {
    // Only maps with keys that are not text cannot be written.
    escape_json(&serde_json::to_string(&Report::new(report)).unwrap_or_default()) + "\n"
}

impl<'a> Report<'a> {
    pub(super) fn new(report: &'a SuiteReport) -> Self {
        let stale = report.stale_expectations().into_iter();
        let counts = State::ALL.map(|state| (state, report.count(state)));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            exit_status: report.exit_status().code(),
            is_as_expected: report.is_as_expected(),
            is_incomplete: report.is_incomplete,
            not_measured: report.not_measured.as_deref(),
            command: &report.command,
            seconds: report.duration.as_secs_f64(),
            observed: report.observed.as_ref(),
            counts: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
            cautions: &report.cautions,
            stale_expectations: stale.map(|stale| stale.message).collect(),
            results: report.results.iter().map(|result| Item::new(report, result)).collect(),
        }
    }
}

impl<'a> Item<'a> {
    fn new(report: &'a SuiteReport, result: &'a ScenarioResult) -> Self {
        let scenario = result.scenario;
        let findings = result.findings.iter().map(|finding| {
            let (rule, sentence) = (&*finding.rule, &*finding.sentence);
            let entry = report.expectations.entry_for(scenario.id, rule, sentence);
            Violation { finding, expected: entry.map(|entry| &*entry.reason) }
        });
        Self {
            scenario: scenario.id,
            situation: scenario.situation,
            right: scenario.right,
            section: scenario.section,
            seed: result.seed,
            state: result.state,
            remark: result.remark.as_deref(),
            findings: findings.collect(),
            faults: &result.faults,
            runs: result.runs.iter().map(Run::new).collect(),
            truth: &result.truth,
            reproduction: &result.reproduction,
            timeline: &result.timeline,
        }
    }
}

impl Run {
    fn new(run: &ClientRun) -> Self {
        let (ending, status) = match &run.ending {
            Ending::Exited(status) => (EndingName::Exited, Some(*status)),
            Ending::Crashed(_) => (EndingName::Crashed, None),
            Ending::Interrupted(_) => (EndingName::Interrupted, None),
            Ending::TimedOut { .. } => (EndingName::TimedOut, None),
            Ending::NotStarted(_) => (EndingName::NotStarted, None),
            Ending::Stopped => (EndingName::Stopped, None),
        };
        Self {
            ending,
            status,
            text: super::describe::ending(run),
            seconds: run.duration.as_secs_f64(),
            stdout: Tail::new(&run.stdout),
            stderr: Tail::new(&run.stderr),
            left_behind: run.left_behind.clone(),
        }
    }
}

impl Tail {
    fn new(output: &Output) -> Self {
        let redacted = redacted_output(&output.tail);
        let least = redacted.len().saturating_sub(MAX_OUTPUT);
        let start =
            (least..=redacted.len()).find(|at| redacted.is_char_boundary(*at)).unwrap_or_default();
        Self { tail: redacted[start..].to_owned(), bytes: output.bytes }
    }
}
