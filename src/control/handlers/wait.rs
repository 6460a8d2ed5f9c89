//! Waits for requests of the client under test.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::config::selection;
use crate::journal::Exchange;
use crate::mock::{Condition, MockOrigin, Wanted};

use crate::control::dto::responses::Waited;
use crate::control::handlers::inspect::outcome_named;
use crate::control::message::{ApiError, Request, Response};
use crate::control::query::{Parameter, Query};

const SECONDS: &str = "seconds from 0 to 3600";
const LONGEST: Duration = Duration::from_secs(3600);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The condition and the timeout. The first parameters select calls as faults do.
pub(in crate::control) const PARAMETERS: &[Parameter] = &[
    Parameter::new("op", "an operation, as in faults"),
    Parameter::new("method", "a JSON-RPC method"),
    Parameter::new("part", "a part number or a range"),
    Parameter::new("interface", "http, jsonrpc or egress"),
    Parameter::new("path", "a path pattern"),
    Parameter::new("user", "the name of a user"),
    Parameter::new("upload", "a multipart identifier"),
    Parameter::new("status", "an HTTP status"),
    Parameter::new("code", "a result code"),
    Parameter::new("outcome", "an outcome, as in the journal"),
    Parameter::new("after", "the number of an exchange"),
    Parameter::new("count", "a number of 1 or more"),
    Parameter::new("quiet", SECONDS),
    Parameter::new("timeout", SECONDS),
];

/// The number of [`PARAMETERS`] that select calls.
const SELECTORS: usize = 7;

pub(in crate::control) fn wait(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let query = &request.query;
    let timeout = query.read("timeout", seconds)?.unwrap_or(DEFAULT_TIMEOUT);
    let condition = if let Some(time) = query.read("quiet", seconds)? {
        quiet(query, time)?
    } else {
        query.get("user").map_or(Ok(()), |user| origin.check_user(user))?;
        counted(query)?
    };
    let counts = matches!(condition, Condition::Count { .. });
    let waited = origin.wait_for(condition, timeout);
    Ok(Response::Deferred(Box::pin(async move {
        let waited = waited.await;
        json!(Waited { met: waited.is_met, count: counts.then_some(waited.count) })
    })))
}

fn quiet(query: &Query<'_>, time: Duration) -> Result<Condition, String> {
    match query.iter().find(|(name, _)| !["quiet", "timeout"].contains(name)) {
        Some((name, _)) => Err(format!(
            "conflicting parameters `quiet` and `{name}`; quiet concerns every exchange"
        )),
        None => Ok(Condition::Quiet(time)),
    }
}

fn counted(query: &Query<'_>) -> Result<Condition, String> {
    let after: Option<u64> = query.number("after")?;
    let from = after.map_or(0, |after| after.saturating_add(1));
    let count: u64 = query.number("count")?.unwrap_or(1);
    if count == 0 {
        return Err(
            "invalid value \"0\" for parameter `count`; expected a number of 1 or more".to_owned()
        );
    }
    Ok(Condition::Count { from, count, wanted: wanted(query)? })
}

/// Returns the filter for exchanges: one matching call is enough.
fn wanted(query: &Query<'_>) -> Result<Wanted, String> {
    let selectors = &PARAMETERS[..SELECTORS];
    let is_selector = |name: &str| selectors.iter().any(|parameter| parameter.name == name);
    let said = query.iter().filter(|(name, _)| is_selector(name));
    // A part is a number in JSON, and all that a query can write is text.
    let value = |text: &str| text.parse::<u32>().map_or_else(|_| json!(text), |part| json!(part));
    let said = said.map(|(name, text)| {
        (name.to_owned(), if name == "part" { value(text) } else { Value::from(text) })
    });
    let matcher = selection(said.collect())?;
    let status: Option<u16> = query.number("status")?;
    let code: Option<i32> = query.number("code")?;
    let outcome = query.read("outcome", outcome_named)?;
    Ok(Box::new(move |exchange: &Exchange| {
        let has_code = |found: Option<i32>| code.is_none_or(|code| found == Some(code));
        status.is_none_or(|status| exchange.status() == Some(status))
            && outcome.is_none_or(|outcome| exchange.outcome == outcome)
            && exchange
                .calls
                .iter()
                .any(|call| has_code(call.result_code.map(|row| row.code)) && matcher.selects(call))
    }))
}

fn seconds(text: &str) -> Option<Duration> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let time = Duration::try_from_secs_f64(text.parse().ok()?).ok();
    time.filter(|time| is_plain && *time <= LONGEST)
}
