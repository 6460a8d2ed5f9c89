//! `Display` of faults: the Rust expression that adds the fault, ready to paste into a test.

use std::fmt::{self, Write};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::journal::Op;
use crate::protocol::{Interface, Join, Operation};
use crate::storage::Interference;

use super::error_response::By;
use super::{
    CallMatcher, ConnectionAction, Disconnect, ErrorResponse, Fault, FaultAction, HeaderMutation,
    InterimResponse, Kind, MalformedResponse, Repeat, ResponseLoss, TokenExpiry,
};

impl fmt::Display for Fault {
    /// Writes for example `origin.on(Op::piece(2)).attempt(1).reject(ErrorResponse::status(503))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.iter().fold(String::new(), |_, name| format!(".named({name:?})"));
        match &self.kind {
            Kind::Call(matcher, action) => write!(f, "origin.{matcher}{name}.{action}"),
            Kind::Connection(count, action) => {
                let which =
                    if *count == Repeat::Times(1) { String::new() } else { count.to_string() };
                write!(f, "origin.on_connection(){which}{name}.{}", connection_code(*action))
            }
            Kind::Token(user, life) => {
                let user = user.iter().fold(String::new(), |_, user| format!(".user({user:?})"));
                write!(f, "origin.on_token(){user}{name}.{}", token_code(*life))
            }
        }
    }
}

impl fmt::Display for CallMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on({})", self.op.code())?;
        if let Some(path) = &self.path {
            write!(f, ".path({:?})", path.as_str())?;
        }
        if let Some(user) = &self.user {
            write!(f, ".user({user:?})")?;
        }
        if let Some(upload) = &self.upload {
            write!(f, ".upload({upload:?})")?;
        }
        if let Some(range) = &self.attempts {
            f.write_str(&attempts_call(range))?;
        }
        match self.count {
            Some(count) if count != Self::default_repeat(self.attempts.is_some()) => {
                write!(f, "{count}")
            }
            _ => Ok(()),
        }
    }
}

/// Returns a selection in the words of fault files, for messages: `piece 2..=4`, `create over http`.
pub(super) fn op_in_words(op: &Op) -> String {
    let name = || op.selected_operation().map_or("any", Operation::name);
    let mut words = op.method_name().unwrap_or_else(name).to_owned();
    if let Some(parts) = op.parts() {
        words = match (parts.start(), parts.end()) {
            (from, to) if from == to => format!("{words} {from}"),
            (from, to) => format!("{words} {from}..={to}"),
        };
    }
    // A method implies JSON-RPC.
    let implied = op.method_name().map(|_| Interface::JsonRpc);
    match op.interface().filter(|interface| Some(*interface) != implied) {
        Some(interface) => format!("{words} over {}", interface.name()),
        None => words,
    }
}

impl fmt::Display for Repeat {
    /// Writes for example `.nth(2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(1) => f.write_str(".first()"),
            Self::Times(times) => write!(f, ".times({times})"),
            Self::Nth(nth) => write!(f, ".nth({nth})"),
            Self::Always => f.write_str(".always()"),
        }
    }
}

/// Returns the builder call that selects attempts: `.attempt(1)`, `.attempts(1..=2)`.
pub(crate) fn attempts_call(range: &RangeInclusive<u32>) -> String {
    if range.start() == range.end() {
        format!(".attempt({})", range.start())
    } else {
        format!(".attempts({}..={})", range.start(), range.end())
    }
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(reject) => write!(f, "reject({})", error_response_code(reject)),
            Self::RejectAfter(bytes, reject) => {
                write!(f, "reject_after({bytes}, {})", error_response_code(reject))
            }
            Self::SendInterim(response) => write!(f, "send_interim({})", interim_code(response)),
            Self::WithholdContinue => f.write_str("withhold_continue()"),
            Self::DelayContinue(by) => write!(f, "delay_continue({})", duration_code(*by)),
            Self::GarbleContinue(bytes) => write!(f, "garble_continue({})", bytes_code(bytes)),
            Self::CutAfter(bytes, Disconnect::Stall) => write!(f, "stall_after({bytes})"),
            Self::CutAfter(bytes, cut) => write!(f, "cut_after({bytes}, Disconnect::{cut:?})"),
            Self::ReadSlowly(rate) => write!(f, "read_slowly({rate})"),
            Self::Lose(lose) => write!(f, "lose({})", response_loss_code(*lose)),
            Self::InterfereBefore(interference) => {
                write!(f, "interfere_before({})", interference_code(*interference))
            }
            Self::Stale => f.write_str("stale()"),
            Self::Listing(listing) => write!(f, "list(ListingFault::{listing:?})"),
            Self::Join(join) => write!(f, "join({})", join_code(*join)),
            Self::CommitThen(lose) => write!(f, "commit_then({})", response_loss_code(*lose)),
            Self::CommitLater(later) => write!(
                f,
                "commit_later(DeferredCommit::after({}).then({}))",
                duration_code(later.after),
                response_loss_code(later.lose)
            ),
            Self::InterfereAfter(interference) => {
                write!(f, "interfere_after({})", interference_code(*interference))
            }
            Self::Delay(by) => write!(f, "delay({})", duration_code(*by)),
            Self::Hold => f.write_str("hold()"),
            Self::Alter(alter) => write!(f, "alter({})", header_mutation_code(alter)),
            Self::RespondSlowly(rate) => write!(f, "respond_slowly({rate})"),
            Self::CutResponse(bytes, cut) => {
                write!(f, "cut_response({bytes}, Disconnect::{cut:?})")
            }
            Self::Garble(garble) => write!(f, "garble({})", malformed_response_code(garble)),
        }
    }
}

