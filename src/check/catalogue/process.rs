//! Signals: the client is stopped while it waits for a response to bytes of the file.

use std::time::Duration;

use crate::check::{Event, Expected, Feature, Role, Scenario};
use crate::referee::{Basis, Level};

const STOPPED: Scenario = Scenario {
    level: Level::Should,
    section: "§4.4",
    basis: Basis::Evidence,
    role: Role::Body,
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "process/killed",
        situation: "The client is killed while it waits for a response, and is run again.",
        right: "Continues the upload, or begins again. Files that the first run left do not hinder it.",
        rule: "check.gave_up",
        feature: Some(Feature::Resume),
        event: Event::KillAndRunAgain,
        ..STOPPED
    },
    Scenario {
        id: "process/terminated",
        situation: "The client gets SIGTERM while it waits for a response.",
        right: "Ends within two seconds; it may abort its upload first.",
        rule: "check.ignores_terminate",
        expected: Expected::Either,
        event: Event::Terminate,
        waits: Duration::from_secs(2),
        ..STOPPED
    },
];
