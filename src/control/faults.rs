//! Faults: added, listed with their accounts, taken away.

use serde_json::{Value, json};

use crate::fault::{Fault, FaultRecord};
use crate::server::MockOrigin;

use super::router::{Refused, Request, Said};

pub(super) fn list(origin: &MockOrigin) -> Said {
    let faults: Vec<_> = origin.faults().iter().map(account).collect();
    Said::Json(json!({ "faults": faults }))
}

fn account(record: &FaultRecord) -> Value {
    json!({
        "id": record.id,
        "name": &*record.name,
        "fault": written(&record.fault),
        "place": record.place.as_ref().map(ToString::to_string),
        "matched": record.matched,
        "fired": record.fired,
        "spared": record.spared,
    })
}

/// A fault in the words in which it is added.
pub(super) fn written(fault: &Fault) -> Value {
    serde_json::from_str(&fault.to_json()).unwrap_or_default()
}

pub(super) fn add(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let faults = Fault::list_from_json(request.body)?;
    let armed = origin.try_add_faults(faults)?;
    let ids: Vec<_> = armed.iter().map(crate::server::Armed::id).collect();
    Ok(Said::Json(json!({ "ids": ids })))
}

pub(super) fn delete_all(origin: &MockOrigin) -> Said {
    let ids = ids(origin);
    origin.clear_faults();
    Said::Json(json!({ "deleted": ids }))
}

pub(super) fn delete_one(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let id = request.id.parse().ok().filter(|id| origin.remove_fault(*id));
    let id = id.ok_or_else(|| {
        let known: Vec<_> = ids(origin).iter().map(ToString::to_string).collect();
        let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
        Refused::new(404, format!("there is no fault {}, but {known}", request.id))
    })?;
    Ok(Said::Json(json!({ "deleted": [id] })))
}

fn ids(origin: &MockOrigin) -> Vec<u64> {
    origin.faults().iter().map(|record| record.id).collect()
}
