//! The results of a suite. Start with [`SuiteReport`] and [`ScenarioResult`].

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::fault::Fault;
use crate::referee::Level;

use super::exit_status::ExitStatus;
use super::expectations::{Expectations, StaleExpectation};
use super::report::{github, html, json, junit, markdown, text};
use super::{ClientRun, Event, Scenario};

/// The result of a suite.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SuiteReport {
    /// The command of the client, with placeholders. A closure has none.
    pub command: Vec<String>,
    /// The results, in the order of the catalogue.
    pub results: Vec<ScenarioResult>,
    /// What could make a pass meaningless, one sentence each.
    pub cautions: Vec<String>,
    /// What the control run showed about the client, if it succeeded.
    pub observed: Option<super::Observed>,
    /// Why nothing but the control scenarios was measured, if so.
    pub not_measured: Option<String>,
    /// Whether the suite was interrupted, so that results are missing.
    pub is_incomplete: bool,
    /// How long the suite ran.
    pub duration: Duration,
    /// Whether findings of level should and declined scenarios count as failures too.
    pub is_strict: bool,
    /// The failures that are expected. Default: none.
    pub expectations: Expectations,
    /// The folder that has a folder for each run of the client, if they were kept.
    pub scratch: Option<PathBuf>,
}

/// What an expectation names instead of a rule if the client declines the scenario.
pub const DECLINED: &str = "declined";

impl SuiteReport {
    /// Returns the number of results with a state.
    pub fn count(&self, state: State) -> usize {
        self.results.iter().filter(|result| result.state == state).count()
    }

    /// Returns the expectations that do not describe the run. There are none if the run was interrupted, or if
    /// nothing was measured.
    pub fn stale_expectations(&self) -> Vec<StaleExpectation> {
        if self.is_incomplete || self.not_measured.is_some() {
            return Vec::new();
        }
        self.expectations.stale(self)
    }

    /// Returns whether every failure is expected, and no expectation is stale.
    pub fn is_as_expected(&self) -> bool {
        let is_expected = |result| self.unexpected(result).is_empty();
        self.results.iter().all(is_expected) && self.stale_expectations().is_empty()
    }

    /// Returns the failures of a result that are not expected: the rule and the sentence of each.
    pub fn unexpected<'a>(&self, result: &'a ScenarioResult) -> Vec<(&'a str, &'a str)> {
        result.unexpected(&self.expectations, self.is_strict)
    }

    /// Returns the report as plain text: the details of each failure, and the summary.
    pub fn to_text(&self) -> String {
        text::report(self)
    }

    /// Returns the end of [`to_text`](Self::to_text): the findings, what did not pass without failing, what could
    /// make a pass meaningless, and the result of the whole.
    pub fn to_summary(&self) -> String {
        text::summary(self)
    }

    /// Returns the report as `JUnit` XML.
    pub fn to_junit(&self) -> String {
        junit::report(self)
    }

    /// Returns the report as JSON. `docs/check.schema.json` describes it.
    pub fn to_json(&self) -> String {
        json::report(self)
    }

    /// Returns the report as Markdown.
    pub fn to_markdown(&self) -> String {
        markdown::report(self)
    }

    /// Returns the report as an HTML page. Its links to the pages of the runs lead to the folder `folder` beside it,
    /// with [`ScenarioResult::file_name`] and `.html`.
    pub fn to_html(&self, folder: &str) -> String {
        html::report(self, folder)
    }

    /// Returns the failures as commands of `GitHub` Actions, a line each, which it shows as annotations.
    pub fn to_github(&self) -> String {
        github::report(self)
    }

    /// Returns what the program exits with. An interruption wins over results that are missing for other reasons,
    /// and those win over failures.
    pub fn exit_status(&self) -> ExitStatus {
        match () {
            () if self.is_incomplete => ExitStatus::Interrupted,
            () if self.not_measured.is_some() || self.count(State::Error) > 0 => {
                ExitStatus::NotMeasured
            }
            () if self.is_as_expected() => ExitStatus::AsExpected,
            () => ExitStatus::Unexpected,
        }
    }
}

/// The result of one scenario with one seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScenarioResult {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// The seed of the run.
    pub seed: u64,
    /// The verdict.
    pub state: State,
    /// Why the scenario was not exercised or not measured, or what declined it.
    pub remark: Option<String>,
    /// What is wrong, worst first.
    pub findings: Vec<CheckFinding>,
    /// The faults, with how often and on which exchanges they acted.
    pub faults: Vec<FaultUse>,
    /// The injections of chaos, as faults that do the same.
    pub(crate) injected: Vec<Fault>,
    /// What the client did, one entry per run.
    pub runs: Vec<ClientRun>,
    /// Whether the file is stored as it was sent.
    pub is_stored: bool,
    /// What is true at the end, in words.
    pub truth: String,
    /// How to see it again.
    pub reproduction: Reproduction,
    /// The timeline of the run.
    pub timeline: String,
    /// The exports that were asked for.
    pub exports: Exports,
}

