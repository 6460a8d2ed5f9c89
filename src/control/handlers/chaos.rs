//! Starts, ends and reports chaos.

use serde_json::{Value, json};

use crate::fault::Chaos;
use crate::mock::MockOrigin;

use crate::control::dto::filled;
use crate::control::handlers::faults::written;
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
    let chaos = origin.active_chaos().map(|chaos| as_json(&chaos.to_json()));
    let done = origin.done_by_chaos();
    let shown = |fault| json!({ "fault": written(fault), "rust": fault.to_string() });
    Response::Json(
        json!({ "chaos": chaos, "injected": done.iter().map(shown).collect::<Vec<_>>() }),
    )
}

fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
