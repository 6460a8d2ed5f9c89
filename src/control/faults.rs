//! Faults: added, listed with their accounts, taken away.

use serde_json::{Value, json};

use crate::fault::{Fault, FaultRecord};
use crate::mock::MockOrigin;

use super::body::filled;
use super::router::{Refused, Request, Said};

pub(super) const TAKES: &str = r#"a fault, a list of faults, or {"fault": […]}"#;

pub(super) fn list(origin: &MockOrigin) -> Said {
    let faults: Vec<_> = origin.faults().iter().map(account).collect();
    Said::Json(json!({ "faults": faults }))
}

fn account(record: &FaultRecord) -> Value {
    json!({
        "id": record.id,
        "name": &*record.name,
        "fault": written(&record.fault),
        "definition": record.fault.definition(),
        "location": record.location.as_ref().map(ToString::to_string),
        "matched": record.matched,
        "fired": record.fired,
        "skip_reason": record.skip_reason.as_deref(),
    })
}

/// A fault in the words in which it is added.
pub(super) fn written(fault: &Fault) -> Value {
    serde_json::from_str(&fault.to_json()).unwrap_or_default()
}

pub(super) fn add(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let faults = Fault::list_from_json(filled(request.body, TAKES)?)?;
    let is_alone = faults.len() == 1;
    let handle = origin
        .add_all(faults)
        .map_err(|wrong| if is_alone { wrong.why } else { wrong.to_string() })?;
    let ids: Vec<_> = handle.iter().map(crate::mock::FaultHandle::id).collect();
    Ok(Said::Json(json!({ "ids": ids })))
}

pub(super) fn delete_all(origin: &MockOrigin) -> Said {
    let ids = ids(origin);
    origin.clear_faults();
    Said::Json(json!({ "deleted": ids }))
}

pub(super) fn delete_one(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let id = number(request.id).filter(|id| origin.remove_fault(*id));
    let id = id.ok_or_else(|| none(request, &ids(origin)))?;
    Ok(Said::Json(json!({ "deleted": [id] })))
}

pub(super) fn release(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let id = number(request.id).filter(|id| origin.release_fault(*id));
    let id = id.ok_or_else(|| holds_nothing(origin, request))?;
    Ok(Said::Json(json!({ "released": [id] })))
}

fn holds_nothing(origin: &MockOrigin, request: &Request<'_>) -> Refused {
    let (holding, others): (Vec<_>, Vec<_>) =
        origin.faults().into_iter().partition(FaultRecord::holds);
    let Some(id) = number(request.id).filter(|id| others.iter().any(|other| other.id == *id))
    else {
        return none(request, &ids(origin));
    };
    let holding: Vec<_> = holding.iter().map(|record| record.id.to_string()).collect();
    let there = match holding.as_slice() {
        [] => ", nor does any other".to_owned(),
        holding => format!(": those with hold are {}", holding.join(", ")),
    };
    Refused::new(404, format!("fault {id} holds nothing{there}"))
}

/// The number of a fault, as it is written everywhere.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn none(request: &Request<'_>, known: &[u64]) -> Refused {
    let known: Vec<_> = known.iter().map(ToString::to_string).collect();
    let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
    Refused::new(404, format!("there is no fault {}, but {known}", request.id))
}

fn ids(origin: &MockOrigin) -> Vec<u64> {
    origin.faults().iter().map(|record| record.id).collect()
}