impl ScenarioResult {
    /// Returns the name of the run: the id of the scenario, with the seed if the seed makes the situation.
    pub fn name(&self) -> String {
        match self.scenario.event {
            Event::Chaos => format!("{}#{}", self.scenario.id, self.seed),
            _ => self.scenario.id.to_owned(),
        }
    }

    /// Returns the name of the run as the name of a file, without an extension.
    pub fn file_name(&self) -> String {
        self.name().replace('/', "-").replace('#', "-seed-")
    }

    /// Returns the result as a line of text, without a line end.
    pub fn to_line(&self) -> String {
        text::line(self)
    }

    /// Returns what an expectation can name: the rule and the sentence of each finding that is more than a
    /// remark, and [`DECLINED`] with the reason.
    pub fn violations(&self) -> Vec<(&str, &str)> {
        let findings = self.findings.iter().filter(|finding| finding.level != Level::Info);
        let findings = findings.map(|finding| (&*finding.rule, &*finding.sentence));
        let declined = (self.state == State::Declined)
            .then(|| (DECLINED, self.remark.as_deref().unwrap_or_default()));
        findings.chain(declined).collect()
    }

    /// Returns the failures that the expectations do not have.
    pub(crate) fn unexpected(
        &self,
        expectations: &Expectations,
        is_strict: bool,
    ) -> Vec<(&str, &str)> {
        let id = self.scenario.id;
        let failures = self.failures(is_strict).into_iter();
        failures.filter(|it| expectations.entry_for(id, it.0, it.1).is_none()).collect()
    }

    /// Returns the violations that make the run fail: those of level must, and with `is_strict` all.
    pub fn failures(&self, is_strict: bool) -> Vec<(&str, &str)> {
        let is_must =
            |rule: &str| self.findings.iter().any(|it| it.rule == rule && it.level == Level::Must);
        let all = self.violations().into_iter();
        all.filter(|(rule, _)| is_strict || is_must(rule)).collect()
    }
}

/// The state of a scenario. Only `Pass` counts as passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// The client did what a right client does.
    Pass,
    /// A finding of level should.
    Warn,
    /// A finding of level must, or the client failed where it claims the feature.
    Fail,
    /// The client gave up honestly and does not claim the feature.
    Declined,
    /// The fault never acted, or the deciding rule did not apply.
    NotExercised,
    /// The scenario does not apply to the client, or was not run.
    NotMeasured,
    /// This program or its environment failed.
    Error,
}

impl State {
    /// All states, in the order of a summary.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Declined,
        Self::NotExercised,
        Self::NotMeasured,
        Self::Error,
    ];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Declined => "declined",
            Self::NotExercised => "not exercised",
            Self::NotMeasured => "not measured",
            Self::Error => "error",
        }
    }
}

/// Something that a client does wrong, with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CheckFinding {
    /// The id of the rule: of the referee, or of [`RULES`](super::RULES).
    pub rule: String,
    /// The level.
    #[serde(serialize_with = "level_name")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub level: Level,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// What the client said or did.
    pub because: String,
    /// What contradicts it.
    pub however: String,
    /// The numbers of the exchanges that prove it.
    pub exchanges: Vec<u64>,
    /// The lines of these exchanges, as in failure texts.
    pub lines: Vec<String>,
}

// The signature is that of serde.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn level_name<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}

/// A fault of a scenario and what it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FaultUse {
    /// The fault as Rust code.
    pub rust: String,
    /// How often it acted.
    pub fired: u64,
    /// The exchanges on which it acted.
    pub exchanges: Vec<u64>,
    /// When it first acted, in seconds after the start of the origin.
    pub first_at: Option<f64>,
    /// Why it did not act on the latest request that it matched.
    pub skip_reason: Option<String>,
}

/// Three ways to see a result again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reproduction {
    /// The command line of `mock-origin check`, without the client's command.
    pub check: String,
    /// The command line of `mock-origin serve`.
    pub serve: String,
    /// The faults in TOML, for `--faults`.
    pub faults: String,
    /// Rust code that builds the same origin.
    pub rust: String,
}

/// What a run was exported to, if it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exports {
    /// The HTML page.
    pub html: Option<String>,
    /// The HAR file.
    pub har: Option<String>,
    /// The trace.
    pub trace: Option<String>,
}
