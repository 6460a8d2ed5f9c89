//! A request as a case writes it, and as it goes over the wire.

use mock_origin::journal::{Framing, Head};
use percent_encoding::percent_decode_str;

use crate::text::{Known, Text};

/// The line of a case that keeps the `Host` header away, which every request to HTTP/1.1 has otherwise.
const NO_HOST: &[u8] = b"!Host";

/// A request as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    line: Text,
    headers: Vec<Text>,
    /// None where no empty line follows the headers: then nothing is said about a body at all.
    body: Option<Text>,
}

/// A request whose holes are filled.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    head: Head,
    framing: Framing,
    body: Vec<u8>,
}

impl Request {
    /// Reads lines without their marks: request line, headers, and after an empty line the body.
    pub(crate) fn parse(lines: &[String]) -> Self {
        let mut parts = lines.splitn(2, String::is_empty);
        let head = parts.next().unwrap_or_default();
        let body = parts.next().map(|lines| Text::parse(&lines.join("\n")));
        let mut head = head.iter().map(|line| Text::parse(line));
        Self { line: head.next().unwrap_or_default(), headers: head.collect(), body }
    }

    /// The names that it asks for.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.line].into_iter().chain(&self.headers).chain(&self.body).flat_map(Text::names)
    }

    /// Fills the holes and adds what every client adds.
    pub(crate) fn fill(&self, known: &Known) -> Result<Sent, String> {
        let body = self.body.as_ref().map(|body| body.fill(known)).transpose()?;
        let mut lines = vec![with_version(self.line.fill(known)?)];
        for header in &self.headers {
            lines.push(header.fill(known)?);
        }
        let is_1_0 = lines[0].ends_with(b"1.0");
        let is_hostless = lines.iter().any(|line| line == NO_HOST);
        lines.retain(|line| line != NO_HOST);
        if !is_1_0 && !is_hostless && !names(&lines, "Host") {
            lines.insert(1, b"Host: origin".to_vec());
        }
        let framed = names(&lines, "Content-Length") || names(&lines, "Transfer-Encoding");
        if let Some(body) = body.as_ref().filter(|_| !framed) {
            lines.push(format!("Content-Length: {}", body.len()).into_bytes());
        }
        Sent::new(&lines, body.unwrap_or_default())
    }
}

fn with_version(line: Vec<u8>) -> Vec<u8> {
    let has_one = line.windows(6).any(|window| window == b" HTTP/");
    if has_one { line } else { [&line, &b" HTTP/1.1"[..]].concat() }
}

fn names(lines: &[Vec<u8>], name: &str) -> bool {
    let is_named = |line: &[u8]| line.eq_ignore_ascii_case(name.as_bytes());
    lines[1..].iter().any(|line| line.split(|byte| *byte == b':').next().is_some_and(is_named))
}

impl Sent {
    fn new(lines: &[Vec<u8>], body: Vec<u8>) -> Result<Self, String> {
        let raw = [lines.join(&b"\r\n"[..]), b"\r\n\r\n".to_vec()].concat();
        let framing = Framing::parse(&raw).map_err(|_| "the head contradicts itself")?;
        Ok(Self { head: Head::new(raw), framing, body })
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The body without any framing.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The length that the head tells.
    pub(crate) fn declared(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked => None,
        }
    }

    /// Whether the client stops in the middle of the body.
    pub(crate) fn is_cut(&self) -> bool {
        self.declared().is_some_and(|length| length > self.body.len() as u64)
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(crate) fn waits(&self) -> bool {
        self.head.header("Expect").is_some()
    }

    /// The path without query, slashes collapsed and percent-decoded as the origin does it to find an endpoint (§1.4).
    pub(crate) fn path(&self) -> String {
        let target = String::from_utf8_lossy(self.head.target());
        let path = target.trim_start_matches("http://origin");
        let path = path.split('?').next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy();
        let names = path.split('/').filter(|name| !name.is_empty());
        names.fold(String::new(), |path, name| path + "/" + name)
    }
}
