//! Faults as the sentences by which a test adds them: what is printed can be pasted.

use std::fmt::{self, Write};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::origin::Mishap;
use crate::spec::Join;

use super::reject::By;
use super::{
    Alter, ConnectionEffect, Cut, Effect, Fault, Garble, InterimResponse, Kind, Lose, Reject,
    TokenLife, Trigger, Which,
};

impl fmt::Display for Fault {
    /// As in `origin.on(Op::piece(2)).attempt(1).reject(Reject::status(503))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.iter().fold(String::new(), |_, name| format!(".named({name:?})"));
        match &self.kind {
            Kind::Call(trigger, effect) => write!(f, "origin.{trigger}{name}.{effect}"),
            Kind::Connection(count, effect) => {
                let which =
                    if *count == Which::Times(1) { String::new() } else { count.to_string() };
                write!(f, "origin.connections(){which}{name}.{}", on_connection(*effect))
            }
            Kind::Token(user, life) => {
                let user = user.iter().fold(String::new(), |_, user| format!(".user({user:?})"));
                write!(f, "origin.tokens(){user}{name}.{}", of_token(*life))
            }
        }
    }
}

impl fmt::Display for Trigger {
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
            Some(count) if count != Self::usual(self.attempts.is_some()) => {
                write!(f, "{count}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Which {
    /// As in `.nth(2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(1) => f.write_str(".first()"),
            Self::Times(times) => write!(f, ".times({times})"),
            Self::Nth(nth) => write!(f, ".nth({nth})"),
            Self::Always => f.write_str(".always()"),
        }
    }
}

/// Attempts as they are selected in a test: `.attempt(1)`, `.attempts(1..=2)`.
pub(crate) fn attempts_call(range: &RangeInclusive<u32>) -> String {
    if range.start() == range.end() {
        format!(".attempt({})", range.start())
    } else {
        format!(".attempts({}..={})", range.start(), range.end())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(reject) => write!(f, "reject({})", refusal(reject)),
            Self::RejectAfter(bytes, reject) => {
                write!(f, "reject_after({bytes}, {})", refusal(reject))
            }
            Self::SendInterim(response) => write!(f, "send_interim({})", interim(response)),
            Self::WithholdContinue => f.write_str("withhold_continue()"),
            Self::DelayContinue(by) => write!(f, "delay_continue({})", time(*by)),
            Self::GarbleContinue(bytes) => write!(f, "garble_continue({})", literal(bytes)),
            Self::CutAfter(bytes, Cut::Stall) => write!(f, "stall_after({bytes})"),
            Self::CutAfter(bytes, cut) => write!(f, "cut_after({bytes}, Cut::{cut:?})"),
            Self::ReadSlowly(rate) => write!(f, "read_slowly({rate})"),
            Self::Lose(lose) => write!(f, "lose({})", lost(*lose)),
            Self::Meanwhile(mishap) => write!(f, "meanwhile({})", befalling(*mishap)),
            Self::Stale => f.write_str("stale()"),
            Self::Listing(listing) => write!(f, "list(Listing::{listing:?})"),
            Self::Join(join) => write!(f, "join({})", joined(*join)),
            Self::CommitThen(lose) => write!(f, "commit_then({})", lost(*lose)),
            Self::CommitLater(later) => write!(
                f,
                "commit_later(Later::after({}).then({}))",
                time(later.after),
                lost(later.lose)
            ),
            Self::Afterwards(mishap) => write!(f, "afterwards({})", befalling(*mishap)),
            Self::Delay(by) => write!(f, "delay({})", time(*by)),
            Self::Hold => f.write_str("hold()"),
            Self::Alter(alter) => write!(f, "alter({})", altered(alter)),
            Self::AnswerSlowly(rate) => write!(f, "answer_slowly({rate})"),
            Self::CutAnswer(bytes, cut) => write!(f, "cut_answer({bytes}, Cut::{cut:?})"),
            Self::Garble(garble) => write!(f, "garble({})", garbled(garble)),
        }
    }
}

