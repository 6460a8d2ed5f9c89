//! Checks the access of a request and routes it to its endpoint. Start with [`Router`].

use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use crate::blob::{Blob, BlobWriter};
use crate::journal::escape_json;
use crate::mock::MockOrigin;
use crate::server::admin_listener::{
    Admin, AdminRequest, AdminRequestBody, AdminResponse, AdminResponseBody, AdminResult,
};

use super::access::Access;
use super::endpoints::Serve;
use super::message::{ApiError, Request, Response};
use super::query::Query;
use super::{ENDPOINTS, Endpoint};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const HTML: &str = "text/html; charset=utf-8";

/// Finds the endpoint of each request and runs its handler.
pub(super) struct Router {
    /// Weak: requests must not keep the origin alive.
    origin: Weak<MockOrigin>,
    access: Access,
}

impl Router {
    pub(super) fn new(origin: &Arc<MockOrigin>, access: Access) -> Self {
        Self { origin: Arc::downgrade(origin), access }
    }
}

impl Admin for Router {
    fn writer(&self, request: &AdminRequest, declared: Option<u64>) -> Option<BlobWriter> {
        let is_stored =
            request.method == "PUT" && self.access.admit(request).is_ok() && find(request).is_ok();
        self.origin.upgrade().filter(|_| is_stored).map(|origin| origin.body_writer(declared))
    }

    fn respond(&self, request: AdminRequest) -> AdminResult {
        let Some(origin) = self.origin.upgrade() else {
            return AdminResult::Ready(json(
                503,
                None,
                &json!({ "error": "the origin has stopped" }),
            ));
        };
        AdminResult::Ready(
            match self.access.admit(&request).and_then(|()| serve(&origin, &request)) {
                Ok(Response::Json(value)) => json(200, None, &value),
                Ok(Response::Text(text)) => reply(200, None, TEXT, AdminResponseBody::Text(text)),
                Ok(Response::Html(page)) => reply(200, None, HTML, AdminResponseBody::Text(page)),
                Ok(Response::Written(body)) => reply(200, None, JSON, body),
                Ok(Response::Blob(content)) => {
                    reply(200, None, BYTES, AdminResponseBody::Blob(content))
                }
                Ok(Response::Deferred(value)) => {
                    return AdminResult::Deferred(Box::pin(async {
                        json(200, None, &value.await)
                    }));
                }
                Err(ApiError { status, why, allow }) => {
                    json(status, allow, &json!({ "error": why }))
                }
            },
        )
    }
}

fn json(status: u16, allow: Option<String>, value: &Value) -> AdminResponse {
    reply(
        status,
        allow,
        JSON,
        AdminResponseBody::Text(
            escape_json(&value.to_string())
                + "
",
        ),
    )
}

fn reply(
    status: u16,
    allow: Option<String>,
    content_type: &'static str,
    body: AdminResponseBody,
) -> AdminResponse {
    AdminResponse { status, content_type, allow, body }
}

fn serve(origin: &MockOrigin, request: &AdminRequest) -> Result<Response, ApiError> {
    let (endpoint, id) = find(request)?;
    let (body, content) = match &request.body {
        AdminRequestBody::Memory(body) => (&**body, Blob::empty()),
        AdminRequestBody::Stored(content) => (&b""[..], content.clone()),
        AdminRequestBody::TooLong => {
            return Err(ApiError::new(413, "invalid body; expected at most 1 MiB"));
        }
    };
    let body = std::str::from_utf8(body).map_err(|_| "invalid body; expected UTF-8".to_owned())?;
    let name = format!("{} {}", endpoint.method, endpoint.path);
    if endpoint.takes.is_none() && !matches!(body.trim(), "" | "{}") {
        return Err(format!("invalid body; {name} expects none").into());
    }
    let query = Query::parse(&request.query, &name, endpoint.query)?;
    match endpoint.serve {
        Serve::Tell(tell) => Ok(tell(origin)),
        Serve::Try(serve) => serve(origin, &Request { id, query, body, content }),
    }
}

/// Finds the endpoint and the value of its `ID`.
fn find(request: &AdminRequest) -> Result<(&'static Endpoint, &str), ApiError> {
    let on_path: Vec<_> = ENDPOINTS
        .iter()
        .filter_map(|endpoint| Some((endpoint, fits(endpoint.path, &request.path)?)))
        .collect();
    if on_path.is_empty() {
        let mut paths: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
        paths.dedup();
        let why = format!("unknown path {}; expected one of {}", request.path, paths.join(", "));
        return Err(ApiError::new(404, why));
    }
    let methods: Vec<_> = on_path.iter().map(|(endpoint, _)| endpoint.method).collect();
    let found = on_path.into_iter().find(|(endpoint, _)| endpoint.method == request.method);
    found.ok_or_else(|| {
        let allow = methods.join(", ");
        let why =
            format!("invalid method {} for {}; expected {allow}", request.method, request.path);
        ApiError { allow: Some(allow), ..ApiError::new(405, why) }
    })
}

/// Matches `path` with the path of an endpoint. Returns the value of `ID`, or an empty text. Slashes
/// at the end are ignored.
fn fits<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (pattern, path) = (pattern.trim_end_matches('/'), path.trim_end_matches('/'));
    let Some((before, behind)) = pattern.split_once("ID") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(behind)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}
