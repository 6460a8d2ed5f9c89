//! The lines and the version of the raw head of a request.

use memchr::memchr;

/// Returns the lines of a raw head, without their ends.
pub(super) fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let here = rest?;
        let end = memchr(b'\n', here);
        rest = end.map(|end| &here[end + 1..]);
        let line = &here[..end.unwrap_or(here.len())];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// Returns whether the version is HTTP/1.0, which has no `Transfer-Encoding`.
pub(super) fn is_http_10(raw_head: &[u8]) -> bool {
    let line_end = raw_head.iter().position(|&byte| byte == b'\n');
    let request_line = raw_head[..line_end.unwrap_or(0)].trim_ascii_end();
    request_line.ends_with(b" HTTP/1.0")
}