fn refusal(reject: &Reject) -> String {
    let mut text = match reject.by {
        By::Status(status) => format!("Reject::status({status})"),
        By::Row(None, code) => format!("Reject::code({code})"),
        By::Row(Some(status), code) => format!("Reject::row({status}, {code})"),
        By::Raw(status, None) => format!("Reject::raw({status})"),
        By::Raw(status, Some(code)) => format!("Reject::raw({status}).with_code({code})"),
    };
    // Writing to a string cannot fail.
    if let Some(reason) = &reject.reason {
        let _ = write!(text, ".reason({reason:?})");
    }
    for (name, value) in &reject.headers {
        let _ = write!(text, ".header({name:?}, {value:?})");
    }
    if let Some(body) = &reject.body {
        let _ = write!(text, ".body({:?}, {})", body.content_type, literal(&body.bytes));
    }
    text
}

fn interim(response: &InterimResponse) -> String {
    let reason = response.reason.iter().map(|reason| format!(".reason({reason:?})"));
    let headers = response.headers.iter();
    let headers = headers.map(|(name, value)| format!(".header({name:?}, {value:?})"));
    let more: Vec<_> = reason.chain(headers).collect();
    format!("InterimResponse::status({}){}", response.status, more.concat())
}

/// Bytes as a text, or as a byte string where they are no UTF-8.
fn literal(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("{text:?}"),
        Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
    }
}

fn lost(lose: Lose) -> String {
    format!("Lose::{lose:?}")
}

fn befalling(mishap: Mishap) -> String {
    format!("Mishap::{mishap:?}")
}

fn joined(join: Join) -> String {
    match join {
        Join::After(by) => format!("Join::After({})", time(by)),
        other => format!("Join::{other:?}"),
    }
}

fn altered(alter: &Alter) -> String {
    match alter {
        Alter::Without(name) => format!("Alter::Without({name:?}.into())"),
        Alter::Twice(name) => format!("Alter::Twice({name:?}.into())"),
        Alter::With(name, value) => format!("Alter::With({name:?}.into(), {value:?}.into())"),
        other => format!("Alter::{other:?}"),
    }
}

fn garbled(garble: &Garble) -> String {
    match garble {
        Garble::Garbage(bytes) => {
            format!("Garble::Garbage(b\"{}\".to_vec())", bytes.escape_ascii())
        }
        other => format!("Garble::{other:?}"),
    }
}

fn on_connection(effect: ConnectionEffect) -> String {
    match effect {
        ConnectionEffect::Reset => "reset()".to_owned(),
        ConnectionEffect::Silence => "silence()".to_owned(),
        ConnectionEffect::CloseAfter(answers) => format!("close_after({answers})"),
    }
}

fn of_token(life: TokenLife) -> String {
    match life {
        TokenLife::Requests(requests) => format!("die_after_requests({requests})"),
        TokenLife::Bytes(bytes) => format!("die_after_bytes({bytes})"),
        TokenLife::Time(by) => format!("die_after({})", time(by)),
    }
}

fn time(by: Duration) -> String {
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
    fn a_fault_is_the_sentence_that_adds_it() {
        let trigger = Trigger { attempts: Some(1..=1), ..Trigger::new(Op::piece(2)) };
        let fault = Fault::on_call(trigger, Effect::CommitThen(Lose::Reset));
        assert_eq!(
            fault.to_string(),
            "origin.on(Op::piece(2)).attempt(1).commit_then(Lose::Reset)"
        );
        let trigger = Trigger { count: Some(Which::Times(3)), ..Trigger::new(Op::method("stat")) };
        let reject = Reject::row(200, -1).header("X", "y");
        let fault = Fault::on_call(trigger, Effect::Reject(reject)).named("a name");
        assert_eq!(
            fault.to_string(),
            "origin.on(Op::method(\"stat\")).times(3).named(\"a name\")\
             .reject(Reject::row(200, -1).header(\"X\", \"y\"))"
        );
        let fault = Fault::on_connection(Which::Nth(2), ConnectionEffect::CloseAfter(3));
        assert_eq!(fault.to_string(), "origin.connections().nth(2).close_after(3)");
        let fault = Fault::on_connection(Which::Times(1), ConnectionEffect::Reset);
        assert_eq!(fault.to_string(), "origin.connections().reset()");
        let fault = Fault::on_token(None, TokenLife::Time(Duration::from_millis(1500)));
        assert_eq!(fault.to_string(), "origin.tokens().die_after(Duration::from_millis(1500))");
    }
}
