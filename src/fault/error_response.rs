//! Error responses that a test injects: [`ErrorResponse`].

use std::time::Duration;

use crate::journal::Call;
use crate::protocol::{Availability, ResultCode};

/// An injected error response: a result code of the operation, or any HTTP response.
///
/// ```
/// use mock_origin::ErrorResponse;
/// use std::time::Duration;
///
/// // By HTTP status, with the result code of the operation. No operation has one for 502.
/// let (unavailable, by_a_proxy) = (ErrorResponse::status(503), ErrorResponse::status(502));
/// // By result code.
/// let (disk_full, limited) = (ErrorResponse::row(503, -22), ErrorResponse::code(-26));
/// // Any response.
/// let teapot = ErrorResponse::raw(418).with_code(-99).reason("teapot").header("X-Brew", "no");
/// let patient = ErrorResponse::status(429).retry_after(Duration::from_secs(2));
/// // The page of a proxy.
/// let page = ErrorResponse::raw(502).header("via", "1.1 cache").body("text/html", "<h1>Bad Gateway</h1>");
/// # let _ = (unavailable, by_a_proxy, disk_full, limited, teapot, patient, page);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    pub(super) by: By,
    pub(super) reason: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    /// Boxed, because most responses have no body.
    pub(super) body: Option<Box<RejectBody>>,
}

/// The body of an error response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct RejectBody {
    /// The value of `Content-Type`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How an error response is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The result code with this HTTP status, if there is one.
    Status(u16),
    /// This result code, and this status if one is given.
    ResultCode(Option<u16>, i32),
    /// Without the tables.
    Raw(u16, Option<i32>),
}

/// The error response for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A result code of the operation.
    ResultCode(&'static ResultCode),
    /// This status, with this code if there is one.
    Raw(u16, Option<i32>),
}

impl From<u16> for ErrorResponse {
    /// Same as [`ErrorResponse::status`].
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

impl ErrorResponse {
    const fn by(by: By) -> Self {
        Self { by, reason: None, headers: Vec::new(), body: None }
    }

    /// Selects the result code with this HTTP status. Of several, one that only faults cause comes
    /// first. If there is none, the response has the status and no result code.
    pub const fn status(status: u16) -> Self {
        Self::by(By::Status(status))
    }

    /// Selects the first entry with this result code, which must not be success. JSON-RPC methods also
    /// have the codes of the envelope.
    pub const fn code(code: i32) -> Self {
        Self::by(By::ResultCode(None, code))
    }

    /// Selects the entry with this HTTP status and this result code.
    pub const fn row(status: u16, code: i32) -> Self {
        Self::by(By::ResultCode(Some(status), code))
    }

    /// Sends this HTTP status, independent of the tables, without a result code.
    ///
    /// The response has the headers of every response of the origin (`Date`, `Server`,
    /// `Access-Control-Allow-*`), `Connection: close`, `Content-Length`, the standard reason phrase and
    /// no body. [`header`](Self::header) adds or replaces a header, [`body`](Self::body) sets a body,
    /// [`reason`](Self::reason) the phrase.
    pub const fn raw(status: u16) -> Self {
        Self::by(By::Raw(status, None))
    }

    /// Sets the result code of a [raw](ErrorResponse::raw) response. Other responses have it from the
    /// tables.
    ///
    /// # Panics
    ///
    /// Panics if the response is not raw.
    #[must_use]
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        let By::Raw(status, _) = self.by else {
            panic!("only a raw response takes a code: ErrorResponse::raw(503).with_code({code})")
        };
        Self { by: By::Raw(status, Some(code)), ..self }
    }

    /// Sets the reason phrase.
    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }

    /// Adds a header. The name is written exactly as given, and in the order of these calls.
    ///
    /// The header replaces the header of the origin with the same name in any case. A repeated name is
    /// written twice. `Connection: close` is kept unless this header replaces it.
    ///
    /// ```
    /// use mock_origin::{ErrorResponse, MockOrigin, Op};
    ///
    /// let origin = MockOrigin::start();
    /// let proxy = ErrorResponse::raw(502).header("server", "nginx").header("x-request-id", "7");
    /// origin.on(Op::create()).reject(proxy);
    /// # origin.clear_faults();
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its `Content-Type`; `Content-Length` follows from it.
    ///
    /// Default: no body, except for result codes of `/post/directory` (§6). The response to `HEAD` has
    /// only the length.
    ///
    /// ```
    /// use mock_origin::{MockOrigin, Op, ErrorResponse};
    ///
    /// let origin = MockOrigin::builder().start();
    /// let page = ErrorResponse::raw(502).body("text/html", "<h1>Bad Gateway</h1>");
    /// origin.on(Op::login()).reject(page);
    /// # origin.clear_faults();
    /// ```
    #[must_use]
    pub fn body(self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let content_type = content_type.to_owned();
        let body = Box::new(RejectBody { content_type, bytes: bytes.into() });
        Self { body: Some(body), ..self }
    }

    /// Sets `Retry-After` in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let secs = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.header("Retry-After", &secs.to_string())
    }

    /// Returns the reason phrase, if one was set.
    pub(crate) fn own_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns the added headers.
    pub(crate) fn own_headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the body, if one was set.
    pub(crate) fn own_body(&self) -> Option<&RejectBody> {
        self.body.as_deref()
    }

    /// Returns whether it has no reason phrase, headers or body of its own.
    pub(crate) fn is_bare(&self) -> bool {
        self.reason.is_none() && self.headers.is_empty() && self.body.is_none()
    }

    /// Returns the response for `call`, or `None` if the operation does not have the result code.
    pub(crate) fn choose(&self, call: &Call) -> Option<Choice> {
        match self.by {
            By::Raw(status, code) => Some(Choice::Raw(status, code)),
            By::Status(status) => Some(
                row_of_status(call, status).map_or(Choice::Raw(status, None), Choice::ResultCode),
            ),
            By::ResultCode(status, code) => {
                let is_it = |row: &&ResultCode| {
                    let is_asked = row.code == code && status.is_none_or(|asked| row.http == asked);
                    is_asked && !row.is_success()
                };
                call.results().find(is_it).map(Choice::ResultCode)
            }
        }
    }
}

/// Returns the result code with this status. Status 200 selects none, because all JSON-RPC codes have
/// it.
fn row_of_status(call: &Call, status: u16) -> Option<&'static ResultCode> {
    let results: Vec<_> =
        call.results().filter(|row| row.http == status && status != 200).collect();
    let fault_only = results.iter().find(|row| row.availability == Availability::FaultOnly);
    fault_only.or(results.first()).copied()
}

impl ErrorResponse {
    /// Returns the selection as text: `503/-22`.
    pub(super) fn selection(&self) -> String {
        match self.by {
            By::ResultCode(Some(status), code) => format!("{status}/{code}"),
            By::ResultCode(None, code) => code.to_string(),
            By::Status(status) | By::Raw(status, _) => status.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_saturates() {
        let patient = ErrorResponse::status(503).retry_after(Duration::MAX);
        assert_eq!(patient.own_headers(), [("Retry-After".to_owned(), u64::MAX.to_string())]);
    }
}
