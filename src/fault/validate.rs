//! Faults that make no sense.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::protocol::{Interface, LIMITS, Limit, METHODS, Operation, ResultCode, method_named};
use crate::storage::END_OF_YEAR_9999;
use crate::wording::{counted, unknown};

use super::candidates::{calls_of, candidates};
use super::config::{effect_key, interface_word, op_in_words};
use super::error_response::By;
use super::matcher::CallMatcher;
use super::registry::CallContext;
use super::{
    ConnectionAction, ErrorResponse, FRAMING_HEADERS, Fault, FaultAction, HeaderMutation,
    InterimResponse, InterimSupport, Kind, MalformedResponse, Repeat, ResponseLoss, Stage,
    TokenExpiry,
};

impl Fault {
    /// Whether it could ever do what it says.
    ///
    /// # Errors
    ///
    /// What contradicts itself or does not exist, and what is allowed, in one line.
    pub fn check(&self) -> Result<(), String> {
        check_name(self.name.as_deref())?;
        match &self.kind {
            Kind::Call(matcher, action) => {
                check_trigger(matcher)?;
                let (key, candidates) = (effect_key(action), candidates(matcher)?);
                check_effect(matcher, &candidates, action).map_err(|why| format!("{key}: {why}"))
            }
            Kind::Connection(count, action) => {
                check_count(*count)?;
                match action {
                    ConnectionAction::CloseAfter(0) => {
                        Err("close_after takes 1 answer or more: reset has none".to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Kind::Token(_, TokenExpiry::Requests(0)) => {
                Err("expire_after_requests takes 1 request or more, not 0".to_owned())
            }
            Kind::Token(_, TokenExpiry::Bytes(0)) => {
                Err("expire_after_bytes takes 1 byte or more, not 0".to_owned())
            }
            Kind::Token(_, TokenExpiry::Time(Duration::ZERO)) => Err(
                "expire_after takes more than 0 seconds: interfere_after, with expire_token, ends one at \
                     once"
                    .to_owned(),
            ),
            Kind::Token(..) => Ok(()),
        }
    }
}

/// A name stands in lines of its own, in tables and verdicts.
fn check_name(name: Option<&str>) -> Result<(), String> {
    match name {
        Some("") => {
            Err("a fault without a name is called by its sentence: leave it out".to_owned())
        }
        Some(name) if name.contains(char::is_control) => {
            Err(format!("a name is one line of text, and this is {name:?}"))
        }
        _ => Ok(()),
    }
}

fn check_trigger(matcher: &CallMatcher) -> Result<(), String> {
    if let Some(name) = matcher.op.method_name().filter(|name| method_named(name).is_none()) {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        return Err(unknown("method", name, &names, &names));
    }
    let most = LIMITS[Limit::PartNumber as usize].default;
    if let Some(parts) = matcher.op.parts() {
        let fits = !parts.is_empty() && *parts.start() > 0 && u64::from(*parts.end()) <= most;
        if !fits {
            let given = shown_range(parts);
            return Err(format!("part: numbers go from 1 to {most}, and {given}"));
        }
    }
    check_interface(&matcher.op)?;
    if let Some(range) = &matcher.attempts
        && (range.is_empty() || *range.start() == 0)
    {
        let given = shown_range(range);
        return Err(format!("attempts go from 1 up, and {given}"));
    }
    if let Some(path) = &matcher.path {
        check_path(path.as_str())?;
    }
    if matcher.upload.as_deref() == Some("") {
        return Err("upload: no multipart identifier is empty".to_owned());
    }
    matcher.count.map_or(Ok(()), check_count)
}

/// Numbers of which there are none.
fn shown_range(range: &RangeInclusive<u32>) -> String {
    match (range.start(), range.end()) {
        (from, to) if from == to => format!("{from} is none"),
        (from, to) => format!("{from}..={to} is no range of them"),
    }
}

fn check_interface(op: &Op) -> Result<(), String> {
    if !calls_of(op).is_empty() {
        return Ok(());
    }
    let asked = op_in_words(op);
    let others = [Interface::Http, Interface::JsonRpc, Interface::Egress]
        .into_iter()
        .filter(|interface| !calls_of(&op.clone().over(*interface)).is_empty());
    let others: Vec<_> = others.filter_map(interface_word).collect();
    Err(format!("there is no {asked}, but over {}", others.join(", ")))
}

fn check_path(pattern: &str) -> Result<(), String> {
    if !pattern.starts_with(['/', '*']) {
        return Err(format!("path: it begins with a slash: {:?}", format!("/{pattern}")));
    }
    // The root itself is a path.
    if pattern.contains("//") || (pattern.len() > 1 && pattern.ends_with('/')) {
        return Err(format!(
            "path: it has no empty names, and no slash at its end, and this is {pattern:?}"
        ));
    }
    Ok(())
}

fn check_count(count: Repeat) -> Result<(), String> {
    match count {
        Repeat::Nth(0) => Err("nth takes 1 or more, and the first is 1".to_owned()),
        Repeat::Times(0) => Err("times takes 1 or more: what acts 0 times is no fault".to_owned()),
        _ => Ok(()),
    }
}

fn check_effect(
    matcher: &CallMatcher,
    candidates: &[Call],
    action: &FaultAction,
) -> Result<(), String> {
    check_figures(action)?;
    if let FaultAction::Reject(reject) | FaultAction::RejectAfter(_, reject) = action {
        check_rows(matcher, candidates, reject)?;
    }
    // What needs the path of a form is decided behind its body.
    let at = |call: &Call| {
        let is_late = call.interface == Interface::JsonRpc
            || (call.operation == Operation::PostFile && matcher.path.is_some());
        if is_late { Stage::Commit } else { Stage::Head }
    };
    let tried = candidates.iter().map(|call| {
        let refused = refused_always(call.operation);
        let interim = InterimSupport::Expected;
        let there = CallContext { at: at(call), refused, declared: None, interim };
        action.can_strike(call, there)
    });
    let mut refusals = Vec::new();
    for tried in tried {
        match tried {
            Ok(()) => return Ok(()),
            Err(why) => refusals.push(why),
        }
    }
    Err(format!("that cannot happen to {}: {}", op_in_words(&matcher.op), refusals[0]))
}

fn check_figures(action: &FaultAction) -> Result<(), String> {
    let most = LIMITS[Limit::PieceBytes as usize].default;
    match action {
        FaultAction::ReadSlowly(0) => Err("0 bytes a second are a stall: stall_after".to_owned()),
        FaultAction::AnswerSlowly(0) => {
            Err("0 bytes a second are a stall: cut_answer, which can stall".to_owned())
        }
        FaultAction::Delay(Duration::ZERO) | FaultAction::DelayContinue(Duration::ZERO) => {
            Err("no time at all is no delay".to_owned())
        }
        FaultAction::SendInterim(response) => check_interim(response),
        FaultAction::GarbleContinue(bytes) if bytes.is_empty() => {
            Err("garbage of no bytes withholds it: withhold_continue".to_owned())
        }
        FaultAction::GarbleContinue(bytes) if *bytes == InterimResponse::status(100).to_bytes() => {
            Err("that is 100 Continue as it is: write other bytes".to_owned())
        }
        FaultAction::CutAfter(bytes, _) | FaultAction::RejectAfter(bytes, _) if *bytes > most => {
            Err(format!("no body has {bytes} bytes: the largest piece has {most} (§4.2)"))
        }
        FaultAction::Reject(reject) | FaultAction::RejectAfter(_, reject) => check_reject(reject),
        FaultAction::Lose(lose) | FaultAction::CommitThen(lose) => check_lose(*lose),
        FaultAction::CommitLater(later) if later.after.as_secs() > END_OF_YEAR_9999.as_secs() => {
            let (after, most) = (later.after.as_secs(), END_OF_YEAR_9999.as_secs());
            Err(format!(
                "{after} seconds never come: at most {most}, all there are from 1970 to 9999"
            ))
        }
        FaultAction::CommitLater(later) => check_lose(later.lose),
        FaultAction::Alter(HeaderMutation::Without(name) | HeaderMutation::Twice(name)) => {
            check_header(name, "")
        }
        FaultAction::Alter(HeaderMutation::With(name, value)) => check_header(name, value),
        FaultAction::Garble(MalformedResponse::Garbage(bytes)) if bytes.is_empty() => {
            Err("garbage of no bytes is a close: cut_answer, after 0 bytes".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_reject(reject: &ErrorResponse) -> Result<(), String> {
    match reject.by {
        By::Status(status) => check_status(status)?,
        By::Raw(status, _) => check_raw(status)?,
        By::ResultCode(..) => {}
    }
    let reason = reject.own_reason().unwrap_or_default();
    check_reason(reason)?;
    if let (Some(body), Some(status)) = (reject.own_body(), bodiless(reject.by)) {
        let length = counted(body.bytes.len(), "byte");
        return Err(format!("{status} has no body (RFC 9110), and this one has {length}"));
    }
    if let Some(body) = reject.own_body() {
        check_header("Content-Type", &body.content_type)?;
    }
    if let Some((name, _)) = reject.own_headers().iter().find(|(name, _)| is_framing(name)) {
        return Err(format!(
            "a refusal tells its own length, and {name} belongs to that: garble lies about it"
        ));
    }
    reject.own_headers().iter().try_for_each(|(name, value)| check_header(name, value))
}

/// The status of a rejection, if HTTP allows no body with it.
fn bodiless(by: By) -> Option<u16> {
    match by {
        By::Status(status) | By::Raw(status, _) if matches!(status, 204 | 205 | 304) => {
            Some(status)
        }
        _ => None,
    }
}

fn check_interim(response: &InterimResponse) -> Result<(), String> {
    let status = response.status;
    if status == 101 {
        return Err("101 ends HTTP on the connection: garble can send it".to_owned());
    }
    if !(100..=199).contains(&status) {
        return Err(format!("{status} is no status of an interim response: 100 to 199, but 101"));
    }
    check_reason(response.reason.as_deref().unwrap_or_default())?;
    if let Some((name, _)) = response.headers.iter().find(|(name, _)| is_framing(name)) {
        return Err(format!("an interim response has no body, and so no {name}"));
    }
    response.headers.iter().try_for_each(|(name, value)| check_header(name, value))
}

fn check_reason(reason: &str) -> Result<(), String> {
    if reason.chars().any(char::is_control) {
        return Err("a reason phrase is one line".to_owned());
    }
    Ok(())
}

fn is_framing(name: &str) -> bool {
    FRAMING_HEADERS.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

fn check_lose(lose: ResponseLoss) -> Result<(), String> {
    match lose {
        ResponseLoss::Status(status) => check_status(status),
        _ => Ok(()),
    }
}

fn check_status(status: u16) -> Result<(), String> {
    if (300..=599).contains(&status) {
        return Ok(());
    }
    Err(no_status(status))
}

/// What is said of a number that is no status of a refusal.
pub(super) fn no_status(number: impl Display) -> String {
    format!("{number} is no status of a refusal: 300 to 599")
}

/// What is raw may be anything, even a success.
fn check_raw(status: u16) -> Result<(), String> {
    if (200..=599).contains(&status) {
        return Ok(());
    }
    Err(format!("{status} is no status of a final answer: 200 to 599"))
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("{name:?} is no name of a header"));
    }
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(format!("{value:?} is no value of a header"));
    }
    Ok(())
}

fn check_rows(
    matcher: &CallMatcher,
    candidates: &[Call],
    reject: &ErrorResponse,
) -> Result<(), String> {
    if candidates.iter().any(|call| reject.choose(call).is_some()) {
        return Ok(());
    }
    let mut results: Vec<(u16, i32)> = candidates
        .iter()
        .flat_map(Call::results)
        .filter(|row| !row.is_success())
        .map(|row: &ResultCode| (row.http, row.code))
        .collect();
    results.sort_unstable();
    results.dedup();
    let (asked, op) = (reject.asked(), op_in_words(&matcher.op));
    if results.is_empty() {
        return Err(format!("{op} has no row {asked}, nor any other, but takes any status"));
    }
    let results: Vec<_> = results.iter().map(|(http, code)| format!("{http}/{code}")).collect();
    Err(format!("{op} has no row {asked}, but {}", results.join(", ")))
}

/// The status of what is refused whatever else it says.
fn refused_always(operation: Operation) -> Option<u16> {
    match operation {
        Operation::Unmatched => Some(404),
        Operation::UnknownMethod => Some(200),
        _ => None,
    }
}
