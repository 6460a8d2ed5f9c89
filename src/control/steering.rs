//! What makes the origin go another way.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::fault::config::json::{check_keys, member, needed, seconds, shown};
use crate::mock::MockOrigin;
use crate::server::listener::StartError;

use super::ENDPOINTS;
use super::body::object;
use super::router::{self, Refused, Request, Said};

pub(super) fn index(_: &MockOrigin) -> Said {
    let endpoints: Vec<_> = ENDPOINTS.iter().map(router::shown).collect();
    Said::Json(json!({ "endpoints": endpoints }))
}

pub(super) fn reset(origin: &MockOrigin) -> Said {
    origin.reset();
    nothing()
}

pub(super) fn clock(origin: &MockOrigin) -> Said {
    let now = origin.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Said::Json(json!({ "now": now.as_secs_f64() }))
}

pub(super) fn advance(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    const ADVANCE: (&str, &str) = ("advance", "seconds, 0 or more");
    let object = object(request.body, r#"{"advance": SECONDS}"#)?;
    check_keys(&object, &[ADVANCE.0])?;
    let by = member(&object, ADVANCE.0, ADVANCE.1, seconds)?;
    origin.advance(needed(by, ADVANCE.0, ADVANCE.1)?);
    Ok(clock(origin))
}

pub(super) fn offline(origin: &MockOrigin, _: &Request<'_>) -> Result<Said, Refused> {
    done(origin.try_go_offline())
}

pub(super) fn online(origin: &MockOrigin, _: &Request<'_>) -> Result<Said, Refused> {
    done(origin.try_go_online())
}

/// What the machine would not do is nobody's fault here.
fn done(done: Result<(), StartError>) -> Result<Said, Refused> {
    done.map(|()| nothing()).map_err(|error| Refused::new(503, error.to_string()))
}

/// Every switch and every limit, as they are set: a number where it is one.
pub(super) fn switch_values(origin: &MockOrigin) -> Said {
    let value =
        |text: String| text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number));
    let values = origin.switch_values().into_iter();
    Said::Json(values.map(|(name, text)| (name, value(text))).collect())
}

pub(super) fn options(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let object = object(request.body, r#"{"NAME": VALUE}"#)?;
    let pairs: Vec<(&str, String)> = object
        .iter()
        .map(|(name, value)| Ok((&**name, text(name, value)?)))
        .collect::<Result<_, String>>()?;
    origin.try_set_all(pairs.iter().map(|(name, value)| (*name, &**value)))?;
    Ok(nothing())
}

/// A value as `--set` takes it: a text, or a number, which is a text there too.
fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{name} takes a text or a number, not {}", shown(other))),
    }
}

fn nothing() -> Said {
    Said::Json(json!({}))
}
