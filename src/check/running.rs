//! Runs the selected scenarios: the control runs first, then those that may run at once, then those that depend
//! on time, alone. Start with [`run_suite`].

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::error::Error;

use super::calibration::{Calibration, calibrate};
use super::chaos::reduce_chaos;
use super::client::Client;
use super::context::Context;
use super::scenario_run::{Run, not_run, run_scenario};
use super::scratch::Scratch;
use super::settings::Settings;
use super::{
    Event, Habit, Observed, Progress, Role, Scenario, ScenarioResult, State, SuiteReport, scenarios,
};

/// Rules whose findings depend on time. A run beside others may violate them because the machine is busy.
const TIMED_RULES: &[&str] = &[
    "check.hang",
    "check.no_exit",
    "check.ignores_terminate",
    "check.left_behind",
    "retry.early",
    "retry.flat",
];

/// Runs a suite against a client.
///
/// # Errors
///
/// If the profile is invalid, or the scratch folder cannot be created.
pub(crate) fn run_suite(
    suite: &Settings,
    selected: &[&'static Scenario],
    client: &dyn Client,
    observe: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<SuiteReport, Error> {
    suite.profile.validate()?;
    let started = Instant::now();
    let scratch = Scratch::new(suite.scratch_root.as_deref(), suite.keeps_scratch)?;
    let is_stopped = || suite.stop.load(Ordering::Relaxed);
    let mut context = Context {
        suite,
        client,
        scratch: &scratch,
        observed: None,
        status_counts: true,
        is_stopped: &is_stopped,
    };
    let Calibration { mut results, observed, status_counts, cautions, not_measured } =
        calibrate(&context, observe);
    let others = selected.iter().filter(|it| !it.id.starts_with("control/"));
    let runs = others.flat_map(|it| seeds(suite, it).map(|seed| (*it, seed)));
    if let Some(observed) = &observed {
        context.observed = Some(observed);
        context.status_counts = status_counts;
        results.extend(run_selected(&context, observed, &runs.collect::<Vec<_>>(), observe));
    } else {
        let why = not_measured.as_deref().unwrap_or("the control run was interrupted");
        results.extend(
            runs.map(|(scenario, seed)| {
                not_run(scenario, seed, State::NotMeasured, why.to_owned())
            }),
        );
    }
    let ids: Vec<_> = scenarios().map(|scenario| scenario.id).collect();
    results.sort_by_key(|it| (ids.iter().position(|id| *id == it.scenario.id), it.seed));
    Ok(SuiteReport {
        results,
        cautions,
        observed,
        not_measured,
        is_incomplete: is_stopped(),
        duration: started.elapsed(),
        is_strict: suite.is_strict,
        expectations: suite.expectations.clone(),
        scratch: suite.keeps_scratch.then(|| scratch.path().to_owned()),
        ..SuiteReport::default()
    })
}

/// Returns the seeds with which a scenario runs.
fn seeds(suite: &Settings, scenario: &Scenario) -> std::ops::RangeInclusive<u64> {
    match scenario.event {
        Event::Chaos => suite.chaos_seeds.clone(),
        _ => suite.seed..=suite.seed,
    }
}

fn run_selected(
    context: &Context<'_>,
    observed: &Observed,
    runs: &[(&'static Scenario, u64)],
    observe: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<ScenarioResult> {
    let suite = context.suite;
    observe(Progress::Calibrated { observed, runs: runs.len() });
    let (results, unconfirmed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let has_failed = AtomicBool::new(false);
    let perform = |(scenario, seed): (&'static Scenario, u64), is_alone: bool| {
        let result = if let Some(why) = inapplicable(scenario, observed) {
            not_run(scenario, seed, State::NotMeasured, why)
        } else if (context.is_stopped)() || (suite.fails_fast && has_failed.load(Ordering::Relaxed))
        {
            not_run(scenario, seed, State::NotMeasured, "the suite ended before".to_owned())
        } else {
            observe(Progress::Started { scenario, seed });
            let run = Run { scenario, seed, replayed: None, size: None };
            let result = run_scenario(context, run).result;
            let depends_on_time = result.findings.iter().any(|it| TIMED_RULES.contains(&&*it.rule));
            if depends_on_time && !is_alone && !(context.is_stopped)() {
                lock(&unconfirmed).push((scenario, seed));
                return;
            }
            reduce_chaos(context, result)
        };
        let is_unexpected = !result.unexpected(&suite.expectations, suite.is_strict).is_empty();
        has_failed.fetch_or(is_unexpected, Ordering::Relaxed);
        observe(Progress::Finished(&result));
        lock(&results).push(result);
    };
    let (alone, together): (Vec<_>, Vec<_>) =
        runs.iter().copied().partition(|(scenario, _)| scenario.is_timed);
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(run) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
            perform(*run, suite.jobs == 1);
        }
    };
    thread::scope(|scope| (0..suite.jobs).for_each(|_| drop(scope.spawn(work))));
    let unconfirmed = std::mem::take(&mut *lock(&unconfirmed));
    alone.into_iter().chain(unconfirmed).for_each(|run| perform(run, true));
    std::mem::take(&mut *lock(&results))
}

/// Locks a mutex. A panic of a worker ends the suite anyway.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Returns why a scenario does not apply to the client, if it does not.
fn inapplicable(scenario: &Scenario, observed: &Observed) -> Option<String> {
    if !scenario.applies_to(observed.flavour) {
        return Some(format!(
            "clients of the flavour {} do not send this request",
            observed.flavour
        ));
    }
    let (habit, what) = match scenario.role {
        Role::Login => (Habit::LogsIn, "log in"),
        Role::Continue => (Habit::ExpectsContinue, "send Expect: 100-continue"),
        _ => return None,
    };
    (!observed.habits.contains(&habit)).then(|| format!("the client does not {what}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;
    use crate::check::client::Limits;
    use crate::check::{ClientRun, Ending, Output, Profile, Target};

    /// A client that uploads a whole file, and makes an exit status of the status of its response.
    struct RawClient(fn(u16) -> i32);

    impl Client for RawClient {
        fn is_process(&self) -> bool {
            false
        }

        fn run(&self, target: &Target, _: &Limits<'_>) -> ClientRun {
            let status = upload(target).unwrap_or(0);
            ClientRun {
                ending: Ending::Exited((self.0)(status)),
                duration: Duration::from_millis(1),
                stdout: Output::default(),
                stderr: Output::default(),
                left_behind: Vec::new(),
                signalled_after: None,
            }
        }
    }

    /// Returns the status of the last response.
    fn upload(target: &Target) -> std::io::Result<u16> {
        let credentials =
            [("X-Agile-Username", &*target.user), ("X-Agile-Password", &*target.password)];
        let login = post(target, "/account/login", &credentials, b"")?;
        let Some((_, rest)) = login.split_once("X-Agile-Token: ") else { return status(&login) };
        let token = rest.lines().next().unwrap_or_default();
        let headers = [
            ("X-Agile-Authorization", token),
            ("X-Agile-Directory", &*target.directory),
            ("X-Agile-Basename", &*target.name),
        ];
        status(&post(target, "/post/raw", &headers, &std::fs::read(&target.file)?)?)
    }

    fn status(response: &str) -> std::io::Result<u16> {
        let status = response.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| std::io::Error::other("no response"))
    }

    fn post(
        target: &Target,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((&*target.host, target.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: origin\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    }

    fn report(family: &str, client: &RawClient) -> SuiteReport {
        let selected: Vec<_> = scenarios().filter(|it| it.id.starts_with(family)).collect();
        let settings = Settings::new(Profile::default());
        run_suite(&settings, &selected, client, &|_| {}).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn states(report: &SuiteReport) -> Vec<(&str, State, Vec<&str>)> {
        let rules = |it: &ScenarioResult| {
            let known = |rule: &str| {
                crate::check::RULES.iter().map(|it| it.id).find(|id| *id == rule).unwrap_or("other")
            };
            it.findings.iter().map(|finding| known(&finding.rule)).collect()
        };
        report.results.iter().map(|it| (it.scenario.id, it.state, rules(it))).collect()
    }

    #[test]
    fn an_honest_client_passes_the_control_runs() {
        let honest = RawClient(|status| i32::from(status != 200));
        let report = report("control/", &honest);
        let expected = [
            ("control/plain", State::Pass, Vec::new()),
            ("control/refused", State::Pass, Vec::new()),
        ];
        assert_eq!(states(&report), expected, "{report:#?}");
        let observed = report.observed.unwrap_or_else(|| panic!("the control run succeeded"));
        assert_eq!(observed.flavour, crate::check::Flavour::Raw);
        assert!(observed.habits.contains(&Habit::LogsIn));
    }

    #[test]
    fn an_exit_status_that_is_always_0_is_one_finding() {
        let report = report("control/", &RawClient(|_| 0));
        let expected = [
            ("control/plain", State::Pass, Vec::new()),
            ("control/refused", State::Fail, vec!["check.exit_status"]),
        ];
        assert_eq!(states(&report), expected);
        assert!(report.cautions[0].contains("judged by its traffic alone"), "{report:#?}");
    }

    #[test]
    fn nothing_is_measured_after_a_failed_control_run() {
        let report = report("", &RawClient(|_| 1));
        assert!(report.not_measured.is_some_and(|why| why.contains("exit status 1")));
        let others = report.results.iter().filter(|it| it.scenario.id != "control/plain");
        let are_left_out = others.into_iter().all(|it| it.state == State::NotMeasured);
        assert!(are_left_out && report.observed.is_none());
    }
}
