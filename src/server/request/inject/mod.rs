//! Decides how faults apply to a request.
//!
//! The functions here read the fault, the call and the response, and return a decision;
//! [`RequestTask`](crate::server::request::task::RequestTask) applies it. They write nothing to a
//! connection. In the order of a request:
//!
//! 1. [`select`] selects the fault, after the head or after the body,
//! 2. [`before_commit`] decides what happens up to the commit,
//! 3. [`commit`] decides what happens in the same step as the commit,
//! 4. [`response`] decides what happens to the response.
//!
//! A selected fault counts as injected when it first changes something: [`account`] tells the
//! registry. If it cannot change anything, it returns to the registry with the reason. Start with
//! [`PendingInjection`] and [`before_commit::AtCommit`].

pub(crate) mod before_commit;
pub(crate) mod commit;
mod header;
pub(crate) mod response;
pub(crate) mod select;
pub(crate) mod tokens;

use crate::api::{InjectedError, Response, build_error_response};
use crate::fault::{
    Choice, Disconnect, ErrorResponse, Injection, ResponseLoss, rejected_by_origin,
};
use crate::storage::{Actor, CallId};

use crate::server::state::State;

/// A selected fault, until it is injected or skipped.
#[derive(Debug)]
pub(crate) struct PendingInjection {
    pub(crate) injection: Injection,
    /// The call of the request to which it applies.
    pub(crate) call: usize,
}

/// How a fault ends a request in place of the origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Reject(ErrorResponse),
    Disconnect(Disconnect),
}

impl From<ResponseLoss> for Ending {
    fn from(loss: ResponseLoss) -> Self {
        match loss {
            ResponseLoss::Status(status) => Self::Reject(ErrorResponse::status(status)),
            other => Self::Disconnect(other.cut().unwrap_or(Disconnect::Reset)),
        }
    }
}

/// Returns a fault as the actor that changes stored data during a call of an exchange.
pub(crate) fn actor(exchange: u64, pending: &PendingInjection) -> Actor {
    let call = u32::try_from(pending.call).unwrap_or(u32::MAX);
    let during = Some(CallId { exchange, call });
    Actor::Fault { fault: pending.injection.fault_ref.fault, during }
}

/// Records that a fault was injected into an exchange, or why it was skipped.
pub(crate) fn account(
    state: &mut State,
    exchange: u64,
    injection: &Injection,
    result: Result<(), String>,
) {
    match result {
        Ok(()) => {
            state.faults.fired(injection);
            let fault = injection.fault_ref.clone();
            state.journal.update(exchange, |record| record.faults.push(fault));
        }
        Err(why) => state.faults.skipped(injection, why),
    }
}

/// Returns the error response of a fault to a call of an exchange.
pub(crate) fn error_response(
    state: &State,
    exchange: u64,
    call: usize,
    reject: &ErrorResponse,
) -> Box<Response> {
    let record = state.journal.exchange(exchange);
    let calls = record.map(|record| record.calls.clone()).unwrap_or_default();
    let (result_code, status, code) = match calls.get(call).and_then(|call| reject.choose(call)) {
        Some(Choice::ResultCode(row)) => (Some(row), row.http, None),
        Some(Choice::Raw(status, code)) => (None, status, code),
        None => (None, 500, None),
    };
    let error = InjectedError {
        result_code,
        status,
        code,
        reason: reject.own_reason(),
        headers: reject.own_headers(),
        body: reject.own_body().map(|body| (&*body.content_type, &*body.bytes)),
        is_head: record.is_some_and(|record| record.head.method() == b"HEAD"),
    };
    build_error_response(&state.storage, state.now(), &calls, &error).closing()
}

/// Returns why a fault that needs a successful call was skipped.
pub(crate) fn rejection(response: &Response, call: usize) -> String {
    let result_code = response.calls.get(call).and_then(|call| call.result_code);
    rejected_by_origin(response.head.status, result_code)
}
