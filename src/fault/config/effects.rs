//! The keys that define what a fault does: the table [`ACTIONS`].

use serde_json::Value;

use crate::fault::{ConnectionAction, Disconnect, FaultAction, TokenExpiry};

use super::selectors::Subject;
use super::values::{
    INTERFERENCES, LISTINGS, Read, alter, cut, flag, from_1, garbage, garble, interim, join, later,
    lose, named, number, plain, reject, reject_after, seconds,
};

/// One action key of a fault file.
#[derive(Debug)]
pub struct ActionSpec {
    /// The key, which is the name of the builder method.
    pub key: &'static str,
    /// The allowed values.
    pub values: &'static str,
    /// The effect.
    pub what: &'static str,
    /// The faults that may have this key.
    pub on: Subject,
    pub(super) read: fn(&Value) -> Read<ActionTarget>,
}

/// An action with its target.
#[derive(Debug)]
pub(super) enum ActionTarget {
    Call(FaultAction),
    Connection(ConnectionAction),
    Token(TokenExpiry),
}

const fn on_calls(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<ActionTarget>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Calls, read }
}

const fn on_connections(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<ActionTarget>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Connections, read }
}

const fn on_tokens(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<ActionTarget>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Tokens, read }
}

fn call(action: Read<FaultAction>) -> Read<ActionTarget> {
    action.map(ActionTarget::Call)
}

