//! Reduces the chaos of a failed scenario to the faults that matter. Start with [`reduce_chaos`].

use crate::mock::shrink::{Minimality, shrink};

use super::context::Context;
use super::scenario_run::{Performed, Run, run_scenario};
use super::{Event, ScenarioResult, State};

/// The largest number of repeated runs.
const MAX_RUNS: usize = 30;

/// Repeats a scenario that failed under chaos with fewer and fewer of its injections, and returns the result with
/// the fewest. Returns every other result as it is, also if the suite is stopped meanwhile.
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
    let (reduced, minimality) = match fails(&faults) {
        None => (result.clone(), Minimality::NotReproduced),
        Some(again) => {
            let minimized = shrink(faults, again, MAX_RUNS, fails);
            (minimized.failure, minimized.minimality)
        }
    };
    // Repetitions that did not run show nothing.
    if (context.is_stopped)() { result } else { remarked(reduced, minimality, seed) }
}

fn remarked(mut result: ScenarioResult, minimality: Minimality, seed: u64) -> ScenarioResult {
    result.remark = Some(match minimality {
        Minimality::NotReproduced => format!(
            "these faults acted with seed {seed}, but the run passes or fails otherwise when it is repeated with them alone"
        ),
        Minimality::LimitReached => {
            format!(
                "found with seed {seed} and reduced in {MAX_RUNS} runs; fewer faults may suffice"
            )
        }
        Minimality::Minimal => {
            format!(
                "found with seed {seed}; without any one of these faults, the run passes or fails otherwise"
            )
        }
    });
    result
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::check::Profile;
    use crate::check::client::ClosureClient;
    use crate::check::samples::{finding, result};
    use crate::check::scratch::Scratch;
    use crate::check::settings::Settings;

    #[test]
    fn an_interrupted_reduction_says_nothing_about_the_faults() {
        let (suite, scratch) =
            (Settings::new(Profile::default()), Scratch::new(None, false).unwrap());
        let client = ClosureClient::new(|_| Ok::<(), String>(()));
        let context = Context {
            suite: &suite,
            client: &client,
            scratch: &scratch,
            observed: None,
            status_counts: true,
            is_stopped: &|| true,
        };
        let mut failing = result("chaos/random", State::Fail);
        failing.findings = vec![finding("check.lie", "a client must not report success")];
        let reduced = reduce_chaos(&context, failing);
        assert_eq!((reduced.state, reduced.remark), (State::Fail, None));
    }
}
