//! Bytes on a connection from which no request could be read, and their probable meaning.
//!
//! The server rejects them. This module only classifies them, so that a message can tell what the
//! client did wrong. Start with [`Unparsed`] and [`UnparsedKind::classify`].

use std::fmt;

use super::head_error::is_token;
use super::{Escaped, HeadError, Instants, TlsFailure, shown_line};

/// Bytes from which no request could be read. The connection ends with them.
#[derive(Clone)]
#[non_exhaustive]
pub struct Unparsed {
    /// The kind of bytes that they look like.
    pub kind: UnparsedKind,
    /// The examined bytes, at most 64 KiB.
    pub bytes: Box<[u8]>,
    /// When they were recognised.
    pub at: Instants,
    /// The number of the exchange before them; `None` at the start of a connection.
    pub behind: Option<u64>,
    /// The status of the response, if one was sent.
    pub status: Option<u16>,
}

/// The kinds of bytes from which no request can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnparsedKind {
    /// A TLS `ClientHello`: the client uses HTTPS on an HTTP port.
    TlsClientHello,
    /// The preface of an HTTP/2 connection.
    Http2Preface,
    /// Plain HTTP on a TLS port.
    HttpOnTlsPort,
    /// A TLS handshake that failed. Only bytes that are not TLS are kept.
    TlsHandshake(TlsFailure),
    /// Bytes after a request that are not a request. The body was longer than declared, or was not
    /// declared.
    BytesBehindRequest,
    /// The first line is not a request line.
    NoRequestLine,
    /// A request line with a head that violates a rule of HTTP.
    InvalidHead(HeadError),
    /// A valid head that never ended.
    IncompleteHead,
}

impl UnparsedKind {
    /// Classifies `bytes`, which begin where a head should begin. `is_behind` tells whether they
    /// came after an exchange, `is_rejected` whether the server rejected them.
    pub(crate) fn classify(bytes: &[u8], is_behind: bool, is_rejected: bool) -> Self {
        if bytes.starts_with(b"\x16\x03") {
            return Self::TlsClientHello;
        }
        if bytes.starts_with(b"PRI * HTTP/2.0") {
            return Self::Http2Preface;
        }
        if !is_request_prefix(bytes) {
            return if is_behind { Self::BytesBehindRequest } else { Self::NoRequestLine };
        }
        match HeadError::find_in_syntax(bytes) {
            Some(error) => Self::InvalidHead(error),
            None if is_rejected => Self::InvalidHead(HeadError::Other),
            None => Self::IncompleteHead,
        }
    }

    /// Returns the name in JSON.
    #[cfg(feature = "control")]
    pub(crate) const fn json_name(self) -> &'static str {
        match self {
            Self::TlsClientHello => "tls_client_hello",
            Self::Http2Preface => "http2_preface",
            Self::HttpOnTlsPort => "http_on_tls_port",
            Self::TlsHandshake(_) => "tls_handshake",
            Self::BytesBehindRequest => "bytes_behind_request",
            Self::NoRequestLine => "no_request_line",
            Self::InvalidHead(_) => "invalid_head",
            Self::IncompleteHead => "incomplete_head",
        }
    }

    /// Returns whether the client made an error. A client that was stopped in the middle of a head or of
    /// a handshake made none.
    pub(crate) fn is_wrong(self) -> bool {
        match self {
            Self::IncompleteHead => false,
            Self::TlsHandshake(failure) => failure.is_wrong(),
            _ => true,
        }
    }
}

/// Returns whether a request line can begin with these bytes: a method, a target and a version, as
/// far as they go. An incomplete line must begin with a known method.
pub(crate) fn is_request_prefix(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE"];
    let line_end = bytes.iter().position(|byte| *byte == b'\n');
    let line = bytes[..line_end.unwrap_or(bytes.len())].trim_ascii_end();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next());
    if !method.iter().copied().all(is_token) {
        return false;
    }
    match (target, line_end) {
        (None, None) => METHODS.iter().any(|known| known.starts_with(method)),
        (Some(_), None) => !method.is_empty(),
        _ => !method.is_empty() && words.next_back().is_some_and(|word| word.starts_with(b"HTTP/")),
    }
}

impl Unparsed {
    /// Returns the printable start of the first line: without secrets, escaped, and shortened.
    pub fn excerpt(&self) -> String {
        const LONGEST: usize = 64;
        let mut excerpt = String::new();
        for char in shown_line(&self.bytes).chars() {
            let shown = Escaped::new(char.encode_utf8(&mut [0; 4])).to_string();
            if excerpt.len() + shown.len() > LONGEST {
                return excerpt + "…";
            }
            excerpt.push_str(&shown);
        }
        excerpt
    }
}

