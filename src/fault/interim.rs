//! Interim responses, which are sent before the final one (RFC 9110 §15.2).

use crate::protocol::standard_phrase;

/// Whether a client supports interim responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InterimSupport {
    /// No: HTTP/1.0 has none.
    None,
    /// Yes, but the client does not wait for one.
    #[default]
    Accepted,
    /// The client has sent `Expect: 100-continue` and waits for one.
    Expected,
}

/// A response with a 1xx status, which is sent before the final one.
///
/// ```
/// use mock_origin::{InterimResponse, MockOrigin, Op};
///
/// let origin = MockOrigin::builder().start();
/// let hints = InterimResponse::status(103).header("link", "</style.css>; rel=preload");
/// origin.on(Op::piece(1)).send_interim(hints);
/// // A status alone is enough.
/// origin.on(Op::piece(2)).send_interim(102);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterimResponse {
    pub(super) status: u16,
    pub(super) reason: Option<String>,
    pub(super) headers: Vec<(String, String)>,
}

impl From<u16> for InterimResponse {
    /// Same as [`InterimResponse::status`].
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

impl InterimResponse {
    /// Creates a response with this status, the standard reason phrase and no headers.
    pub const fn status(status: u16) -> Self {
        Self { status, reason: None, headers: Vec::new() }
    }

    /// Sets the reason phrase.
    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }

    /// Adds a header. The name is written exactly as given.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the bytes of the response, including the empty line.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let reason = self.reason.as_deref().unwrap_or_else(|| standard_phrase(self.status));
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines = lines.collect::<Vec<_>>().concat();
        format!("HTTP/1.1 {} {reason}\r\n{lines}\r\n", self.status).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interim_response_is_written_as_given() {
        let hints = InterimResponse::status(103).header("link", "</a>").header("X-B", "1");
        assert_eq!(hints.to_bytes(), b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nX-B: 1\r\n\r\n");
        assert_eq!(InterimResponse::status(199).to_bytes(), b"HTTP/1.1 199 \r\n\r\n");
        let named = InterimResponse::from(100).reason("go on");
        assert_eq!(named.to_bytes(), b"HTTP/1.1 100 go on\r\n\r\n");
    }
}
