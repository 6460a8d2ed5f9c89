//! How a suite runs its scenarios, and what it tells meanwhile. Start with [`Settings`].

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{Expectations, Observed, Profile, Scenario, ScenarioResult};

/// How to run scenarios.
// Independent switches, set by methods of `Suite`.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) seed: u64,
    pub(crate) chaos_seeds: RangeInclusive<u64>,
    pub(crate) jobs: usize,
    pub(crate) timeout: Option<Duration>,
    pub(crate) fails_fast: bool,
    pub(crate) is_strict: bool,
    pub(crate) expectations: Expectations,
    pub(crate) keeps_scratch: bool,
    pub(crate) keeps_proxies: bool,
    pub(crate) exports: ExportKinds,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) scratch_root: Option<PathBuf>,
}

impl Settings {
    /// Creates the default settings for a client with this profile.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            seed: 1,
            chaos_seeds: 1..=5,
            jobs: 1,
            timeout: None,
            fails_fast: false,
            is_strict: false,
            expectations: Expectations::default(),
            keeps_scratch: false,
            keeps_proxies: false,
            exports: ExportKinds::default(),
            stop: Arc::default(),
            scratch_root: None,
        }
    }
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
