//! Changes the origin as a whole: reset, clock, ports and options.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::fault::config::json::{check_keys, member, needed, seconds, shown};
use crate::mock::MockOrigin;

use crate::control::dto::object;
use crate::control::message::{ApiError, Request, Response};

pub(in crate::control) fn reset(origin: &MockOrigin) -> Response {
    origin.reset();
    nothing()
}

pub(in crate::control) fn clock(origin: &MockOrigin) -> Response {
    let now = origin.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Response::Json(json!({ "now": now.as_secs_f64() }))
}

pub(in crate::control) fn advance(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    const ADVANCE: (&str, &str) = ("advance", "seconds, 0 or more");
    let object = object(request.body, r#"{"advance": SECONDS}"#)?;
    check_keys(&object, &[ADVANCE.0])?;
    let by = member(&object, ADVANCE.0, ADVANCE.1, seconds)?;
    origin.advance(needed(by, ADVANCE.0, ADVANCE.1)?);
    Ok(clock(origin))
}

pub(in crate::control) fn offline(
    origin: &MockOrigin,
    _: &Request<'_>,
) -> Result<Response, ApiError> {
    origin.try_go_offline()?;
    Ok(nothing())
}

pub(in crate::control) fn online(
    origin: &MockOrigin,
    _: &Request<'_>,
) -> Result<Response, ApiError> {
    origin.try_go_online()?;
    Ok(nothing())
}

/// Returns every option and every limit in the form in which it is set; numbers as numbers.
pub(in crate::control) fn switch_values(origin: &MockOrigin) -> Response {
    let value =
        |text: String| text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
    let values = origin.switch_values().into_iter();
    Response::Json(values.map(|(name, text)| (name, value(text))).collect())
}

pub(in crate::control) fn options(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let object = object(request.body, r#"{"NAME": VALUE}"#)?;
    let pairs: Vec<(&str, String)> = object
        .iter()
        .map(|(name, value)| Ok((&**name, text(name, value)?)))
        .collect::<Result<_, String>>()?;
    origin.try_set_all(pairs.iter().map(|(name, value)| (*name, &**value)))?;
    Ok(nothing())
}

/// Returns a value as `--set` accepts it: a text, or a number as text.
fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{name} takes a text or a number, not {}", shown(other))),
    }
}

fn nothing() -> Response {
    Response::Json(json!({}))
}
