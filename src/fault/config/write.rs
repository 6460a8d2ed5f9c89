//! Writes faults as JSON that parses to the same fault.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::error_response::By;
use crate::fault::{
    CallMatcher, ConnectionAction, DeferredCommit, Disconnect, ErrorResponse, Fault, FaultAction,
    HeaderMutation, InterimResponse, Kind, MalformedResponse, Repeat, ResponseLoss, TokenExpiry,
};
use crate::journal::{Op, escape_json};
use crate::protocol::{Interface, Join};

use super::selectors::{INTERFACES, OPS, Subject};
use super::values::{
    ALTERATIONS, CUTS, INTERFERENCES, LISTINGS, LOSSES, MALFORMED_RESPONSES, word,
};

type Member = (&'static str, Value);

impl Fault {
    /// Returns the fault as one line of JSON, which [`Fault::from_json`] parses to the same fault.
    ///
    /// Times are written in seconds. Fractions keep nanosecond precision for times of a few weeks or
    /// less.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let json = r#"{"op":"piece","part":2,"attempt":1,"reject":503}"#;
    /// assert_eq!(Fault::from_json(json)?.to_json(), json);
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let (mut members, action) = match &self.kind {
            Kind::Call(matcher, action) => (selector_members(matcher), action_member(action)),
            Kind::Connection(count, action) => (
                vec![subject_member(Subject::Connections), repeat_member(*count)],
                connection_member(*action),
            ),
            Kind::Token(user, life) => {
                let of = user.iter().map(|user| ("user", json!(user)));
                (
                    [subject_member(Subject::Tokens)].into_iter().chain(of).collect(),
                    token_member(*life),
                )
            }
        };
        members.extend(self.name.iter().map(|name| ("name", json!(name))));
        members.push(action);
        // serde_json would sort the keys; a reader wants the selectors before the action.
        let members: Vec<_> =
            members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        escape_json(&format!("{{{}}}", members.join(",")))
    }
}

fn subject_member(on: Subject) -> Member {
    ("on", json!(on.word()))
}

fn selector_members(matcher: &CallMatcher) -> Vec<Member> {
    let mut members = op_members(&matcher.op);
    if let Some(path) = &matcher.path {
        members.push(("path", json!(path.as_str())));
    }
    members.extend(matcher.user.iter().map(|user| ("user", json!(user))));
    members.extend(matcher.upload.iter().map(|upload| ("upload", json!(upload))));
    members.extend(matcher.attempts.as_ref().map(|range| {
        let several = || ("attempts", range_value(range));
        single_value(range).map_or_else(several, |attempt| ("attempt", json!(attempt)))
    }));
    members.extend(matcher.count.map(repeat_member));
    members
}

fn op_members(op: &Op) -> Vec<Member> {
    if let Some(method) = op.method_name() {
        return vec![("method", json!(method))];
    }
    let mut members = vec![("op", json!(word_for(op).unwrap_or("piece")))];
    members.extend(op.parts().map(|parts| {
        ("part", single_value(parts).map_or_else(|| range_value(parts), |part| json!(part)))
    }));
    members.extend(interface_of(op).map(|(word, _)| ("interface", json!(word))));
    members
}

/// Returns the interface of `op`, if it has one. An `Op` is opaque, so that it is compared with a
/// rebuilt one.
fn interface_of(op: &Op) -> Option<&'static (&'static str, Interface)> {
    INTERFACES.iter().find(|(_, interface)| op.clone().over(*interface) == *op)
}

/// Returns the name of the selected operation, or `None` for pieces with part numbers.
fn word_for(op: &Op) -> Option<&'static str> {
    let over = interface_of(op);
    let is_it = |availability: Op| {
        over.map_or(availability.clone(), |(_, interface)| availability.over(*interface)) == *op
    };
    let known = OPS.iter().find(|(_, operation)| is_it(operation.map_or(Op::any(), Op::operation)));
    known.map(|(word, _)| *word)
}

