//! Running a test under many seeds, and finding the few faults that break it.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fault::{Chaos, Fault};

use super::builder::Builder;
use super::mock_origin::MockOrigin;

/// How often a failing run is run again, at most, to find the faults that matter.
const MOST_RUNS: usize = 200;

/// Runs a test under chaos, once for each seed, on an origin as [`MockOrigin::start`] gives it.
///
/// As [`Builder::explore`], which describes the origin and the chaos.
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
/// With the seed, the failure, and the fewest faults that lead to it, if a run fails.
#[track_caller]
pub fn explore(seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
    MockOrigin::builder().explore(Chaos::seed(0), seeds, run);
}

impl Builder {
    /// Runs a test under chaos, once for each seed, each time on an origin of its own, whose tokens
    /// and identifiers follow from the seed too. A run fails by a panic, or by a
    /// [verdict](MockOrigin::verdict).
    ///
    /// The first run that fails is run again with fewer and fewer of the faults that struck it.
    /// Those without which it does not fail are printed as they are written in a test.
    ///
    /// # Panics
    ///
    /// With the seed, the failure, and the fewest faults that lead to it, if a run fails.
    #[track_caller]
    pub fn explore(&self, chaos: Chaos, seeds: Range<u64>, run: impl Fn(&MockOrigin)) {
        for seed in seeds {
            let (failure, faults) = self.under(chaos.with_seed(seed), &run);
            if let Some(failure) = failure {
                panic!("{}", self.explain(seed, &failure, faults, &run));
            }
        }
    }

    /// One run under chaos: how it failed, if it did, and what struck it.
    fn under(&self, chaos: Chaos, run: &impl Fn(&MockOrigin)) -> (Option<String>, Vec<Fault>) {
        let origin = self.with_seed(chaos.seed_number());
        origin.chaos(chaos);
        let failure = failure_of(&origin, run);
        (failure, origin.done_by_chaos())
    }

    /// One run with these faults, each of which may act or not.
    fn with(&self, seed: u64, faults: &[Fault], run: &impl Fn(&MockOrigin)) -> Option<String> {
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
        seed: u64,
        failure: &str,
        faults: Vec<Fault>,
        run: &impl Fn(&MockOrigin),
    ) -> String {
        let Some(again) = self.with(seed, &faults, run) else {
            let note = "that struck it, though with them alone it passes";
            return told(seed, failure, &faults, note);
        };
        let (faults, failure) = shrink(faults, again, |fewer| self.with(seed, fewer, run));
        told(seed, &failure, &faults, "without which it passes")
    }
}

/// How a run fails, if it does.
fn failure_of(origin: &MockOrigin, run: &impl Fn(&MockOrigin)) -> Option<String> {
    let ran = catch_unwind(AssertUnwindSafe(|| run(origin)));
    match ran {
        Err(panic) => Some(text_of(&*panic)),
        Ok(()) => origin.verdict().err().map(|verdict| verdict.to_string()),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

/// Takes faults away, many at once and then fewer, as long as what is left still fails.
fn shrink(
    mut faults: Vec<Fault>,
    mut failure: String,
    fails: impl Fn(&[Fault]) -> Option<String>,
) -> (Vec<Fault>, String) {
    let mut runs = 0;
    let mut size = faults.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < faults.len() && runs < MOST_RUNS {
            let end = faults.len().min(at + size);
            let fewer = [&faults[..at], &faults[end..]].concat();
            runs += 1;
            match fails(&fewer) {
                Some(again) => (faults, failure) = (fewer, again),
                None => at = end,
            }
        }
        size /= 2;
    }
    (faults, failure)
}

fn told(seed: u64, failure: &str, faults: &[Fault], note: &str) -> String {
    let sentences: Vec<_> = faults.iter().map(|fault| format!("    {fault};\n")).collect();
    let faults = match sentences.as_slice() {
        [] => "It fails without any fault.\n".to_owned(),
        some => format!("The faults {note}:\n\n{}", some.concat()),
    };
    format!("seed {seed} fails.\n\n{faults}\nThe failure:\n\n{failure}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Effect, Trigger};
    use crate::journal::Op;

    #[test]
    fn shrinking_leaves_just_the_faults_that_matter() {
        let fault = |part| Fault::on_call(Trigger::new(Op::piece(part)), Effect::Hold);
        let all: Vec<_> = (1..=20).map(fault).collect();
        let fails = |some: &[Fault]| {
            [fault(3), fault(17)].iter().all(|one| some.contains(one)).then(|| "both".to_owned())
        };
        let (left, failure) = shrink(all, "all".to_owned(), fails);
        assert_eq!((left, &*failure), (vec![fault(3), fault(17)], "both"));
    }
}
