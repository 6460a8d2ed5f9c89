//! Running a test under many seeds, and finding the few faults that break it.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fault::{Chaos, Fault, snippet};
use crate::journal::escape_lines;

use crate::mock::builder::Builder;
use crate::mock::mock_origin::MockOrigin;

/// How often a failing run is run again, at most, to find the faults that matter.
const MOST_RUNS: usize = 200;

/// Runs a test under chaos, once for each seed, on an origin as [`MockOrigin::start`] gives it.
///
/// As [`Builder::explore`], which describes the origin and the chaos, and says what fails.
///
/// ```
/// mock_origin::explore(0..3, |origin| {
///     // Upload with the client under test, and assert; it is to survive everything.
///     let _ = origin.url();
/// });
/// ```
///
/// # Panics
///
/// With the seed, the failure, and the faults that lead to it, if a run fails. If there is no seed.
#[track_caller]
pub fn explore(seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
    MockOrigin::builder().explore(Chaos::new(0), seeds, run);
}

impl Builder {
    /// Runs a test under chaos, once for each seed, each time on an origin of its own, whose tokens
    /// and identifiers follow from that seed too if the builder has none. Of `chaos` everything
    /// counts but its own seed.
    ///
    /// A run fails by a panic, or by a [verdict](MockOrigin::verify_at_end), which is that of
    /// [`MockOrigin::finish`]: a response that is still held, or an operation that is still put off, fails it. Only a panic on its own thread
    /// counts: join the threads that it starts, and look at how they ended. It should let go what it
    /// holds even when it panics: a client that waits for a held answer waits for the
    /// [limit](Builder::hold_limit), in each run anew.
    ///
    /// The first run that fails is run again, 200 times at most, with fewer and fewer of the faults
    /// that struck it, until with any one of them left out it passes. Those are printed as they are
    /// written in a test, with the failure that they lead to, which may be another than the first, and
    /// the timeline of that run; where 200 runs were too few, that is said too. All these runs are reported by the panic hook,
    /// which belongs to the whole process: much is printed where backtraces are wanted.
    ///
    /// An async client needs a runtime of its own, in a test that is not async itself:
    ///
    /// ```
    /// # async fn upload(_: &str) {}
    /// let runtime = tokio::runtime::Runtime::new().unwrap();
    /// mock_origin::explore(0..3, |origin| runtime.block_on(upload(&origin.url())));
    /// ```
    ///
    /// # Panics
    ///
    /// With the seed, the failure, and the faults that lead to it, if a run fails. If there is no
    /// seed.
    #[track_caller]
    pub fn explore(&self, chaos: Chaos, seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
        assert!(
            !seeds.is_empty(),
            "nothing is run, as no seed is in {seeds:?}: explore(0..500, ..)"
        );
        for seed in seeds {
            let chaos = chaos.with_seed(seed);
            let (failure, faults) = self.under(chaos, &run);
            if let Some(failure) = failure {
                panic!("{}", self.explain(chaos, failure, faults, &run));
            }
        }
    }

    /// One run under chaos: how it failed, if it did, and what struck it.
    fn under(&self, chaos: Chaos, run: &impl Fn(&MockOrigin)) -> (Option<FailedRun>, Vec<Fault>) {
        let origin = self.with_seed(chaos.seed());
        origin.chaos(chaos);
        let failure = failure_of(&origin, run);
        (failure, origin.done_by_chaos())
    }

    /// One run with these faults, each of which may act or not.
    fn with(&self, seed: u64, faults: &[Fault], run: &impl Fn(&MockOrigin)) -> Option<FailedRun> {
        let origin = self.with_seed(seed);
        for fault in faults {
            origin.add_replayed(fault.clone());
        }
        failure_of(&origin, run)
    }

    fn with_seed(&self, seed: u64) -> MockOrigin {
        let builder = if self.has_seed() { self.clone() } else { self.clone().seed(seed) };
        builder.start()
    }

    fn explain(
        &self,
        chaos: Chaos,
        failure: FailedRun,
        faults: Vec<Fault>,
        run: &impl Fn(&MockOrigin),
    ) -> String {
        let seed = chaos.seed();
        let found = match self.with(seed, &faults, run) {
            None => Found { faults, failure, how: How::WithChaosAlone },
            Some(again) => shrink(faults, again, |fewer| self.with(seed, fewer, run)),
        };
        found.tell(chaos)
    }
}

/// A run that failed.
struct FailedRun {
    why: String,
    timeline: String,
}

