//! The head of a request as received: every byte, in order, in its original case. This module
//! interprets no protocol headers. Start with [`Head`].

use std::fmt;

use super::Framing;
use super::escaped::Escaped;
use super::head_error::{HeadError, has_length_and_coding};
use super::raw_head::{is_http_10, lines};
use super::secrets::shown_line;

/// The raw head of a request.
///
/// It is kept as one block of bytes and parsed at each access, which is small and exact.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    raw: Box<[u8]>,
    /// Parsed once, because each request needs it several times.
    framing: Framing,
}

impl Head {
    /// Creates a head from the bytes between the request line and the empty line, both included.
    pub fn new(raw: impl Into<Box<[u8]>>) -> Self {
        let raw = raw.into();
        // A head with contradictory framing is rejected before its body is needed.
        let framing = Framing::parse(&raw).unwrap_or(Framing::None);
        Self { raw, framing }
    }

    /// Returns the declared framing of the body.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Returns all bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Returns the method.
    pub fn method(&self) -> &[u8] {
        self.request_line().next().unwrap_or_default()
    }

    /// Returns the request target, as sent.
    pub fn target(&self) -> &[u8] {
        self.request_line().nth(1).unwrap_or_default()
    }

    /// Returns the version of the response: `HTTP/1.0` for an HTTP/1.0 client, else `HTTP/1.1`.
    pub fn version(&self) -> &'static str {
        if is_http_10(&self.raw) { "HTTP/1.0" } else { "HTTP/1.1" }
    }

    /// Returns whether the client waits for `100 Continue` before it sends its body
    /// (RFC 9110 §10.1.1).
    pub fn expects_continue(&self) -> bool {
        let expectations = self.headers().filter(|(name, _)| name.eq_ignore_ascii_case(b"Expect"));
        // The last of several counts, as in hyper.
        let is_asked =
            expectations.last().is_some_and(|it| it.1.eq_ignore_ascii_case(b"100-continue"));
        is_asked && !is_http_10(&self.raw) && self.framing.length() != Some(0)
    }

    /// Returns the rule of HTTP that the head violates although the origin accepts it:
    /// [`HeadError::LengthAndCoding`].
    pub fn accepted_error(&self) -> Option<HeadError> {
        let is_ambiguous = self.framing == Framing::Chunked && has_length_and_coding(&self.raw);
        is_ambiguous.then_some(HeadError::LengthAndCoding)
    }

    /// Returns the headers in wire order and in their original case.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        lines(&self.raw).skip(1).filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        })
    }

    /// Returns the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers_named(name).next()
    }

    /// Returns the values of all headers of that name, in any case, in wire order.
    pub fn headers_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        lines(&self.raw).skip(1).filter_map(move |line| {
            let (given, value) = line.split_at_checked(name.len())?;
            let value = value.strip_prefix(b":")?;
            given.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
        })
    }

    fn request_line(&self) -> impl Iterator<Item = &[u8]> {
        lines(&self.raw).next().unwrap_or_default().split(|byte| *byte == b' ')
    }
}

impl fmt::Debug for Head {
    /// Shows only the request line, without its query, because the rest may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Head").field(&Escaped::new(&shown_line(&self.raw))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_and_case() {
        let head = Head::new(*b"POST /a?b HTTP/1.1\r\nx-B: 1\r\nA:  2 \r\nX-b:3\r\n\r\n");
        let headers: Vec<_> = head.headers().collect();
        assert_eq!(headers, [(&b"x-B"[..], &b"1"[..]), (b"A", b"2"), (b"X-b", b"3")]);
        assert_eq!((head.method(), head.target()), (&b"POST"[..], &b"/a?b"[..]));
        assert_eq!(head.header("X-B"), Some(&b"1"[..]));
    }

    #[test]
    fn malformed_heads_are_read_without_panic() {
        let head = Head::new(*b"");
        assert_eq!((head.method(), head.target(), head.headers().count()), (&b""[..], &b""[..], 0));
        assert_eq!(
            format!("{:?}", Head::new(*b"GET / HTTP/1.1\nX-Agile-Password: s\n\n")),
            "Head(\"GET / HTTP/1.1\")"
        );
    }

    #[test]
    fn only_http_1_1_requests_with_a_body_expect_continue() {
        let is_expected = |text: &str| Head::new(text.as_bytes()).expects_continue();
        let length = "Content-Length: 1\r\n";
        for (line, more, expected) in [
            ("POST / HTTP/1.1", "Expect: 100-continue\r\n", true),
            ("POST / HTTP/1.1", "expect:  100-Continue \r\n", true),
            ("POST / HTTP/1.1", "Expect: 100-continue\r\nExpect: other\r\n", false),
            ("POST / HTTP/1.1", "Expect: something\r\n", false),
            ("POST / HTTP/1.1", "", false),
            ("POST / HTTP/1.0", "Expect: 100-continue\r\n", false),
        ] {
            assert_eq!(is_expected(&format!("{line}\r\n{length}{more}\r\n")), expected, "{more}");
            assert!(!is_expected(&format!("{line}\r\n{more}\r\n")), "without a body");
        }
    }
}
