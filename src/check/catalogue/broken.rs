//! Broken and slow connections.

use std::time::Duration;

use crate::check::{Event, Feature, Role, Scenario};
use crate::fault::{Disconnect, ResponseLoss};
use crate::referee::{Basis, Level};

const BROKEN: Scenario = Scenario {
    right: "Opens another connection and sends the whole body again.",
    rule: "check.gave_up",
    level: Level::Should,
    section: "§4.2",
    basis: Basis::Evidence,
    role: Role::Body,
    feature: Some(Feature::Retries),
    ..Scenario::DEFAULT
};

/// Nothing moves until the client leaves: a client without a timeout of its own hangs.
const HANGING: Scenario = Scenario {
    right: "Gives up the connection after a timeout of its own, and sends the request again.",
    rule: "check.hang",
    level: Level::Must,
    waits: Duration::from_secs(10),
    is_timed: true,
    builder: |builder, _| builder.hold_limit(Duration::from_secs(600)),
    ..BROKEN
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "broken/mid-body",
        situation: "The connection is reset when half a body has been read.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).cut_after(plan.half(), Disconnect::Reset);
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/mid-response",
        situation: "The connection closes in the middle of the head of a response.",
        right: "Sends the whole body again. Does not take half a status line for a success.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).cut_response(12, Disconnect::Close);
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/at-accept",
        situation: "The first connection is reset before a request is read.",
        right: "Connects again.",
        section: "§2.4",
        role: Role::Any,
        faults: |origin, _| {
            origin.on_connection().first().reset();
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/idle-close",
        situation: "A kept connection closes after the first response, without an announcement.",
        right: "Opens another connection, and sends the request again if it was lost.",
        section: "RFC 9112 §9.3.1",
        basis: Basis::Rfc,
        role: Role::Any,
        faults: |origin, _| {
            origin.on_connection().first().close_after(1);
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/stall",
        situation: "The origin stops reading in the middle of a body; the connection stays open.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).stall_after(plan.half());
        },
        ..HANGING
    },
    Scenario {
        id: "broken/silence",
        situation: "The first connection is accepted, but nothing is read or written.",
        role: Role::Any,
        section: "§2.4",
        faults: |origin, _| {
            origin.on_connection().first().silence();
        },
        ..HANGING
    },
    Scenario {
        id: "broken/no-response",
        situation: "The origin stores bytes of the file and never responds; the connection stays open.",
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).commit_then(ResponseLoss::Stall);
        },
        ..HANGING
    },
    Scenario {
        id: "broken/slow-request",
        situation: "The origin reads a body so slowly that it takes two seconds.",
        right: "Waits: bytes still move.",
        feature: None,
        waits: Duration::from_secs(3),
        is_timed: true,
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).read_slowly(plan.half().max(1));
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/slow-response",
        situation: "The origin writes the head of a response at 150 bytes per second.",
        right: "Reads the response to its end.",
        feature: None,
        waits: Duration::from_secs(4),
        is_timed: true,
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).respond_slowly(150);
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/no-continue",
        situation: "The origin never sends the 100 Continue that the client asked for.",
        right: "Sends the body after a timeout of its own.",
        section: "RFC 9110 §10.1.1",
        basis: Basis::Rfc,
        role: Role::Continue,
        feature: None,
        waits: Duration::from_secs(10),
        is_timed: true,
        builder: |builder, _| builder.hold_limit(Duration::from_secs(600)),
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).withhold_continue();
        },
        ..BROKEN
    },
    Scenario {
        id: "broken/offline",
        situation: "The origin goes down while a response is awaited, and is back after three seconds.",
        right: "Tries again with growing pauses until the origin is back.",
        waits: Duration::from_secs(15),
        is_timed: true,
        event: Event::Offline(Duration::from_secs(3)),
        ..BROKEN
    },
];
