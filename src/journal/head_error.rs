//! The rule of HTTP that the head of a request violates: pure functions over its bytes.
//!
//! hyper rejects heads with invalid syntax or framing and tells no reason; `api` rejects those with a
//! wrong `Host` or an unsupported transfer coding. Both reasons are found here, so that the journal
//! can name them. This module decides no status. Start with [`HeadError::find`].

use super::raw_head::lines;
use super::{Escaped, Framing, Head, redacted};

/// The rule of HTTP that a head violates. Lines are counted from 1, the request line included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// The head is longer than 64 KiB.
    TooLong,
    /// The head has more than 100 headers.
    TooManyHeaders,
    /// The request target has an invalid byte.
    Target,
    /// The version is neither HTTP/1.0 nor HTTP/1.1.
    Version,
    /// This line begins with white space: it continues a folded header.
    Folded(usize),
    /// This line has no colon.
    NoColon(usize),
    /// The name in this line is not a header name.
    Name(usize),
    /// The value in this line has a control character.
    Value(usize),
    /// The value of `Content-Length` in this line is not a number, or differs from an earlier one.
    ContentLength(usize),
    /// `Transfer-Encoding` does not end with `chunked`, or comes in HTTP/1.0.
    TransferEncoding,
    /// An HTTP/1.1 request has no `Host`.
    NoHost,
    /// This line is a second `Host`.
    SecondHost(usize),
    /// The `Host` in this line is neither a name nor an address.
    Host(usize),
    /// The `Transfer-Encoding` in this line names a coding other than `chunked`.
    UnknownCoding(usize),
    /// The `Transfer-Encoding` in this line applies `chunked` a second time.
    ChunkedTwice(usize),
    /// The head has `Content-Length` beside `Transfer-Encoding`. The origin accepts that, ignores
    /// the length, and so might take other requests from the bytes than a proxy before it.
    LengthAndCoding,
    /// Another rule.
    Other,
}

/// A head with more headers is rejected.
const MAX_HEADERS: usize = 100;

impl HeadError {
    /// Returns the first rule that a complete head violates.
    ///
    /// ```
    /// use mock_origin::journal::HeadError;
    ///
    /// let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n";
    /// let error = HeadError::find(head).unwrap();
    /// assert_eq!(error, HeadError::ContentLength(3));
    /// assert_eq!(error.message(head), r#"line 3, "Content-Length: +5", is not one number"#);
    /// ```
    pub fn find(head: &[u8]) -> Option<Self> {
        Self::find_in_syntax(head).or_else(|| {
            let head = Head::new(head);
            Self::find_in_host(&head)
                .or_else(|| Self::find_in_codings(&head))
                .or_else(|| has_length_and_coding(&head).then_some(Self::LengthAndCoding))
        })
    }

