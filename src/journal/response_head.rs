//! The head of a response, as it is written. This module chooses no headers. Start with
//! [`ResponseHead`].

use std::borrow::Cow;
use std::fmt;

use crate::protocol::Cors;

use super::{Escaped, redacted};

/// The head of a response.
///
/// The headers are kept in a compact form, because there is one head per recorded request.
#[derive(Clone)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The HTTP status.
    pub status: u16,
    /// The headers of every response, which are written behind the first `before` bytes of `own`.
    shared: Option<Cors>,
    before: u32,
    /// The other headers, as [`push_header`] writes them.
    own: Box<[u8]>,
    /// The reason phrase.
    pub reason: Cow<'static, str>,
}

/// Lines that many responses have. A header is kept as the number of its line here, and its value if the
/// line lacks it.
const COMMON: [&str; 13] = [
    "Date: ",
    "X-Agile-Status: 0",
    "X-Agile-Status: ",
    "X-Agile-Checksum: ",
    "X-Agile-Size: ",
    "X-Agile-Multipart: ",
    "X-Agile-Path: ",
    "Content-Type: text/json;charset=utf-8",
    "Content-Type: application/json;charset=utf-8",
    "Content-Type: ",
    "Connection: close",
    "Content-Length: 0",
    "Content-Length: ",
];

/// Marks a header that is kept with its name.
const NAMED: u8 = 255;

impl ResponseHead {
    /// Creates a head with these headers, in this order.
    #[doc(hidden)]
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(
        status: u16,
        reason: impl Into<Cow<'static, str>>,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut own = Vec::new();
        for (name, value) in headers {
            push_header(&mut own, name.as_ref(), value.as_ref());
        }
        Self::with_shared(status, reason.into(), own, 0, None)
    }

    /// Creates a head from headers that [`push_header`] wrote. The `shared` ones stand behind the first
    /// `before` bytes.
    pub(crate) fn with_shared(
        status: u16,
        reason: Cow<'static, str>,
        own: Vec<u8>,
        before: u32,
        shared: Option<Cors>,
    ) -> Self {
        Self { status, reason, own: own.into_boxed_slice(), before, shared }
    }

    /// Returns the headers of its own, as [`push_header`] wrote them.
    pub(super) fn own(&self) -> &[u8] {
        &self.own
    }

    /// Returns a head with other headers of its own.
    pub(super) fn with_own(&self, own: Box<[u8]>) -> Self {
        let Self { status, shared, before, own: _, ref reason } = *self;
        Self { status, shared, before, own, reason: reason.clone() }
    }

    /// Returns whether two heads differ at most in the headers of their own.
    pub(super) fn differs_only_in_own(&self, other: &Self) -> bool {
        (self.status, self.shared, self.before) == (other.status, other.shared, other.before)
            && self.reason == other.reason
    }

    /// Returns the headers in the order in which they are written.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let (before, behind) = self.own.split_at(self.before as usize);
        let shared = self.shared.map_or(&[][..], Cors::standard_headers);
        let shared = shared.iter().map(|(name, value)| (*name, value.as_bytes()));
        Headers(before).chain(shared).chain(Headers(behind))
    }

    /// Returns the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Changes the headers by `change`.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) {
        let headers = self.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut headers = headers.collect();
        change(&mut headers);
        *self = Self::new(self.status, std::mem::take(&mut self.reason), headers);
    }

    /// Adds a header before the length, which is the last one.
    pub(crate) fn add(&mut self, name: &str, value: &[u8]) {
        self.edit(|headers| {
            let at = headers.iter().position(|(name, _)| *name == "Content-Length");
            headers.insert(at.unwrap_or(headers.len()), (name.to_owned(), value.to_owned()));
        });
    }

    /// Returns the bytes of the head, including the empty line, in a version of HTTP as
    /// [`Head::version`](super::Head::version) returns it.
    #[doc(hidden)]
    pub fn to_bytes(&self, version: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(version, &mut bytes);
        bytes
    }

    /// Appends the same bytes to a buffer.
    pub(crate) fn write(&self, version: &str, buffer: &mut Vec<u8>) {
        if self.status == 200 && self.reason == "OK" && version == "HTTP/1.1" {
            buffer.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        } else {
            for part in [version, " ", &self.status.to_string(), " ", &self.reason, "\r\n"] {
                buffer.extend_from_slice(part.as_bytes());
            }
        }
        let (before, behind) = self.own.split_at(self.before as usize);
        write_lines(before, buffer);
        buffer.extend_from_slice(self.shared.map_or(b"", Cors::standard_lines));
        write_lines(behind, buffer);
        buffer.extend_from_slice(b"\r\n");
    }
}

impl PartialEq for ResponseHead {
    fn eq(&self, other: &Self) -> bool {
        (self.status, &self.reason) == (other.status, &other.reason)
            && self.headers().eq(other.headers())
    }
}

impl Eq for ResponseHead {}

impl fmt::Debug for ResponseHead {
    /// Shows the head as it is written, with secrets redacted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.status, Escaped::new(&*self.reason))?;
        let mut map = f.debug_map();
        for (name, value) in self.headers() {
            map.entry(&Escaped::new(name), &Escaped::new(&redacted(name, value)));
        }
        map.finish()
    }
}

