//! The response that an adapter received.

/// A received response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    /// Whether `100 Continue` preceded the response.
    pub(crate) continued: bool,
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// The headers in the order and spelling in which they arrived.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Returns the first header of this name. The comparison is case-sensitive (§1.5).
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }

    /// Returns the first header of this name as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Returns the code in `X-Agile-Status`.
    pub(crate) fn code(&self) -> Option<i32> {
        self.text("X-Agile-Status")?.parse().ok()
    }

    /// Returns the length in `Content-Length`.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.text("Content-Length")?.parse().ok()
    }
}
