//! Reads JSON, with errors in one line, and lists of faults with the text of each.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use crate::error::Error;
use crate::fault::Fault;
use crate::journal::escape_json;
use crate::wording::nearest;

use super::error::{explain, key};

/// Parses JSON. `root` is what the text is, for messages.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, root: &str) -> Result<T, String> {
    let invalid = |error: &serde_json::Error| format!("invalid JSON: {error}");
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json);
    let value = read.map_err(|error| {
        if error.inner().is_data() {
            // The rest may be no JSON at all.
            match serde_json::from_str::<Value>(text) {
                Ok(value) => explain_json(&error, &value, root),
                Err(error) => invalid(&error),
            }
        } else {
            invalid(error.inner())
        }
    })?;
    json.end().map_err(|error| invalid(&error))?;
    Ok(value)
}

/// Reads a parsed value.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    let read = serde_path_to_error::deserialize(value);
    read.map_err(|error| explain_json(&error, value, ""))
}

fn explain_json(
    error: &serde_path_to_error::Error<serde_json::Error>,
    value: &Value,
    root: &str,
) -> String {
    let inner = error.inner();
    let message = inner.to_string();
    let position = format!(" at line {} column {}", inner.line(), inner.column());
    let message = message.strip_suffix(&position).unwrap_or(&message);
    let found = error.path().iter().try_fold(value, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { .. } | Segment::Unknown => Some(value),
    });
    explain(message, &key(error.path().iter()), found.map(shown), root)
}

/// Returns a value as text, cut to 80 characters so that the message stays readable.
fn shown(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

impl FromStr for Fault {
    type Err = Error;

    /// Does the same as [`Fault::from_json`].
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_json(text)
    }
}

impl Fault {
    /// Parses a fault from one JSON object such as `{"op": "piece", "part": 2, "reject": 503}`.
    ///
    /// `docs/faults-in-files.md` lists the keys. [`Fault::definition`] returns the text.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let fault = Fault::from_json(r#"{"op": "piece", "part": 2, "attempt": 1, "reject": 503}"#)?;
    /// assert_eq!(fault.to_string(), "origin.on(Op::piece(2)).attempt(1).reject(ErrorResponse::status(503))");
    /// let error = Fault::from_json(r#"{"op": "piece", "hold": "please"}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid value \"please\" for `hold`; expected true");
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text or the fault is invalid ([`Error::is_invalid_fault`]). The message names the
    /// invalid key and the allowed values.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        parse(text).map_err(Error::invalid_fault)
    }

    /// Parses faults from one JSON object, from an array of objects, or from `{"fault": […]}`, which
    /// is the JSON form of a TOML file with `[[fault]]` tables.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Fault::from_json`]. In a list, the number of the fault comes first,
    /// counted from 1. An empty list is an error.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, Error> {
        parse_list(text).map_err(Error::invalid_fault)
    }

    /// Returns the fault as one line of JSON, which [`Fault::from_json`] parses to the same fault.
    ///
    /// Times are written in seconds. Fractions keep nanosecond precision for times of a few weeks or
    /// less.
    ///
    /// ```
    /// use mock_origin::Fault;
    ///
    /// let json = r#"{"op":"piece","part":2,"attempt":1,"reject":503}"#;
    /// assert_eq!(Fault::from_json(json)?.to_json(), json);
    /// # Ok::<(), mock_origin::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        // Only maps with keys that are not text cannot be written.
        escape_json(&serde_json::to_string(self).unwrap_or_default())
    }
}

fn parse(text: &str) -> Result<Fault, String> {
    Ok(from_json::<Fault>(text, "the fault")?.defined_as(text.trim()))
}

fn parse_list(text: &str) -> Result<Vec<Fault>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        fault: Vec<Box<RawValue>>,
    }

    let list: Vec<Box<RawValue>> = if text.trim_start().starts_with('[') {
        from_json(text, "")?
    } else {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
        let is_misnamed = |key: &&String| nearest(key, ["fault"]).is_some();
        match members.keys().find(is_misnamed) {
            Some(key) if key == "fault" => from_json::<File>(text, "")?.fault,
            Some(key) => return Err(format!("unknown key `{key}`; did you mean `fault`?")),
            None => return Ok(vec![parse(text)?]),
        }
    };
    if list.is_empty() {
        return Err("empty list; expected at least one fault".to_owned());
    }
    let numbered = (1..).zip(list);
    numbered.map(|(n, one)| parse(one.get()).map_err(|why| format!("fault {n}: {why}"))).collect()
}
