//! The lines and the version of the raw head of a request. Start with
//! [`index_lines`].

/// Returns the lines of a raw head, without their ends.
pub(super) fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Returns whether the version is HTTP/1.0, which has no `Transfer-Encoding`.
pub(super) fn is_http_10(raw_head: &[u8]) -> bool {
    let line_end = raw_head.iter().position(|&byte| byte == b'\n');
    let request_line = raw_head[..line_end.unwrap_or(0)].trim_ascii_end();
    request_line.ends_with(b" HTTP/1.0")
}

/// The number of offsets of the request line: the ends of method, target and line.
pub(super) const REQUEST_LINE: usize = 3;

/// A head with more headers is not plain, because hyper rejects it.
const MOST_HEADERS: usize = 100;

/// Finds the offsets of a head in one pass and writes each as two bytes: those of the request line, and
/// for each later line the end of its name, which is 0 if it has no colon, and the end of the line.
///
/// Returns whether the head is plain: an HTTP/1.1 request for a path, with only such bytes as every
/// HTTP parser accepts at their places.
///
/// It indexes bytes, because iterators are several times slower where a dependent is not optimised.
///
/// # Panics
///
/// Panics if the head has more than 64 KiB.
pub(super) fn index_lines(raw: &[u8], offsets: &mut [u8]) -> bool {
    let end = raw.len();
    assert!(end <= 64 * 1024, "a head has at most 64 KiB");
    let mut written = 0;
    let mut write = |offset: usize| {
        [offsets[written], offsets[written + 1], ..] = offset.to_le_bytes();
        written += 2;
        written < offsets.len()
    };
    let mut at = 0;
    while at < end && raw[at] != b'\n' {
        at += 1;
    }
    let line_end = if at > 0 && raw[at - 1] == b'\r' { at - 1 } else { at };
    let mut method = 0;
    let mut is_plain = true;
    while method < line_end && raw[method] != b' ' {
        is_plain &= raw[method].is_ascii_uppercase();
        method += 1;
    }
    let mut target = method;
    while target < line_end && (target == method || raw[target] != b' ') {
        is_plain &= target == method || is_plain_in_target(raw[target]);
        target += 1;
    }
    // The target of CONNECT is not a path.
    is_plain &= method > 0 && raw[method..].starts_with(b" /") && !raw.starts_with(b"CONNECT ");
    is_plain &= raw[target..].starts_with(b" HTTP/1.1\r\n");
    at = (at + 1).min(end);
    write(method);
    write(target);
    let mut has_room = write(at);
    let mut headers = 0;
    // The last two bytes are the empty line.
    while has_room && at < end && !(at + 2 == end && raw[at] == b'\r' && raw[at + 1] == b'\n') {
        let start = at;
        while at < end && is_plain_in_name(raw[at]) {
            at += 1;
        }
        let mut name_end = 0;
        if at > start && at < end && raw[at] == b':' {
            name_end = at;
            at += 1;
            while at < end && matches!(raw[at], b' '..=b'~' | b'\t') {
                at += 1;
            }
            is_plain &= at + 1 < end && raw[at] == b'\r' && raw[at + 1] == b'\n';
        } else {
            is_plain = false;
        }
        while at < end && raw[at] != b'\n' {
            if name_end == 0 && raw[at] == b':' {
                name_end = at;
            }
            at += 1;
        }
        at = (at + 1).min(end);
        write(name_end);
        has_room = write(at);
        headers += 1;
    }
    is_plain && headers <= MOST_HEADERS && raw[at..] == *b"\r\n"
}

const fn is_plain_in_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'0'..=b'9' | b'_')
}

const fn is_plain_in_target(byte: u8) -> bool {
    is_plain_in_name(byte) || matches!(byte, b'/' | b'.' | b'?' | b'=' | b'&' | b'%' | b'~')
}
