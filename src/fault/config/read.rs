//! Reads faults from text, and reports errors in one line.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Error;
use crate::fault::Fault;
use crate::wording::{nearest, unknown};

use super::effects::{ACTIONS, ActionSpec};
#[cfg(feature = "control")]
use super::json::check_keys;
use super::json::{Object, invalid_value, parsed, shown};
use super::selectors::{Draft, SELECTORS, Subject, subject};

/// Selectors that exclude each other: a fault has at most one key of each line.
const ALTERNATIVES: &[&[&str]] =
    &[&["op", "method"], &["attempt", "attempts"], &["nth", "times", "first", "always"]];

impl Fault {
    /// Parses a fault from one JSON object such as `{"op": "piece", "part": 2, "reject": 503}`.
    ///
    /// The keys are those of [`SELECTORS`], and exactly one of [`ACTIONS`].
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let fault = Fault::from_json(r#"{"op": "piece", "part": 2, "attempt": 1, "reject": 503}"#)?;
    /// assert_eq!(fault.to_string(), "origin.on(Op::piece(2)).attempt(1).reject(ErrorResponse::status(503))");
    /// let error = Fault::from_json(r#"{"op": "piece", "hold": "please"}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid value \"please\" for \"hold\"; expected true");
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text or the fault is invalid ([`Error::is_invalid_fault`]). The message names the
    /// invalid key and the allowed values.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let fault = parsed(text).and_then(|value| parse_fault(&value));
        Ok(fault.map_err(Error::invalid_fault)?.defined_as(text.trim()))
    }

    /// Parses faults from one JSON object, from an array of objects, or from `{"fault": […]}`, which
    /// is the JSON form of a TOML file with `[[fault]]` tables.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Fault::from_json`]. In a list, the number of the fault comes first,
    /// counted from 1. An empty list is an error.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, Error> {
        parse_text(text).map_err(Error::invalid_fault)
    }
}

fn parse_text(text: &str) -> Result<Vec<Fault>, String> {
    let value = parsed(text)?;
    if let Value::Array(list) = &value {
        return Ok(with_definitions(parse_list(list)?, text));
    }
    let Some((tables, object)) = value.as_object().and_then(|all| Some((all.get("fault")?, all)))
    else {
        check_is_one(&value)?;
        return Ok(vec![parse_fault(&value)?.defined_as(text.trim())]);
    };
    if let Some(key) = object.keys().find(|key| *key != "fault") {
        return Err(format!("unknown key {key:?} beside \"fault\"; expected no other key"));
    }
    let list =
        tables.as_array().ok_or_else(|| invalid_value("fault", "a list of faults", tables))?;
    let faults = parse_list(list)?;
    let lists: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    Ok(with_definitions(faults, lists.get("fault").map_or("", |list| list.get())))
}

/// Adds to each fault of a list its part of the text.
fn with_definitions(faults: Vec<Fault>, list: &str) -> Vec<Fault> {
    let texts: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
    let texts = texts.into_iter().map(Some).chain(std::iter::repeat(None));
    let pairs = faults.into_iter().zip(texts);
    pairs
        .map(|(fault, text)| match text {
            Some(text) => fault.defined_as(text.get()),
            None => fault,
        })
        .collect()
}

/// Rejects a list of faults under another key than `fault`, which would be read as one fault.
fn check_is_one(value: &Value) -> Result<(), String> {
    const KEY: &[&str] = &["fault"];
    let is_list =
        |value: &Value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
    let is_misnamed = |(key, value): &(&String, &Value)| {
        is_list(value) || nearest(key, KEY.iter().copied()).is_some()
    };
    match value.as_object().and_then(|object| object.iter().find(is_misnamed)) {
        Some((key, _)) => Err(unknown("key", key, KEY, KEY)),
        None => Ok(()),
    }
}

fn parse_list(list: &[Value]) -> Result<Vec<Fault>, String> {
    if list.is_empty() {
        return Err("empty list; expected at least one fault".to_owned());
    }
    let numbered = (1..).zip(list);
    numbered
        .map(|(n, value)| parse_fault(value).map_err(|why| format!("fault {n}: {why}")))
        .collect()
}

