//! Tokens that expire before their time.

use std::time::Duration;

use crate::check::{Expected, Feature, Role, Scenario};
use crate::fault::ErrorResponse;
use crate::referee::{Basis, Level};

const DEAD: Scenario = Scenario {
    right: "Logs in again and repeats the request with the new token.",
    rule: "token.dead_used",
    level: Level::Should,
    section: "§2.3",
    basis: Basis::Documented,
    role: Role::Body,
    feature: Some(Feature::Relogin),
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "token/dies-mid-upload",
        situation: "Each token expires after three requests.",
        role: Role::Piece,
        faults: |origin, _| {
            origin.on_token().expire_after_requests(3);
        },
        ..DEAD
    },
    Scenario {
        id: "token/rejected",
        situation: "The token is rejected with 403 and -10001, once.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).reject(ErrorResponse::row(403, -10001));
        },
        ..DEAD
    },
    Scenario {
        id: "token/dies-for-good",
        situation: "Each token is rejected with 403 and -10001.",
        right: "Logs in again once or a few times, then reports the failure.",
        rule: "check.lie",
        level: Level::Must,
        feature: None,
        expected: Expected::NotStored,
        waits: Duration::from_secs(20),
        faults: |origin, plan| {
            origin.on(plan.body()).always().reject(ErrorResponse::row(403, -10001));
        },
        ..DEAD
    },
];
