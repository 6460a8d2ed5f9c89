//! The join: a completed upload becomes a file later, or never.

use std::time::Duration;

use crate::check::{Expected, Feature, Role, Scenario};
use crate::options::Join;
use crate::referee::{Basis, Level};

const JOINED: Scenario = Scenario {
    level: Level::Must,
    section: "§4.4",
    basis: Basis::Documented,
    role: Role::Complete,
    feature: Some(Feature::JoinPoll),
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "join/later",
        situation: "The file exists three seconds after the completion.",
        right: "Asks for the status, with pauses, until it is SUCCESS.",
        rule: "poll.none",
        level: Level::Should,
        waits: Duration::from_secs(5),
        settles: Duration::from_secs(3),
        builder: |builder, _| builder.join(Join::After(Duration::from_secs(3))),
        is_exercised: super::has_completed,
        ..JOINED
    },
    Scenario {
        id: "join/fails",
        situation: "The completion succeeds, but the join fails: the status is FAILED.",
        right: "Asks for the status, and reports the failure or restarts the upload.",
        rule: "check.lie",
        expected: Expected::Either,
        waits: Duration::from_secs(5),
        builder: |builder, _| builder.join(Join::Fail),
        is_exercised: super::has_completed,
        ..JOINED
    },
    Scenario {
        id: "join/never",
        situation: "The completion succeeds, but the status stays JOIN.",
        right: "Stops asking after a while, and does not report success.",
        rule: "check.lie",
        basis: Basis::Evidence,
        expected: Expected::NotStored,
        waits: Duration::from_secs(30),
        builder: |builder, _| builder.join(Join::After(Duration::from_secs(30 * 86_400))),
        is_exercised: super::has_completed,
        ..JOINED
    },
];
