//! Reduces the faults of a failing run to those that matter. It knows neither origins nor clients; its
//! callers run them. Start with [`shrink`].

use crate::fault::Fault;

/// The result of reducing the faults of a failing run.
pub(crate) struct Minimized<F> {
    pub(crate) faults: Vec<Fault>,
    /// How the run fails with these faults.
    pub(crate) failure: F,
    pub(crate) minimality: Minimality,
}

/// What is known about the remaining faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Minimality {
    /// The faults were injected in a run that failed, but that run passes when repeated with them.
    NotReproduced,
    /// The faults make the run fail. There were too few runs to tell whether fewer faults do.
    LimitReached,
    /// The faults make the run fail, and it passes without any one of them.
    Minimal,
}

/// Removes faults, many at once and then fewer, while the run still fails, in at most `max_runs` runs.
pub(crate) fn shrink<F>(
    mut faults: Vec<Fault>,
    mut failure: F,
    max_runs: usize,
    fails: impl Fn(&[Fault]) -> Option<F>,
) -> Minimized<F> {
    let mut runs = 0;
    let mut size = faults.len().div_ceil(2);
    while size > 0 {
        let (before, mut at) = (faults.len(), 0);
        while at < faults.len() {
            if runs == max_runs {
                return Minimized { faults, failure, minimality: Minimality::LimitReached };
            }
            let end = faults.len().min(at + size);
            let fewer = [&faults[..at], &faults[end..]].concat();
            runs += 1;
            match fails(&fewer) {
                Some(again) => (faults, failure) = (fewer, again),
                None => at = end,
            }
        }
        // A fault that mattered only together with a removed one may not matter any more.
        if size > 1 || faults.len() == before {
            size /= 2;
        }
    }
    Minimized { faults, failure, minimality: Minimality::Minimal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{CallMatcher, FaultAction};
    use crate::journal::Op;

    fn fault(part: u32) -> Fault {
        Fault::on_call(CallMatcher::new(Op::piece(part)), FaultAction::Hold)
    }

    /// Returns the remaining faults, if a run with some of them fails as `fails` says.
    fn shrunk(
        parts: &[u32],
        fails: impl Fn(&dyn Fn(u32) -> bool) -> bool,
    ) -> (Vec<Fault>, Minimality) {
        let all = parts.iter().copied().map(fault).collect();
        let minimized =
            shrink(all, (), 200, |some| fails(&|part| some.contains(&fault(part))).then_some(()));
        (minimized.faults, minimized.minimality)
    }

    #[test]
    fn shrinking_keeps_only_the_needed_faults() {
        let all: Vec<_> = (1..=20).collect();
        let left = shrunk(&all, |has| has(3) && has(17));
        assert_eq!(left, (vec![fault(3), fault(17)], Minimality::Minimal));
        assert_eq!(shrunk(&all, |_| true), (Vec::new(), Minimality::Minimal));
        assert_eq!(shrunk(&[1], |has| has(1)), (vec![fault(1)], Minimality::Minimal));
    }

    #[test]
    fn shrinking_retries_faults_after_a_removal() {
        // Fault 5 compensates for fault 1, which nothing else needs.
        let left = shrunk(&[5, 3, 1, 6], |has| has(3) && has(6) && (has(5) || !has(1)));
        assert_eq!(left, (vec![fault(3), fault(6)], Minimality::Minimal));
    }

    #[test]
    fn shrinking_reports_that_it_reached_its_limit() {
        let all: Vec<_> = (1..=200).collect();
        let (left, minimality) = shrunk(&all, |has| all.iter().all(|part| has(*part)));
        assert_eq!((left.len(), minimality), (200, Minimality::LimitReached));
    }
}
