//! The results of a suite. Start with [`SuiteReport`] and [`ScenarioResult`].

use std::time::Duration;

use serde::Serialize;

use crate::referee::Level;

use super::{ClientRun, Scenario};

/// The result of a suite.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SuiteReport {
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
    /// What the client did, one entry per run.
    pub runs: Vec<ClientRun>,
    /// What is true at the end, in words.
    pub truth: String,
    /// How to see it again.
    pub reproduction: Reproduction,
    /// The timeline of the run.
    pub timeline: String,
    /// The exports that were asked for.
    pub exports: Exports,
}

/// The state of a scenario. Only `Pass` counts as passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// Something that a client does wrong, with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckFinding {
    /// The id of the rule: of the referee, or of [`RULES`](super::RULES).
    pub rule: String,
    /// The level.
    #[serde(serialize_with = "level_name")]
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
