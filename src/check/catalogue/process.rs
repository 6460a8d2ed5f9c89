//! Signals: the client is stopped in the middle of a body.

use std::time::Duration;

use crate::check::{Event, Expected, Feature, Role, Scenario};
use crate::referee::{Basis, Level};

const STOPPED: Scenario = Scenario {
    level: Level::Should,
    section: "§4.4",
    basis: Basis::Evidence,
    role: Role::Body,
    faults: |origin, plan| {
        origin.on(plan.body()).attempt(1).stall_after(plan.half());
    },
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "process/killed",
        situation: "The client is killed in the middle of a body, and run again.",
        right: "Continues the upload, or begins again. Files that the first run left do not hinder it.",
        rule: "check.gave_up",
        feature: Some(Feature::Resume),
        event: Event::KillAndRunAgain,
        ..STOPPED
    },
    Scenario {
        id: "process/terminated",
        situation: "The client gets SIGTERM in the middle of a body.",
        right: "Ends within two seconds; it may abort its upload first.",
        rule: "check.ignores_terminate",
        expected: Expected::NotStored,
        event: Event::Terminate,
        waits: Duration::from_secs(2),
        ..STOPPED
    },
];
