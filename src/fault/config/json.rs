//! Reads JSON, and reports errors in one line: unknown, missing and duplicate keys, and invalid
//! values.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::wording::{nearest, unknown};

use super::twice;

pub(crate) type Object = Map<String, Value>;

/// Parses JSON, and rejects duplicate keys.
pub(crate) fn parsed(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}"))?;
    twice::refuse(text)?;
    Ok(value)
}

/// Rejects unknown keys.
pub(crate) fn check_keys(object: &Object, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(unknown("key", key, known, known)),
        None => Ok(()),
    }
}

/// Returns the value of an optional key.
pub(crate) fn member<T>(
    object: &Object,
    key: &str,
    values: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = object.get(key) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| invalid_value(key, values, value))
}

/// Returns the value of a required key.
pub(crate) fn needed<T>(found: Option<T>, key: &str, values: &str) -> Result<T, String> {
    found.ok_or_else(|| format!("missing key {key:?}; expected {values}"))
}

/// Returns the error for an invalid value.
pub(super) fn invalid_value(key: &str, values: &str, value: &Value) -> String {
    let meant = value.as_str().and_then(|word| nearest(word, quoted_words(values)));
    let hint = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
    format!("invalid value {} for {key:?}; expected {values}{hint}", shown(value))
}

/// Returns the quoted words in the description of the allowed values.
fn quoted_words(values: &str) -> impl Iterator<Item = &str> {
    values.split('"').skip(1).step_by(2)
}

/// Returns a value as text, cut to 80 characters so that the message stays readable.
pub(crate) fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Parses seconds, with an optional fraction.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    // A float cannot represent the largest whole numbers exactly.
    let whole = value.as_u64().map(Duration::from_secs);
    whole.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok())
}