fn parse_fault(value: &Value) -> Result<Fault, String> {
    let object = value
        .as_object()
        .ok_or_else(|| format!("invalid fault {}; expected an object", shown(value)))?;
    let on = match object.get("on") {
        Some(value) => subject(value).ok_or_else(|| invalid_value("on", values_of("on"), value))?,
        None => Subject::Calls,
    };
    object.keys().try_for_each(|key| check_key(key, on))?;
    ALTERNATIVES.iter().try_for_each(|keys| check_alternatives(object, keys))?;
    let row = action_row(object, on)?;
    let draft = read_selectors(object)?;
    let value = &object[row.key];
    let target = (row.read)(value).map_err(|wrong| wrong.message(row.key, row.values, value))?;
    let fault = draft.fault(target)?;
    fault.validate()?;
    Ok(fault)
}

/// Checks that a key exists and is allowed on `on`.
fn check_key(key: &str, on: Subject) -> Result<(), String> {
    let of_selectors = SELECTORS.iter().map(|row| (row.key, row.on));
    let of_effects = ACTIONS.iter().map(|row| (row.key, std::slice::from_ref(&row.on)));
    let mut results = of_selectors.chain(of_effects);
    match results.find(|(known, _)| *known == key) {
        Some((_, with)) if with.contains(&on) => Ok(()),
        Some((_, with)) => {
            let with: Vec<_> = with.iter().map(|on| on.word()).collect();
            let (with, on) = (with.join(" and "), on.word());
            Err(format!("key {key:?} is not allowed on {on}; it is allowed on {with}"))
        }
        None => {
            let all = [Subject::Calls, Subject::Connections, Subject::Tokens]
                .into_iter()
                .flat_map(keys_on);
            Err(unknown("key", key, &keys_on(on), &all.collect::<Vec<_>>()))
        }
    }
}

/// Returns the keys that are allowed on `on`.
fn keys_on(on: Subject) -> Vec<&'static str> {
    let selectors = SELECTORS.iter().filter(|row| row.on.contains(&on)).map(|row| row.key);
    selectors.chain(actions_on(on)).collect()
}

fn actions_on(on: Subject) -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().filter(move |row| row.on == on).map(|row| row.key)
}

fn check_alternatives(object: &Object, keys: &[&str]) -> Result<(), String> {
    let given: Vec<_> = keys.iter().filter(|key| object.contains_key(**key)).copied().collect();
    if given.len() < 2 {
        return Ok(());
    }
    Err(format!(
        "conflicting keys {}; expected at most one of {}",
        given.join(" and "),
        keys.join(", ")
    ))
}

fn action_row(object: &Object, on: Subject) -> Result<&'static ActionSpec, String> {
    let row_of = |key: &String| ACTIONS.iter().find(|row| row.key == key);
    let given: Vec<_> = object.keys().filter_map(row_of).collect();
    match given.as_slice() {
        [row] => Ok(row),
        [] => {
            let known = actions_on(on).collect::<Vec<_>>().join(", ");
            Err(format!("missing action; expected one of {known}"))
        }
        several => {
            let keys: Vec<_> = several.iter().map(|row| row.key).collect();
            Err(format!("conflicting actions {}; expected exactly one", keys.join(" and ")))
        }
    }
}

fn read_selectors(object: &Object) -> Result<Draft, String> {
    let mut draft = Draft::default();
    for row in SELECTORS {
        if let Some(value) = object.get(row.key) {
            (row.read)(&mut draft, value)
                .ok_or_else(|| invalid_value(row.key, row.values, value))?;
        }
    }
    Ok(draft)
}

/// The keys that select calls by their request alone.
#[cfg(feature = "control")]
const SELECTION: &[&str] = &["op", "method", "part", "interface", "path", "user", "upload"];

/// Parses a selection of calls. Without keys, it selects every call.
#[cfg(feature = "control")]
pub(crate) fn selection(object: &Object) -> Result<crate::fault::CallMatcher, String> {
    check_keys(object, SELECTION)?;
    check_alternatives(object, &["op", "method"])?;
    read_selectors(object)?.or_any_call().matcher()
}

fn values_of(key: &str) -> &'static str {
    SELECTORS.iter().find(|row| row.key == key).map_or("", |row| row.values)
}
