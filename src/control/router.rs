//! From a request to its endpoint, past what is not let in.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::journal::escape_json;
use crate::server::{Ask, MockOrigin, Reply};

use super::endpoints::Serve;
use super::{ENDPOINTS, Endpoint};

/// What an endpoint is given.
pub(super) struct Request<'a> {
    /// What stands for `ID` in the path.
    pub(super) id: &'a str,
    /// The value of the endpoint's parameter, if it came.
    pub(super) query: Option<&'a str>,
    pub(super) body: &'a str,
}

/// What an endpoint answers.
pub(super) enum Said {
    Json(Value),
    Text(String),
}

/// Why a request is not done.
pub(super) struct Refused {
    status: u16,
    why: String,
    allow: Option<String>,
}

impl Refused {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), allow: None }
    }
}

impl From<String> for Refused {
    /// What makes no sense.
    fn from(why: String) -> Self {
        Self::new(400, why)
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers a request.
pub(super) fn answer(origin: &MockOrigin, ask: &Ask) -> Reply {
    match admit(ask).and_then(|()| serve(origin, ask)) {
        Ok(Said::Json(value)) => json(200, None, &value),
        Ok(Said::Text(body)) => Reply { status: 200, content_type: TEXT, allow: None, body },
        Err(Refused { status, why, allow }) => json(status, allow, &json!({ "error": why })),
    }
}

/// Answers when there is nothing left to be steered.
pub(super) fn gone() -> Reply {
    json(503, None, &json!({ "error": "the origin has ended" }))
}

fn json(status: u16, allow: Option<String>, value: &Value) -> Reply {
    Reply { status, content_type: JSON, allow, body: escape_json(&value.to_string()) + "\n" }
}

/// Lets in what was sent on purpose. Any page in a browser can send requests here; they have an
/// `Origin`, or a `Host` that somebody's name server has pointed at this machine.
fn admit(ask: &Ask) -> Result<(), Refused> {
    if ask.has_origin {
        return Err(Refused::new(403, "a request with an Origin comes from a page in a browser"));
    }
    match ask.hosts.iter().find(|host| !is_local(host)) {
        Some(host) => {
            let why = format!("the Host is localhost or a loopback address here, not {host:?}");
            Err(Refused::new(403, why))
        }
        None if ask.hosts.is_empty() => Err(Refused::new(403, "a Host is missing: localhost")),
        None => Ok(()),
    }
}

/// Whether the host of `name` or `name:port` is this machine.
fn is_local(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or(("", "")),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return false;
    }
    let is_loopback = |ip: IpAddr| ip.is_loopback() && ip.is_ipv6() == host.starts_with('[');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

fn serve(origin: &MockOrigin, ask: &Ask) -> Result<Said, Refused> {
    let (endpoint, id) = find(ask)?;
    let Some(body) = &ask.body else {
        return Err(Refused::new(413, "a body has at most 1 MiB"));
    };
    let body = std::str::from_utf8(body).map_err(|_| "the body is no UTF-8".to_owned())?;
    if endpoint.takes.is_none() && !matches!(body.trim(), "" | "{}") {
        return Err(format!("{} {} takes no body", endpoint.method, endpoint.path).into());
    }
    let query = parameter(endpoint, &ask.query)?;
    match endpoint.serve {
        Serve::Tell(tell) => Ok(tell(origin)),
        Serve::Try(serve) => serve(origin, &Request { id, query, body }),
    }
}

/// The endpoint, and what stands for its `ID`.
fn find(ask: &Ask) -> Result<(&'static Endpoint, &str), Refused> {
    let on_path: Vec<_> = ENDPOINTS
        .iter()
        .filter_map(|endpoint| Some((endpoint, fits(endpoint.path, &ask.path)?)))
        .collect();
    if on_path.is_empty() {
        let mut paths: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
        paths.dedup();
        let why = format!("there is no {}, but {}", ask.path, paths.join(", "));
        return Err(Refused::new(404, why));
    }
    let methods: Vec<_> = on_path.iter().map(|(endpoint, _)| endpoint.method).collect();
    let found = on_path.into_iter().find(|(endpoint, _)| endpoint.method == ask.method);
    found.ok_or_else(|| {
        let allow = methods.join(", ");
        let why = format!("{} takes {allow}, not {}", ask.path, ask.method);
        Refused { allow: Some(allow), ..Refused::new(405, why) }
    })
}

/// Whether `path` is the one of an endpoint, and what stands for `ID` in it. Slashes at the end do
/// not matter.
fn fits<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (pattern, path) = (pattern.trim_end_matches('/'), path.trim_end_matches('/'));
    let Some((before, behind)) = pattern.split_once("ID") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(behind)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

fn parameter<'a>(endpoint: &Endpoint, query: &'a str) -> Result<Option<&'a str>, String> {
    if query.is_empty() {
        return Ok(None);
    }
    let Some(name) = endpoint.query else {
        return Err(format!("{} {} takes no query", endpoint.method, endpoint.path));
    };
    let value = query.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
    value.map(Some).ok_or_else(|| format!("{} takes {name}=N alone, not {query:?}", endpoint.path))
}

/// What is said of an endpoint.
pub(super) fn shown(endpoint: &Endpoint) -> Value {
    let Endpoint { method, path, query, takes, answers, what, .. } = endpoint;
    json!({
        "method": method, "path": path, "query": query, "takes": takes, "answers": answers,
        "meaning": what,
    })
}
