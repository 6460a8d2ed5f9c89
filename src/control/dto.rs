//! Reading what is sent along, and saying in one line what is wrong with it.

use serde_json::Value;

use crate::fault::config::json::{Object, parsed, shown};

/// A body, if there is anything in it.
pub(super) fn filled<'a>(body: &'a str, takes: &str) -> Result<&'a str, String> {
    if body.trim().is_empty() { Err(format!("the body is empty: {takes}")) } else { Ok(body) }
}

/// The object that a body is.
pub(super) fn object(body: &str, takes: &str) -> Result<Object, String> {
    match parsed(filled(body, takes)?)? {
        Value::Object(object) => Ok(object),
        other => Err(format!("the body takes {takes}, not {}", shown(&other))),
    }
}
