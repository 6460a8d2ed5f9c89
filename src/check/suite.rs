//! Runs a selection of the catalogue against a client. Start with [`Suite`].

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::error::Error;
use crate::wording::nearest;

use super::client::{ClosureClient, CommandClient};
use super::running::run_suite;
use super::settings::{ExportKinds, Progress, Settings};
use super::{Expectations, Profile, Scenario, SuiteReport, Target, scenarios};

/// A selection of scenarios, and how to run them.
#[derive(Clone, Debug)]
#[must_use = "`.run_command(…)` or `.run(…)` runs the scenarios"]
pub struct Suite {
    settings: Settings,
    only: Vec<String>,
    skip: Vec<String>,
}

impl Suite {
    /// Selects all scenarios, for a client with this profile.
    pub fn new(profile: Profile) -> Self {
        Self { settings: Settings::new(profile), only: Vec::new(), skip: Vec::new() }
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
        self.settings.seed = seed;
        self
    }

    /// Sets the seeds of the scenarios with chaos. Default: 1 to 5.
    pub fn chaos_seeds(mut self, seeds: std::ops::RangeInclusive<u64>) -> Self {
        self.settings.chaos_seeds = seeds;
        self
    }

    /// Sets the number of scenarios that run at once. Default: 1. Scenarios that depend on time run alone.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.settings.jobs = jobs.max(1);
        self
    }

    /// Sets the longest time of a run. Default: that of the profile.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Lets findings of level should and declined scenarios count as failures too. Default: off.
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.settings.is_strict = is_strict;
        self
    }

    /// Sets the failures that are expected. Default: none.
    pub fn expectations(mut self, expectations: Expectations) -> Self {
        self.settings.expectations = expectations;
        self
    }

    /// Stops after the first scenario that fails unexpectedly. Default: off.
    pub fn fail_fast(mut self, fails_fast: bool) -> Self {
        self.settings.fails_fast = fails_fast;
        self
    }

    /// Keeps the scratch folders. Default: off.
    pub fn keep_scratch(mut self, keeps: bool) -> Self {
        self.settings.keeps_scratch = keeps;
        self
    }

    /// Keeps the proxy variables of the environment. Default: off; they are removed.
    pub fn keep_proxies(mut self, keeps: bool) -> Self {
        self.settings.keeps_proxies = keeps;
        self
    }

    /// Exports each run. Default: nothing.
    pub fn exports(mut self, kinds: ExportKinds) -> Self {
        self.settings.exports = kinds;
        self
    }

    /// Ends the suite as soon as the flag is true: the running clients are killed, and the report is incomplete.
    pub fn stop_on(mut self, flag: Arc<AtomicBool>) -> Self {
        self.settings.stop = flag;
        self
    }

    /// Runs the selected scenarios against a command: the program and its arguments, with placeholders. An empty
    /// command stands for that of the profile. Threads of the suite call `observe` for each event.
    ///
    /// # Errors
    ///
    /// If a pattern matches no scenario, a placeholder or an option of the profile is invalid, or the scratch folder
    /// cannot be created.
    pub fn run_command(
        &self,
        command: &[String],
        observe: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<SuiteReport, Error> {
        let settings = &self.settings;
        let client = CommandClient::new(command, &settings.profile, settings.keeps_proxies)?;
        let report = run_suite(settings, &self.scenarios()?, &client, observe)?;
        let command = if command.is_empty() { &settings.profile.command } else { command };
        Ok(SuiteReport { command: command.to_vec(), ..report })
    }

    /// Runs the selected scenarios against a closure: `Ok` means that the file is stored, `Err` that it is not.
    /// Scenarios that send signals are not exercised.
    ///
    /// Each run has a thread. A closure that does not return by its deadline keeps its thread.
    ///
    /// ```
    /// use mock_origin::check::{Profile, State, Suite, Target};
    ///
    /// # fn upload(_: &Target) -> Result<(), String> { Err("not implemented".to_owned()) }
    /// let report = Suite::new(Profile::default()).only("content/*").run(|target| upload(target))?;
    /// assert_eq!(report.count(State::Pass), 0);
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`run_command`](Self::run_command).
    pub fn run<E: std::fmt::Display>(
        &self,
        client: impl Fn(&Target) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<SuiteReport, Error> {
        run_suite(&self.settings, &self.scenarios()?, &ClosureClient::new(client), &|_| {})
    }
}

/// Runs all scenarios against a closure, as [`Suite::run`] does.
///
/// ```
/// use mock_origin::check::{self, Profile, State, Target};
///
/// # fn upload(_: &Target) -> Result<(), String> { Err("not implemented".to_owned()) }
/// let report = check::run(Profile::default(), |target| upload(target))?;
/// assert_eq!(report.count(State::Pass), 0, "{}", report.to_text());
/// # Ok::<(), mock_origin::Error>(())
/// ```
///
/// # Errors
///
/// If the scratch folder cannot be created, or an option of the profile is invalid.
pub fn run<E: std::fmt::Display>(
    profile: Profile,
    client: impl Fn(&Target) -> Result<(), E> + Send + Sync + 'static,
) -> Result<SuiteReport, Error> {
    Suite::new(profile).run(client)
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