/// Returns a selection in the words of fault files, for messages: `piece 2..=4`, `create over http`.
pub(in crate::fault) fn op_in_words(op: &Op) -> String {
    let is_asked_for = op.method_name().is_some() || op.parts().is_some() || word_for(op).is_some();
    if !is_asked_for {
        return op.describe();
    }
    let mut members = op_members(op);
    if op.method_name().is_some() {
        let other = interface_of(op).filter(|(_, interface)| *interface != Interface::JsonRpc);
        members.extend(other.map(|(word, _)| ("interface", json!(word))));
    }
    let said = members.into_iter().map(|(key, value)| {
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if key == "interface" { format!("over {word}") } else { word }
    });
    said.collect::<Vec<_>>().join(" ")
}

/// Returns the key of an action.
pub(in crate::fault) fn action_key(action: &FaultAction) -> &'static str {
    action_member(action).0
}

/// Returns the number of a range that has only one.
fn single_value(range: &RangeInclusive<u32>) -> Option<u32> {
    (range.start() == range.end()).then_some(*range.start())
}

fn range_value(range: &RangeInclusive<u32>) -> Value {
    json!(format!("{}..={}", range.start(), range.end()))
}

fn repeat_member(count: Repeat) -> Member {
    match count {
        Repeat::Times(1) => ("first", json!(true)),
        Repeat::Times(times) => ("times", json!(times)),
        Repeat::Nth(nth) => ("nth", json!(nth)),
        Repeat::Always => ("always", json!(true)),
    }
}

fn action_member(action: &FaultAction) -> Member {
    match action {
        FaultAction::Reject(reject) => ("reject", error_response_value(reject)),
        FaultAction::RejectAfter(bytes, reject) => {
            ("reject_after", json!({ "bytes": bytes, "reject": error_response_value(reject) }))
        }
        FaultAction::SendInterim(response) => ("send_interim", interim_value(response)),
        FaultAction::WithholdContinue => ("withhold_continue", json!(true)),
        FaultAction::DelayContinue(by) => ("delay_continue", seconds_value(*by)),
        FaultAction::GarbleContinue(bytes) => {
            ("garble_continue", json!({ "garbage": text_or_bytes(bytes) }))
        }
        FaultAction::CutAfter(bytes, Disconnect::Stall) => ("stall_after", json!(bytes)),
        FaultAction::CutAfter(bytes, how) => ("cut_after", disconnect_value(*bytes, *how)),
        FaultAction::ReadSlowly(rate) => ("read_slowly", json!(rate)),
        FaultAction::Lose(lose) => ("lose", response_loss_value(*lose)),
        FaultAction::InterfereBefore(interference) => {
            ("interfere_before", json!(word(INTERFERENCES, interference)))
        }
        FaultAction::Stale => ("stale", json!(true)),
        FaultAction::Listing(listing) => ("list", json!(word(LISTINGS, listing))),
        FaultAction::Join(join) => ("join", join_value(*join)),
        FaultAction::CommitThen(lose) => ("commit_then", response_loss_value(*lose)),
        FaultAction::CommitLater(later) => ("commit_later", deferred_commit_value(*later)),
        FaultAction::InterfereAfter(interference) => {
            ("interfere_after", json!(word(INTERFERENCES, interference)))
        }
        FaultAction::Delay(by) => ("delay", seconds_value(*by)),
        FaultAction::Hold => ("hold", json!(true)),
        FaultAction::Alter(alter) => ("alter", header_mutation_value(alter)),
        FaultAction::RespondSlowly(rate) => ("respond_slowly", json!(rate)),
        FaultAction::CutResponse(bytes, how) => ("cut_response", disconnect_value(*bytes, *how)),
        FaultAction::Garble(garble) => ("garble", malformed_response_value(garble)),
    }
}

