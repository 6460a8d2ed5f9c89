//! The head of a request as received: every byte, in order, in its original case. This module
//! interprets no protocol headers. Start with [`Head`].

use std::fmt;

use super::escaped::Escaped;
use super::framing::{Framing, Malformed};
use super::head_error::{HeadError, has_length_and_coding};
use super::raw_head::{REQUEST_LINE, index_lines, is_http_10};
use super::secrets::shown_line;

/// The raw head of a request.
///
/// It is one block: the bytes as received, and behind them the offsets of its lines, so that a head is
/// parsed only once.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    block: Box<[u8]>,
    /// The number of bytes before the offsets.
    length: u32,
    is_plain: bool,
    framing: Result<Framing, Malformed>,
}

impl Head {
    /// Creates a head from the bytes between the request line and the empty line, both included.
    ///
    /// # Panics
    ///
    /// Panics if it has more than 64 KiB, which is more than the origin accepts.
    pub fn new(raw: impl AsRef<[u8]>) -> Self {
        let raw = raw.as_ref();
        Self::with_lines(raw, raw.split(|byte| *byte == b'\n').count() - 1)
    }

    /// Creates a head with at most that many lines behind the request line.
    pub(super) fn with_lines(raw: &[u8], lines: usize) -> Self {
        let mut block = vec![0; raw.len() + 2 * (REQUEST_LINE + 2 * lines)].into_boxed_slice();
        let (bytes, offsets) = block.split_at_mut(raw.len());
        bytes.copy_from_slice(raw);
        let is_plain = index_lines(bytes, offsets);
        let length = u32::try_from(raw.len()).unwrap_or_default();
        let mut head = Self { block, length, is_plain, framing: Ok(Framing::None) };
        let (framing, is_plain) = head.find_framing();
        head.framing = framing;
        head.is_plain &= is_plain;
        head
    }

    /// Returns the framing that the headers declare (RFC 9112 §6.3), and whether every HTTP parser reads
    /// the length in them, if there is one: it is one number.
    fn find_framing(&self) -> (Result<Framing, Malformed>, bool) {
        if self.find(b"Transfer-Encoding", 0).is_some() {
            let codings = self.headers_named("Transfer-Encoding");
            let last = codings.flat_map(|value| value.split(|byte| *byte == b',')).last();
            let is_chunked =
                last.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            let is_known = is_chunked && !is_http_10(self.raw());
            return (if is_known { Ok(Framing::Chunked) } else { Err(Malformed) }, true);
        }
        let Some((line, value)) = self.find(b"Content-Length", 0) else {
            return (Ok(Framing::None), true);
        };
        if let (Some(length), None) = (parse_decimal(value), self.find(b"Content-Length", line + 1))
        {
            return (Ok(Framing::Length(length)), true);
        }
        let lengths = self.headers_named("Content-Length");
        let mut lengths = lengths
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(|text| parse_decimal(text.trim_ascii()));
        let first = lengths.next().flatten();
        match first.filter(|length| lengths.all(|other| other == Some(*length))) {
            Some(length) => (Ok(Framing::Length(length)), false),
            None => (Err(Malformed), false),
        }
    }

    /// Returns the declared framing of the body.
    pub fn framing(&self) -> Framing {
        // A head with contradictory framing is rejected before its body is needed.
        match self.framing {
            Ok(framing) => framing,
            Err(Malformed) => Framing::None,
        }
    }

    /// Returns the declared framing of the body, unless it is contradictory.
    pub(super) fn valid_framing(&self) -> Result<Framing, Malformed> {
        self.framing
    }

    /// Returns whether it is an HTTP/1.1 request for a path, with only such bytes as every HTTP parser
    /// accepts at their places.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Returns whether it has none of these headers.
    pub(crate) fn lacks(&self, names: &[&str]) -> bool {
        let lines = self.lines();
        let mut line = 0;
        while line < lines {
            let (start, name_end, _) = self.line(line);
            let mut at = 0;
            while at < names.len() {
                // Most names differ in length, which is cheap to compare.
                if name_end == start + names[at].len()
                    && self.block[start..name_end].eq_ignore_ascii_case(names[at].as_bytes())
                {
                    return false;
                }
                at += 1;
            }
            line += 1;
        }
        true
    }

    /// Returns all bytes.
    pub fn raw(&self) -> &[u8] {
        &self.block[..self.length as usize]
    }

    /// Returns the method.
    pub fn method(&self) -> &[u8] {
        &self.block[..self.offset(0)]
    }

    /// Returns the request target, as sent.
    pub fn target(&self) -> &[u8] {
        self.block.get(self.offset(0) + 1..self.offset(1)).unwrap_or_default()
    }

