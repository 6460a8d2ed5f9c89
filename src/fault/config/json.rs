//! Reading JSON, and saying in one line what is wrong with it.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::wording::{nearest, unknown};

use super::twice;

pub(crate) type Object = Map<String, Value>;

/// What a text says, if it says nothing twice.
pub(crate) fn parsed(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("that is no JSON: {error}"))?;
    twice::refuse(text)?;
    Ok(value)
}

/// Refuses what nobody asked for.
pub(crate) fn check_keys(object: &Object, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(unknown("key", key, known, known)),
        None => Ok(()),
    }
}

/// The value of a key, if it came.
pub(crate) fn member<T>(
    object: &Object,
    key: &str,
    values: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = object.get(key) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| takes(key, values, value))
}

/// The value of a key that must be there.
pub(crate) fn needed<T>(found: Option<T>, key: &str, values: &str) -> Result<T, String> {
    found.ok_or_else(|| format!("{key} is missing: it takes {values}"))
}

/// What is said of a value that its key does not take.
pub(super) fn takes(key: &str, values: &str, value: &Value) -> String {
    let meant = value.as_str().and_then(|word| nearest(word, quoted_words(values)));
    let hint = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
    format!("{key} takes {values}, not {}{hint}", shown(value))
}

/// The words that stand in quotation marks in what a key takes.
fn quoted_words(values: &str) -> impl Iterator<Item = &str> {
    values.split('"').skip(1).step_by(2)
}

/// A value as it came, but never so long that it hides what is said of it.
pub(crate) fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Seconds, with a fraction if need be.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    // Whole ones do not go by way of a float, which has no figures for the largest.
    let whole = value.as_u64().map(Duration::from_secs);
    whole.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok())
}
