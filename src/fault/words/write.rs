//! Writing faults as text that reads as the same fault.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::reject::By;
use crate::fault::{
    Alter, ConnectionEffect, Cut, Effect, Fault, Garble, InterimResponse, Kind, Later, Lose,
    Reject, TokenLife, Trigger, Which,
};
use crate::journal::{Op, escape_json};
use crate::spec::{Interface, Join};

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
        let (mut members, effect) = match &self.kind {
            Kind::Call(trigger, effect) => (selected(trigger), effected(effect)),
            Kind::Connection(count, effect) => {
                (vec![on(Subject::Connections), counted(*count)], on_connection(*effect))
            }
            Kind::Token(user, life) => {
                let of = user.iter().map(|user| ("user", json!(user)));
                ([on(Subject::Tokens)].into_iter().chain(of).collect(), of_token(*life))
            }
        };
        members.extend(self.name.iter().map(|name| ("name", json!(name))));
        members.push(effect);
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

fn selected(trigger: &Trigger) -> Vec<Member> {
    let mut members = asked(&trigger.op);
    if let Some(path) = &trigger.path {
        members.push(("path", json!(path.as_str())));
    }
    members.extend(trigger.user.iter().map(|user| ("user", json!(user))));
    members.extend(trigger.upload.iter().map(|upload| ("upload", json!(upload))));
    members.extend(trigger.attempts.as_ref().map(|range| {
        let several = || ("attempts", ranged(range));
        one_of(range).map_or_else(several, |attempt| ("attempt", json!(attempt)))
    }));
    members.extend(trigger.count.map(counted));
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
    let is_it = |made: Op| over.map_or(made.clone(), |(_, interface)| made.over(*interface)) == *op;
    let known = OPS.iter().find(|(_, operation)| is_it(operation.map_or(Op::any(), Op::of)));
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
pub(in crate::fault) fn effect_key(effect: &Effect) -> &'static str {
    effected(effect).0
}

/// The one number of a range, if it has no more.
fn one_of(range: &RangeInclusive<u32>) -> Option<u32> {
    (range.start() == range.end()).then_some(*range.start())
}

fn ranged(range: &RangeInclusive<u32>) -> Value {
    json!(format!("{}..={}", range.start(), range.end()))
}

fn counted(count: Which) -> Member {
    match count {
        Which::Times(1) => ("first", json!(true)),
        Which::Times(times) => ("times", json!(times)),
        Which::Nth(nth) => ("nth", json!(nth)),
        Which::Always => ("always", json!(true)),
    }
}

fn effected(effect: &Effect) -> Member {
    match effect {
        Effect::Reject(reject) => ("reject", refusal(reject)),
        Effect::RejectAfter(bytes, reject) => {
            ("reject_after", json!({ "bytes": bytes, "reject": refusal(reject) }))
        }
        Effect::SendInterim(response) => ("send_interim", interim(response)),
        Effect::WithholdContinue => ("withhold_continue", json!(true)),
        Effect::DelayContinue(by) => ("delay_continue", time(*by)),
        Effect::GarbleContinue(bytes) => {
            ("garble_continue", json!({ "garbage": text_or_bytes(bytes) }))
        }
        Effect::CutAfter(bytes, Cut::Stall) => ("stall_after", json!(bytes)),
        Effect::CutAfter(bytes, how) => ("cut_after", cut(*bytes, *how)),
        Effect::ReadSlowly(rate) => ("read_slowly", json!(rate)),
        Effect::Lose(lose) => ("lose", lost(*lose)),
        Effect::Meanwhile(mishap) => ("meanwhile", json!(word(MISHAPS, mishap))),
        Effect::Stale => ("stale", json!(true)),
        Effect::Listing(listing) => ("list", json!(word(LISTINGS, listing))),
        Effect::Join(join) => ("join", joined(*join)),
        Effect::CommitThen(lose) => ("commit_then", lost(*lose)),
        Effect::CommitLater(later) => ("commit_later", put_off(*later)),
        Effect::Afterwards(mishap) => ("afterwards", json!(word(MISHAPS, mishap))),
        Effect::Delay(by) => ("delay", time(*by)),
        Effect::Hold => ("hold", json!(true)),
        Effect::Alter(alter) => ("alter", altered(alter)),
        Effect::AnswerSlowly(rate) => ("answer_slowly", json!(rate)),
        Effect::CutAnswer(bytes, how) => ("cut_answer", cut(*bytes, *how)),
        Effect::Garble(garble) => ("garble", garbled(garble)),
    }
}

fn refusal(reject: &Reject) -> Value {
    let mut value = match reject.by {
        By::Status(status) if reject.is_bare() => return json!(status),
        By::Status(status) => json!({ "status": status }),
        By::Row(None, code) => json!({ "code": code }),
        By::Row(Some(status), code) => json!({ "status": status, "code": code }),
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

fn cut(bytes: u64, how: Cut) -> Value {
    json!({ "bytes": bytes, "how": word(CUTS, &how) })
}

fn lost(lose: Lose) -> Value {
    match lose {
        Lose::Status(status) => json!(status),
        other => json!(word(LOSSES, &other)),
    }
}

fn put_off(later: Later) -> Value {
    if later == Later::after(later.after) {
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

fn altered(alter: &Alter) -> Value {
    match alter {
        Alter::Code(code) => json!({ "code": code }),
        Alter::Without(name) => json!({ "without": name }),
        Alter::Twice(name) => json!({ "twice": name }),
        Alter::With(name, value) => json!({ "with": name, "value": value }),
        other => json!(word(ALTERATIONS, other)),
    }
}

fn garbled(garble: &Garble) -> Value {
    match garble {
        Garble::ContentLength(bytes) => json!({ "content_length": bytes }),
        Garble::Truncate(bytes) => json!({ "truncate": bytes }),
        Garble::Garbage(bytes) => json!({ "garbage": text_or_bytes(bytes) }),
        other => json!(word(GARBLINGS, other)),
    }
}

/// Bytes as a text, or as a list of numbers where they are no UTF-8.
fn text_or_bytes(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| json!(bytes), |text| json!(text))
}

fn on_connection(effect: ConnectionEffect) -> Member {
    match effect {
        ConnectionEffect::Reset => ("reset", json!(true)),
        ConnectionEffect::Silence => ("silence", json!(true)),
        ConnectionEffect::CloseAfter(answers) => ("close_after", json!(answers)),
    }
}

fn of_token(life: TokenLife) -> Member {
    match life {
        TokenLife::Requests(requests) => ("die_after_requests", json!(requests)),
        TokenLife::Bytes(bytes) => ("die_after_bytes", json!(bytes)),
        TokenLife::Time(by) => ("die_after", time(by)),
    }
}

fn time(by: Duration) -> Value {
    match by.subsec_nanos() {
        0 => json!(by.as_secs()),
        _ => json!(by.as_secs_f64()),
    }
}
