//! Parses request bodies and describes errors in one line.

use serde_json::Value;

use crate::fault::config::json::{Object, parsed, shown};

/// Returns the body, or an error if it is empty.
pub(super) fn filled<'a>(body: &'a str, takes: &str) -> Result<&'a str, String> {
    if body.trim().is_empty() { Err(format!("the body is empty: {takes}")) } else { Ok(body) }
}

/// Parses the body as a JSON object.
pub(super) fn object(body: &str, takes: &str) -> Result<Object, String> {
    match parsed(filled(body, takes)?)? {
        Value::Object(object) => Ok(object),
        other => Err(format!("the body takes {takes}, not {}", shown(&other))),
    }
}
