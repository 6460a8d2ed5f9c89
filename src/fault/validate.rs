//! Validation: rejects faults that could never do what they say.
//!
//! Start with [`Fault::check`].

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::protocol::{Interface, LIMITS, Limit, METHODS, Operation, ResultCode, method_named};
use crate::storage::END_OF_YEAR_9999;
use crate::wording::{counted, unknown};

use super::applicability::check_applicable;
use super::call_context::CallContext;
use super::candidates::{calls_of, candidates};
use super::display::op_in_words;
use super::error_response::By;
use super::matcher::CallMatcher;
use super::{
    ConnectionAction, ErrorResponse, FRAMING_HEADERS, Fault, FaultAction, HeaderMutation,
    InterimResponse, InterimSupport, Kind, MalformedResponse, Repeat, ResponseLoss, Stage,
    TokenExpiry,
};

/// Checks that the fault can ever be injected; see [`Fault::check`]. Returns one line that names the
/// invalid part and the allowed values.
pub(super) fn check(fault: &Fault) -> Result<(), String> {
    check_name(fault.name.as_deref())?;
    match &fault.kind {
        Kind::Call(matcher, action) => {
            check_matcher(matcher)?;
            let candidates = candidates(matcher)?;
            check_action(matcher, &candidates, action).map_err(|why| {
                // The key of an action is the name of its builder method.
                let code = action.to_string();
                format!("{}: {why}", code.split('(').next().unwrap_or_default())
            })
        }
        Kind::Connection(count, action) => {
            check_count(*count)?;
            match action {
                ConnectionAction::CloseAfter(0) => {
                    Err("close_after: invalid count 0; expected 1 or more, or use reset".to_owned())
                }
                _ => Ok(()),
            }
        }
        Kind::Token(_, TokenExpiry::Requests(0)) => {
            Err("expire_after_requests: invalid count 0; expected 1 or more".to_owned())
        }
        Kind::Token(_, TokenExpiry::Bytes(0)) => {
            Err("expire_after_bytes: invalid count 0; expected 1 or more".to_owned())
        }
        Kind::Token(_, TokenExpiry::Time(Duration::ZERO)) => Err(
            "expire_after: invalid time of 0 seconds; to expire a token at once, use interfere_after \
             with expire_token"
                .to_owned(),
        ),
        Kind::Token(..) => Ok(()),
    }
}