    /// Returns the first rule of syntax or framing that a head violates, as far as it was received.
    pub(super) fn find_in_syntax(bytes: &[u8]) -> Option<Self> {
        const LONGEST: usize = 64 * 1024;
        if bytes.len() >= LONGEST {
            return Some(Self::TooLong);
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n')?;
        let head = &bytes[..end];
        let headers = || lines(head).enumerate().skip(1).filter(|(_, line)| !line.is_empty());
        request_line_error(lines(head).next().unwrap_or_default())
            .or_else(|| headers().find_map(|(at, line)| header_error(at + 1, line)))
            .or_else(|| framing_error(head))
            .or_else(|| (headers().count() > MAX_HEADERS).then_some(Self::TooManyHeaders))
            .or_else(|| (!head.is_ascii()).then_some(Self::Target))
    }

    /// Returns what is wrong with `Host`: an HTTP/1.1 request has exactly one, an HTTP/1.0 request at
    /// most one (RFC 9112 §3.2).
    pub(crate) fn find_in_host(head: &Head) -> Option<Self> {
        let Some((line, host)) = head.find(b"Host", 0) else {
            return (head.version() != "HTTP/1.0").then_some(Self::NoHost);
        };
        // The request line is line 1.
        if let Some((second, _)) = head.find(b"Host", line + 1) {
            return Some(Self::SecondHost(second + 2));
        }
        let mut at = 0;
        while at < host.len() && is_host_byte(host[at]) {
            at += 1;
        }
        if at < host.len() { Some(Self::Host(line + 2)) } else { None }
    }

    /// Returns what is wrong with the transfer codings: only `chunked` is supported, and it may be
    /// applied only once (RFC 9112 §6.1, §7.1).
    pub(crate) fn find_in_codings(head: &Head) -> Option<Self> {
        head.header("Transfer-Encoding")?;
        let codings = head.numbered_headers("Transfer-Encoding").flat_map(|(at, list)| {
            list.split(|byte| *byte == b',').map(move |coding| (at, coding.trim_ascii()))
        });
        let mut codings = codings.filter(|(_, coding)| !coding.is_empty());
        let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
        let ((first_at, first), (second_at, second)) = (codings.next()?, codings.next()?);
        Some(match (is_chunked(first), is_chunked(second)) {
            (true, true) => Self::ChunkedTwice(second_at),
            (false, _) => Self::UnknownCoding(first_at),
            (true, false) => Self::UnknownCoding(second_at),
        })
    }

    /// Returns what is wrong, for a message: it names the line of `head` without its secrets.
    pub fn message(self, head: &[u8]) -> String {
        let wrong = |number: usize, what: &str| {
            let (name, value) = parts(lines(head).nth(number - 1).unwrap_or_default());
            let name = String::from_utf8_lossy(name);
            let value = redacted(&name, value);
            let shown =
                if value.is_empty() { name.into_owned() } else { format!("{name}: {value}") };
            format!("line {number}, {:?}, {what}", Escaped::new(&shown))
        };
        match self {
            Self::TooLong => "it is longer than 64 KiB".to_owned(),
            Self::TooManyHeaders => format!("it has more than {MAX_HEADERS} headers"),
            Self::Target => "its target is invalid".to_owned(),
            Self::Version => "its version is neither HTTP/1.0 nor HTTP/1.1".to_owned(),
            // The text of the line is not shown, because it may continue a secret.
            Self::Folded(line) => format!("line {line} continues a folded header"),
            Self::NoColon(line) => format!("line {line} has no colon"),
            Self::Name(line) => wrong(line, "has an invalid name"),
            Self::Value(line) => wrong(line, "has a control character"),
            Self::ContentLength(line) => wrong(line, "is not one number"),
            Self::TransferEncoding => "its Transfer-Encoding is invalid".to_owned(),
            Self::NoHost => "it has no Host".to_owned(),
            Self::SecondHost(line) => wrong(line, "is a second Host"),
            Self::Host(line) => wrong(line, "is neither a name nor an address"),
            Self::UnknownCoding(line) => wrong(line, "names a coding other than chunked"),
            Self::ChunkedTwice(line) => wrong(line, "applies chunked twice"),
            Self::LengthAndCoding => "it has Content-Length and Transfer-Encoding".to_owned(),
            Self::Other => "it breaks a rule of HTTP".to_owned(),
        }
    }
}

/// Returns whether a head announces the length of its body in two ways (RFC 9112 §6.3).
pub(super) fn has_length_and_coding(head: &Head) -> bool {
    ["Content-Length", "Transfer-Encoding"].iter().all(|name| head.header(name).is_some())
}

fn request_line_error(line: &[u8]) -> Option<HeadError> {
    let mut words = line.splitn(2, |byte| *byte == b' ').skip(1);
    let mut rest = words.next().unwrap_or_default().rsplitn(2, |byte| *byte == b' ');
    let (version, target) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
    if ![&b"HTTP/1.0"[..], b"HTTP/1.1"].contains(&version) {
        return Some(HeadError::Version);
    }
    let is_bad = |byte: &u8| byte.is_ascii_control() || *byte == b' ';
    (target.is_empty() || target.iter().any(is_bad)).then_some(HeadError::Target)
}

fn header_error(at: usize, line: &[u8]) -> Option<HeadError> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Some(HeadError::Folded(at));
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Some(HeadError::NoColon(at));
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Some(HeadError::Name(at));
    }
    let is_bad = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    value.iter().any(is_bad).then_some(HeadError::Value(at))
}

