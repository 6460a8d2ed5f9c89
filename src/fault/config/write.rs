//! Writing faults as text that reads as the same fault.

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
use super::values::{ALTERATIONS, CUTS, GARBLINGS, LISTINGS, LOSSES, MISHAPS, word};

type Member = (&'static str, Value);

impl Fault {
    /// The fault as one JSON object on one line, which [`Fault::from_json`] reads as the same fault.
    ///
    /// Times are written in seconds; a fraction of one is kept to the nanosecond in times of less
    /// than some weeks.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let json = r#"{"op":"piece","part":2,"attempt":1,"reject":503}"#;
    /// assert_eq!(Fault::from_json(json)?.to_json(), json);
    /// # Ok::<(), String>(())
    /// ```
    pub fn to_json(&self) -> String {
        let (mut members, action) = match &self.kind {
            Kind::Call(matcher, action) => (selected(matcher), effected(action)),
            Kind::Connection(count, action) => {
                (vec![on(Subject::Connections), counted(*count)], on_connection(*action))
            }
            Kind::Token(user, life) => {
                let of = user.iter().map(|user| ("user", json!(user)));
                ([on(Subject::Tokens)].into_iter().chain(of).collect(), of_token(*life))
            }
        };
        members.extend(self.name.iter().map(|name| ("name", json!(name))));
        members.push(action);
        // By hand: serde_json would put the keys in alphabetical order, and a reader wants to know
        // when first, and what then.
        let members: Vec<_> =
            members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        escape_json(&format!("{{{}}}", members.join(",")))
    }
}

fn on(on: Subject) -> Member {
    ("on", json!(on.word()))
}

fn selected(matcher: &CallMatcher) -> Vec<Member> {
    let mut members = asked(&matcher.op);
    if let Some(path) = &matcher.path {
        members.push(("path", json!(path.as_str())));
    }
    members.extend(matcher.user.iter().map(|user| ("user", json!(user))));
    members.extend(matcher.upload.iter().map(|upload| ("upload", json!(upload))));
    members.extend(matcher.attempts.as_ref().map(|range| {
        let several = || ("attempts", ranged(range));
        one_of(range).map_or_else(several, |attempt| ("attempt", json!(attempt)))
    }));
    members.extend(matcher.count.map(counted));
    members
}

fn asked(op: &Op) -> Vec<Member> {
    if let Some(method) = op.method_name() {
        return vec![("method", json!(method))];
    }
    let mut members = vec![("op", json!(word_for(op).unwrap_or("piece")))];
    members
        .extend(op.parts().map(|parts| {
            ("part", one_of(parts).map_or_else(|| ranged(parts), |part| json!(part)))
        }));
    members.extend(interface_of(op).map(|(word, _)| ("interface", json!(word))));
    members
}

/// The interface that it is narrowed to. What an `Op` selects is found by making the same again.
fn interface_of(op: &Op) -> Option<&'static (&'static str, Interface)> {
    INTERFACES.iter().find(|(_, interface)| op.clone().over(*interface) == *op)
}

/// The word for what it selects; there is none for pieces of some numbers alone.
fn word_for(op: &Op) -> Option<&'static str> {
    let over = interface_of(op);
    let is_it = |availability: Op| {
        over.map_or(availability.clone(), |(_, interface)| availability.over(*interface)) == *op
    };
    let known = OPS.iter().find(|(_, operation)| is_it(operation.map_or(Op::any(), Op::operation)));
    known.map(|(word, _)| *word)
}

/// A selection in the words of files, as messages name it: `piece 2..=4`, `create over http`.
pub(in crate::fault) fn op_in_words(op: &Op) -> String {
    let is_asked_for = op.method_name().is_some() || op.parts().is_some() || word_for(op).is_some();
    if !is_asked_for {
        return op.describe();
    }
    let mut members = asked(op);
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

/// The key of an effect.
pub(in crate::fault) fn effect_key(action: &FaultAction) -> &'static str {
    effected(action).0
}

/// The one number of a range, if it has no more.
fn one_of(range: &RangeInclusive<u32>) -> Option<u32> {
    (range.start() == range.end()).then_some(*range.start())
}

fn ranged(range: &RangeInclusive<u32>) -> Value {
    json!(format!("{}..={}", range.start(), range.end()))
}

fn counted(count: Repeat) -> Member {
    match count {
        Repeat::Times(1) => ("first", json!(true)),
        Repeat::Times(times) => ("times", json!(times)),
        Repeat::Nth(nth) => ("nth", json!(nth)),
        Repeat::Always => ("always", json!(true)),
    }
}

