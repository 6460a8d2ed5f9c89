//! Refusals that a test asks for.

use std::time::Duration;

use crate::journal::Call;
use crate::protocol::{Availability, ResultCode};

/// A refusal: a row of the operation's table, or anything else that HTTP can say.
///
/// ```
/// use mock_origin::ErrorResponse;
/// use std::time::Duration;
///
/// // The row of the operation's table with that HTTP status; 502 has none, and comes without a code.
/// let (unavailable, by_a_proxy) = (ErrorResponse::status(503), ErrorResponse::status(502));
/// // Rows by their codes.
/// let (disk_full, limited) = (ErrorResponse::row(503, -22), ErrorResponse::code(-26));
/// // Anything at all.
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
    /// Boxed, as few have one.
    pub(super) body: Option<Box<RejectBody>>,
}

/// The body of a rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectBody {
    /// The value of `Blob-Type`.
    pub content_type: String,
    /// The bytes, as they are written.
    pub bytes: Vec<u8>,
}

/// What a refusal is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A row with that HTTP status, if there is one.
    Status(u16),
    /// A row with that code, and that status if one is given.
    ResultCode(Option<u16>, i32),
    /// No row.
    Raw(u16, Option<i32>),
}

/// What a refusal comes to on one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A row of the operation's table.
    ResultCode(&'static ResultCode),
    /// That status, and that code if there is one.
    Raw(u16, Option<i32>),
}

impl From<u16> for ErrorResponse {
    /// As [`ErrorResponse::status`].
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

impl ErrorResponse {
    const fn by(by: By) -> Self {
        Self { by, reason: None, headers: Vec::new(), body: None }
    }

    /// The row of the operation's table with that HTTP status; of several, one that the origin has
    /// only when it is ill. Where there is none, that status without a code.
    pub const fn status(status: u16) -> Self {
        Self::by(By::Status(status))
    }

    /// The first row of the operation's table with that code, which is not that of success. JSON-RPC methods have the codes of
    /// the envelope too.
    pub const fn code(code: i32) -> Self {
        Self::by(By::ResultCode(None, code))
    }

    /// The row of the operation's table with that HTTP status and that code.
    pub const fn row(status: u16, code: i32) -> Self {
        Self::by(By::ResultCode(Some(status), code))
    }

    /// That HTTP status, whatever the tables say, without a code.
    ///
    /// The response has the headers of every response of the origin (`Date`, `Server`,
    /// `Access-Control-Allow-*`), `Connection: close`, `Blob-Length`, the standard reason phrase and
    /// no body. [`header`](Self::header) adds or replaces a header, [`body`](Self::body) sets a body,
    /// [`reason`](Self::reason) the phrase.
    pub const fn raw(status: u16) -> Self {
        Self::by(By::Raw(status, None))
    }

    /// With that code. Only for what [`ErrorResponse::raw`] gives: the others have theirs from the tables.
    ///
    /// # Panics
    ///
    /// If it is not a raw refusal.
    #[must_use]
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        let By::Raw(status, _) = self.by else {
            panic!("the tables tell the code: ErrorResponse::raw(503).with_code({code})")
        };
        Self { by: By::Raw(status, Some(code)), ..self }
    }

    /// With that reason phrase.
    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }

    /// Adds a header. Its name is written exactly as it is given here, in the order of these calls.
    ///
    /// It takes the place of the header that the origin would write under that name, in any case. A name
    /// that is given twice is written twice. `Connection: close` stays unless the header says it itself.
    ///
    /// ```
    /// use mock_origin::ErrorResponse;
    ///
    /// let reject = ErrorResponse::raw(502).header("server", "nginx").header("x-request-id", "7");
    /// assert_eq!(reject.own_headers().len(), 2);
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and its `Blob-Type`; `Blob-Length` follows from it.
    ///
    /// Default: no body, but for the rows of `/post/directory`, which have one of their own (§6). The
    /// response to `HEAD` has the length alone.
    ///
    /// ```
    /// use mock_origin::{MockOrigin, Op, ErrorResponse};
    ///
    /// let origin = MockOrigin::builder().start();
    /// let page = ErrorResponse::raw(502).body("text/html", "<h1>Bad Gateway</h1>");
    /// origin.on(Op::login()).reject(page);
    /// ```
    #[must_use]
    pub fn body(self, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let content_type = content_type.to_owned();
        let body = Box::new(RejectBody { content_type, bytes: bytes.into() });
        Self { body: Some(body), ..self }
    }

    /// With `Retry-After`, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let secs = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.header("Retry-After", &secs.to_string())
    }

    /// The reason phrase, if it has one of its own.
    pub fn own_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The headers that it has besides those of every answer.
    pub fn own_headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the body, if it has one of its own.
    pub fn own_body(&self) -> Option<&RejectBody> {
        self.body.as_deref()
    }

    /// Whether it says nothing besides its row or status.
    pub(crate) fn is_bare(&self) -> bool {
        self.reason.is_none() && self.headers.is_empty() && self.body.is_none()
    }

    /// What it comes to on `call`; nothing if it names a row that its table does not have.
    pub fn choose(&self, call: &Call) -> Option<Choice> {
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

/// The row with that status; the codes of JSON-RPC all come with 200, and none of them is meant.
fn row_of_status(call: &Call, status: u16) -> Option<&'static ResultCode> {
    let results: Vec<_> =
        call.results().filter(|row| row.http == status && status != 200).collect();
    let ill = results.iter().find(|row| row.availability == Availability::FaultOnly);
    ill.or(results.first()).copied()
}

impl ErrorResponse {
    /// What it is chosen by, in figures.
    pub(super) fn asked(&self) -> String {
        match self.by {
            By::ResultCode(Some(status), code) => format!("{status}/{code}"),
            By::ResultCode(None, code) => code.to_string(),
            By::Status(status) | By::Raw(status, _) => status.to_string(),
        }
    }
}