/// Returns the rule of body framing that a head violates.
fn framing_error(head: &[u8]) -> Option<HeadError> {
    let head = Head::new(head);
    head.valid_framing().err()?;
    if head.header("Transfer-Encoding").is_some() {
        return Some(HeadError::TransferEncoding);
    }
    // Each value is read as if it were the only header, so the first wrong one is found.
    let mut lengths = head
        .numbered_headers("Content-Length")
        .map(|(at, value)| (at, Framing::parse(&[b"\nContent-Length:", value].concat()).ok()));
    let (at, first) = lengths.next()?;
    let differs = |(_, length): &(usize, Option<Framing>)| *length != first;
    let wrong = first.map_or(Some(at), |_| lengths.find(differs).map(|(at, _)| at));
    wrong.map(HeadError::ContentLength)
}

/// Returns the name and the value in a header line.
fn parts(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    (&line[..colon], line.get(colon + 1..).unwrap_or_default().trim_ascii())
}

/// Returns whether the byte may stand in `uri-host [ ":" port ]` (RFC 3986 §3.2.2).
const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')'
        )
        || matches!(byte, b'*' | b'+' | b',' | b';' | b'=' | b':' | b'[' | b']')
}

/// Returns whether a byte may appear in a method or a header name (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_violated_rule_names_its_line() {
        let host = "Host: a\r\n";
        let chunked = "Transfer-Encoding: chunked\r\n";
        for (headers, wrong) in [
            ("", Some("it has no Host")),
            (host, None),
            ("Host:\r\n", None),
            ("A: b\r\nHost: a\r\nhost: b\r\n", Some(r#"line 4, "host: b", is a second Host"#)),
            ("Host: a/b\r\n", Some(r#"line 2, "Host: a/b", is neither a name nor an address"#)),
            (&*format!("{host}{chunked}"), None),
            (
                &*format!("{host}Content-Length: 5\r\n{chunked}"),
                Some("it has Content-Length and Transfer-Encoding"),
            ),
            (
                &*format!("{host}Transfer-Encoding: gzip, chunked\r\n"),
                Some(
                    r#"line 3, "Transfer-Encoding: gzip, chunked", names a coding other than chunked"#,
                ),
            ),
            (
                &*format!("{host}{chunked}{chunked}"),
                Some(r#"line 4, "Transfer-Encoding: chunked", applies chunked twice"#),
            ),
            (
                &*format!("{host}Transfer-Encoding: gzip\r\n{chunked}"),
                Some(r#"line 3, "Transfer-Encoding: gzip", names a coding other than chunked"#),
            ),
            (
                &*format!("{host}Content-Length: 5, 6\r\n"),
                Some(r#"line 3, "Content-Length: 5, 6", is not one number"#),
            ),
        ] {
            let head = format!("POST / HTTP/1.1\r\n{headers}\r\n");
            let found = HeadError::find(head.as_bytes());
            let found = found.map(|error| error.message(head.as_bytes()));
            assert_eq!(found.as_deref(), wrong, "{headers}");
        }
    }

    #[test]
    fn http_1_0_may_leave_out_the_host() {
        let find =
            |headers: &str| HeadError::find(format!("GET / HTTP/1.0\r\n{headers}\r\n").as_bytes());
        assert_eq!(find(""), None);
        assert_eq!(find("Host: a\r\nHost: b\r\n"), Some(HeadError::SecondHost(3)));
    }
}
