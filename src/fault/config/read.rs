//! Reading faults from text, and saying in one line what is wrong with it.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::wording::{nearest, unknown};

use super::effects::{ACTIONS, ActionSpec};
#[cfg(feature = "control")]
use super::json::check_keys;
use super::json::{Object, parsed, shown, takes};
use super::selectors::{Draft, SELECTORS, Subject, subject};

/// The selectors that say the same in different ways: a fault has at most one of each line.
const ALTERNATIVES: &[&[&str]] =
    &[&["op", "method"], &["attempt", "attempts"], &["nth", "times", "first", "always"]];

impl Fault {
    /// A fault from one JSON object, as in `{"op": "piece", "part": 2, "reject": 503}`.
    ///
    /// The keys are those of [`SELECTORS`], and one of [`ACTIONS`].
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let fault = Fault::from_json(r#"{"op": "piece", "part": 2, "attempt": 1, "reject": 503}"#)?;
    /// assert_eq!(fault.to_string(), "origin.on(Op::piece(2)).attempt(1).reject(ErrorResponse::status(503))");
    /// let error = Fault::from_json(r#"{"op": "piece", "hold": "please"}"#).unwrap_err();
    /// assert_eq!(error, "hold takes true, not \"please\"");
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The key that is wrong and what is allowed, or what [`Fault::check`] says, in one line.
    pub fn from_json(text: &str) -> Result<Self, String> {
        Ok(fault(&parsed(text)?)?.defined_as(text.trim()))
    }

    /// Faults from JSON: from one object, from an array of them, or from `{"fault": […]}`, which is
    /// what a TOML file with `[[fault]]` tables comes to.
    ///
    /// # Errors
    ///
    /// As [`Fault::from_json`]; where there is a list, with the number of the fault in front, from 1.
    /// A list has at least one.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, String> {
        let value = parsed(text)?;
        if let Value::Array(list) = &value {
            return Ok(defined(all(list)?, text));
        }
        let Some((tables, object)) =
            value.as_object().and_then(|all| Some((all.get("fault")?, all)))
        else {
            check_is_one(&value)?;
            return Ok(vec![fault(&value)?.defined_as(text.trim())]);
        };
        if let Some(key) = object.keys().find(|key| *key != "fault") {
            return Err(format!(
                "unknown key {key:?} beside the list of faults, which stands alone"
            ));
        }
        let list = tables.as_array().ok_or_else(|| takes("fault", "a list of faults", tables))?;
        let faults = all(list)?;
        let lists: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
        Ok(defined(faults, lists.get("fault").map_or("", |list| list.get())))
    }
}

/// The faults of a list, each with its own part of the text.
fn defined(faults: Vec<Fault>, list: &str) -> Vec<Fault> {
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

/// Refuses a list of faults under another key than `fault`, which would be read as one fault.
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

fn all(list: &[Value]) -> Result<Vec<Fault>, String> {
    if list.is_empty() {
        return Err("there is no fault in the list".to_owned());
    }
    let numbered = (1..).zip(list);
    numbered.map(|(n, value)| fault(value).map_err(|why| format!("fault {n}: {why}"))).collect()
}

fn fault(value: &Value) -> Result<Fault, String> {
    let object =
        value.as_object().ok_or_else(|| format!("a fault is an object, not {}", shown(value)))?;
    let on = match object.get("on") {
        Some(value) => subject(value).ok_or_else(|| takes("on", values_of("on"), value))?,
        None => Subject::Calls,
    };
    object.keys().try_for_each(|key| check_key(key, on))?;
    ALTERNATIVES.iter().try_for_each(|keys| check_alternatives(object, keys))?;
    let row = effect_row(object, on)?;
    let draft = drafted(object)?;
    let value = &object[row.key];
    let deed = (row.read)(value).map_err(|wrong| wrong.told(row.key, row.values, value))?;
    let fault = draft.fault(deed)?;
    fault.check()?;
    Ok(fault)
}

/// Whether there is such a key, and it means something on those.
fn check_key(key: &str, on: Subject) -> Result<(), String> {
    let of_selectors = SELECTORS.iter().map(|row| (row.key, row.on));
    let of_effects = ACTIONS.iter().map(|row| (row.key, std::slice::from_ref(&row.on)));
    let mut results = of_selectors.chain(of_effects);
    match results.find(|(known, _)| *known == key) {
        Some((_, with)) if with.contains(&on) => Ok(()),
        Some((_, with)) => {
            let with: Vec<_> = with.iter().map(|on| on.word()).collect();
            let (with, on) = (with.join(" and "), on.word());
            Err(format!("{key} goes with {with}, and this fault is on {on}"))
        }
        None => {
            let all = [Subject::Calls, Subject::Connections, Subject::Tokens]
                .into_iter()
                .flat_map(keys_on);
            Err(unknown("key", key, &keys_on(on), &all.collect::<Vec<_>>()))
        }
    }
}

/// The keys that mean something on those.
fn keys_on(on: Subject) -> Vec<&'static str> {
    let selectors = SELECTORS.iter().filter(|row| row.on.contains(&on)).map(|row| row.key);
    selectors.chain(effects_on(on)).collect()
}

fn effects_on(on: Subject) -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().filter(move |row| row.on == on).map(|row| row.key)
}

fn check_alternatives(object: &Object, keys: &[&str]) -> Result<(), String> {
    let given: Vec<_> = keys.iter().filter(|key| object.contains_key(**key)).copied().collect();
    if given.len() < 2 {
        return Ok(());
    }
    let (keys, given) = (keys.join(", "), given.join(" and "));
    Err(format!("a fault has one of {keys}, and this has {given}"))
}

fn effect_row(object: &Object, on: Subject) -> Result<&'static ActionSpec, String> {
    let row_of = |key: &String| ACTIONS.iter().find(|row| row.key == key);
    let given: Vec<_> = object.keys().filter_map(row_of).collect();
    match given.as_slice() {
        [row] => Ok(row),
        [] => {
            let known = effects_on(on).collect::<Vec<_>>().join(", ");
            Err(format!("a fault has one effect, and this has none: {known}"))
        }
        several => {
            let keys: Vec<_> = several.iter().map(|row| row.key).collect();
            Err(format!("a fault has one effect, and this has {}", keys.join(" and ")))
        }
    }
}

fn drafted(object: &Object) -> Result<Draft, String> {
    let mut draft = Draft::default();
    for row in SELECTORS {
        if let Some(value) = object.get(row.key) {
            (row.read)(&mut draft, value).ok_or_else(|| takes(row.key, row.values, value))?;
        }
    }
    Ok(draft)
}

/// The keys that select calls whatever becomes of them, and whichever attempt they are.
#[cfg(feature = "control")]
const SELECTION: &[&str] = &["op", "method", "part", "interface", "path", "user", "upload"];

/// A selection of calls by the keys that faults are selected by. Without any it is every call.
#[cfg(feature = "control")]
pub(crate) fn selection(object: &Object) -> Result<crate::fault::CallMatcher, String> {
    check_keys(object, SELECTION)?;
    check_alternatives(object, &["op", "method"])?;
    drafted(object)?.or_any_call().matcher()
}

fn values_of(key: &str) -> &'static str {
    SELECTORS.iter().find(|row| row.key == key).map_or("", |row| row.values)
}