fn error_response_code(reject: &ErrorResponse) -> String {
    let mut text = match reject.by {
        By::Status(status) => format!("ErrorResponse::status({status})"),
        By::ResultCode(None, code) => format!("ErrorResponse::code({code})"),
        By::ResultCode(Some(status), code) => format!("ErrorResponse::row({status}, {code})"),
        By::Raw(status, None) => format!("ErrorResponse::raw({status})"),
        By::Raw(status, Some(code)) => format!("ErrorResponse::raw({status}).with_code({code})"),
    };
    // Writing to a string cannot fail.
    if let Some(reason) = &reject.reason {
        let _ = write!(text, ".reason({reason:?})");
    }
    for (name, value) in &reject.headers {
        let _ = write!(text, ".header({name:?}, {value:?})");
    }
    if let Some(body) = &reject.body {
        let _ = write!(text, ".body({:?}, {})", body.content_type, bytes_code(&body.bytes));
    }
    text
}

fn interim_code(response: &InterimResponse) -> String {
    let reason = response.reason.iter().map(|reason| format!(".reason({reason:?})"));
    let headers = response.headers.iter();
    let headers = headers.map(|(name, value)| format!(".header({name:?}, {value:?})"));
    let more: Vec<_> = reason.chain(headers).collect();
    format!("InterimResponse::status({}){}", response.status, more.concat())
}

/// Returns bytes as Rust code: a string literal, or a vector if they are not UTF-8. Both become `Bytes` and `Vec<u8>`,
/// but a reference to an array does not become `Bytes`.
pub(crate) fn bytes_code(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("b\"{}\".to_vec()", bytes.escape_ascii()),
    }
}

fn response_loss_code(lose: ResponseLoss) -> String {
    format!("ResponseLoss::{lose:?}")
}

fn interference_code(interference: Interference) -> String {
    format!("Interference::{interference:?}")
}

fn join_code(join: Join) -> String {
    match join {
        Join::After(by) => format!("Join::After({})", duration_code(by)),
        other => format!("Join::{other:?}"),
    }
}

fn header_mutation_code(alter: &HeaderMutation) -> String {
    match alter {
        HeaderMutation::Without(name) => format!("HeaderMutation::Without({name:?}.into())"),
        HeaderMutation::Twice(name) => format!("HeaderMutation::Twice({name:?}.into())"),
        HeaderMutation::With(name, value) => {
            format!("HeaderMutation::With({name:?}.into(), {value:?}.into())")
        }
        other => format!("HeaderMutation::{other:?}"),
    }
}

fn malformed_response_code(garble: &MalformedResponse) -> String {
    match garble {
        MalformedResponse::Garbage(bytes) => {
            format!("MalformedResponse::Garbage(b\"{}\".to_vec())", bytes.escape_ascii())
        }
        other => format!("MalformedResponse::{other:?}"),
    }
}

fn connection_code(action: ConnectionAction) -> String {
    match action {
        ConnectionAction::Reset => "reset()".to_owned(),
        ConnectionAction::Silence => "silence()".to_owned(),
        ConnectionAction::CloseAfter(responses) => format!("close_after({responses})"),
        ConnectionAction::PresentCertificate(certificate) => {
            format!("present_certificate(InvalidCertificate::{certificate:?})")
        }
    }
}

fn token_code(life: TokenExpiry) -> String {
    match life {
        TokenExpiry::Requests(requests) => format!("expire_after_requests({requests})"),
        TokenExpiry::Bytes(bytes) => format!("expire_after_bytes({bytes})"),
        TokenExpiry::Time(by) => format!("expire_after({})", duration_code(by)),
    }
}

/// Returns a duration as Rust code.
pub(crate) fn duration_code(by: Duration) -> String {
    match by.subsec_nanos() {
        0 => format!("Duration::from_secs({})", by.as_secs()),
        nanos if nanos % 1_000_000 == 0 => format!("Duration::from_millis({})", by.as_millis()),
        _ => format!("Duration::from_nanos({})", by.as_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Op;

    #[test]
    fn a_fault_displays_as_the_expression_that_adds_it() {
        let matcher = CallMatcher { attempts: Some(1..=1), ..CallMatcher::new(Op::piece(2)) };
        let fault = Fault::on_call(matcher, FaultAction::CommitThen(ResponseLoss::Reset));
        assert_eq!(
            fault.to_string(),
            "origin.on(Op::piece(2)).attempt(1).commit_then(ResponseLoss::Reset)"
        );
        let matcher =
            CallMatcher { count: Some(Repeat::Times(3)), ..CallMatcher::new(Op::method("stat")) };
        let reject = ErrorResponse::row(200, -1).header("X", "y");
        let fault = Fault::on_call(matcher, FaultAction::Reject(reject)).named("a name");
        assert_eq!(
            fault.to_string(),
            "origin.on(Op::method(\"stat\")).times(3).named(\"a name\")\
             .reject(ErrorResponse::row(200, -1).header(\"X\", \"y\"))"
        );
        let fault = Fault::on_connection(Repeat::Nth(2), ConnectionAction::CloseAfter(3));
        assert_eq!(fault.to_string(), "origin.on_connection().nth(2).close_after(3)");
        let fault = Fault::on_connection(Repeat::Times(1), ConnectionAction::Reset);
        assert_eq!(fault.to_string(), "origin.on_connection().reset()");
        let fault = Fault::on_token(None, TokenExpiry::Time(Duration::from_millis(1500)));
        assert_eq!(
            fault.to_string(),
            "origin.on_token().expire_after(Duration::from_millis(1500))"
        );
    }
}
