//! From a request to its endpoint, past what is not let in.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use crate::blob::{Blob, BlobWriter};
use crate::journal::escape_json;
use crate::mock::MockOrigin;
use crate::server::admin_listener::{Admin, Answered, Ask, AskBody, Reply, ReplyBody};

use super::access::Access;
use super::endpoints::Serve;
use super::query::Query;
use super::{ENDPOINTS, Endpoint};

/// What an endpoint is given.
pub(super) struct Request<'a> {
    /// What stands for `ID` in the path.
    pub(super) id: &'a str,
    pub(super) query: Query<'a>,
    pub(super) body: &'a str,
    /// What a PUT sent.
    pub(super) content: Blob,
}

/// What an endpoint answers.
pub(super) enum Said {
    Json(Value),
    Text(String),
    /// JSON that is written already, or as it is read.
    Written(ReplyBody),
    /// Bytes that are stored.
    Blob(Blob),
    /// JSON that comes when it has been waited for.
    Later(Pin<Box<dyn Future<Output = Value> + Send>>),
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
const BYTES: &str = "application/octet-stream";

/// Finds the endpoint of each request, and lets it answer.
pub(super) struct Router {
    /// Requests must not keep an origin that nobody else has.
    origin: Weak<MockOrigin>,
    access: Access,
}

impl Router {
    pub(super) fn new(origin: &Arc<MockOrigin>, access: Access) -> Self {
        Self { origin: Arc::downgrade(origin), access }
    }
}

impl Admin for Router {
    fn writer(&self, ask: &Ask, declared: Option<u64>) -> Option<BlobWriter> {
        let is_stored = ask.method == "PUT" && self.access.admit(ask).is_ok() && find(ask).is_ok();
        self.origin.upgrade().filter(|_| is_stored).map(|origin| origin.body_writer(declared))
    }

    fn answer(&self, ask: Ask) -> Answered {
        let Some(origin) = self.origin.upgrade() else {
            return Answered::ConnectionState(json(
                503,
                None,
                &json!({ "error": "the origin has ended" }),
            ));
        };
        Answered::ConnectionState(
            match self.access.admit(&ask).and_then(|()| serve(&origin, &ask)) {
                Ok(Said::Json(value)) => json(200, None, &value),
                Ok(Said::Text(text)) => reply(200, None, TEXT, ReplyBody::Text(text)),
                Ok(Said::Written(body)) => reply(200, None, JSON, body),
                Ok(Said::Blob(content)) => reply(200, None, BYTES, ReplyBody::Blob(content)),
                Ok(Said::Later(value)) => {
                    return Answered::Later(Box::pin(async { json(200, None, &value.await) }));
                }
                Err(Refused { status, why, allow }) => {
                    json(status, allow, &json!({ "error": why }))
                }
            },
        )
    }
}

fn json(status: u16, allow: Option<String>, value: &Value) -> Reply {
    reply(
        status,
        allow,
        JSON,
        ReplyBody::Text(
            escape_json(&value.to_string())
                + "
",
        ),
    )
}

fn reply(status: u16, allow: Option<String>, content_type: &'static str, body: ReplyBody) -> Reply {
    Reply { status, content_type, allow, body }
}

fn serve(origin: &MockOrigin, ask: &Ask) -> Result<Said, Refused> {
    let (endpoint, id) = find(ask)?;
    let (body, content) = match &ask.body {
        AskBody::Memory(body) => (&**body, Blob::empty()),
        AskBody::Stored(content) => (&b""[..], content.clone()),
        AskBody::TooLong => return Err(Refused::new(413, "a body has at most 1 MiB")),
    };
    let body = std::str::from_utf8(body).map_err(|_| "the body is no UTF-8".to_owned())?;
    let name = format!("{} {}", endpoint.method, endpoint.path);
    if endpoint.takes.is_none() && !matches!(body.trim(), "" | "{}") {
        return Err(format!("{name} takes no body").into());
    }
    let query = Query::parse(&ask.query, &name, endpoint.query)?;
    match endpoint.serve {
        Serve::Tell(tell) => Ok(tell(origin)),
        Serve::Try(serve) => serve(origin, &Request { id, query, body, content }),
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

/// What is said of an endpoint.
pub(super) fn shown(endpoint: &Endpoint) -> Value {
    let Endpoint { method, path, query, takes, answers, what, .. } = endpoint;
    let parameters: Vec<_> = query.iter().map(|parameter| parameter.name).collect();
    json!({
        "method": method, "path": path, "query": parameters, "takes": takes, "answers": answers,
        "meaning": what,
    })
}
