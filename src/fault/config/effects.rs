//! The keys that say what a fault does.

use serde_json::Value;

use crate::fault::{ConnectionAction, Disconnect, FaultAction, TokenExpiry};

use super::selectors::Subject;
use super::values::{
    LISTINGS, MISHAPS, Read, alter, cut, flag, from_1, garbage, garble, interim, join, later, lose,
    named, number, plain, reject, reject_after, seconds,
};

/// One key that says what is done, as it is written in a file.
#[derive(Debug)]
pub struct ActionSpec {
    /// The key: the verb of the builder.
    pub key: &'static str,
    /// What it takes.
    pub values: &'static str,
    /// What it does.
    pub what: &'static str,
    /// What the faults are on that can have it.
    pub on: Subject,
    pub(super) read: fn(&Value) -> Read<Deed>,
}

/// What is done, and to what.
#[derive(Debug)]
pub(super) enum Deed {
    Call(FaultAction),
    Connection(ConnectionAction),
    Token(TokenExpiry),
}

const fn on_calls(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<Deed>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Calls, read }
}

const fn on_connections(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<Deed>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Connections, read }
}

const fn on_tokens(
    key: &'static str,
    values: &'static str,
    what: &'static str,
    read: fn(&Value) -> Read<Deed>,
) -> ActionSpec {
    ActionSpec { key, values, what, on: Subject::Tokens, read }
}

fn call(action: Read<FaultAction>) -> Read<Deed> {
    action.map(Deed::Call)
}

