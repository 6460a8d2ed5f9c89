//! The rules by which `check` itself judges a run, beside those of the referee. Start with [`RULES`].

use crate::referee::Level;

/// A rule of `check`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CheckRule {
    /// The id.
    pub id: &'static str,
    /// The level.
    pub level: Level,
    /// What a client must or should do, as a sentence.
    pub sentence: &'static str,
    /// What to change in a client that violates it.
    pub advice: &'static str,
}

/// All rules of `check`.
pub const RULES: &[CheckRule] = &[
    CheckRule {
        id: "check.lie",
        level: Level::Must,
        sentence: "A client must not report success if the file is not stored as it was sent.",
        advice: "Report success only after a response that proves it: 200 and code 0 for the completion, or a status of SUCCESS.",
    },
    CheckRule {
        id: "check.false_alarm",
        level: Level::Should,
        sentence: "A client should not report failure if the file is stored as it was sent.",
        advice: "After a lost response, repeat the request, or ask whether the file is stored: getMultipartStatus for an upload in pieces, stat for a whole file.",
    },
    CheckRule {
        id: "check.gave_up",
        level: Level::Should,
        sentence: "A client should get the file stored if what it claims to do suffices.",
        advice: "Repeat what can be repeated until the file is stored. If the profile claims more than the client does, remove the feature.",
    },
    CheckRule {
        id: "check.crash",
        level: Level::Must,
        sentence: "A client must not be ended by a signal or a panic of its own.",
        advice: "Handle the error and exit with a status.",
    },
    CheckRule {
        id: "check.hang",
        level: Level::Must,
        sentence: "A client must end within its deadline.",
        advice: "Set a timeout for connecting, for each read and for all tries together.",
    },
    CheckRule {
        id: "check.no_exit",
        level: Level::Must,
        sentence: "A client must exit when its upload has ended.",
        advice: "Join or stop threads and timers at the end. The file was stored, and no request was open.",
    },
    CheckRule {
        id: "check.left_behind",
        level: Level::Should,
        sentence: "A client should not leave processes behind.",
        advice: "Wait for child processes before exiting; the exit status of a parent that returns early says nothing.",
    },
    CheckRule {
        id: "check.ignores_terminate",
        level: Level::Should,
        sentence: "A client should end within 2 s of SIGTERM.",
        advice: "Restore the default action of SIGTERM, or stop the upload in its handler.",
    },
    CheckRule {
        id: "check.exit_status",
        level: Level::Must,
        sentence: "A client must tell success from failure by its exit status.",
        advice: "Exit with 0 only if the file is stored. A login that is rejected is a failure.",
    },
    CheckRule {
        id: "check.profile",
        level: Level::Should,
        sentence: "The profile of a client should agree with its traffic.",
        advice: "Correct the profile; `--print-profile` prints what the traffic shows.",
    },
];

/// Returns the rule of `check` with an id.
pub fn rule_by_id(id: &str) -> Option<&'static CheckRule> {
    RULES.iter().find(|rule| rule.id == id)
}
