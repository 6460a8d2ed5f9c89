//! The client and its mistakes against the catalogue, through the library.

use std::collections::BTreeSet;

use libtest_mimic::Trial;
use mock_origin::check::{Feature, Profile, ScenarioResult, State, Suite, SuiteReport};
use mock_origin::referee::{Level, RULES};

use crate::client::mistake::{MISTAKES, Mistake};
use crate::{client_command, trial};

/// The rules that any mistake may violate because the file does not get stored.
const CONSEQUENCES: [&str; 2] = ["check.gave_up", "check.false_alarm"];

/// Rules of level must that a mistake violates beside its own.
const RELATED: &[(&str, &str)] = &[("lie.half_a_piece", "retry.partial")];

/// More runs at once than this machine has cores: a finding must not appear because it is busy.
const JOBS: usize = 8;

pub(crate) fn trials() -> Vec<Trial> {
    let flavours = ["multipart", "rpc", "raw", "form"].map(|flavour| {
        trial(format!("right: {flavour}"), move || passes_everything(&["--flavour", flavour]))
    });
    let mistakes =
        MISTAKES.iter().map(|row| trial(format!("mistake: {}", row.id), move || is_found(row)));
    let table = trial("each rule of level must or should has a mistake", every_rule_has_a_mistake);
    flavours.into_iter().chain(mistakes).chain([table]).collect()
}

fn every_rule_has_a_mistake() -> Result<(), String> {
    let rules = RULES.iter().filter(|rule| rule.level != Level::Info).map(|rule| rule.id);
    let missing: Vec<_> = rules.filter(|id| MISTAKES.iter().all(|row| row.id != *id)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("without a mistake: {missing:?}")) }
}

/// Runs a suite for a client that claims every feature that it can have.
pub(crate) fn run(
    options: &[&str],
    select: impl FnOnce(Suite) -> Suite,
) -> Result<SuiteReport, String> {
    use Feature::{
        Abort, Auth, Checksum, Empty, JoinPoll, Mkdir, Relogin, Resume, Retries, Unicode,
    };
    let mut profile = Profile::default();
    profile.features.extend([Retries, Relogin, Checksum, Mkdir, Unicode, Empty, Auth]);
    if !options.iter().any(|option| ["raw", "form"].contains(option)) {
        profile.features.extend([Resume, JoinPoll, Abort]);
    }
    let suite = select(Suite::new(profile));
    suite.run_command(&client_command(options), &|_| {}).map_err(|error| error.to_string())
}

fn passes_everything(options: &[&str]) -> Result<(), String> {
    let report = run(options, |suite| suite.jobs(JOBS))?;
    if let Some(why) = report.not_measured {
        return Err(why);
    }
    let may = |result: &ScenarioResult| match result.state {
        State::Pass | State::NotMeasured => true,
        // Only clients that send Expect are put into this situation.
        State::NotExercised => result.scenario.id == "broken/no-continue",
        _ => false,
    };
    let failed: Vec<_> = report.results.iter().filter(|it| !may(it)).map(describe).collect();
    let passed = report.results.iter().filter(|it| it.state == State::Pass).count();
    if failed.is_empty() && passed > 20 { Ok(()) } else { Err(failed.join("\n")) }
}

/// Asserts that the scenario of a mistake finds its rule, and no unrelated rule of level must.
fn is_found(row: &Mistake) -> Result<(), String> {
    let report = run(&["--mistake", row.id], |suite| suite.only(row.scenario))?;
    let result = report.results.iter().find(|result| result.scenario.id == row.scenario);
    let result = result.ok_or_else(|| format!("{} was not run", row.scenario))?;
    let found: BTreeSet<_> = result.findings.iter().map(|finding| &*finding.rule).collect();
    let is_related = |rule: &str| {
        rule == row.rule() || CONSEQUENCES.contains(&rule) || RELATED.contains(&(row.id, rule))
    };
    let musts = result.findings.iter().filter(|finding| finding.level == Level::Must);
    let unrelated: Vec<_> = musts.filter(|it| !is_related(&it.rule)).map(|it| &it.rule).collect();
    if found.contains(row.rule()) && unrelated.is_empty() {
        return Ok(());
    }
    Err(format!("expected: {}, and none of {unrelated:?}\n{}", row.rule(), describe(result)))
}

pub(crate) fn describe(result: &ScenarioResult) -> String {
    let findings = result
        .findings
        .iter()
        .map(|it| format!("  {} ({}): {}; however {}", it.rule, it.level, it.because, it.however));
    let findings: Vec<_> = findings.collect();
    let outputs = result.runs.iter().map(|run| &*run.stderr.tail).collect::<String>();
    format!(
        "{} (seed {}): {:?} {}\n{}\n{outputs}\n{}\n{}",
        result.scenario.id,
        result.seed,
        result.state,
        result.remark.as_deref().unwrap_or_default(),
        findings.join("\n"),
        result.truth,
        result.timeline
    )
}
