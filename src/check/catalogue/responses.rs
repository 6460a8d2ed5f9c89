//! Wrong responses: the origin does what was asked, but its response is wrong, or the reverse.

use std::time::Duration;

use crate::check::{Expected, Feature, Flavour, Role, Scenario};
use crate::fault::{ErrorResponse, HeaderMutation, InterimResponse, MalformedResponse};
use crate::journal::Op;
use crate::protocol::Interface;
use crate::referee::{Basis, Level};

const WRONG: Scenario = Scenario {
    right: "Sends the request again.",
    rule: "check.gave_up",
    level: Level::Should,
    section: "§4.2",
    basis: Basis::Evidence,
    role: Role::Body,
    feature: Some(Feature::Retries),
    ..Scenario::DEFAULT
};

/// A JSON-RPC response without a result. The headers that HTTP endpoints answer with are in the result there.
fn null_result() -> ErrorResponse {
    let body = r#"{"jsonrpc": "2.0", "id": null, "result": null}"#;
    ErrorResponse::raw(200).body("application/json;charset=utf-8", body)
}

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "responses/wrong-checksum",
        situation: "The checksum in the response to a piece is that of other bytes, once.",
        right: "Sends the piece again.",
        rule: "ack.checksum",
        level: Level::Must,
        basis: Basis::Documented,
        role: Role::Piece,
        feature: Some(Feature::Checksum),
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).alter(HeaderMutation::WrongChecksum);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/wrong-checksum-always",
        situation: "The checksum in each response to a piece is that of other bytes.",
        right: "Stops after some tries and reports the failure, without completing the upload.",
        rule: "ack.checksum",
        level: Level::Must,
        basis: Basis::Documented,
        role: Role::Piece,
        feature: Some(Feature::Checksum),
        expected: Expected::NotStored,
        waits: Duration::from_secs(20),
        faults: |origin, plan| {
            origin.on(plan.body()).always().alter(HeaderMutation::WrongChecksum);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/upper-case-checksum",
        situation: "Each checksum is in upper case: the same value in other letters.",
        right: "Compares the value, not the letters.",
        basis: Basis::Assumed,
        feature: None,
        faults: |origin, plan| {
            let op = plan.whole_file().unwrap_or_else(Op::any_piece);
            origin.on(op).always().alter(HeaderMutation::UpperCaseChecksum);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/wrong-size",
        situation: "The size in the response to a piece is one too large, once.",
        right: "Sends the piece again.",
        rule: "ack.size",
        level: Level::Must,
        basis: Basis::Documented,
        role: Role::Piece,
        feature: Some(Feature::Checksum),
        faults: |origin, plan| {
            origin.on(plan.body()).attempt(1).alter(HeaderMutation::WrongSize);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/code-in-200",
        situation: "The last bytes of the file are rejected with status 200 and code -26.",
        right: "Reads X-Agile-Status, and sends the request again.",
        rule: "check.lie",
        level: Level::Must,
        section: "§1.7",
        basis: Basis::Documented,
        faults: |origin, plan| {
            let refusal = ErrorResponse::raw(200).with_code(-26);
            origin.on(plan.last_body()).attempt(1).reject(refusal);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/no-token",
        situation: "The response to the login has status 200 and no token.",
        right: "Logs in again.",
        rule: "ack.header",
        section: "§2.5",
        role: Role::Login,
        faults: |origin, _| {
            let lacking = HeaderMutation::Without("X-Agile-Token".to_owned());
            origin.on(Op::login().over(Interface::Http)).attempt(1).alter(lacking);
            let op = Op::login().over(Interface::JsonRpc);
            origin.on(op).attempt(1).reject(null_result());
        },
        ..WRONG
    },
    Scenario {
        id: "responses/no-upload-id",
        situation: "The response to the creation has status 200 and no multipart id.",
        right: "Creates another upload.",
        rule: "ack.header",
        section: "§4.1",
        role: Role::Create,
        faults: |origin, plan| {
            let lacking = HeaderMutation::Without("X-Agile-Multipart".to_owned());
            origin.on(Op::create().over(Interface::Http)).attempt(1).alter(lacking);
            if plan.flavour == Flavour::JsonRpc {
                let op = Op::create().over(Interface::JsonRpc);
                origin.on(op).attempt(1).reject(null_result());
            }
        },
        ..WRONG
    },
    Scenario {
        id: "responses/no-code",
        situation: "The response to bytes of the file has status 200 and no X-Agile-Status.",
        right: "Sends the request again, or relies on the status.",
        section: "§1.7",
        basis: Basis::Assumed,
        faults: |origin, plan| {
            let lacking = HeaderMutation::Without("X-Agile-Status".to_owned());
            origin.on(plan.body()).attempt(1).alter(lacking);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/garbage",
        situation: "The origin stores bytes of the file and responds with bytes that are not HTTP.",
        section: "RFC 9112 §4",
        basis: Basis::Rfc,
        faults: |origin, plan| {
            let garbage = MalformedResponse::Garbage(b"\x15\x03\x01\x00\x02\x02\x46".to_vec());
            origin.on(plan.body()).attempt(1).garble(garbage);
        },
        ..WRONG
    },
    Scenario {
        id: "responses/interim",
        situation: "103 Early Hints, with an X-Agile-Status of its own, precedes the response.",
        right: "Reads on to the final response.",
        level: Level::Must,
        section: "RFC 9110 §15.2",
        basis: Basis::Rfc,
        feature: None,
        faults: |origin, plan| {
            let hints = InterimResponse::status(103).header("X-Agile-Status", "-1");
            origin.on(plan.body()).attempt(1).send_interim(hints);
        },
        ..WRONG
    },
];
