//! Small Python clients with habits of real clients: `clients/NAME.py`. They are skipped where there is no Python.

use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use mock_origin::check::{Profile, State, Suite};

use crate::catalogue::describe;
use crate::trial;

/// A habit, and what the suite must say about it: in a scenario, a state and a rule that is found.
struct Habit {
    client: &'static str,
    scenario: &'static str,
    state: State,
    rule: Option<&'static str>,
}

const HABITS: &[Habit] = &[
    Habit {
        client: "completes_after_a_refused_piece",
        scenario: "ill/proxy-page",
        state: State::Fail,
        rule: Some("complete.early"),
    },
    Habit {
        client: "never_looks_at_the_status",
        scenario: "control/refused",
        state: State::Fail,
        rule: Some("check.exit_status"),
    },
    Habit {
        client: "retries_without_a_pause",
        scenario: "ill/endless",
        state: State::Fail,
        rule: Some("check.hang"),
    },
    Habit {
        client: "sends_an_empty_last_piece",
        scenario: "content/exact-multiple",
        state: State::Warn,
        rule: Some("piece.empty_last"),
    },
    Habit {
        client: "forks_and_returns",
        scenario: "control/plain",
        state: State::Fail,
        rule: Some("check.left_behind"),
    },
    Habit {
        client: "never_exits",
        scenario: "control/plain",
        state: State::Fail,
        rule: Some("check.no_exit"),
    },
    // A token of another run would be rejected: each run has a home of its own.
    Habit {
        client: "keeps_a_token_in_a_file",
        scenario: "content/one-byte",
        state: State::Pass,
        rule: None,
    },
    Habit {
        client: "keeps_a_token_in_a_file",
        scenario: "token/dies-mid-upload",
        state: State::Declined,
        rule: None,
    },
];

/// The longest time of a run. The others end within a few seconds.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn trials() -> Vec<Trial> {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        eprintln!("skipped habits: missing program python3");
        return Vec::new();
    }
    let name = |habit: &Habit| format!("habit: {} in {}", habit.client, habit.scenario);
    HABITS.iter().map(|habit| trial(name(habit), || is_found(habit))).collect()
}

fn is_found(habit: &Habit) -> Result<(), String> {
    let path = format!("{}/tests/check/clients/{}.py", env!("CARGO_MANIFEST_DIR"), habit.client);
    let target = ["{url}", "{directory}", "{name}", "{file}", "{piece_size}"];
    let command: Vec<_> =
        ["python3", &*path].iter().chain(&target).map(|it| (*it).to_owned()).collect();
    let mut profile = Profile::default();
    profile.env.insert("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned());
    // A client that hangs need not hang for long.
    let suite = Suite::new(profile).only(habit.scenario).timeout(PATIENCE);
    let report = suite.run_command(&command, &|_| {}).map_err(|error| error.to_string())?;
    let result = report.results.iter().find(|result| result.scenario.id == habit.scenario);
    let result = result.ok_or_else(|| format!("{} was not run", habit.scenario))?;
    let has_rule =
        habit.rule.is_none_or(|rule| result.findings.iter().any(|finding| finding.rule == rule));
    if result.state == habit.state && has_rule {
        return Ok(());
    }
    Err(format!("expected: {:?} {:?}\n{}", habit.state, habit.rule, describe(result)))
}
