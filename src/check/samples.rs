//! Hand-made results for the tests of reports and expectations. Start with [`report`].

use std::time::Duration;

use crate::check::{
    CheckFinding, ClientRun, Ending, Event, Exports, FaultUse, Feature, Flavour, Habit, Observed,
    Output, Reproduction, Scenario, ScenarioResult, State, SuiteReport, scenarios,
};
use crate::referee::Level;

const LOST: Scenario = Scenario {
    id: "lost/complete",
    situation: "The response to the completion is lost.",
    right: "Asks for the status of the upload.",
    rule: "check.false_alarm",
    section: "§4.3",
    feature: Some(Feature::Retries),
    ..Scenario::DEFAULT
};
const WRONG: Scenario = Scenario {
    id: "responses/checksum_once",
    situation: "The response to a piece has a wrong checksum.",
    right: "Sends the piece again.",
    rule: "ack.checksum",
    level: Level::Must,
    section: "§4.2",
    ..Scenario::DEFAULT
};
const CHAOS: Scenario = Scenario {
    id: "chaos/network",
    situation: "Random requests and responses are lost.",
    right: "Gets the file stored, or says that it is not.",
    rule: "check.lie",
    section: "§4",
    event: Event::Chaos,
    ..Scenario::DEFAULT
};
const SILENT: Scenario = Scenario {
    id: "broken/silence",
    situation: "The origin never responds to a piece.",
    right: "Gives up waiting, and sends the piece again.",
    rule: "check.hang",
    section: "§4.2",
    ..Scenario::DEFAULT
};
const TOKEN: Scenario = Scenario {
    id: "token/dies",
    situation: "The token dies during the upload.",
    right: "Logs in again.",
    rule: "token.dead_used",
    section: "§2.4",
    feature: Some(Feature::Relogin),
    ..Scenario::DEFAULT
};

/// Returns the result of a scenario of the catalogue, without details.
pub(crate) fn result(id: &str, state: State) -> ScenarioResult {
    let scenario = scenarios().find(|scenario| scenario.id == id);
    new_result(scenario.unwrap_or_else(|| panic!("{id} is a scenario")), state)
}

fn new_result(scenario: &'static Scenario, state: State) -> ScenarioResult {
    ScenarioResult {
        scenario,
        seed: 1,
        state,
        remark: None,
        findings: Vec::new(),
        faults: Vec::new(),
        injected: Vec::new(),
        runs: vec![run(0)],
        is_stored: true,
        truth: "/acme/videos/film.mp4 is stored as it was sent, 229376 bytes, after 0.031 s"
            .to_owned(),
        reproduction: Reproduction::default(),
        timeline: String::new(),
        exports: Exports::default(),
    }
}

fn run(status: i32) -> ClientRun {
    let (stdout, stderr) = (Output::default(), Output::default());
    let duration = Duration::from_millis(42);
    ClientRun {
        ending: Ending::Exited(status),
        duration,
        stdout,
        stderr,
        left_behind: Vec::new(),
        signalled_after: None,
    }
}

/// Returns a finding of level must without proof.
pub(crate) fn finding(rule: &str, sentence: &str) -> CheckFinding {
    CheckFinding {
        rule: rule.to_owned(),
        level: Level::Must,
        sentence: sentence.to_owned(),
        because: String::new(),
        however: String::new(),
        exchanges: Vec::new(),
        lines: Vec::new(),
    }
}

fn output(tail: &str, bytes: usize) -> Output {
    Output { tail: tail.to_owned(), bytes: bytes as u64 }
}