/// How a run fails, if it does.
fn failure_of(origin: &MockOrigin, run: &impl Fn(&MockOrigin)) -> Option<FailedRun> {
    let ran = catch_unwind(AssertUnwindSafe(|| run(origin)));
    let why = match ran {
        Err(panic) => text_of(&*panic),
        Ok(()) => origin.verify_at_end().err()?.to_string(),
    };
    Some(FailedRun { why, timeline: origin.timeline_excerpt() })
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

/// What a run that fails has come to.
struct Found {
    faults: Vec<Fault>,
    failure: FailedRun,
    how: How,
}

/// What is known of faults that were found.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// They struck a run that failed, and do not fail it again.
    WithChaosAlone,
    /// They fail it, and it was not run often enough to tell whether fewer do.
    AtTheLimit,
    /// They fail it, and with any one of them left out it passes.
    Least,
}

/// Takes faults away, many at once and then fewer, as long as what is left still fails.
fn shrink(
    mut faults: Vec<Fault>,
    mut failure: FailedRun,
    fails: impl Fn(&[Fault]) -> Option<FailedRun>,
) -> Found {
    let mut runs = 0;
    let mut size = faults.len().div_ceil(2);
    while size > 0 {
        let (before, mut at) = (faults.len(), 0);
        while at < faults.len() {
            if runs == MOST_RUNS {
                return Found { faults, failure, how: How::AtTheLimit };
            }
            let end = faults.len().min(at + size);
            let fewer = [&faults[..at], &faults[end..]].concat();
            runs += 1;
            match fails(&fewer) {
                Some(again) => (faults, failure) = (fewer, again),
                None => at = end,
            }
        }
        // What mattered beside one that is gone now may matter no more.
        if size > 1 || faults.len() == before {
            size /= 2;
        }
    }
    Found { faults, failure, how: How::Least }
}

impl Found {
    fn tell(&self, chaos: Chaos) -> String {
        let what = match self.how {
            _ if self.faults.is_empty() => "It fails without any fault.\n".to_owned(),
            How::WithChaosAlone => {
                "These faults struck it, but with them alone it passes:".to_owned()
            }
            How::AtTheLimit => {
                format!(
                    "These faults fail it, and in {MOST_RUNS} runs no fewer were found that do:"
                )
            }
            How::Least => {
                "These faults fail it, and with any one of them left out it passes:".to_owned()
            }
        };
        let faults = match self.faults.as_slice() {
            [] => String::new(),
            some => format!("\n\n{}", snippet(some)),
        };
        let (seed, FailedRun { why, timeline }) = (chaos.seed(), &self.failure);
        let chaos = snippet([format!("origin.chaos({chaos})")]);
        escape_lines(&format!(
            "seed {seed} fails, as it does under this chaos:\n\n{chaos}\n{what}{faults}\n\
             The failure:\n\n{why}\n\n{timeline}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{CallMatcher, FaultAction};
    use crate::journal::Op;

    fn fault(part: u32) -> Fault {
        Fault::on_call(CallMatcher::new(Op::piece(part)), FaultAction::Hold)
    }

    fn failed(why: &str) -> FailedRun {
        FailedRun { why: why.to_owned(), timeline: "timeline".to_owned() }
    }

    /// What is left of so many faults, if a run with some of them fails by that.
    fn shrunk(parts: &[u32], fails: impl Fn(&dyn Fn(u32) -> bool) -> bool) -> (Vec<Fault>, How) {
        let all = parts.iter().copied().map(fault).collect();
        let found = shrink(all, failed("all"), |some| {
            fails(&|part| some.contains(&fault(part))).then(|| failed("some"))
        });
        (found.faults, found.how)
    }

    #[test]
    fn shrinking_leaves_just_the_faults_that_matter() {
        let all: Vec<_> = (1..=20).collect();
        let left = shrunk(&all, |has| has(3) && has(17));
        assert_eq!(left, (vec![fault(3), fault(17)], How::Least));
        assert_eq!(shrunk(&all, |_| true), (Vec::new(), How::Least));
        assert_eq!(shrunk(&[1], |has| has(1)), (vec![fault(1)], How::Least));
    }

    #[test]
    fn shrinking_looks_again_at_what_mattered_beside_one_that_is_gone() {
        // 5 makes up for 1, which makes up for nothing.
        let left = shrunk(&[5, 3, 1, 6], |has| has(3) && has(6) && (has(5) || !has(1)));
        assert_eq!(left, (vec![fault(3), fault(6)], How::Least));
    }

    #[test]
    fn shrinking_ends_at_its_limit_and_says_so() {
        let all: Vec<_> = (1..=200).collect();
        let (left, how) = shrunk(&all, |has| all.iter().all(|part| has(*part)));
        assert_eq!((left.len(), how), (200, How::AtTheLimit));
        let found = Found { faults: left, failure: failed("all"), how };
        let text = found.tell(Chaos::new(1));
        assert!(text.contains("in 200 runs no fewer were found"), "{text}");
    }
}
