//! What the rules ask about the head of a request, found in one pass over its headers. Start with
//! [`HeadFacts`].

use crate::journal::{Head, is_same_name};

/// A part of a request head that some rules are about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HeadMark {
    /// A name or a path.
    Name,
    /// A header that may have an old name.
    Legacy,
    /// `X-Agile-Content-Type`.
    ContentType,
    /// `Content-Range`.
    ContentRange,
    /// `Expect`.
    Expectation,
    /// A query or a user in the target.
    Target,
}

/// The number of [`HeadMark`]s.
pub(crate) const HEAD_MARKS: usize = 6;

/// Facts about the headers of one request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadFacts<'a> {
    /// The token in `X-Agile-Authorization`, else in `X-LLNW-Authorization`, unless it is empty.
    pub(crate) token: Option<&'a [u8]>,
    /// Which [`HeadMark`]s the head has.
    pub(crate) marks: [bool; HEAD_MARKS],
    /// A hash of the headers that identify what is asked for. It does not depend on their order, nor on
    /// the case of their names.
    pub(super) identity: u64,
}

/// The headers with a name or a path.
pub(super) const NAMES: [&str; 3] = ["X-Agile-Directory", "X-Agile-Basename", "X-Agile-Subdir"];

/// Headers that differ between two tries of the same request.
const NOT_IDENTIFYING: [&str; 3] =
    ["X-Agile-Authorization", "X-Agile-Signature", "X-Agile-Checksum"];

impl<'a> HeadFacts<'a> {
    pub(crate) fn new(head: &'a Head) -> Self {
        let mut facts = Self::default();
        let (mut token, mut old_token) = (None, None);
        for (name, value) in head.headers() {
            match name {
                [b'x' | b'X', ..] if starts_with(name, "X-Agile-") => {
                    if NAMES.iter().any(|it| is_named(name, it)) {
                        facts.marks[HeadMark::Name as usize] = true;
                    } else if is_named(name, "X-Agile-Content-Type") {
                        facts.marks[HeadMark::ContentType as usize] = true;
                    } else if token.is_none() && is_named(name, "X-Agile-Authorization") {
                        token = Some(value);
                    }
                }
                [b'x' | b'X', ..] => {
                    facts.marks[HeadMark::Legacy as usize] = true;
                    if old_token.is_none() && is_named(name, "X-LLNW-Authorization") {
                        old_token = Some(value);
                    }
                }
                [b'c' | b'C', ..] if is_named(name, "Content-Range") => {
                    facts.marks[HeadMark::ContentRange as usize] = true;
                }
                [b'e' | b'E', ..] if is_named(name, "Expect") => {
                    facts.marks[HeadMark::Expectation as usize] = true;
                }
                _ => {}
            }
            if is_identifying(name) {
                let hash = hash_bytes(name.len() as u64, value);
                facts.identity = facts.identity.wrapping_add(hash);
            }
        }
        facts.marks[HeadMark::Target as usize] =
            head.target().iter().any(|byte| matches!(byte, b'?' | b'@'));
        facts.token = token.or(old_token).filter(|token| !token.is_empty());
        facts
    }
}

/// Returns the headers that identify what is asked for, with their names in lower case, in an order of
/// their own.
pub(super) fn identifying_headers(head: &Head) -> Vec<(Vec<u8>, &[u8])> {
    let identifying = head.headers().filter(|(name, _)| is_identifying(name));
    let mut headers: Vec<_> =
        identifying.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    headers.sort();
    headers
}

/// Returns whether a header says what is asked for.
fn is_identifying(name: &[u8]) -> bool {
    match name {
        [b'x' | b'X', ..] => {
            starts_with(name, "X-Agile-") && !NOT_IDENTIFYING.iter().any(|it| is_named(name, it))
        }
        [b'r' | b'R', ..] => is_named(name, "Range"),
        _ => false,
    }
}

/// Returns whether a header has that name, in any case.
fn is_named(header: &[u8], name: &str) -> bool {
    header.len() == name.len() && is_same_name(header, name.as_bytes())
}

/// Returns whether the name of a header starts with `prefix`, in any case.
fn starts_with(header: &[u8], prefix: &str) -> bool {
    header.len() >= prefix.len() && is_same_name(&header[..prefix.len()], prefix.as_bytes())
}

/// Returns a hash of `bytes` that depends on `seed`. It only distributes: equal hashes prove nothing.
pub(super) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = (seed ^ bytes.len() as u64).wrapping_mul(FACTOR);
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        hash = (hash.rotate_left(29) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        rest = tail;
    }
    let mut word = 0;
    for byte in rest {
        word = word << 8 | u64::from(*byte);
    }
    (hash.rotate_left(29) ^ word).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(head: &Head) -> HeadFacts<'_> {
        HeadFacts::new(head)
    }

    fn head(headers: &str) -> Head {
        Head::new(format!("POST / HTTP/1.1\r\n{headers}\r\n"))
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let head =
            head("X-AGILE-basename: a\r\nexpect: b\r\nContent-range: c\r\nX-Content-Type: d\r\n");
        let facts = facts(&head);
        assert_eq!((facts.marks, facts.token), ([true, true, false, true, true, false], None));
    }

    #[test]
    fn the_current_name_of_the_token_counts_first() {
        let tokens = "X-LLNW-Authorization: old\r\nx-agile-authorization: new\r\n";
        assert_eq!(facts(&head(tokens)).token, Some(&b"new"[..]));
        assert_eq!(facts(&head("X-LLNW-Authorization: old\r\n")).token, Some(&b"old"[..]));
        assert_eq!(facts(&head("X-Agile-Authorization:\r\n")).token, None);
    }

    #[test]
    fn the_identity_depends_neither_on_order_nor_on_the_token() {
        let identity = |headers: &str| facts(&head(headers)).identity;
        let one = identity("X-Agile-Part: 1\r\nRange: bytes=0-\r\nX-Agile-Authorization: a\r\n");
        assert_eq!(one, identity("range: bytes=0-\r\nHost: o\r\nx-agile-part: 1\r\n"));
        assert_ne!(one, identity("range: bytes=0-\r\nx-agile-part: 2\r\n"));
        assert_ne!(one, identity("x-agile-part: 1\r\n"));
    }
}
