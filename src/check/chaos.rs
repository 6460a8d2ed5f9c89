//! Reduces the chaos of a failed scenario to the faults that matter. Start with [`reduce_chaos`].

use crate::mock::shrink::{Minimality, shrink};

use super::context::Context;
use super::scenario_run::{Performed, Run, run_scenario};
use super::{Event, ScenarioResult, State};

/// The largest number of repeated runs.
const MAX_RUNS: usize = 30;

/// Repeats a scenario that failed under chaos with fewer and fewer of its injections, and returns the result with
/// the fewest. Returns every other result as it is.
pub(crate) fn reduce_chaos(context: &Context<'_>, result: ScenarioResult) -> ScenarioResult {
    let is_failing = matches!(result.state, State::Fail | State::Warn);
    if result.scenario.event != Event::Chaos || !is_failing {
        return result;
    }
    let (scenario, seed) = (result.scenario, result.seed);
    let rule = result.findings.first().map(|finding| finding.rule.clone());
    let fails = |faults: &[crate::fault::Fault]| {
        if (context.is_stopped)() {
            return None;
        }
        let run = Run { scenario, seed, replayed: Some(faults), size: None };
        let Performed { result, .. } = run_scenario(context, run);
        let is_same = result.findings.first().map(|finding| &finding.rule) == rule.as_ref();
        is_same.then_some(result)
    };
    let faults = result.injected.clone();
    let Some(again) = fails(&faults) else {
        return remarked(result, Minimality::NotReproduced, seed);
    };
    let minimized = shrink(faults, again, MAX_RUNS, fails);
    remarked(minimized.failure, minimized.minimality, seed)
}

fn remarked(mut result: ScenarioResult, minimality: Minimality, seed: u64) -> ScenarioResult {
    result.remark = Some(match minimality {
        Minimality::NotReproduced => format!(
            "these faults acted with seed {seed}, but the run passes when it is repeated with them alone"
        ),
        Minimality::LimitReached => {
            format!("found with seed {seed}; {MAX_RUNS} runs found no smaller set of faults")
        }
        Minimality::Minimal => {
            format!("found with seed {seed}; without any one of these faults, the run passes")
        }
    });
    result
}
