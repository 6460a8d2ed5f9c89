//! Faults by chance.

use serde_json::{Value, json};

use crate::fault::Chaos;
use crate::mock::MockOrigin;

use super::body::filled;
use super::faults::written;
use super::router::{Refused, Request, Said};

pub(super) use crate::fault::config::CHAOS as TAKES;

pub(super) fn begin(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    origin.chaos(Chaos::from_json(filled(request.body, TAKES)?)?);
    Ok(Said::Json(json!({})))
}

pub(super) fn end(origin: &MockOrigin) -> Said {
    origin.end_chaos();
    Said::Json(json!({}))
}

/// The chaos in force, and what has been done by it and by those before it.
pub(super) fn done(origin: &MockOrigin) -> Said {
    let chaos = origin.active_chaos().map(|chaos| as_json(&chaos.to_json()));
    let done = origin.done_by_chaos();
    let shown = |fault| json!({ "fault": written(fault), "rust": fault.to_string() });
    Said::Json(json!({ "chaos": chaos, "injected": done.iter().map(shown).collect::<Vec<_>>() }))
}

fn as_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
