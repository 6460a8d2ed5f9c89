//! How a request ends. [`RequestTask::run`](crate::server::request::task::RequestTask::run) returns a
//! [`Disposition`], and the handler carries it out.

use crate::api::Response;
use crate::journal::Outcome;

use crate::server::connection::raw_response::RawResponse;

/// How a request ends.
pub(crate) enum Disposition {
    /// A response, and the outcome to record when it is written.
    Response(Box<Response>, Outcome),
    /// Bytes that a fault writes instead of a response.
    RawResponse(RawResponse),
    /// No response: the client is gone.
    ClientGone,
}
