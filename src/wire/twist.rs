//! Answers that a test wants otherwise than the origin would give them.

use crate::journal::Call;
use crate::origin::{Origin, Timestamp};
use crate::spec::{Interface, Operation, Row};

use super::answer::{Answer, Body, Draft};
use super::in_dialect;

/// What is done to one call of a plan.
#[derive(Clone, Debug)]
pub enum Twist {
    /// It is refused with that row.
    Refuse(&'static Row),
    /// The first entry of its list is left out.
    DropEntry,
    /// The first entry of its list comes twice.
    RepeatEntry,
    /// Its list always has a cookie for more.
    NeverEnd,
    /// It is answered from that origin, and what it would change is lost.
    AnswerFrom(Box<Origin>),
}

/// A refusal of a whole request that the origin has no reason for itself.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// The row that is answered.
    pub row: Option<&'static Row>,
    /// The status, where there is no row.
    pub status: u16,
    /// The code that comes with it, where there is no row.
    pub code: Option<i32>,
    /// The reason phrase, if not the usual one.
    pub reason: Option<&'a str>,
    /// What comes besides what every answer has.
    pub headers: &'a [(String, String)],
    /// The content type and the body, if not the usual one.
    pub body: Option<(&'a str, &'a [u8])>,
    /// Whether the request's method is HEAD, so that the body is left out.
    pub is_head: bool,
}

/// Refuses a request without having done anything. `calls` are what it asked for.
pub fn refuse(
    origin: &Origin,
    now: Timestamp,
    calls: Vec<Call>,
    refusal: &Refusal<'_>,
) -> Box<Answer> {
    let answer = match (refusal.row, refusal.code) {
        (Some(row), _) => of_row(&calls, row),
        (None, None) => Draft::plain(refusal.status),
        (None, Some(code)) => {
            Draft::plain(refusal.status).with("X-Agile-Status", code.to_string().into_bytes())
        }
    };
    let answer = answer.with_given(refusal.headers);
    let answer = match refusal.body {
        Some((content_type, bytes)) => answer.with_own_body(content_type, bytes),
        None => answer,
    };
    let reason = refusal.reason.map(str::to_owned);
    let calls = calls.into_iter().map(|call| Call { row: refusal.row, ..call }).collect();
    let mut answer =
        in_dialect(origin, answer.saying(reason).answering(calls)).stamped(origin, now);
    if refusal.is_head {
        answer.body = Body::HeadOnly(answer.body.len());
    }
    answer
}

fn of_row(calls: &[Call], row: &'static Row) -> Draft {
    let has_code = |call: &Call| call.interface != Interface::Egress;
    let has_message = |call: &Call| {
        call.operation == Operation::MakeDirectory && call.interface == Interface::Http
    };
    match calls.first() {
        Some(call) if has_message(call) => Draft::coded(row).with_message(row),
        Some(call) if !has_code(call) => Draft::plain(row.http),
        _ => Draft::coded(row),
    }
}
