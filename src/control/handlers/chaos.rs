//! Starts, ends and reports chaos.

use serde_json::json;

use crate::fault::{Chaos, Fault};
use crate::mock::MockOrigin;

use crate::control::dto::requests::filled;
use crate::control::dto::responses::{ChaosReport, InjectedFault};
use crate::control::message::{ApiError, Request, Response};

pub(in crate::control) use crate::fault::config::CHAOS as TAKES;

pub(in crate::control) fn begin(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    origin.chaos(Chaos::from_json(filled(request.body, TAKES)?)?);
    Ok(Response::Json(json!({})))
}

pub(in crate::control) fn end(origin: &MockOrigin) -> Response {
    origin.end_chaos();
    Response::Json(json!({}))
}

/// Returns the active chaos, and the injections of all chaos so far.
pub(in crate::control) fn done(origin: &MockOrigin) -> Response {
    let injected = |fault: Fault| InjectedFault { rust: fault.to_string(), fault };
    Response::Json(json!(ChaosReport {
        chaos: origin.active_chaos(),
        injected: origin.done_by_chaos().into_iter().map(injected).collect(),
    }))
}
