//! The requests as bytes, and what the responses mean.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::wire::Response;

/// The longest error text of an origin that is printed.
const EXCERPT_BYTES: usize = 60;

/// A request without its credentials.
pub(super) enum Call {
    Endpoint {
        target: Cow<'static, str>,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// A JSON-RPC method. The token precedes the parameters.
    Method {
        name: &'static str,
        params: Vec<Value>,
    },
}

/// A successful response.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) response: Option<Response>,
    /// The result of a JSON-RPC method.
    pub(super) result: Value,
}

/// The meaning of a response.
pub(super) enum Meaning {
    Done(Reply),
    /// The same request may succeed later.
    Later {
        text: String,
        retry_after: Option<Duration>,
        status: u16,
    },
    /// The token is dead.
    LogIn(String),
    /// The request is wrong.
    Never {
        status: u16,
        code: Option<i64>,
        text: String,
    },
}

impl Call {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Endpoint { target, .. } => target.rsplit('/').next().unwrap_or(target),
            Self::Method { name, .. } => name,
        }
    }

    /// Encodes the request for a host.
    pub(super) fn to_bytes(&self, host: &str, token: Option<&str>) -> Vec<u8> {
        match self {
            Self::Endpoint { target, headers, body } => {
                let token = token.map(|token| ("X-Agile-Authorization", token));
                let own = headers.iter().map(|(name, value)| (*name, &**value));
                encode(host, target, token.into_iter().chain(own), body)
            }
            Self::Method { name, params } => {
                let token = token.map(|token| json!(token));
                let params: Vec<_> = token.into_iter().chain(params.iter().cloned()).collect();
                let call = json!({"jsonrpc": "2.0", "id": 1, "method": name, "params": params});
                let json = [("Content-Type", "application/json")];
                encode(host, "/jsonrpc2", json.into_iter(), call.to_string().as_bytes())
            }
        }
    }

    /// Judges a response: the status and the code must both tell of a success.
    pub(super) fn judge(&self, response: Response) -> Meaning {
        match self {
            Self::Endpoint { .. } => {
                let code = response.header("X-Agile-Status").and_then(|code| code.parse().ok());
                let reply = |response| Reply { response: Some(response), result: Value::Null };
                judge(response, code, self.name(), reply)
            }
            Self::Method { .. } => {
                let json: Value = serde_json::from_slice(&response.body).unwrap_or_default();
                let (result, error) = (&json["result"], &json["error"]);
                let is_for_later = |code| matches!(code, -32_603 | -32_000);
                let code = match error["code"].as_i64() {
                    Some(code) if is_for_later(code) => None,
                    Some(code) => Some(code),
                    None => result["code"].as_i64().or(result.as_i64()),
                };
                let result = result.clone();
                let is_answered = code.is_some_and(|code| code != 0) && response.status == 200;
                if is_answered && code != Some(-10_001) {
                    let text =
                        format!("{} returned code {}", self.name(), code.unwrap_or_default());
                    return Meaning::Never { status: 200, code, text };
                }
                judge(response, code, self.name(), |_| Reply { response: None, result })
            }
        }
    }
}

fn judge(
    response: Response,
    code: Option<i64>,
    name: &str,
    reply: impl FnOnce(Response) -> Reply,
) -> Meaning {
    let status = response.status;
    let mut text = format!("{name} was answered with status {status}");
    if let Some(code) = code {
        _ = write!(text, ", code {code}");
    } else {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let excerpt: String = body.chars().take(EXCERPT_BYTES).collect();
        _ = write!(text, " and no code {excerpt:?}");
    }
    match (status, code) {
        (200, Some(0)) => Meaning::Done(reply(response)),
        (200 | 401 | 403, Some(-10_001)) => Meaning::LogIn(text),
        // An origin never sends a success without a valid code.
        (200 | 408 | 425 | 429 | 500.., _) => {
            let retry_after = response.header("Retry-After");
            let now = response.header("Date").and_then(|date| httpdate::parse_http_date(date).ok());
            let retry_after = retry_after.and_then(|value| wait(value, now));
            Meaning::Later { text, retry_after, status }
        }
        _ => Meaning::Never { status, code, text },
    }
}

/// Reads `Retry-After`: seconds, or a date on the clock of the origin.
fn wait(value: &str, now: Option<SystemTime>) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// Encodes a POST request.
pub(super) fn encode<'a>(
    host: &str,
    target: &str,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: &[u8],
) -> Vec<u8> {
    let mut head = format!("POST {target} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        _ = write!(head, "{name}: {value}\r\n");
    }
    _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
