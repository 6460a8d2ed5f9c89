//! An origin that is ill: it rejects requests that are right, for a while or for good.

use std::time::Duration;

use crate::check::{Content, Expected, Feature, Flavour, Role, Scenario};
use crate::fault::ErrorResponse;
use crate::journal::Op;
use crate::protocol::Interface;
use crate::referee::{Basis, Level};

/// The rejection passes.
const PASSING: Scenario = Scenario {
    rule: "retry.none",
    level: Level::Should,
    section: "§1.12",
    basis: Basis::Evidence,
    role: Role::Body,
    feature: Some(Feature::Retries),
    waits: Duration::from_secs(5),
    ..Scenario::DEFAULT
};

/// The rejection does not pass, so that the file cannot be stored.
const LASTING: Scenario = Scenario {
    right: "Stops after some tries, aborts the upload, and reports the failure.",
    rule: "check.lie",
    level: Level::Must,
    section: "§1.12",
    basis: Basis::Evidence,
    role: Role::Body,
    expected: Expected::NotStored,
    waits: Duration::from_secs(20),
    ..Scenario::DEFAULT
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "ill/retry-after",
        situation: "The origin responds with 503 twice, with Retry-After: 1.",
        right: "Waits a second before each new try.",
        rule: "retry.early",
        section: "RFC 9110 §10.2.3",
        basis: Basis::Rfc,
        faults: |origin, plan| {
            let busy = ErrorResponse::status(503).retry_after(Duration::from_secs(1));
            origin.on(plan.body()).attempts(1..=2).reject(busy);
        },
        ..PASSING
    },
    Scenario {
        id: "ill/retry-after-date",
        situation: "The origin responds with 503, and with a date in Retry-After.",
        right: "Reads the date as a date, or ignores it, and tries again.",
        section: "RFC 9110 §10.2.3",
        basis: Basis::Rfc,
        faults: |origin, plan| {
            let date = "Sun, 06 Nov 1994 08:49:37 GMT";
            let busy = ErrorResponse::status(503).header("Retry-After", date);
            origin.on(plan.body()).attempt(1).reject(busy);
        },
        ..PASSING
    },
    Scenario {
        id: "ill/proxy-page",
        situation: "A proxy responds with 502 and an HTML page.",
        right: "Tries again, without reading the page as a response of the origin.",
        faults: |origin, plan| {
            let page = "<html><h1>502 Bad Gateway</h1></html>";
            let proxy = ErrorResponse::raw(502).header("server", "nginx").body("text/html", page);
            origin.on(plan.body()).attempt(1).reject(proxy);
        },
        ..PASSING
    },
    Scenario {
        id: "ill/rate-limit",
        situation: "The origin takes two requests per second and rejects the others with 429.",
        right: "Pauses before the next try.",
        rule: "rate.ignored",
        section: "§1.11",
        basis: Basis::Documented,
        role: Role::Piece,
        waits: Duration::from_secs(10),
        is_timed: true,
        builder: |builder, _| builder.rate_limit(2),
        is_exercised: |journal| super::has_status(journal, 429),
        ..PASSING
    },
    Scenario {
        id: "ill/too-many-requests",
        situation: "The origin rejects two requests with 429.",
        right: "Pauses before the next try.",
        rule: "rate.ignored",
        section: "§1.11",
        basis: Basis::Documented,
        faults: |origin, plan| {
            origin.on(plan.body()).attempts(1..=2).reject(429);
        },
        ..PASSING
    },
    Scenario {
        id: "ill/lock-expired",
        situation: "The completion is rejected because a lock has expired.",
        right: "Repeats the completion.",
        rule: "check.gave_up",
        section: "§4.3",
        basis: Basis::Documented,
        role: Role::Complete,
        faults: |origin, plan| {
            origin.on(Op::complete()).attempt(1).reject(ErrorResponse::code(-13));
            if plan.flavour == Flavour::JsonRpc {
                // completeMultipart does not have this code.
                let unspecified = ErrorResponse::code(-32000);
                let op = Op::complete().over(Interface::JsonRpc);
                origin.on(op).attempt(1).reject(unspecified);
            }
        },
        ..PASSING
    },
    Scenario {
        id: "ill/early-refusal",
        situation: "Bytes of a file of 8 MiB are rejected with 503 before they are read.",
        right: "Reads the response while or after it sends, and sends the whole body again.",
        section: "§1.9",
        content: Content::Bytes(8 << 20),
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).reject(503);
        },
        ..PASSING
    },
    Scenario {
        id: "ill/disk-full",
        situation: "The disk of the account is full when half the file is stored.",
        section: "§1.12",
        builder: |builder, plan| builder.disk_quota((plan.size / 2).max(1)),
        is_exercised: |journal| super::has_code(journal, -22),
        ..LASTING
    },
    Scenario {
        id: "ill/endless",
        situation: "The origin responds with 503 for ever.",
        rule: "check.hang",
        faults: |origin, plan| {
            origin.on(plan.body()).always().reject(503);
        },
        ..LASTING
    },
    Scenario {
        id: "ill/permanent",
        situation: "The origin rejects the request for good, with status 400.",
        right: "Does not repeat the request unchanged, and reports the failure.",
        section: "§4.2",
        faults: |origin, plan| {
            let code = if plan.whole_file().is_some() { -8 } else { -7 };
            origin.on(plan.body()).always().reject(ErrorResponse::code(code));
        },
        ..LASTING
    },
];
