//! Runs the selected scenarios: the control runs first, then those that may run at once, then those that depend
//! on time, alone. Start with [`run_suite`].

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::error::Error;

use super::calibration::{Calibration, calibrate};
use super::chaos::reduce_chaos;
use super::client::Client;
use super::context::Context;
use super::scenario_run::{Run, not_run, run_scenario};
use super::scratch::Scratch;
use super::settings::Settings;
use super::{
    Event, Habit, Observed, Progress, Role, Scenario, ScenarioResult, State, SuiteReport, scenarios,
};

/// Rules whose findings depend on time. A run beside others may violate them because the machine is busy.
const TIMED_RULES: &[&str] = &[
    "check.hang",
    "check.no_exit",
    "check.ignores_terminate",
    "check.left_behind",
    "retry.early",
    "retry.flat",
];

/// Runs a suite against a client.
///
/// # Errors
///
/// If the profile is invalid, or the scratch folder cannot be created.
pub(crate) fn run_suite(
    suite: &Settings,
    selected: &[&'static Scenario],
    client: &dyn Client,
    observe: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<SuiteReport, Error> {
    suite.profile.validate()?;
    let started = Instant::now();
    let scratch = Scratch::new(suite.scratch_root.as_deref(), suite.keeps_scratch)?;
    let is_stopped = || suite.stop.load(Ordering::Relaxed);
    let mut context = Context {
        suite,
        client,
        scratch: &scratch,
        observed: None,
        status_counts: true,
        is_stopped: &is_stopped,
    };
    let Calibration { mut results, observed, status_counts, cautions, not_measured } =
        calibrate(&context, observe);
    let others = selected.iter().filter(|it| !it.id.starts_with("control/"));
    let runs = others.flat_map(|it| seeds(suite, it).map(|seed| (*it, seed)));
    if let Some(observed) = &observed {
        context.observed = Some(observed);
        context.status_counts = status_counts;
        results.extend(run_selected(&context, observed, &runs.collect::<Vec<_>>(), observe));
    } else {
        let why = not_measured.as_deref().unwrap_or("the control run was interrupted");
        results.extend(
            runs.map(|(scenario, seed)| {
                not_run(scenario, seed, State::NotMeasured, why.to_owned())
            }),
        );
    }
    let ids: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
    results.sort_by_key(|it| (ids.iter().position(|id| *id == it.scenario.id), it.seed));
    Ok(SuiteReport {
        results,
        cautions,
        observed,
        not_measured,
        is_incomplete: is_stopped(),
        duration: started.elapsed(),
        is_strict: suite.is_strict,
        expectations: suite.expectations.clone(),
        scratch: suite.keeps_scratch.then(|| scratch.path().to_owned()),
        ..SuiteReport::default()
    })
}

/// Returns the seeds with which a scenario runs.
fn seeds(suite: &Settings, scenario: &Scenario) -> std::ops::RangeInclusive<u64> {
    match scenario.event {
        Event::Chaos => suite.chaos_seeds.clone(),
        _ => suite.seed..=suite.seed,
    }
}

fn run_selected(
    context: &Context<'_>,
    observed: &Observed,
    runs: &[(&'static Scenario, u64)],
    observe: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<ScenarioResult> {
    let suite = context.suite;
    observe(Progress::Calibrated { observed, runs: runs.len() });
    let (results, unconfirmed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let has_failed = AtomicBool::new(false);
    let perform = |(scenario, seed): (&'static Scenario, u64), is_alone: bool| {
        let result = if let Some(why) = inapplicable(scenario, observed) {
            not_run(scenario, seed, State::NotMeasured, why)
        } else if (context.is_stopped)() || (suite.fails_fast && has_failed.load(Ordering::Relaxed))
        {
            not_run(scenario, seed, State::NotMeasured, "the suite ended before".to_owned())
        } else {
            observe(Progress::Started { scenario, seed });
            let run = Run { scenario, seed, replayed: None, size: None };
            let result = run_scenario(context, run).result;
            let depends_on_time = result.findings.iter().any(|it| TIMED_RULES.contains(&&*it.rule));
            if depends_on_time && !is_alone && !(context.is_stopped)() {
                lock(&unconfirmed).push((scenario, seed));
                return;
            }
            reduce_chaos(context, result)
        };
        let is_unexpected = !result.unexpected(&suite.expectations, suite.is_strict).is_empty();
        has_failed.fetch_or(is_unexpected, Ordering::Relaxed);
        observe(Progress::Finished(&result));
        lock(&results).push(result);
    };
    let (alone, together): (Vec<_>, Vec<_>) =
        runs.iter().copied().partition(|(scenario, _)| scenario.is_timed);
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(run) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
            perform(*run, suite.jobs == 1);
        }
    };
    thread::scope(|scope| (0..suite.jobs).for_each(|_| drop(scope.spawn(work))));
    let unconfirmed = std::mem::take(&mut *lock(&unconfirmed));
    alone.into_iter().chain(unconfirmed).for_each(|run| perform(run, true));
    std::mem::take(&mut *lock(&results))
}

/// Locks a mutex. A panic of a worker ends the suite anyway.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Returns why a scenario does not apply to the client, if it does not.
fn inapplicable(scenario: &Scenario, observed: &Observed) -> Option<String> {
    if !scenario.applies_to(observed.flavour) {
        return Some(format!(
            "clients of the flavour {} do not send this request",
            observed.flavour
        ));
    }
    let (habit, what) = match scenario.role {
        Role::Login => (Habit::LogsIn, "log in"),
        Role::Continue => (Habit::ExpectsContinue, "send Expect: 100-continue"),
        _ => return None,
    };
    (!observed.habits.contains(&habit)).then(|| format!("the client does not {what}"))
}
