//! The parts of a request target or URL: path and query, with their percent-encoding (§1.4, §8). It
//! does not know endpoints. Start with [`normalize_path`] and [`query_value`].

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode,
};

use crate::storage::{Path, PathEncoding};

/// Returns bytes as text. Bytes that are not UTF-8 become text that equals nothing.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // A lossy conversion alone would cost as much as all other reads of the head of a piece.
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Returns the path of a request target in origin or absolute form. Repeated slashes are collapsed
/// (§1.4), and unreserved characters are decoded; `%2F` stays encoded.
pub(super) fn normalize_path(target: Cow<'_, str>) -> Cow<'_, str> {
    if is_normal(target.as_bytes()) {
        return target;
    }
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = match path.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => path,
    };
    let mut collapsed = String::with_capacity(path.len());
    for char in path.chars() {
        if char != '/' || !collapsed.ends_with('/') {
            collapsed.push(char);
        }
    }
    decode_unreserved(&collapsed).into()
}

/// Returns whether a target is a normal path, as those of endpoints are.
fn is_normal(target: &[u8]) -> bool {
    let mut at = 0;
    // An iterator is several times slower where a dependent is not optimised.
    while at < target.len() {
        let is_slash_twice = at > 0 && target[at] == b'/' && target[at - 1] == b'/';
        if is_slash_twice || matches!(target[at], b'?' | b'#' | b'%' | b':') {
            return false;
        }
        at += 1;
    }
    true
}

/// Decodes the percent-encoded unreserved characters of a path (RFC 3986 §6.2.2.2).
pub(super) fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        decoded.push_str(before);
        let unreserved = unreserved_escape(escape);
        decoded.push(unreserved.unwrap_or('%'));
        rest = &escape[unreserved.map_or(1, |_| ESCAPE_LENGTH)..];
    }
    decoded + rest
}

const ESCAPE_LENGTH: usize = "%41".len();

/// Returns the unreserved character at the start of a text, if it is percent-encoded
/// (RFC 3986 §2.3).
fn unreserved_escape(text: &str) -> Option<char> {
    let digits = text.strip_prefix('%')?.get(..ESCAPE_LENGTH - 1)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    is_unreserved.then(|| char::from(byte))
}

/// Parses the path of a URL: percent-decoded name by name, with `+` literal. `%2F` does not separate
/// names (RFC 3986 §2.2), and no name contains a slash.
pub(super) fn parse_path(url: &str) -> Option<Path> {
    let names: Vec<Vec<u8>> =
        url.split('/').map(|name| percent_decode_str(name).collect()).collect();
    if names.iter().any(|name| name.contains(&b'/')) {
        return None;
    }
    Path::parse(&names.join(&b'/'), PathEncoding::Raw, u64::MAX).ok()
}

/// Percent-encodes a path: everything but unreserved characters and slashes.
pub(super) fn encode_path(path: &str) -> PercentEncode<'_> {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(path, ENCODED)
}

/// Returns the value of the first query parameter of that name, as sent.
pub(super) fn query_value(target: &[u8], name: &str) -> Option<String> {
    let target = String::from_utf8_lossy(target);
    let (_, query) = target.split_once('?')?;
    let mut terms = query.split('&');
    terms.find_map(|term| term.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalize_path_collapses_slashes_and_drops_query_and_host() {
        for (target, path) in [
            ("//jsonrpc", "/jsonrpc"),
            ("/account///login?a=//b", "/account/login"),
            ("http://host:80/a//b", "/a/b"),
            ("http://host", "/"),
            ("*", "*"),
            ("/a://b", "/a:/b"),
        ] {
            assert_eq!(normalize_path(target.into()), path);
        }
    }

    #[test]
    fn only_unreserved_characters_are_decoded() {
        for (target, path) in [
            ("/multipart/%63reate", "/multipart/create"),
            ("/%6d%75ltipart/create", "/multipart/create"),
            ("/a%2Db%2e%5F%7e", "/a-b._~"),
            ("/multipart%2Fcreate", "/multipart%2Fcreate"),
            ("/multipart%2fcreate", "/multipart%2fcreate"),
            ("/%2563reate", "/%2563reate"),
            ("/a%20%c3%b6", "/a%20%c3%b6"),
            ("/%", "/%"),
            ("/%4", "/%4"),
            ("/%+1", "/%+1"),
            ("/%6ö", "/%6ö"),
        ] {
            assert_eq!(normalize_path(target.into()), path);
        }
    }
}
