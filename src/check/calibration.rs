//! The control runs, which show whether the client can be judged and how. Start with [`calibrate`].

use crate::referee::Level;

use super::context::Context;
use super::scenario_run::{Performed, Run, run_scenario};
use super::verdict::finding;
use super::{Claim, Observed, Progress, ScenarioResult, State, scenario_by_id};

/// Sizes of further control files, for clients that sent the first one in one piece: larger than the piece sizes
/// that clients use.
const LARGER_SIZES: &[u64] = &[24 * 1024 * 1024, 160 * 1024 * 1024];

/// What the control runs showed.
pub(crate) struct Calibration {
    pub(crate) results: Vec<ScenarioResult>,
    /// What the client does, if the control run succeeded.
    pub(crate) observed: Option<Observed>,
    /// Whether the exit status of the client says something.
    pub(crate) status_counts: bool,
    pub(crate) cautions: Vec<String>,
    /// Why nothing else can be measured, if so.
    pub(crate) not_measured: Option<String>,
}

/// Runs the control scenarios.
pub(crate) fn calibrate(
    context: &Context<'_>,
    observe: &(dyn Fn(Progress<'_>) + Sync),
) -> Calibration {
    let mut calibration = Calibration {
        results: Vec::new(),
        observed: None,
        status_counts: true,
        cautions: Vec::new(),
        not_measured: None,
    };
    let run = |id: &str, size: Option<u64>| {
        let scenario = scenario_by_id(id).unwrap_or_else(|| panic!("{id} is in the catalogue"));
        let seed = context.suite.seed;
        observe(Progress::Started { scenario, seed });
        run_scenario(context, Run { scenario, seed, replayed: None, size })
    };
    let Performed { result: mut plain, observed } = run("control/plain", None);
    let is_success = plain.is_stored && claim(context, &plain) == Some(Claim::Stored);
    let Some(mut observed) = observed.filter(|_| is_success) else {
        observe(Progress::Finished(&plain));
        calibration.not_measured = Some(why_not_measured(&plain));
        calibration.results.push(plain);
        return calibration;
    };
    for size in LARGER_SIZES {
        if !observed.flavour.has_pieces() || observed.pieces > 1 {
            break;
        }
        observed = run("control/plain", Some(*size)).observed.unwrap_or(observed);
    }
    for contradiction in observed.contradictions(&context.suite.profile) {
        let however = "the traffic of the control run shows otherwise".to_owned();
        plain.findings.push(finding("check.profile", None, contradiction, however));
        plain.state = plain.state.max(State::Warn);
    }
    let mut refused = run("control/refused", None).result;
    calibration.judge_refused(claim(context, &refused), &mut refused);
    for result in [plain, refused] {
        observe(Progress::Finished(&result));
        calibration.results.push(result);
    }
    calibration.observed = Some(observed);
    calibration
}

fn claim(context: &Context<'_>, result: &ScenarioResult) -> Option<Claim> {
    result.runs.last().map(|run| run.claim(&context.suite.profile.statuses))
}

impl Calibration {
    /// Decides from the run with a wrong password whether the exit status of the client says something.
    fn judge_refused(&mut self, claim: Option<Claim>, refused: &mut ScenarioResult) {
        if refused.is_stored {
            refused.state = State::NotExercised;
            refused.findings.clear();
            refused.remark = Some("the client does not use the password".to_owned());
            self.cautions.push(
                "The client does not use the given password, so no control run shows that its exit \
                 status tells success from failure."
                    .to_owned(),
            );
        } else if claim == Some(Claim::Stored) {
            self.status_counts = false;
            refused.state = State::Fail;
            refused.findings = vec![finding(
                "check.exit_status",
                Some(Level::Must),
                "the client said success with a wrong password, as with the right one".to_owned(),
                refused.truth.clone(),
            )];
            self.cautions.push(
                "The exit status of the client says nothing, so it is judged by its traffic alone."
                    .to_owned(),
            );
        }
    }
}

/// Returns why the control run shows that nothing can be measured.
fn why_not_measured(plain: &ScenarioResult) -> String {
    let said = plain.runs.last().map_or_else(
        || plain.remark.clone().unwrap_or_default(),
        |run| format!("the client said: {}", run.ending),
    );
    let truth = if plain.truth.is_empty() { String::new() } else { format!("; {}", plain.truth) };
    let id = plain.scenario.id;
    format!("{id} must succeed, because every verdict is compared with it: {said}{truth}")
}