    /// Returns the version of the response: `HTTP/1.0` for an HTTP/1.0 client, else `HTTP/1.1`.
    pub fn version(&self) -> &'static str {
        if is_http_10(self.raw()) { "HTTP/1.0" } else { "HTTP/1.1" }
    }

    /// Returns whether the client waits for `100 Continue` before it sends its body
    /// (RFC 9110 §10.1.1).
    pub fn expects_continue(&self) -> bool {
        // The last of several counts, as in hyper.
        let expectation = self.headers_named("Expect").last();
        let is_asked = expectation.is_some_and(|it| it.eq_ignore_ascii_case(b"100-continue"));
        is_asked && !is_http_10(self.raw()) && self.framing().length() != Some(0)
    }

    /// Returns the rule of HTTP that the head violates although the origin accepts it:
    /// [`HeadError::LengthAndCoding`].
    pub fn accepted_error(&self) -> Option<HeadError> {
        let is_chunked = matches!(self.framing, Ok(Framing::Chunked));
        let is_ambiguous = is_chunked && has_length_and_coding(self);
        is_ambiguous.then_some(HeadError::LengthAndCoding)
    }

    /// Returns the headers in wire order and in their original case.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.lines()).filter_map(|line| {
            let (start, name_end, end) = self.line(line);
            let value = || self.trimmed(name_end + 1, end);
            (name_end > 0).then(|| (&self.block[start..name_end], value()))
        })
    }

    /// Returns the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        match self.find(name.as_bytes(), 0) {
            Some((_, value)) => Some(value),
            None => None,
        }
    }

    /// Returns the values of all headers of that name, in any case, in wire order.
    pub fn headers_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.numbered_headers(name).map(|(_, value)| value)
    }

    /// Returns the values of all headers of that name, each with the number of its line. The request
    /// line is line 1.
    pub(super) fn numbered_headers<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let (line, value) = self.find(name.as_bytes(), next)?;
            next = line + 1;
            Some((line + 2, value))
        })
    }

    /// Returns the first header of that name at or behind a line: its line, counted from the one behind
    /// the request line, and its value.
    ///
    /// Every request looks up many headers, so this reads offsets and bytes in plain loops.
    pub(super) fn find(&self, name: &[u8], mut line: usize) -> Option<(usize, &[u8])> {
        let lines = self.lines();
        while line < lines {
            let (start, name_end, end) = self.line(line);
            // Most names differ in length, which is cheap to compare.
            if name_end == start + name.len() && is_same_name(&self.block[start..name_end], name) {
                return Some((line, self.trimmed(name_end + 1, end)));
            }
            line += 1;
        }
        None
    }

    /// Returns these bytes without the white space around them.
    fn trimmed(&self, mut start: usize, mut end: usize) -> &[u8] {
        let bytes = &*self.block;
        while start < end && matches!(bytes[start], b' ' | b'\t' | b'\n' | b'\x0C' | b'\r') {
            start += 1;
        }
        while start < end && matches!(bytes[end - 1], b' ' | b'\t' | b'\n' | b'\x0C' | b'\r') {
            end -= 1;
        }
        &bytes[start..end]
    }

    /// Appends the whole lines of those headers whose names are in the list, in wire order.
    pub(crate) fn copy_lines(&self, names: &[&str], copy: &mut Vec<u8>) {
        let lines = self.lines();
        let mut line = 0;
        while line < lines {
            let (start, name_end, end) = self.line(line);
            let mut at = 0;
            while at < names.len() {
                let name = names[at];
                if name_end == start + name.len()
                    && is_same_name(&self.block[start..name_end], name.as_bytes())
                {
                    copy.extend_from_slice(&self.block[start..end]);
                }
                at += 1;
            }
            line += 1;
        }
    }

    /// Returns the number of lines behind the request line.
    pub(super) fn lines(&self) -> usize {
        ((self.block.len() - self.length as usize) / 2 - REQUEST_LINE) / 2
    }

    /// Returns the start of a line behind the request line, the end of its name, which is 0 if there is
    /// no colon, and its end.
    fn line(&self, line: usize) -> (usize, usize, usize) {
        let at = self.length as usize + 2 * (REQUEST_LINE - 1) + 4 * line;
        let offsets = &self.block[at..at + 6];
        let start = offsets[0] as usize | (offsets[1] as usize) << 8;
        let name_end = offsets[2] as usize | (offsets[3] as usize) << 8;
        let end = offsets[4] as usize | (offsets[5] as usize) << 8;
        (start, name_end, end)
    }

    /// Returns an offset of the request line.
    fn offset(&self, index: usize) -> usize {
        let at = self.length as usize + 2 * index;
        self.block[at] as usize | (self.block[at + 1] as usize) << 8
    }
}

/// Returns whether two names of the same length are equal, in any case.
///
/// It is a plain loop: iterators are several times slower in unoptimised builds.
pub(crate) fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() {
        let differs = one[at] ^ other[at];
        if differs != 0 && (differs != 0x20 || !one[at].is_ascii_alphabetic()) {
            return false;
        }
        at += 1;
    }
    true
}

/// Returns a number of ASCII digits only, without sign or space.
pub(crate) fn parse_decimal(text: &[u8]) -> Option<u64> {
    let mut number: u64 = 0;
    let mut at = 0;
    while at < text.len() {
        let digit @ b'0'..=b'9' = text[at] else { return None };
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        at += 1;
    }
    (at > 0).then_some(number)
}

impl fmt::Debug for Head {
    /// Shows only the request line, without its query, because the rest may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Head").field(&Escaped::new(&shown_line(self.raw()))).finish()
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
    fn the_longest_head_is_indexed() {
        let start = "GET / HTTP/1.1\r\nA: ";
        let last = "\r\nZ: last\r\n\r\n";
        let value = "a".repeat(64 * 1024 - start.len() - last.len());
        let head = Head::new(format!("{start}{value}{last}"));
        assert_eq!(
            (head.header("Z"), head.header("a")),
            (Some(&b"last"[..]), Some(value.as_bytes()))
        );
    }

    #[test]
    fn headers_are_found_with_every_line_ending() {
        let raw = "POST  HTTP/1.1\nA b\n: c\r\nD:e\n\nF: \r\nG:h";
        for end in [raw.len(), raw.len() - 1] {
            let head = Head::new(&raw[..end]);
            let headers: Vec<_> = head.headers().collect();
            let last = (&b"G"[..], &raw.as_bytes()[raw.len() - 1..end]);
            assert_eq!(headers, [(&b""[..], &b"c"[..]), (b"D", b"e"), (b"F", b""), last]);
            assert_eq!((head.method(), head.target()), (&b"POST"[..], &b""[..]));
            assert_eq!(head.numbered_headers("d").next(), Some((4, &b"e"[..])));
        }
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
