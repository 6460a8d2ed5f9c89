//! `mock-origin check` with stubs: what it prints and its exit status.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::trial;

/// A command that is not a client, and what the suite must report about it.
struct Stub {
    name: &'static str,
    command: &'static [&'static str],
    /// The exit status of `mock-origin check`.
    status: i32,
    /// A part of what it prints.
    text: &'static str,
}

const STUBS: &[Stub] = &[
    Stub {
        name: "exits with 0 at once",
        command: &["sh", "-c", "exit 0"],
        status: 3,
        text: "check.lie",
    },
    Stub { name: "sleeps", command: &["sleep", "600"], status: 3, text: "check.hang" },
    Stub { name: "crashes", command: &["sh", "-c", "kill -SEGV $$"], status: 3, text: "SIGSEGV" },
    Stub {
        name: "prints 10 MB",
        command: &["sh", "-c", "yes | head -c 10000000; yes | head -c 10000000 >&2; exit 1"],
        status: 3,
        text: "exit status 1",
    },
    Stub {
        name: "ignores SIGTERM",
        command: &["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
        status: 3,
        text: "check.ignores_terminate",
    },
    Stub {
        name: "does not exist",
        command: &["/no/such/client"],
        status: 3,
        text: "/no/such/client",
    },
];

/// The longest output about a stub: a screen and its proofs.
const SCREEN_BYTES: usize = 8 * 1024;

/// The longest time that `mock-origin check` may take to say that nothing can be measured.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn trials() -> Vec<Trial> {
    STUBS.iter().map(|stub| trial(format!("stub: {}", stub.name), || is_told(stub))).collect()
}

/// Runs `mock-origin check` without any variable that changes what it prints.
fn check(options: &[&str], command: &[String]) -> Output {
    let mut check = Command::new(env!("CARGO_BIN_EXE_mock-origin"));
    check.arg("check").args(options).arg("--").args(command);
    check.env_remove("GITHUB_ACTIONS").stdin(Stdio::null()).output().unwrap()
}

fn is_told(stub: &Stub) -> Result<(), String> {
    let command: Vec<_> = stub.command.iter().map(|it| (*it).to_owned()).collect();
    let start = Instant::now();
    let output = check(&["--timeout", "2"], &command);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let is_right = output.status.code() == Some(stub.status) && text.contains(stub.text);
    if is_right && text.len() < SCREEN_BYTES && start.elapsed() < PATIENCE {
        return Ok(());
    }
    let expected = format!("expected: exit status {} and {:?}", stub.status, stub.text);
    Err(format!("{expected}\nfound: {} and {} bytes:\n{text}", output.status, text.len()))
}
