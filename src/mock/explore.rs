//! Runs a test under many seeds of chaos, and finds the smallest set of faults that makes it fail.
//! Start with [`Builder::explore`].

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use crate::fault::{Chaos, Fault, snippet};
use crate::journal::escape_lines;

use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;
use crate::mock::reporting::{failure_report_path, test_name, write_page};
use crate::mock::shrink::{Minimality, Minimized, shrink};

/// The largest number of repeated runs for finding the faults that matter.
const MAX_RUNS: usize = 200;

/// Runs a test under chaos, once per seed, on origins as [`MockOrigin::start`] makes them.
///
/// See [`Builder::explore`], which also sets the origin and the chaos, for details.
///
/// ```
/// mock_origin::explore(0..3, |origin| {
///     // Upload with the client under test and assert the result.
///     let _ = origin.url();
/// });
/// ```
///
/// # Panics
///
/// If a run fails, with the seed, the failure and the faults that cause it. If there is no seed.
#[track_caller]
pub fn explore(seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
    MockOrigin::builder().explore(Chaos::new(0), seeds, run);
}

impl Builder {
    /// Runs a test under chaos, once per seed, each time on a new origin. The seed also decides
    /// tokens and identifiers, unless the builder has its own seed. The seed of `chaos` itself is
    /// ignored.
    ///
    /// A run fails if the test panics on its own thread, or if [`MockOrigin::verify_at_end`]
    /// fails: for example if a response is still held, or a commit is still deferred. Join the
    /// threads that the test starts and check their results. Release holds even when the test
    /// panics; otherwise a client waits for the [hold limit](Builder::hold_limit) in each run.
    ///
    /// The first failing run is repeated, at most 200 times, with fewer and fewer of the faults
    /// that were injected, until the run passes without any one of them. The panic prints these
    /// faults as Rust code, the failure that they cause, which may differ from the first, and the
    /// timeline of that run. It states whether 200 runs were too few. The process-wide panic hook
    /// reports each of these runs, which prints a lot if backtraces are enabled.
    ///
    /// An async client needs its own runtime in a test that is not async itself:
    ///
    /// ```
    /// # async fn upload(_: &str) {}
    /// let runtime = tokio::runtime::Runtime::new().unwrap();
    /// mock_origin::explore(0..3, |origin| runtime.block_on(upload(&origin.url())));
    /// ```
    ///
    /// # Panics
    ///
    /// If a run fails, with the seed, the failure and the faults that cause it. If there is no
    /// seed.
    #[track_caller]
    pub fn explore(&self, chaos: Chaos, seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
        assert!(!seeds.is_empty(), "no seeds in {seeds:?}: explore(0..500, ..)");
        for seed in seeds {
            let chaos = chaos.with_seed(seed);
            let (failure, faults) = self.run_under_chaos(chaos, &run);
            if let Some(failure) = failure {
                panic!("{}", self.explain(chaos, failure, faults, &run));
            }
        }
    }

    /// Runs once under chaos. Returns the failure, if any, and the injected faults.
    fn run_under_chaos(
        &self,
        chaos: Chaos,
        run: &impl Fn(&MockOrigin),
    ) -> (Option<FailedRun>, Vec<Fault>) {
        let origin = self.start_with_seed(chaos.seed());
        origin.chaos(chaos);
        let failure = failure_of(&origin, run);
        (failure, origin.done_by_chaos())
    }

    /// Runs once with these faults, each of which may be injected or not.
    fn run_with_faults(
        &self,
        seed: u64,
        faults: &[Fault],
        run: &impl Fn(&MockOrigin),
    ) -> Option<FailedRun> {
        let origin = self.start_with_seed(seed);
        for fault in faults {
            origin.add_replayed(fault.clone());
        }
        failure_of(&origin, run)
    }

    fn start_with_seed(&self, seed: u64) -> MockOrigin {
        let builder = if self.has_seed() { self.clone() } else { self.clone().seed(seed) };
        // `failure_of` verifies each run, and only the smallest one is reported.
        let origin = builder.verify_on_drop(false).ignore_stale_allowances().start();
        origin.reporting.lock().is_part_of_exploration = true;
        origin
    }

    #[track_caller]
    fn explain(
        &self,
        chaos: Chaos,
        failure: FailedRun,
        faults: Vec<Fault>,
        run: &impl Fn(&MockOrigin),
    ) -> String {
        let seed = chaos.seed();
        let minimized = match self.run_with_faults(seed, &faults, run) {
            None => Minimized { faults, failure, minimality: Minimality::NotReproduced },
            Some(again) => {
                shrink(faults, again, MAX_RUNS, |fewer| self.run_with_faults(seed, fewer, run))
            }
        };
        let page = minimized.failure.page.as_ref();
        let path = page.and_then(|_| failure_report_path(&test_name(Location::caller())));
        let report = path.zip(page).map(|(path, page)| write_page(&path, page));
        render(&minimized, chaos) + &report.unwrap_or_default()
    }
}

/// A run that failed.
struct FailedRun {
    why: String,
    timeline: String,
    /// The HTML report, if the environment asks for reports.
    page: Option<String>,
}

/// Returns how a run fails, if it does.
fn failure_of(origin: &MockOrigin, run: &impl Fn(&MockOrigin)) -> Option<FailedRun> {
    let ran = catch_unwind(AssertUnwindSafe(|| run(origin)));
    let why = match ran {
        Err(panic) => panic_text(&*panic),
        Ok(()) => origin.verify_at_end().err()?.to_string(),
    };
    Some(FailedRun { why, timeline: origin.timeline_excerpt(), page: origin.failure_page() })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}

/// Returns the text of the failure of an exploration.
fn render(minimized: &Minimized<FailedRun>, chaos: Chaos) -> String {
    let what = match minimized.minimality {
        _ if minimized.faults.is_empty() => "The run fails without any fault.\n".to_owned(),
        Minimality::NotReproduced => {
            "These faults were injected, but the run passes when it is repeated with them alone:"
                .to_owned()
        }
        Minimality::LimitReached => {
            format!(
                "The run fails with these faults; {MAX_RUNS} runs found no smaller set that makes it fail:"
            )
        }
        Minimality::Minimal => {
            "The run fails with these faults, and passes without any one of them:".to_owned()
        }
    };
    let faults = match minimized.faults.as_slice() {
        [] => String::new(),
        some => format!("\n\n{}", snippet(some)),
    };
    let (seed, FailedRun { why, timeline, .. }) = (chaos.seed(), &minimized.failure);
    let chaos = snippet([format!("origin.chaos({chaos})")]);
    escape_lines(&format!(
        "the run fails with seed {seed}; to replay its chaos:\n\n{chaos}\n{what}{faults}\n\
             The failure:\n\n{why}\n\n{timeline}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{CallMatcher, FaultAction};
    use crate::journal::Op;

    #[test]
    fn a_failure_states_that_the_limit_of_runs_was_reached() {
        let failure =
            FailedRun { why: "all".to_owned(), timeline: "timeline".to_owned(), page: None };
        let faults = vec![Fault::on_call(CallMatcher::new(Op::piece(1)), FaultAction::Hold)];
        let minimality = Minimality::LimitReached;
        let text = render(&Minimized { faults, failure, minimality }, Chaos::new(1));
        assert!(text.contains("200 runs found no smaller set"), "{text}");
    }
}
