//! Other clients and late effects: the state of the upload changes without this client.

use std::time::Duration;

use crate::check::{Expected, Feature, Role, Scenario};
use crate::fault::{DeferredCommit, ResponseLoss};
use crate::journal::Op;
use crate::protocol::Operation;
use crate::referee::{Basis, Level};
use crate::storage::Interference;

const OTHERS: Scenario = Scenario {
    right: "Reports the failure, or begins another upload.",
    rule: "check.lie",
    level: Level::Must,
    section: "§4.4",
    basis: Basis::Documented,
    role: Role::Piece,
    expected: Expected::Either,
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "others/aborted",
        situation: "Another client aborts the upload after a piece is stored: what follows gets -17.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).interfere_after(Interference::AbortUpload);
        },
        ..OTHERS
    },
    Scenario {
        id: "others/expired",
        situation: "The upload expires while a piece is sent: what follows gets -8.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).interfere_before(Interference::ExpireUpload);
        },
        ..OTHERS
    },
    Scenario {
        id: "others/zombie-piece",
        situation: "A piece gets no response and is stored a second later, when its retry is stored already.",
        right: "Sends the same bytes again under the same number, so that the order does not matter.",
        rule: "retry.other_bytes",
        level: Level::Should,
        section: "§4.2",
        basis: Basis::Assumed,
        feature: Some(Feature::Retries),
        expected: Expected::Stored,
        waits: Duration::from_secs(2),
        settles: Duration::from_secs(1),
        faults: |origin, plan| {
            let later = DeferredCommit::after(Duration::from_secs(1)).then(ResponseLoss::Reset);
            origin.on(plan.body()).attempt(1).commit_later(later);
        },
        ..OTHERS
    },
    Scenario {
        id: "others/stale-status",
        situation: "The first question about the upload or the file shows the state before the upload.",
        right: "Asks again before it reports a failure.",
        rule: "check.false_alarm",
        level: Level::Should,
        basis: Basis::Assumed,
        role: Role::Any,
        feature: Some(Feature::JoinPoll),
        expected: Expected::Stored,
        waits: Duration::from_secs(5),
        faults: |origin, _| {
            for operation in [Operation::Status, Operation::Stat, Operation::Read] {
                origin.on(Op::operation(operation)).first().stale();
            }
        },
        ..OTHERS
    },
];
