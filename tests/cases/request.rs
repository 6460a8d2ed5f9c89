//! The request of a case: its template, and the bytes that are sent.

use mock_origin::journal::{Framing, Head};
use percent_encoding::percent_decode_str;

use crate::template::{Template, Values};

/// The line that leaves out the `Host` header, which every HTTP/1.1 request has by default.
const NO_HOST: &[u8] = b"!Host";

/// A request with placeholders.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    line: Template,
    headers: Vec<Template>,
    /// `None` if no empty line follows the headers. The request then has neither a body nor a
    /// `Content-Length`.
    body: Option<Template>,
}

/// A request that is ready to send.
#[derive(Clone, Debug)]
pub(crate) struct RenderedRequest {
    head: Head,
    framing: Framing,
    body: Vec<u8>,
}

impl Request {
    /// Parses lines without their marks: request line, headers, and after an empty line the body.
    pub(crate) fn parse(lines: &[String]) -> Self {
        let mut parts = lines.splitn(2, String::is_empty);
        let head = parts.next().unwrap_or_default();
        let body = parts.next().map(|lines| Template::parse(&lines.join("\n")));
        let mut head = head.iter().map(|line| Template::parse(line));
        Self { line: head.next().unwrap_or_default(), headers: head.collect(), body }
    }

    /// Returns the names of the placeholders.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.line].into_iter().chain(&self.headers).chain(&self.body).flat_map(Template::names)
    }

    /// Fills the placeholders. Adds the version, `Host` and `Content-Length` if they are absent.
    pub(crate) fn render(&self, values: &Values) -> Result<RenderedRequest, String> {
        let body = self.body.as_ref().map(|body| body.render(values)).transpose()?;
        let mut lines = vec![with_version(self.line.render(values)?)];
        for header in &self.headers {
            lines.push(header.render(values)?);
        }
        let is_1_0 = lines[0].ends_with(b"1.0");
        let omits_host = lines.iter().any(|line| line == NO_HOST);
        lines.retain(|line| line != NO_HOST);
        if !is_1_0 && !omits_host && !has_header(&lines, "Host") {
            lines.insert(1, b"Host: origin".to_vec());
        }
        let is_framed =
            has_header(&lines, "Content-Length") || has_header(&lines, "Transfer-Encoding");
        if let Some(body) = body.as_ref().filter(|_| !is_framed) {
            lines.push(format!("Content-Length: {}", body.len()).into_bytes());
        }
        RenderedRequest::new(&lines, body.unwrap_or_default())
    }
}

fn with_version(line: Vec<u8>) -> Vec<u8> {
    let has_version = line.windows(6).any(|window| window == b" HTTP/");
    if has_version { line } else { [&line, &b" HTTP/1.1"[..]].concat() }
}

fn has_header(lines: &[Vec<u8>], name: &str) -> bool {
    let is_named = |line: &[u8]| line.eq_ignore_ascii_case(name.as_bytes());
    lines[1..].iter().any(|line| line.split(|byte| *byte == b':').next().is_some_and(is_named))
}

impl RenderedRequest {
    fn new(lines: &[Vec<u8>], body: Vec<u8>) -> Result<Self, String> {
        let raw = [lines.join(&b"\r\n"[..]), b"\r\n\r\n".to_vec()].concat();
        let framing = Framing::parse(&raw).map_err(|_| "contradictory framing headers")?;
        Ok(Self { head: Head::new(raw), framing, body })
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Returns the body without its framing.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the length in `Content-Length`.
    pub(crate) fn content_length(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked => None,
        }
    }

    /// Returns whether the client stops before the end of the body.
    pub(crate) fn is_truncated(&self) -> bool {
        self.content_length().is_some_and(|length| length > self.body.len() as u64)
    }

    /// Returns whether the client waits for `100 Continue` before it sends the body.
    pub(crate) fn expects_continue(&self) -> bool {
        self.head.header("Expect").is_some()
    }

    /// Returns the path by which the origin finds an endpoint (§1.4): without query, percent-decoded,
    /// with repeated slashes collapsed.
    pub(crate) fn path(&self) -> String {
        let target = String::from_utf8_lossy(self.head.target());
        let path = target.trim_start_matches("http://origin");
        let path = path.split('?').next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy();
        let names = path.split('/').filter(|name| !name.is_empty());
        names.fold(String::new(), |path, name| path + "/" + name)
    }
}
