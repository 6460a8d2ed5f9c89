//! The control runs: without them, nothing else is measured.

use crate::check::{Event, Expected, Scenario};
use crate::referee::{Basis, Level};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "control/plain",
        situation: "Nothing goes wrong.",
        right: "Uploads the file and exits with 0.",
        rule: "check.gave_up",
        level: Level::Must,
        section: "§4",
        basis: Basis::Documented,
        ..Scenario::DEFAULT
    },
    Scenario {
        id: "control/refused",
        situation: "The client is given a wrong password.",
        right: "Reports the failure by its exit status.",
        rule: "check.exit_status",
        level: Level::Must,
        section: "§2.5",
        basis: Basis::Documented,
        expected: Expected::NotStored,
        event: Event::WrongPassword,
        ..Scenario::DEFAULT
    },
];