/// Checks that a name is one line, because it stands in tables and messages.
fn check_name(name: Option<&str>) -> Result<(), String> {
    match name {
        Some("") => {
            Err("invalid name \"\"; without a name, a fault is shown as its Rust expression"
                .to_owned())
        }
        Some(name) if name.contains(char::is_control) => {
            Err(format!("invalid name {name:?}; expected one line of text"))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_matcher(matcher: &CallMatcher) -> Result<(), String> {
    if let Some(name) = matcher.op.method_name().filter(|name| method_named(name).is_none()) {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        return Err(unknown("method", name, &names));
    }
    let most = LIMITS[Limit::PartNumber as usize].default;
    if let Some(parts) = matcher.op.parts() {
        let fits = !parts.is_empty() && *parts.start() > 0 && u64::from(*parts.end()) <= most;
        if !fits {
            let given = shown_range(parts);
            if parts.is_empty() {
                return Err(format!(
                    "part: empty range {given}; expected the smaller number first"
                ));
            }
            return Err(format!("part: invalid part number {given}; expected 1 to {most}"));
        }
    }
    check_interface(&matcher.op)?;
    if let Some(range) = &matcher.attempts
        && (range.is_empty() || *range.start() == 0)
    {
        let given = shown_range(range);
        return Err(format!("attempts: invalid attempt {given}; expected 1 or more"));
    }
    if let Some(path) = &matcher.path {
        check_path(path.as_str())?;
    }
    if matcher.upload.as_deref() == Some("") {
        return Err("upload: invalid multipart id \"\"; expected the id of an upload".to_owned());
    }
    matcher.count.map_or(Ok(()), check_count)
}

/// Returns a number, or a range as Rust writes it.
fn shown_range(range: &RangeInclusive<u32>) -> String {
    match (range.start(), range.end()) {
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}..={to}"),
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
    let others: Vec<_> = others.map(Interface::name).collect();
    Err(format!("{asked} does not exist; it is available over {}", others.join(", ")))
}

fn check_path(pattern: &str) -> Result<(), String> {
    if !pattern.starts_with(['/', '*']) {
        return Err(format!(
            "path: invalid path {pattern:?}; did you mean {:?}?",
            format!("/{pattern}")
        ));
    }
    // The root itself is a path.
    if pattern.contains("//") || (pattern.len() > 1 && pattern.ends_with('/')) {
        return Err(format!(
            "path: invalid path {pattern:?}; expected no empty names and no trailing slash"
        ));
    }
    Ok(())
}

fn check_count(count: Repeat) -> Result<(), String> {
    match count {
        Repeat::Nth(0) => Err("nth: invalid count 0; expected 1 or more".to_owned()),
        Repeat::Times(0) => Err("times: invalid count 0; expected 1 or more".to_owned()),
        _ => Ok(()),
    }
}

fn check_action(
    matcher: &CallMatcher,
    candidates: &[Call],
    action: &FaultAction,
) -> Result<(), String> {
    check_values(action)?;
    if let FaultAction::Reject(reject) | FaultAction::RejectAfter(_, reject) = action {
        check_result_code(matcher, candidates, reject)?;
    }
    // The path of a form is known only after its body.
    let at = |call: &Call| {
        let is_late = call.interface == Interface::JsonRpc
            || (call.operation == Operation::PostFile && matcher.path.is_some());
        if is_late { Stage::Commit } else { Stage::Head }
    };
    let tried = candidates.iter().map(|call| {
        let rejected = rejected_always(call.operation);
        let interim = InterimSupport::Expected;
        let there = CallContext { at: at(call), rejected, declared: None, interim };
        check_applicable(action, call, there)
    });
    let mut rejections = Vec::new();
    for tried in tried {
        match tried {
            Ok(()) => return Ok(()),
            Err(why) => rejections.push(why),
        }
    }
    Err(format!("cannot apply to {}: {}", op_in_words(&matcher.op), rejections[0]))
}

fn check_values(action: &FaultAction) -> Result<(), String> {
    let most = LIMITS[Limit::PieceBytes as usize].default;
    match action {
        FaultAction::ReadSlowly(0) => {
            Err("invalid rate of 0 bytes per second; to stall, use stall_after".to_owned())
        }
        FaultAction::RespondSlowly(0) => {
            Err("invalid rate of 0 bytes per second; to stall, use cut_response".to_owned())
        }
        FaultAction::Delay(Duration::ZERO) | FaultAction::DelayContinue(Duration::ZERO) => {
            Err("invalid delay of 0 seconds".to_owned())
        }
        FaultAction::SendInterim(response) => check_interim(response),
        FaultAction::GarbleContinue(bytes) if bytes.is_empty() => {
            Err("empty garbage; to send nothing, use withhold_continue".to_owned())
        }
        FaultAction::GarbleContinue(bytes) if *bytes == InterimResponse::status(100).to_bytes() => {
            Err("these bytes are a valid 100 Continue; expected other bytes".to_owned())
        }
        FaultAction::CutAfter(bytes, _) | FaultAction::RejectAfter(bytes, _) if *bytes > most => {
            Err(format!("invalid offset {bytes}; the largest piece has {most} bytes (§4.2)"))
        }
        FaultAction::Reject(reject) | FaultAction::RejectAfter(_, reject) => check_reject(reject),
        FaultAction::Lose(lose) | FaultAction::CommitThen(lose) => check_lose(*lose),
        FaultAction::CommitLater(later) if later.after.as_secs() > END_OF_YEAR_9999.as_secs() => {
            let (after, most) = (later.after.as_secs(), END_OF_YEAR_9999.as_secs());
            Err(format!(
                "invalid time of {after} seconds; expected at most {most}, the seconds from 1970 to 9999"
            ))
        }
        FaultAction::CommitLater(later) => check_lose(later.lose),
        FaultAction::Alter(HeaderMutation::Without(name) | HeaderMutation::Twice(name)) => {
            check_header(name, "")
        }
        FaultAction::Alter(HeaderMutation::With(name, value)) => check_header(name, value),
        FaultAction::Garble(MalformedResponse::Garbage(bytes)) if bytes.is_empty() => {
            Err("empty garbage; to close without a response, use cut_response with 0 bytes"
                .to_owned())
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
        return Err(format!(
            "status {status} must not have a body (RFC 9110), but this body has {length}"
        ));
    }
    if let Some(body) = reject.own_body() {
        check_header("Content-Type", &body.content_type)?;
    }
    if let Some((name, _)) = reject.own_headers().iter().find(|(name, _)| is_framing(name)) {
        return Err(format!(
            "invalid header {name}: the origin sets the framing; to send wrong framing, use garble"
        ));
    }
    reject.own_headers().iter().try_for_each(|(name, value)| check_header(name, value))
}

/// Returns the status of an error response, if HTTP allows no body with it.
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
        return Err(
            "invalid status 101: it ends HTTP on the connection; to send it, use garble".to_owned()
        );
    }
    if !(100..=199).contains(&status) {
        return Err(format!("invalid status {status}; expected 100 to 199, except 101"));
    }
    check_reason(response.reason.as_deref().unwrap_or_default())?;
    if let Some((name, _)) = response.headers.iter().find(|(name, _)| is_framing(name)) {
        return Err(format!("invalid header {name}: an interim response has no body"));
    }
    response.headers.iter().try_for_each(|(name, value)| check_header(name, value))
}

fn check_reason(reason: &str) -> Result<(), String> {
    if reason.chars().any(char::is_control) {
        return Err(format!("invalid reason phrase {reason:?}; expected one line"));
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
    Err(invalid_status(status))
}

/// Returns the message for an invalid status of an error response.
pub(super) fn invalid_status(number: impl Display) -> String {
    format!("invalid status {number}; expected 300 to 599")
}

/// Checks a raw status, which may also be a success.
fn check_raw(status: u16) -> Result<(), String> {
    if (200..=599).contains(&status) {
        return Ok(());
    }
    Err(format!("invalid status {status}; expected 200 to 599"))
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("invalid header name {name:?}"));
    }
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(format!("invalid header value {value:?}"));
    }
    Ok(())
}

fn check_result_code(
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
    let (asked, op) = (reject.selection(), op_in_words(&matcher.op));
    if results.is_empty() {
        return Err(format!(
            "{op} has no result code {asked}; it has no result codes, so use a status"
        ));
    }
    let results: Vec<_> = results.iter().map(|(http, code)| format!("{http}/{code}")).collect();
    Err(format!("{op} has no result code {asked}; available: {}", results.join(", ")))
}

/// Returns the status of an operation that the origin always rejects.
fn rejected_always(operation: Operation) -> Option<u16> {
    match operation {
        Operation::Unmatched => Some(404),
        Operation::UnknownMethod => Some(200),
        _ => None,
    }
}
