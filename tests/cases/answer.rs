//! An answer as an adapter found it.

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Whether `100 Continue` came first.
    pub(crate) continued: bool,
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// In the order and the spelling in which they came.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first header of that name, spelled exactly so (§1.5).
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }

    /// The same as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The protocol's own code, if there is one.
    pub(crate) fn code(&self) -> Option<i32> {
        self.text("X-Agile-Status")?.parse().ok()
    }

    /// The length that the head tells.
    pub(crate) fn length(&self) -> Option<u64> {
        self.text("Content-Length")?.parse().ok()
    }
}