/// Every key that says what is done, in the order in which the effects act on a call.
pub const ACTIONS: &[ActionSpec] = &[
    on_calls(
        "reject",
        "STATUS|{ status = STATUS, code = CODE }|{ code = CODE }|{ raw = STATUS, code = CODE }, with \
         reason, headers = { NAME = VALUE }, retry_after = SECONDS, and body = TEXT with \
         content_type = TYPE as needed",
        "refused before its body: with a row of the operation's table, or with anything (raw); header \
         names are written as they are given, in place of the origin's own; headers whose order matters \
         are pairs in a list, [[NAME, VALUE]], and a body that is no text is a list of its bytes",
        |value| call(reject(value).map(FaultAction::Reject)),
    ),
    on_calls(
        "send_interim",
        "STATUS from 100 to 199, but 101|{ status = STATUS }, with reason and headers = { NAME = VALUE } \
         as needed",
        "an interim response is sent before all else, as 103 Early Hints with headers; a request \
         of HTTP/1.0 is skipped",
        |value| call(interim(value).map(FaultAction::SendInterim)),
    ),
    on_calls(
        "withhold_continue",
        "true",
        "a client that expects 100 Continue never gets it: what it sends is served as usual, and if it \
         sends nothing for the hold limit, the connection closes",
        |value| call(plain(flag(value, FaultAction::WithholdContinue))),
    ),
    on_calls(
        "delay_continue",
        "SECONDS up to 18446744073709551615",
        "a client that expects 100 Continue gets it so much later, in real time, unless it has begun to \
         send its body",
        |value| call(plain(seconds(value).map(FaultAction::DelayContinue))),
    ),
    on_calls(
        "garble_continue",
        "{ garbage = TEXT }",
        "a client that expects 100 Continue gets this text instead, else as withhold_continue; garbage \
         that is no text is a list of its bytes",
        |value| call(garbage(value).map(FaultAction::GarbleContinue)),
    ),
    on_calls(
        "reject_after",
        "{ bytes = N, reject = as for reject }",
        "refused when exactly so many bytes of its body have been read",
        |value| {
            call(reject_after(value).map(|(bytes, with)| FaultAction::RejectAfter(bytes, with)))
        },
    ),
    on_calls(
        "cut_after",
        r#"{ bytes = N, how = "reset"|"close"|"half_close"|"stall" }"#,
        "the connection is cut when exactly so many bytes of its body have been read",
        |value| call(cut(value).map(|(bytes, how)| FaultAction::CutAfter(bytes, how))),
    ),
    on_calls(
        "stall_after",
        "N",
        "nothing more is read or answered when exactly so many bytes of its body have been read; the \
         connection closes after the hold limit",
        |value| {
            call(plain(number(value).map(|bytes| FaultAction::CutAfter(bytes, Disconnect::Stall))))
        },
    ),
    on_calls(
        "read_slowly",
        "N of 1 or more",
        "its body is read no faster than so many bytes a second",
        |value| call(plain(from_1(value).map(FaultAction::ReadSlowly))),
    ),
    on_calls(
        "lose",
        r#""reset"|"close"|"half_close"|"stall"|STATUS"#,
        "its body is read whole, and nothing is done; its answer is lost, or comes with that status \
         instead: the row that the operation has for it, or none, as from a proxy",
        |value| call(lose(value).map(FaultAction::Lose)),
    ),
    on_calls(
        "interfere_before",
        r#""abort_upload"|"expire_upload"|"delete_upload"|"remove_directory"|"expire_token""#,
        "somebody else does that while its body is on its way",
        |value| call(plain(named(MISHAPS, value).map(FaultAction::InterfereBefore))),
    ),
    on_calls(
        "stale",
        "true",
        "answered from the origin as it was when the fault was added",
        |value| call(plain(flag(value, FaultAction::Stale))),
    ),
    on_calls(
        "list",
        r#""drops"|"repeats"|"never_ends""#,
        "its list leaves the first entry out, has it twice, or always says that there is more",
        |value| call(plain(named(LISTINGS, value).map(FaultAction::Listing))),
    ),
    on_calls(
        "join",
        r#""immediate"|"polls:N"|"after:SECONDS"|"fail""#,
        "the join that it begins goes like that, whatever the switch says",
        |value| call(plain(join(value).map(FaultAction::Join))),
    ),
    on_calls(
        "commit_then",
        r#""reset"|"close"|"half_close"|"stall"|STATUS"#,
        "it is done, and its answer is lost, or comes with that status instead, as for lose",
        |value| call(lose(value).map(FaultAction::CommitThen)),
    ),
    on_calls(
        "commit_later",
        "SECONDS up to 253402300799|{ seconds = SECONDS, then = as for lose }",
        "its answer is lost as for lose (503, unless it says how), and it is done so much later in \
         protocol time, even if it has been sent again by then",
        |value| call(later(value).map(FaultAction::CommitLater)),
    ),
    on_calls(
        "interfere_after",
        r#""abort_upload"|"expire_upload"|"delete_upload"|"remove_directory"|"expire_token""#,
        "it is done and answered, and then somebody else does that",
        |value| call(plain(named(MISHAPS, value).map(FaultAction::InterfereAfter))),
    ),
    on_calls(
        "delay",
        "SECONDS up to 18446744073709551615",
        "done at once, and answered so much later, in real time",
        |value| call(plain(seconds(value).map(FaultAction::Delay))),
    ),
    on_calls(
        "hold",
        "true",
        "done at once, and answered when the answer is released, or after the hold limit",
        |value| call(plain(flag(value, FaultAction::Hold))),
    ),
    on_calls(
        "alter",
        r#""wrong_checksum"|"upper_case_checksum"|"wrong_size"|{ code = CODE }|{ without = NAME }|{ twice = NAME }|{ with = NAME, value = VALUE }"#,
        "its answer has something else in its head; a code comes with status 200",
        |value| call(alter(value).map(FaultAction::Alter)),
    ),
    on_calls(
        "answer_slowly",
        "N of 1 or more",
        "its answer is written no faster than so many bytes a second",
        |value| call(plain(from_1(value).map(FaultAction::AnswerSlowly))),
    ),
    on_calls(
        "cut_answer",
        r#"{ bytes = N, how = "reset"|"close"|"half_close"|"stall" }"#,
        "the connection is cut when exactly so many bytes of its answer have been written, head \
         included",
        |value| call(cut(value).map(|(bytes, how)| FaultAction::CutAnswer(bytes, how))),
    ),
    on_calls(
        "garble",
        r#""status_line"|"chunk"|{ content_length = N }|{ truncate = N }|{ garbage = TEXT }"#,
        "its answer is no HTTP, or not the one that it says it is; garbage that is no text is a list \
         of its bytes",
        |value| call(garble(value).map(FaultAction::Garble)),
    ),
    on_connections("reset", "true", "accepted and reset at once", |value| {
        plain(flag(value, Deed::Connection(ConnectionAction::Reset)))
    }),
    on_connections(
        "silence",
        "true",
        "accepted, and nothing is read or answered until the hold limit closes it",
        |value| plain(flag(value, Deed::Connection(ConnectionAction::Silence))),
    ),
    on_connections(
        "close_after",
        "N of 1 or more",
        "closed after so many answers, without a word about it in the last",
        |value| {
            let closes = |answers| Deed::Connection(ConnectionAction::CloseAfter(answers));
            plain(from_1(value).map(closes))
        },
    ),
    on_tokens("expire_after_requests", "N of 1 or more", "they work for so many calls", |value| {
        plain(from_1(value).map(|requests| Deed::Token(TokenExpiry::Requests(requests))))
    }),
    on_tokens(
        "expire_after_bytes",
        "N of 1 or more",
        "they work until so many bytes of bodies have been read; the call that reads them is served",
        |value| plain(from_1(value).map(|bytes| Deed::Token(TokenExpiry::Bytes(bytes)))),
    ),
    on_tokens(
        "expire_after",
        "SECONDS up to 18446744073709551615",
        "they work for so long in protocol time, whatever their logins have asked for",
        |value| plain(seconds(value).map(|time| Deed::Token(TokenExpiry::Time(time)))),
    ),
];
