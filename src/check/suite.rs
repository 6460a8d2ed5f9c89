//! Runs a selection of the catalogue against a client. Start with [`Suite`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{Observed, Profile, Scenario, ScenarioResult};

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