/// Returns a report with a result in every state, and with hostile output of the client.
// A table of values.
#[allow(clippy::too_many_lines)]
pub(crate) fn report() -> SuiteReport {
    let mut alarm = new_result(&LOST, State::Warn);
    alarm.findings = vec![CheckFinding {
        level: Level::Should,
        because: "the client said: exit status 1".to_owned(),
        however: alarm.truth.clone(),
        exchanges: vec![7],
        lines: vec![
            "#7   conn 1  POST /multipart/complete of /acme/videos/film.mp4  -  200 OK, cut by a fault".to_owned(),
        ],
        ..finding(
            "check.false_alarm",
            "A client should not report failure if the file is stored as it was sent.",
        )
    }];
    alarm.faults = vec![FaultUse {
        rust: "origin.on(Op::complete()).first().commit_then(ResponseLoss::Close)".to_owned(),
        fired: 1,
        exchanges: vec![7],
        first_at: Some(0.0311),
        skip_reason: None,
    }];
    let noise =
        "\u{1b}[31mupload failed\u{1b}[0m: connection closed\n::error::forged\npassword=hunter2\n";
    alarm.runs = vec![ClientRun {
        stderr: output(noise, noise.len()),
        stdout: output("done\n", 5),
        ..run(1)
    }];
    alarm.reproduction = Reproduction {
        check: "mock-origin check --only lost/complete --seed 1".to_owned(),
        serve: "mock-origin serve --dir /videos --seed 1 --faults lost-complete.toml".to_owned(),
        faults: "[[fault]]\nop = \"complete\"\nfirst = true\ncommit_then = \"close\"\n".to_owned(),
        rust: "    use mock_origin::{MockOrigin, Op, ResponseLoss};\n\n    let origin = MockOrigin::start();\n"
            .to_owned(),
    };

    let mut lie = new_result(&WRONG, State::Fail);
    lie.truth = "/acme/videos/film.mp4 is absent".to_owned();
    lie.findings = vec![
        CheckFinding {
            because: "the client said: exit status 0".to_owned(),
            however: lie.truth.clone(),
            exchanges: vec![5],
            lines: vec![
                "#5   conn 1  POST /multipart/complete  -  400 -43 not all pieces (§4.3)"
                    .to_owned(),
            ],
            ..finding(
                "check.lie",
                "A client must not report success if the file is not stored as it was sent.",
            )
        },
        CheckFinding {
            exchanges: vec![4, 5],
            ..finding("ack.checksum", "a wrong checksum of piece 2 was ignored")
        },
    ];
    lie.faults = vec![
        FaultUse {
            rust: "origin.on(Op::piece(2)).always().alter(HeaderMutation::wrong_checksum())"
                .to_owned(),
            fired: 2,
            exchanges: vec![4, 6],
            first_at: Some(0.02),
            skip_reason: None,
        },
        FaultUse {
            rust: "origin.on_token().expire_after_requests(3)".to_owned(),
            fired: 0,
            exchanges: Vec::new(),
            first_at: None,
            skip_reason: Some("no token was used".to_owned()),
        },
    ];
    lie.runs[0].left_behind = vec!["4711 sleep 60".to_owned()];

    let mut hang = new_result(&SILENT, State::Fail);
    let ending = Ending::TimedOut {
        after: Duration::from_secs(10),
        waiting_for: "the response to #4 POST /multipart/piece".to_owned(),
        after_terminate: true,
    };
    hang.runs = vec![run(1), ClientRun { ending, duration: Duration::from_secs(11), ..run(0) }];
    hang.findings = vec![finding("check.hang", "A client must end within its deadline.")];

    let with_remark = |scenario, state, remark: &str| ScenarioResult {
        remark: Some(remark.to_owned()),
        ..new_result(scenario, state)
    };
    let chaos = |seed, state, remark| ScenarioResult { seed, ..with_remark(&CHAOS, state, remark) };
    SuiteReport {
        command: ["sh", "my client.sh", "{url}", "{file}"].map(str::to_owned).to_vec(),
        results: vec![
            result("control/plain", State::Pass),
            alarm,
            lie,
            hang,
            with_remark(&TOKEN, State::Declined, "the profile does not claim the feature relogin"),
            chaos(1, State::NotExercised, "chaos injected no fault"),
            chaos(2, State::NotMeasured, "the suite was interrupted"),
            chaos(3, State::Error, "the origin could not be started"),
        ],
        cautions: vec![
            "The client sent its pieces one at a time; parallel uploads were not tested."
                .to_owned(),
        ],
        observed: Some(Observed {
            flavour: Flavour::Multipart,
            piece_size: 65_536,
            pieces: 4,
            parallelism: 1,
            habits: [Habit::KeepsAlive, Habit::LogsIn].into(),
            seconds: 0.042,
        }),
        duration: Duration::from_millis(12_345),
        ..SuiteReport::default()
    }
}