fn effected(action: &FaultAction) -> Member {
    match action {
        FaultAction::Reject(reject) => ("reject", refusal(reject)),
        FaultAction::RejectAfter(bytes, reject) => {
            ("reject_after", json!({ "bytes": bytes, "reject": refusal(reject) }))
        }
        FaultAction::SendInterim(response) => ("send_interim", interim(response)),
        FaultAction::WithholdContinue => ("withhold_continue", json!(true)),
        FaultAction::DelayContinue(by) => ("delay_continue", time(*by)),
        FaultAction::GarbleContinue(bytes) => {
            ("garble_continue", json!({ "garbage": text_or_bytes(bytes) }))
        }
        FaultAction::CutAfter(bytes, Disconnect::Stall) => ("stall_after", json!(bytes)),
        FaultAction::CutAfter(bytes, how) => ("cut_after", cut(*bytes, *how)),
        FaultAction::ReadSlowly(rate) => ("read_slowly", json!(rate)),
        FaultAction::Lose(lose) => ("lose", lost(*lose)),
        FaultAction::InterfereBefore(interference) => {
            ("interfere_before", json!(word(MISHAPS, interference)))
        }
        FaultAction::Stale => ("stale", json!(true)),
        FaultAction::Listing(listing) => ("list", json!(word(LISTINGS, listing))),
        FaultAction::Join(join) => ("join", joined(*join)),
        FaultAction::CommitThen(lose) => ("commit_then", lost(*lose)),
        FaultAction::CommitLater(later) => ("commit_later", put_off(*later)),
        FaultAction::InterfereAfter(interference) => {
            ("interfere_after", json!(word(MISHAPS, interference)))
        }
        FaultAction::Delay(by) => ("delay", time(*by)),
        FaultAction::Hold => ("hold", json!(true)),
        FaultAction::Alter(alter) => ("alter", altered(alter)),
        FaultAction::AnswerSlowly(rate) => ("answer_slowly", json!(rate)),
        FaultAction::CutAnswer(bytes, how) => ("cut_answer", cut(*bytes, *how)),
        FaultAction::Garble(garble) => ("garble", garbled(garble)),
    }
}

fn refusal(reject: &ErrorResponse) -> Value {
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
        value["headers"] = headers(&reject.headers);
    }
    if let Some(body) = &reject.body {
        value["content_type"] = json!(body.content_type);
        value["body"] = text_or_bytes(&body.bytes);
    }
    value
}

fn interim(response: &InterimResponse) -> Value {
    if *response == InterimResponse::status(response.status) {
        return json!(response.status);
    }
    let mut value = json!({ "status": response.status });
    if let Some(reason) = &response.reason {
        value["reason"] = json!(reason);
    }
    if !response.headers.is_empty() {
        value["headers"] = headers(&response.headers);
    }
    value
}

/// An object has no order and nothing twice: other headers are a list of pairs.
fn headers(headers: &[(String, String)]) -> Value {
    if headers.is_sorted_by(|one, next| one.0 < next.0) {
        headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
    } else {
        json!(headers)
    }
}

fn cut(bytes: u64, how: Disconnect) -> Value {
    json!({ "bytes": bytes, "how": word(CUTS, &how) })
}

fn lost(lose: ResponseLoss) -> Value {
    match lose {
        ResponseLoss::Status(status) => json!(status),
        other => json!(word(LOSSES, &other)),
    }
}

fn put_off(later: DeferredCommit) -> Value {
    if later == DeferredCommit::after(later.after) {
        return time(later.after);
    }
    json!({ "seconds": time(later.after), "then": lost(later.lose) })
}

fn joined(join: Join) -> Value {
    match join {
        Join::Immediate => json!("immediate"),
        Join::Polls(polls) => json!(format!("polls:{polls}")),
        // A float is written without an exponent here, which a switch does not read.
        Join::After(by) if by.subsec_nanos() > 0 => json!(format!("after:{}", by.as_secs_f64())),
        Join::After(by) => json!(format!("after:{}", by.as_secs())),
        Join::Fail => json!("fail"),
    }
}

fn altered(alter: &HeaderMutation) -> Value {
    match alter {
        HeaderMutation::Code(code) => json!({ "code": code }),
        HeaderMutation::Without(name) => json!({ "without": name }),
        HeaderMutation::Twice(name) => json!({ "twice": name }),
        HeaderMutation::With(name, value) => json!({ "with": name, "value": value }),
        other => json!(word(ALTERATIONS, other)),
    }
}

fn garbled(garble: &MalformedResponse) -> Value {
    match garble {
        MalformedResponse::ContentLength(bytes) => json!({ "content_length": bytes }),
        MalformedResponse::Truncate(bytes) => json!({ "truncate": bytes }),
        MalformedResponse::Garbage(bytes) => json!({ "garbage": text_or_bytes(bytes) }),
        other => json!(word(GARBLINGS, other)),
    }
}

/// Bytes as a text, or as a list of numbers where they are no UTF-8.
fn text_or_bytes(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!(bytes), |text| json!(text))
}

fn on_connection(action: ConnectionAction) -> Member {
    match action {
        ConnectionAction::Reset => ("reset", json!(true)),
        ConnectionAction::Silence => ("silence", json!(true)),
        ConnectionAction::CloseAfter(answers) => ("close_after", json!(answers)),
    }
}

fn of_token(life: TokenExpiry) -> Member {
    match life {
        TokenExpiry::Requests(requests) => ("expire_after_requests", json!(requests)),
        TokenExpiry::Bytes(bytes) => ("expire_after_bytes", json!(bytes)),
        TokenExpiry::Time(by) => ("expire_after", time(by)),
    }
}

fn time(by: Duration) -> Value {
    match by.subsec_nanos() {
        0 => json!(by.as_secs()),
        _ => json!(by.as_secs_f64()),
    }
}
