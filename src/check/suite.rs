//! Runs a selection of the catalogue against a client. Start with [`Suite`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::error::Error;
use crate::wording::nearest;

use super::{Observed, Profile, Scenario, ScenarioResult, scenarios};

/// A selection of scenarios, and how to run them.
#[derive(Clone, Debug)]
#[must_use = "`.run_command(…)` or `.run(…)` runs the scenarios"]
pub struct Suite {
    pub(super) profile: Profile,
    pub(super) only: Vec<String>,
    pub(super) skip: Vec<String>,
    pub(super) seed: u64,
    pub(super) chaos_seeds: std::ops::RangeInclusive<u64>,
    pub(super) jobs: usize,
    pub(super) timeout: Option<Duration>,
    pub(super) fails_fast: bool,
    pub(super) keeps_scratch: bool,
    pub(super) keeps_proxies: bool,
    pub(super) exports: ExportKinds,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) scratch_root: Option<PathBuf>,
}

/// What each run is exported to. Default: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportKinds {
    /// The HTML page.
    pub html: bool,
    /// The HAR file.
    pub har: bool,
    /// The trace.
    pub trace: bool,
}

/// What happens while a suite runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The control runs succeeded, and this many runs follow.
    Calibrated {
        /// What they show about the client.
        observed: &'a Observed,
        /// The number of runs that follow, without repetitions.
        runs: usize,
    },
    /// A run begins.
    Started {
        /// The scenario.
        scenario: &'static Scenario,
        /// The seed of the run.
        seed: u64,
    },
    /// A run has ended.
    Finished(&'a ScenarioResult),
}

impl Suite {
    /// Selects all scenarios, for a client with this profile.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            only: Vec::new(),
            skip: Vec::new(),
            seed: 1,
            chaos_seeds: 1..=5,
            jobs: 1,
            timeout: None,
            fails_fast: false,
            keeps_scratch: false,
            keeps_proxies: false,
            exports: ExportKinds::default(),
            stop: Arc::default(),
            scratch_root: None,
        }
    }

    /// Selects only scenarios whose id matches a pattern: `*` matches any characters. Several patterns add up.
    pub fn only(mut self, pattern: &str) -> Self {
        self.only.push(pattern.to_owned());
        self
    }

    /// Leaves out scenarios whose id matches a pattern, as for [`only`](Self::only).
    pub fn skip(mut self, pattern: &str) -> Self {
        self.skip.push(pattern.to_owned());
        self
    }

    /// Returns the selected scenarios, in the order of the catalogue. The control runs are always among them.
    ///
    /// # Errors
    ///
    /// If a pattern matches no scenario. The message names the ids that are most like it.
    pub fn scenarios(&self) -> Result<Vec<&'static Scenario>, Error> {
        for pattern in self.only.iter().chain(&self.skip) {
            if !scenarios().any(|scenario| scenario.matches(pattern)) {
                return Err(Error::invalid_argument(no_match(pattern)));
            }
        }
        let is_selected = |scenario: &&Scenario| {
            let is_any = |patterns: &[String]| patterns.iter().any(|it| scenario.matches(it));
            let is_wanted = self.only.is_empty() || is_any(&self.only);
            scenario.id.starts_with("control/") || (is_wanted && !is_any(&self.skip))
        };
        Ok(scenarios().filter(is_selected).collect())
    }

    /// Sets the seed of contents, tokens and identifiers. Default: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the seeds of the scenarios with chaos. Default: 1 to 5.
    pub fn chaos_seeds(mut self, seeds: std::ops::RangeInclusive<u64>) -> Self {
        self.chaos_seeds = seeds;
        self
    }

    /// Sets the number of scenarios that run at once. Default: 1. Scenarios that depend on time run alone.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Sets the longest time of a run. Default: that of the profile.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Stops after the first scenario that fails. Default: off.
    pub fn fail_fast(mut self, fails_fast: bool) -> Self {
        self.fails_fast = fails_fast;
        self
    }

    /// Keeps the scratch folders. Default: off.
    pub fn keep_scratch(mut self, keeps: bool) -> Self {
        self.keeps_scratch = keeps;
        self
    }

    /// Keeps the proxy variables of the environment. Default: off; they are removed.
    pub fn keep_proxies(mut self, keeps: bool) -> Self {
        self.keeps_proxies = keeps;
        self
    }

    /// Exports each run. Default: nothing.
    pub fn exports(mut self, kinds: ExportKinds) -> Self {
        self.exports = kinds;
        self
    }

    /// Ends the suite as soon as the flag is true: the running clients are killed, and the report is incomplete.
    pub fn stop_on(mut self, flag: Arc<AtomicBool>) -> Self {
        self.stop = flag;
        self
    }
}

/// Returns the message for a pattern that matches no scenario, with the ids that may be meant.
fn no_match(pattern: &str) -> String {
    let ids: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
    let shown = pattern.escape_debug();
    if let Some(meant) = nearest(pattern, ids.iter().copied()) {
        return format!("no scenario matches `{shown}`; did you mean `{meant}`?");
    }
    let families = ids.iter().filter_map(|id| id.split_once('/')).map(|(family, _)| family);
    let mut families: Vec<_> = families.collect();
    families.dedup();
    let family = pattern.split('/').next().unwrap_or_default();
    let family = nearest(family, families.iter().copied());
    let known: Vec<_> = match family {
        Some(family) => {
            let is_near = |id: &&&str| id.split('/').next() == Some(family);
            ids.iter().filter(is_near).map(|id| (*id).to_owned()).collect()
        }
        None => families.iter().map(|family| format!("{family}/*")).collect(),
    };
    format!("no scenario matches `{shown}`; known: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_select_scenarios_beside_the_control_runs() {
        let ids = |suite: Suite| match suite.scenarios() {
            Ok(selected) => selected.iter().map(|scenario| scenario.id).collect::<Vec<_>>(),
            Err(error) => panic!("{error}"),
        };
        let all = ids(Suite::new(Profile::default()));
        assert_eq!(all, scenarios().map(|scenario| scenario.id).collect::<Vec<_>>());
        let suite = || Suite::new(Profile::default());
        assert_eq!(ids(suite().only("control/plain")), ["control/plain", "control/refused"]);
        assert_eq!(ids(suite().skip("*")), ["control/plain", "control/refused"]);
    }

    #[test]
    fn patterns_without_a_match_are_errors() {
        let error = |pattern| {
            let selected =
                Suite::new(Profile::default()).only("control/*").skip(pattern).scenarios();
            selected.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let meant = "no scenario matches `control/plian`; did you mean `control/plain`?";
        assert_eq!(error("control/plian"), meant);
        assert!(error("contrl/nothing").contains("; known: control/plain, control/refused"));
        assert!(error("nothing*").contains("; known: control/*"));
    }
}