fn error_response_value(reject: &ErrorResponse) -> Value {
    let mut value = match reject.by {
        By::Status(status) if reject.is_bare() => return json!(status),
        By::Status(status) => json!({ "status": status }),
        By::ResultCode(None, code) => json!({ "code": code }),
        By::ResultCode(Some(status), code) => json!({ "status": status, "code": code }),
        By::Raw(status, None) => json!({ "raw": status }),
        By::Raw(status, Some(code)) => json!({ "raw": status, "code": code }),
    };
    if let Some(reason) = &reject.reason {
        value["reason"] = json!(reason);
    }
    if !reject.headers.is_empty() {
        value["headers"] = headers_value(&reject.headers);
    }
    if let Some(body) = &reject.body {
        value["content_type"] = json!(body.content_type);
        value["body"] = text_or_bytes(&body.bytes);
    }
    value
}

fn interim_value(response: &InterimResponse) -> Value {
    if *response == InterimResponse::status(response.status) {
        return json!(response.status);
    }
    let mut value = json!({ "status": response.status });
    if let Some(reason) = &response.reason {
        value["reason"] = json!(reason);
    }
    if !response.headers.is_empty() {
        value["headers"] = headers_value(&response.headers);
    }
    value
}

/// Returns an object, or a list of pairs if a name is repeated or the order matters.
fn headers_value(headers: &[(String, String)]) -> Value {
    if headers.is_sorted_by(|one, next| one.0 < next.0) {
        headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
    } else {
        json!(headers)
    }
}

fn disconnect_value(bytes: u64, how: Disconnect) -> Value {
    json!({ "bytes": bytes, "how": word(CUTS, &how) })
}

fn response_loss_value(lose: ResponseLoss) -> Value {
    match lose {
        ResponseLoss::Status(status) => json!(status),
        other => json!(word(LOSSES, &other)),
    }
}

fn deferred_commit_value(later: DeferredCommit) -> Value {
    if later == DeferredCommit::after(later.after) {
        return seconds_value(later.after);
    }
    json!({ "seconds": seconds_value(later.after), "then": response_loss_value(later.lose) })
}

fn join_value(join: Join) -> Value {
    match join {
        Join::Immediate => json!("immediate"),
        Join::Polls(polls) => json!(format!("polls:{polls}")),
        // `Display` of a float writes no exponent, which the option `join` could not parse.
        Join::After(by) if by.subsec_nanos() > 0 => json!(format!("after:{}", by.as_secs_f64())),
        Join::After(by) => json!(format!("after:{}", by.as_secs())),
        Join::Fail => json!("fail"),
    }
}

fn header_mutation_value(alter: &HeaderMutation) -> Value {
    match alter {
        HeaderMutation::Code(code) => json!({ "code": code }),
        HeaderMutation::Without(name) => json!({ "without": name }),
        HeaderMutation::Twice(name) => json!({ "twice": name }),
        HeaderMutation::With(name, value) => json!({ "with": name, "value": value }),
        other => json!(word(ALTERATIONS, other)),
    }
}

fn malformed_response_value(garble: &MalformedResponse) -> Value {
    match garble {
        MalformedResponse::ContentLength(bytes) => json!({ "content_length": bytes }),
        MalformedResponse::Truncate(bytes) => json!({ "truncate": bytes }),
        MalformedResponse::Garbage(bytes) => json!({ "garbage": text_or_bytes(bytes) }),
        other => json!(word(MALFORMED_RESPONSES, other)),
    }
}

/// Returns bytes as a text, or as a list of numbers if they are not UTF-8.
fn text_or_bytes(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!(bytes), |text| json!(text))
}

fn connection_member(action: ConnectionAction) -> Member {
    match action {
        ConnectionAction::Reset => ("reset", json!(true)),
        ConnectionAction::Silence => ("silence", json!(true)),
        ConnectionAction::CloseAfter(answers) => ("close_after", json!(answers)),
    }
}

fn token_member(life: TokenExpiry) -> Member {
    match life {
        TokenExpiry::Requests(requests) => ("expire_after_requests", json!(requests)),
        TokenExpiry::Bytes(bytes) => ("expire_after_bytes", json!(bytes)),
        TokenExpiry::Time(by) => ("expire_after", seconds_value(by)),
    }
}

fn seconds_value(by: Duration) -> Value {
    match by.subsec_nanos() {
        0 => json!(by.as_secs()),
        _ => json!(by.as_secs_f64()),
    }
}
