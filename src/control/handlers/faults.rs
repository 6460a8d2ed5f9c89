//! Adds, lists, releases and removes faults.

use serde_json::json;

use crate::fault::{Fault, FaultRecord};
use crate::mock::MockOrigin;

use crate::control::dto::requests::filled;
use crate::control::dto::responses as dto;
use crate::control::message::{ApiError, Request, Response};

pub(in crate::control) const TAKES: &str = r#"a fault, a list of faults, or {"fault": […]}"#;

pub(in crate::control) fn list(origin: &MockOrigin) -> Response {
    let faults: Vec<_> = origin.faults().iter().map(dto::FaultRecord::from).collect();
    Response::Json(json!({ "faults": faults }))
}

pub(in crate::control) fn add(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let faults = Fault::list_from_json(filled(request.body, TAKES)?)?;
    let is_alone = faults.len() == 1;
    let handle = origin
        .add_all(faults)
        .map_err(|wrong| if is_alone { wrong.why } else { wrong.to_string() })?;
    let ids: Vec<_> = handle.iter().map(crate::mock::FaultHandle::id).collect();
    Ok(Response::Json(json!({ "ids": ids })))
}

pub(in crate::control) fn delete_all(origin: &MockOrigin) -> Response {
    let ids = ids(origin);
    origin.clear_faults();
    Response::Json(json!({ "deleted": ids }))
}

pub(in crate::control) fn delete_one(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let id = number(request.id).filter(|id| origin.remove_fault(*id));
    let id = id.ok_or_else(|| none(request, &ids(origin)))?;
    Ok(Response::Json(json!({ "deleted": [id] })))
}

pub(in crate::control) fn release(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let id = number(request.id).filter(|id| origin.release_fault(*id));
    let id = id.ok_or_else(|| holds_nothing(origin, request))?;
    Ok(Response::Json(json!({ "released": [id] })))
}

fn holds_nothing(origin: &MockOrigin, request: &Request<'_>) -> ApiError {
    let (holding, others): (Vec<_>, Vec<_>) =
        origin.faults().into_iter().partition(FaultRecord::holds);
    let Some(id) = number(request.id).filter(|id| others.iter().any(|other| other.id == *id))
    else {
        return none(request, &ids(origin));
    };
    let holding: Vec<_> = holding.iter().map(|record| record.id.to_string()).collect();
    let known = match holding.as_slice() {
        [] => "no fault has".to_owned(),
        holding => format!("faults with hold: {}", holding.join(", ")),
    };
    ApiError::new(404, format!("fault {id} has no hold; {known}"))
}

/// Parses the id of a fault. It has one spelling only.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn none(request: &Request<'_>, known: &[u64]) -> ApiError {
    let known: Vec<_> = known.iter().map(ToString::to_string).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    ApiError::new(404, format!("unknown fault {}; known: {known}", request.id))
}

fn ids(origin: &MockOrigin) -> Vec<u64> {
    origin.faults().iter().map(|record| record.id).collect()
}
