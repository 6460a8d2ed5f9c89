//! Lost responses: the origin has done what was asked, or nothing, and the client cannot tell which.

use crate::check::{Feature, Role, Scenario};
use crate::fault::ResponseLoss;
use crate::journal::Op;
use crate::referee::{Basis, Level};

const LOST: Scenario = Scenario {
    rule: "check.gave_up",
    level: Level::Should,
    section: "§1.12",
    basis: Basis::Evidence,
    feature: Some(Feature::Retries),
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "lost/login",
        situation: "The response to the login is lost.",
        right: "Logs in again.",
        section: "§2.4",
        role: Role::Login,
        faults: |origin, _| {
            origin.on(Op::login()).attempt(1).commit_then(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/create",
        situation: "The upload is created, but the response is lost.",
        right: "Creates another upload; the first one is empty and expires.",
        rule: "retry.none",
        section: "§4.1",
        role: Role::Create,
        faults: |origin, _| {
            origin.on(Op::create()).attempt(1).commit_then(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/piece",
        situation: "A middle piece is stored, but the response is lost.",
        right: "Sends the whole piece again under the same number.",
        rule: "retry.none",
        section: "§4.2",
        role: Role::Piece,
        faults: |origin, plan| {
            origin.on(Op::piece(plan.middle())).attempt(1).commit_then(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/last-piece",
        situation: "The last piece is read but not stored, and the connection closes without a response.",
        right: "Sends the piece again. Without it, the completion succeeds and the file is too short.",
        rule: "check.lie",
        level: Level::Must,
        section: "§4.3",
        role: Role::Piece,
        faults: |origin, plan| {
            origin.on(plan.last_body()).attempt(1).lose(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/complete",
        situation: "The upload is completed, but the response is lost.",
        right: "Repeats the completion, and asks for the status if it is rejected with -8.",
        rule: "complete.unverified",
        section: "§4.3",
        role: Role::Complete,
        faults: |origin, _| {
            origin.on(Op::complete()).attempt(1).commit_then(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/file",
        situation: "The file is stored, but the response is lost.",
        right: "Sends the file again, or looks whether it is there.",
        section: "§5.1",
        role: Role::File,
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).commit_then(ResponseLoss::Close);
        },
        ..LOST
    },
    Scenario {
        id: "lost/request",
        situation: "The origin reads bytes of the file, stores nothing, and resets the connection.",
        right: "Sends the whole body again.",
        rule: "check.lie",
        level: Level::Must,
        section: "§4.2",
        role: Role::Body,
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).lose(ResponseLoss::Reset);
        },
        ..LOST
    },
    Scenario {
        id: "lost/status-500",
        situation: "The origin stores bytes of the file, but its response is 500.",
        right: "Sends the same body again.",
        rule: "retry.none",
        role: Role::Body,
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).commit_then(ResponseLoss::Status(500));
        },
        ..LOST
    },
    Scenario {
        id: "lost/complete-504",
        situation: "The upload is completed, but a gateway responds with 504.",
        right: "Repeats the completion, and asks for the status if it is rejected with -8.",
        rule: "check.false_alarm",
        section: "§4.3",
        role: Role::Complete,
        faults: |origin, _| {
            origin.on(Op::complete()).attempt(1).commit_then(ResponseLoss::Status(504));
        },
        ..LOST
    },
];
