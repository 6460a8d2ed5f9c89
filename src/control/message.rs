//! The request, response and error types that every handler uses. They know no endpoint.

use std::pin::Pin;

use serde_json::Value;

use crate::blob::Blob;
use crate::error::Error;
use crate::server::admin_listener::AdminResponseBody;

use super::query::Query;

/// The parts of a request that a handler reads.
pub(super) struct Request<'a> {
    /// The value of `ID` in the path.
    pub(super) id: &'a str,
    pub(super) query: Query<'a>,
    pub(super) body: &'a str,
    /// The body of a PUT request.
    pub(super) content: Blob,
}

/// The response of a handler.
pub(super) enum Response {
    Json(Value),
    Text(String),
    Html(String),
    /// JSON text, complete or in chunks.
    Written(AdminResponseBody),
    /// Stored bytes.
    Blob(Blob),
    /// JSON that is available later.
    Deferred(Pin<Box<dyn Future<Output = Value> + Send>>),
}

/// The error with which a request is rejected.
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) why: String,
    pub(super) allow: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), allow: None }
    }
}

impl From<String> for ApiError {
    /// Returns the error of an invalid request: 400.
    fn from(why: String) -> Self {
        Self::new(400, why)
    }
}

impl From<Error> for ApiError {
    /// Returns 503 for an error of the environment, else 400.
    fn from(error: Error) -> Self {
        Self::new(if error.is_io() { 503 } else { 400 }, format!("{error:#}"))
    }
}