/// Appends a header in the form in which a [`ResponseHead`] keeps it.
pub(crate) fn push_header(own: &mut Vec<u8>, name: &str, value: &[u8]) {
    let mut number: u8 = 0;
    while let Some(line) = COMMON.get(usize::from(number)) {
        let line = line.as_bytes();
        // Most lines differ in the length of their name, which is cheap to compare.
        if line.len() > name.len() && line[name.len()] == b':' && line.starts_with(name.as_bytes())
        {
            let known = &line[name.len() + 2..];
            if known.is_empty() {
                if let Ok(length) = u8::try_from(value.len()) {
                    own.extend_from_slice(&[number, length]);
                    own.extend_from_slice(value);
                    return;
                }
            } else if known == value {
                own.push(number);
                return;
            }
        }
        number += 1;
    }
    own.push(NAMED);
    for text in [name.as_bytes(), value] {
        let length = u32::try_from(text.len()).expect("a header is shorter than 4 GiB");
        own.extend_from_slice(&length.to_le_bytes());
        own.extend_from_slice(text);
    }
}

/// Appends a header with a number in decimal digits.
pub(crate) fn push_number(own: &mut Vec<u8>, name: &str, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    while start == digits.len() || number > 0 {
        start -= 1;
        digits[start] = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
    push_header(own, name, &digits[start..]);
}

/// Reads the headers that [`push_header`] wrote.
struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// Returns the common line of the next header, and its value if the line lacks it; for other headers
    /// the name and the value.
    fn next_parts(&mut self) -> Option<(Result<&'static str, &'a str>, &'a [u8])> {
        let (number, rest) = self.0.split_first()?;
        self.0 = rest;
        let Some(line) = COMMON.get(usize::from(*number)) else {
            let name = self.take_long()?;
            return Some((Err(str::from_utf8(name).unwrap_or_default()), self.take_long()?));
        };
        if !line.ends_with(' ') {
            return Some((Ok(line), b""));
        }
        let (length, rest) = self.0.split_first()?;
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some((Ok(line), value))
    }

    fn take_long(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some(text)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.next_parts()? {
            (Err(name), value) => (name, value),
            (Ok(line), value) => match line.split_once(": ") {
                Some((name, "")) => (name, value),
                Some((name, known)) => (name, known.as_bytes()),
                None => (line, value),
            },
        })
    }
}

/// Appends the lines of headers that [`push_header`] wrote.
fn write_lines(own: &[u8], buffer: &mut Vec<u8>) {
    let mut rest = own;
    while let [number, behind @ ..] = rest {
        let Some(line) = COMMON.get(usize::from(*number)) else {
            let mut headers = Headers(rest);
            if let Some((name, value)) = headers.next() {
                for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                    buffer.extend_from_slice(part);
                }
            }
            rest = headers.0;
            continue;
        };
        let line = line.as_bytes();
        buffer.extend_from_slice(line);
        rest = behind;
        if line[line.len() - 1] == b' '
            && let [length, behind @ ..] = behind
        {
            let length = usize::from(*length);
            buffer.extend_from_slice(&behind[..length]);
            rest = &behind[length..];
        }
        buffer.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_headers_stand_between_the_own_ones() {
        let mut own = Vec::new();
        push_header(&mut own, "Date", b"now");
        let before = own.len().try_into().unwrap_or_default();
        push_number(&mut own, "X-Agile-Size", 5);
        let shared = Some(Cors::Documented);
        let mut head = ResponseHead::with_shared(200, "OK".into(), own, before, shared);
        let first = "HTTP/1.1 200 OK\r\nDate: now\r\n";
        let lines = Cors::Documented.standard_lines();
        let expected = [first.as_bytes(), lines, b"X-Agile-Size: 5\r\n\r\n"].concat();
        assert_eq!(head.to_bytes("HTTP/1.1"), expected);
        let flat = head.headers().map(|(name, value)| (name.to_owned(), value.to_vec()));
        let flat = ResponseHead::new(200, "OK", flat.collect::<Vec<_>>());
        assert_eq!((&flat, flat.to_bytes("HTTP/1.1")), (&head, expected));
        assert_eq!(head.header("x-agile-size"), Some(&b"5"[..]));
        head.edit(|headers| headers.truncate(1));
        assert_eq!(head.to_bytes("HTTP/1.1"), format!("{first}\r\n").into_bytes());
        assert_ne!(head, flat);
    }

    #[test]
    fn every_header_is_kept_as_given() {
        let long = "v".repeat(300);
        for value in ["", "0", "00", "close", "text/json;charset=utf-8", &long] {
            for name in COMMON.map(|line| line.split_once(": ").map_or("", |(name, _)| name)) {
                for name in [name, &name.to_lowercase(), &name[1..], "", "X-Other"] {
                    let head = ResponseHead::new(200, "", [("A", "a"), (name, value), ("B", "b")]);
                    let expected =
                        format!("HTTP/1.1 200 \r\nA: a\r\n{name}: {value}\r\nB: b\r\n\r\n");
                    assert_eq!(head.to_bytes("HTTP/1.1"), expected.into_bytes());
                    let read: Vec<_> = head.headers().collect();
                    assert_eq!(read[1], (name, value.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn a_header_is_added_before_the_length() {
        let mut head = ResponseHead::new(204, "", [("A", "1"), ("Content-Length", "0")]);
        head.add("B", b"2");
        let expected = b"HTTP/1.0 204 \r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(head.to_bytes("HTTP/1.0"), expected);
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 4096, u64::MAX] {
            let mut own = Vec::new();
            push_number(&mut own, "A", number);
            let value = number.to_string();
            assert_eq!(Headers(&own).next(), Some(("A", value.as_bytes())));
        }
    }
}