/// All action keys, in the order in which they apply to a call.
pub const ACTIONS: &[ActionSpec] = &[
    on_calls(
        "reject",
        "STATUS|{ status = STATUS, code = CODE }|{ code = CODE }|{ raw = STATUS, code = CODE }, with \
         reason, headers = { NAME = VALUE }, retry_after = SECONDS, and body = TEXT with \
         content_type = TYPE as needed",
        "rejects the call before its body, with a result code of the operation or with any status (raw); \
         headers replace the headers of the origin and keep their spelling; if their order matters, \
         write a list of pairs, [[NAME, VALUE]]; write a binary body as a list of bytes",
        |value| call(reject(value).map(FaultAction::Reject)),
    ),
    on_calls(
        "send_interim",
        "STATUS from 100 to 199, except 101|{ status = STATUS }, with reason and headers = { NAME = VALUE } \
         as needed",
        "sends an interim response first, for example 103 Early Hints with headers; HTTP/1.0 requests \
         are skipped",
        |value| call(interim(value).map(FaultAction::SendInterim)),
    ),
    on_calls(
        "withhold_continue",
        "true",
        "never sends 100 Continue to a client that expects it; a body is handled as usual, and if none \
         arrives within the hold limit, the connection is closed",
        |value| call(plain(flag(value, FaultAction::WithholdContinue))),
    ),
    on_calls(
        "delay_continue",
        "SECONDS up to 18446744073709551615",
        "delays 100 Continue for a client that expects it, in real time, unless the body has started",
        |value| call(plain(seconds(value).map(FaultAction::DelayContinue))),
    ),
    on_calls(
        "garble_continue",
        "{ garbage = TEXT }",
        "sends this text in place of 100 Continue, and otherwise acts as withhold_continue; write binary \
         garbage as a list of bytes",
        |value| call(garbage(value).map(FaultAction::GarbleContinue)),
    ),
    on_calls(
        "reject_after",
        "{ bytes = N, reject = as for reject }",
        "rejects the call when exactly `bytes` bytes of its body have been read",
        |value| {
            call(reject_after(value).map(|(bytes, with)| FaultAction::RejectAfter(bytes, with)))
        },
    ),
    on_calls(
        "cut_after",
        r#"{ bytes = N, how = "reset"|"close"|"half_close"|"stall" }"#,
        "disconnects when exactly `bytes` bytes of the body have been read",
        |value| call(cut(value).map(|(bytes, how)| FaultAction::CutAfter(bytes, how))),
    ),
    on_calls(
        "stall_after",
        "N",
        "stops reading and responding when exactly N bytes of the body have been read; the connection \
         is closed after the hold limit",
        |value| {
            call(plain(number(value).map(|bytes| FaultAction::CutAfter(bytes, Disconnect::Stall))))
        },
    ),
    on_calls(
        "read_slowly",
        "N of 1 or more",
        "reads the body at no more than N bytes per second",
        |value| call(plain(from_1(value).map(FaultAction::ReadSlowly))),
    ),
    on_calls(
        "lose",
        r#""reset"|"close"|"half_close"|"stall"|STATUS"#,
        "reads the whole body, changes nothing, and loses the response or sends this status: with the \
         result code that the operation has for it, or without one, as a proxy does",
        |value| call(lose(value).map(FaultAction::Lose)),
    ),
    on_calls(
        "interfere_before",
        r#""abort_upload"|"expire_upload"|"delete_upload"|"remove_directory"|"expire_token""#,
        "interferes while the body is being sent",
        |value| call(plain(named(INTERFERENCES, value).map(FaultAction::InterfereBefore))),
    ),
    on_calls(
        "stale",
        "true",
        "responds with the state of the origin when the fault was added",
        |value| call(plain(flag(value, FaultAction::Stale))),
    ),
    on_calls(
        "list",
        r#""drops"|"repeats"|"never_ends""#,
        "omits the first entry of the list, repeats it, or always reports more entries",
        |value| call(plain(named(LISTINGS, value).map(FaultAction::Listing))),
    ),
    on_calls(
        "join",
        r#""immediate"|"polls:N"|"after:SECONDS"|"fail""#,
        "sets the course of the join, in place of the option `join`",
        |value| call(plain(join(value).map(FaultAction::Join))),
    ),
    on_calls(
        "commit_then",
        r#""reset"|"close"|"half_close"|"stall"|STATUS"#,
        "carries out the operation, and loses the response or sends this status, as for lose",
        |value| call(lose(value).map(FaultAction::CommitThen)),
    ),
    on_calls(
        "commit_later",
        "SECONDS up to 253402300799|{ seconds = SECONDS, then = as for lose }",
        "loses the response as for lose (default: 503), and carries out the operation later, in protocol \
         time, even if the client has repeated it",
        |value| call(later(value).map(FaultAction::CommitLater)),
    ),
    on_calls(
        "interfere_after",
        r#""abort_upload"|"expire_upload"|"delete_upload"|"remove_directory"|"expire_token""#,
        "carries out the operation, responds, and then interferes",
        |value| call(plain(named(INTERFERENCES, value).map(FaultAction::InterfereAfter))),
    ),
    on_calls(
        "delay",
        "SECONDS up to 18446744073709551615",
        "carries out the operation at once, and responds later, in real time",
        |value| call(plain(seconds(value).map(FaultAction::Delay))),
    ),
    on_calls(
        "hold",
        "true",
        "carries out the operation at once, and holds the response until it is released, or for the hold \
         limit",
        |value| call(plain(flag(value, FaultAction::Hold))),
    ),
    on_calls(
        "alter",
        r#""wrong_checksum"|"upper_case_checksum"|"wrong_size"|{ code = CODE }|{ without = NAME }|{ twice = NAME }|{ with = NAME, value = VALUE }"#,
        "changes the response head; a code is sent with status 200",
        |value| call(alter(value).map(FaultAction::Alter)),
    ),
    on_calls(
        "respond_slowly",
        "N of 1 or more",
        "writes the response at no more than N bytes per second",
        |value| call(plain(from_1(value).map(FaultAction::RespondSlowly))),
    ),
    on_calls(
        "cut_response",
        r#"{ bytes = N, how = "reset"|"close"|"half_close"|"stall" }"#,
        "disconnects when exactly `bytes` bytes of the response, head included, have been written",
        |value| call(cut(value).map(|(bytes, how)| FaultAction::CutResponse(bytes, how))),
    ),
    on_calls(
        "garble",
        r#""status_line"|"chunk"|{ content_length = N }|{ truncate = N }|{ garbage = TEXT }"#,
        "sends a malformed response; write binary garbage as a list of bytes",
        |value| call(garble(value).map(FaultAction::Garble)),
    ),
    on_connections("reset", "true", "accepts the connection and resets it at once", |value| {
        plain(flag(value, ActionTarget::Connection(ConnectionAction::Reset)))
    }),
    on_connections(
        "silence",
        "true",
        "accepts the connection, then neither reads nor responds, and closes it after the hold limit",
        |value| plain(flag(value, ActionTarget::Connection(ConnectionAction::Silence))),
    ),
    on_connections(
        "close_after",
        "N of 1 or more",
        "closes the connection after N responses, without `Connection: close`",
        |value| {
            let closes = |answers| ActionTarget::Connection(ConnectionAction::CloseAfter(answers));
            plain(from_1(value).map(closes))
        },
    ),
    on_tokens("expire_after_requests", "N of 1 or more", "tokens expire after N calls", |value| {
        plain(from_1(value).map(|requests| ActionTarget::Token(TokenExpiry::Requests(requests))))
    }),
    on_tokens(
        "expire_after_bytes",
        "N of 1 or more",
        "tokens expire when N body bytes have been read; the call that reaches the limit is served",
        |value| plain(from_1(value).map(|bytes| ActionTarget::Token(TokenExpiry::Bytes(bytes)))),
    ),
    on_tokens(
        "expire_after",
        "SECONDS up to 18446744073709551615",
        "tokens expire after this protocol time, in place of the lifetime that the login requested",
        |value| plain(seconds(value).map(|time| ActionTarget::Token(TokenExpiry::Time(time)))),
    ),
];