impl fmt::Display for Unparsed {
    /// Writes the kind of bytes, and the exchange before them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            UnparsedKind::TlsClientHello => f.write_str("TLS ClientHello")?,
            UnparsedKind::Http2Preface => f.write_str("HTTP/2 preface")?,
            UnparsedKind::HttpOnTlsPort => f.write_str("plain HTTP on a TLS port")?,
            UnparsedKind::TlsHandshake(failure) => write!(f, "TLS handshake failed: {failure}")?,
            UnparsedKind::BytesBehindRequest => f.write_str("bytes that are not a request")?,
            UnparsedKind::NoRequestLine => f.write_str("no request line")?,
            UnparsedKind::InvalidHead(error) => {
                write!(f, "invalid head: {}", error.message(&self.bytes))?;
            }
            UnparsedKind::IncompleteHead => f.write_str("incomplete head")?,
        }
        self.behind.map_or(Ok(()), |exchange| write!(f, " behind #{exchange}"))
    }
}

impl fmt::Debug for Unparsed {
    /// Shows only the first line of the bytes, up to a query, because the rest may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unparsed")
            .field("kind", &self.kind)
            .field("bytes", &Escaped::new(&shown_line(&self.bytes)))
            .field("at", &self.at)
            .field("behind", &self.behind)
            .field("status", &self.status)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the message for bytes.
    fn look(bytes: &[u8], behind: Option<u64>, is_rejected: bool) -> String {
        let kind = UnparsedKind::classify(bytes, behind.is_some(), is_rejected);
        let (bytes, at) = (bytes.into(), Instants::default());
        Unparsed { kind, bytes, at, behind, status: None }.to_string()
    }

    #[test]
    fn bytes_that_are_not_a_head_are_classified() {
        for (bytes, behind, looks) in [
            (&b"\x16\x03\x01\x02\0\x01\0"[..], None, "TLS ClientHello"),
            (b"PRI * HTTP/2.0\r\n\r\n", None, "HTTP/2 preface"),
            (b"PRI * HTTP/2.0\r\n\r\n", Some(3), "HTTP/2 preface behind #3"),
            (b"{\"a\": 1}", None, "no request line"),
            (b"{\"a\": 1}", Some(0), "bytes that are not a request behind #0"),
            (b"world", Some(1), "bytes that are not a request behind #1"),
            (b"GET /a\r\n", None, "no request line"),
            (b" GET / HTTP/1.1\r\n", None, "no request line"),
            (b"P", Some(1), "incomplete head behind #1"),
            (b"POST /mult", None, "incomplete head"),
            (b"POST / HTTP/1.1\r\nA: b\r\nC", None, "incomplete head"),
            (b"XYZ /mult", None, "incomplete head"),
        ] {
            assert_eq!(look(bytes, behind, false), looks, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn an_invalid_head_names_the_violated_rule() {
        let many = "A: b\r\n".repeat(101);
        let long = format!("A: {}\r\n", "b".repeat(64 * 1024));
        for (headers, looks) in [
            ("Content-Length: +5", r#"line 2, "Content-Length: +5", is not one number"#),
            (
                "content-length: 5\r\nA: b\r\nContent-Length: 6",
                r#"line 4, "Content-Length: 6", is not one number"#,
            ),
            ("A: b\r\n c", "line 3 continues a folded header"),
            ("A b", "line 2 has no colon"),
            ("A b: c", r#"line 2, "A b: c", has an invalid name"#),
            ("A: b\0c", r#"line 2, "A: b\u{0}c", has a control character"#),
            (
                "X-Agile-Token: b\0c",
                r#"line 2, "X-Agile-Token: <redacted>", has a control character"#,
            ),
            ("Transfer-Encoding: gzip", "its Transfer-Encoding is invalid"),
            (&*many, "it has more than 100 headers"),
            (&*long, "it is longer than 64 KiB"),
        ] {
            let head = format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n");
            assert_eq!(look(head.as_bytes(), None, true), format!("invalid head: {looks}"));
        }
        for (line, looks) in [
            ("GET / HTTP/1.2", "its version is neither HTTP/1.0 nor HTTP/1.1"),
            ("GET  HTTP/1.1", "its target is invalid"),
            ("GET /\u{e4} HTTP/1.1", "its target is invalid"),
            ("GET / HTTP/1.1", "it breaks a rule of HTTP"),
        ] {
            let head = format!("{line}\r\n\r\n");
            assert_eq!(look(head.as_bytes(), None, true), format!("invalid head: {looks}"));
        }
    }

    #[test]
    fn every_prefix_of_a_valid_head_is_a_request_prefix() {
        let head = b"OPTIONS * HTTP/1.1\r\nA: b\r\n\r\n";
        assert!((0..=head.len()).all(|end| is_request_prefix(&head[..end])));
    }
}
