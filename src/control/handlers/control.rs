//! Changes the origin as a whole: reset, clock, ports and options.

use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::fault::config::{Members, Seconds};
use crate::mock::MockOrigin;

use crate::control::dto::requests::{Advance, OptionValue, OptionValues, read};
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
    let Advance { advance: Seconds(by) } = read(request.body)?;
    origin.advance(by);
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
    let Members(values): OptionValues = read(request.body)?;
    let text = |value| match value {
        OptionValue::Text(text) => text,
        OptionValue::Number(number) => number.to_string(),
    };
    let values: Vec<_> = values.into_iter().map(|(name, value)| (name, text(value))).collect();
    origin.try_set_all(values.iter().map(|(name, value)| (&**name, &**value)))?;
    Ok(nothing())
}

fn nothing() -> Response {
    Response::Json(json!({}))
}
