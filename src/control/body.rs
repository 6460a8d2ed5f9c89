//! Reading what is sent along, and saying in one line what is wrong with it.

use std::time::Duration;

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

/// The object that a body is.
pub(super) fn object(body: &str, takes: &str) -> Result<Object, String> {
    match serde_json::from_str(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(format!("the body is {takes}, not {}", shown(&other))),
        Err(_) if body.trim().is_empty() => Err(format!("the body is empty: {takes}")),
        Err(error) => Err(format!("that is no JSON: {error}")),
    }
}

/// Refuses what nobody asked for.
pub(super) fn check_keys(object: &Object, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("there is no key {key:?}, but {}", known.join(", "))),
        None => Ok(()),
    }
}

/// The value of a key, if it came.
pub(super) fn member<T>(
    object: &Object,
    key: &str,
    takes: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = object.get(key) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| format!("{key} takes {takes}, not {}", shown(value)))
}

/// The value of a key that must be there.
pub(super) fn needed<T>(found: Option<T>, key: &str, takes: &str) -> Result<T, String> {
    found.ok_or_else(|| format!("{key} is missing: it takes {takes}"))
}

/// Seconds, with a fraction if need be.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    // Whole ones do not go by way of a float, which has no figures for the largest.
    let whole = value.as_u64().map(Duration::from_secs);
    whole.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok())
}

/// A value as it came, but never so long that it hides what is said of it.
pub(super) fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
