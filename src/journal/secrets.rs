//! Redacts credentials.
//!
//! One list of names applies to headers, query parameters and JSON members, and every output uses
//! it. Escaping of unsafe characters is the task of `escaped`. Start with [`is_secret`].

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The replacement for a secret.
const REDACTED: &str = "<redacted>";

/// A name is a secret if, in lower case and without separators, it contains one of these:
/// `X-LLNW-Authorization`, `Proxy-Authorization`, `Set-Cookie`, `secretKey`, `access_token`.
const SECRET_PARTS: [&str; 10] = [
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
];

/// A name is a secret if it is one of these, in any case.
const SECRET_NAMES: [&str; 4] = ["auth", "pass", "pwd", "sig"];

/// The parameters of a MediaVault address (§8), which give access to a file. The names are so short
/// that they count only in a query.
const MEDIA_VAULT: [&str; 2] = ["e", "h"];

/// The member of a JSON-RPC request whose elements have no names: tokens and passwords come first.
const POSITIONAL: &str = "params";

/// Whether reports of exchanges show secrets. Messages and `Debug` output never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Secrets {
    #[default]
    Redacted,
    Shown,
}

impl Secrets {
    /// Returns the value of a header.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) fn header(self, name: &str, value: &[u8]) -> String {
        match self {
            Self::Redacted => redacted(name, value),
            Self::Shown => String::from_utf8_lossy(value).into_owned(),
        }
    }

    /// Returns the parameters in the query of a request target, decoded.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) fn query(self, target: &[u8]) -> Vec<(String, String)> {
        let text = String::from_utf8_lossy(target);
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| self.parameter(pair)).collect()
    }

    /// Returns a request target with its query.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub(crate) fn target(self, target: &[u8]) -> String {
        let text = String::from_utf8_lossy(target);
        let Some((_, query)) = text.split_once('?').filter(|_| self == Self::Redacted) else {
            return if self == Self::Shown { text.into_owned() } else { shown_target(target) };
        };
        let pairs: Vec<_> = query.split('&').map(|pair| self.shown_pair(pair)).collect();
        shown_target(target) + "?" + &pairs.join("&")
    }

    /// Returns a parameter as it was sent, or redacted.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    fn shown_pair(self, pair: &str) -> Cow<'_, str> {
        let (name, value) = self.parameter(pair);
        match Self::Shown.parameter(pair) == (name.clone(), value.clone()) {
            true => Cow::Borrowed(pair),
            false if pair.contains('=') => Cow::Owned(format!("{name}={value}")),
            false => Cow::Owned(name),
        }
    }

    /// Returns the name and the value of a parameter, decoded.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    fn parameter(self, pair: &str) -> (String, String) {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if self == Self::Shown {
            return (name, value);
        }
        // A token may stand anywhere, even in place of a name.
        let is_secret = is_secret(&name) || MEDIA_VAULT.contains(&&*name);
        let value = if is_secret { REDACTED.to_owned() } else { redacted_output(&value) };
        (redacted_output(&name), value)
    }
}

/// Returns whether a header, a query parameter or a JSON member of that name is a secret.
fn is_secret(name: &str) -> bool {
    let plain = name.bytes().filter(u8::is_ascii_alphanumeric);
    let plain: String = plain.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    SECRET_PARTS.iter().any(|part| plain.contains(part)) || SECRET_NAMES.contains(&&*plain)
}

/// Returns a printable header value. A secret is replaced, and so are secrets inside other values,
/// such as a token in the query of a `Referer`.
pub(crate) fn redacted(name: &str, value: &[u8]) -> String {
    if is_secret(name) {
        return REDACTED.to_owned();
    }
    let text = String::from_utf8_lossy(value);
    match text.rsplit_once('@') {
        // Some clients copy the user of their URL into the host.
        Some((_, host)) if name.eq_ignore_ascii_case("host") => format!("{REDACTED}@{host}"),
        _ => redacted_text(&text).into_owned(),
    }
}

/// Returns the printable part of a request target: its path, without the query and without the user
/// of a host.
pub(crate) fn shown_target(target: &[u8]) -> String {
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    redacted_text(&String::from_utf8_lossy(path)).into_owned()
}

/// Returns the printable part of a head, or of bytes that are not a head: the first line up to a
/// query. Bytes without structure may contain a token anywhere, so everything that looks like one
/// is redacted.
pub(crate) fn shown_line(raw: &[u8]) -> String {
    let line = raw.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default();
    let text = shown_target(line);
    redact(&text, &['-'], |at| token_at(&text, at)).into_owned()
}

/// Returns what a client printed, of any number of lines. Everything that looks like a token is redacted too.
#[cfg_attr(not(feature = "report"), allow(dead_code))]
pub(crate) fn redacted_output(text: &str) -> String {
    let text = redacted_text(text);
    redact(&text, &['-'], |at| token_at(&text, at)).into_owned()
}

/// Redacts a text that may contain secrets: a URL, a form, JSON, or the lines of a head. It removes
/// the values of secret names and the user of a URL.
fn redacted_text(text: &str) -> Cow<'_, str> {
    redact(text, &['=', ':'], |at| value_at(text, at).or_else(|| user_at(text, at)))
}

/// Redacts the spans of a text that `secret_at` finds at the separators.
fn redact<'a>(
    text: &'a str,
    separators: &[char],
    secret_at: impl Fn(usize) -> Option<(usize, usize)>,
) -> Cow<'a, str> {
    let mut shown = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices(separators) {
        let secret = secret_at(at).filter(|(start, end)| *start >= done && start < end);
        if let Some((start, end)) = secret {
            shown.push_str(&text[done..start]);
            shown.push_str(REDACTED);
            done = end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// Returns the value after the `=` or `:` at `at`, if the name before it is a secret.
fn value_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let is_query = text[at..].starts_with('=');
    let before = text[..at].trim_end_matches([' ', '\t']);
    let (before, is_quoted) = match before.strip_suffix('"') {
        Some(before) => (before.strip_suffix('\\').unwrap_or(before), true),
        None => (before, false),
    };
    let is_part = |char: char| char.is_ascii_alphanumeric() || "-_.%".contains(char);
    let name_at = before.trim_end_matches(is_part).len();
    let name = &before[name_at..];
    let behind = &text[at + 1..];
    let value = behind.trim_start_matches([' ', '\t']);
    let start = at + 1 + (behind.len() - value.len());
    let is_in_query = before[..name_at].ends_with(['?', '&']);
    if is_quoted && name == POSITIONAL && value.starts_with('[') {
        return Some((start, start + value.find(']').map_or(value.len(), |end| end + 1)));
    }
    if !(is_secret(&percent_decode_str(name).decode_utf8_lossy())
        || is_query && is_in_query && MEDIA_VAULT.contains(&name))
    {
        return None;
    }
    let (skipped, end) = match value.strip_prefix('"') {
        Some(string) => (1, end_of_string(string)),
        None if is_query => {
            (0, value.find(|char: char| "&;#\"'<>,".contains(char) || char.is_whitespace()))
        }
        None if is_quoted => (0, value.find([',', '}', ']', '\n'])),
        None => (0, value.find(['\r', '\n'])),
    };
    let end = end.unwrap_or(value.len() - skipped);
    Some((start + skipped, start + skipped + end))
}

/// Returns the end of a JSON string whose first quote has been read.
fn end_of_string(string: &str) -> Option<usize> {
    let mut is_escaped = false;
    string.find(|char| {
        let ends = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends
    })
}

/// Returns the user and password of the URL whose scheme ends at `at`.
fn user_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = text[at..].strip_prefix("://")?;
    let start = at + 3;
    let host =
        rest.split(|char: char| "/?#\"'<>,".contains(char) || char.is_whitespace()).next()?;
    host.rfind('@').map(|end| (start, start + end))
}

/// Returns the token whose first `-` is at `at`: a UUID with dashes (§2.2).
fn token_at(text: &str, at: usize) -> Option<(usize, usize)> {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const LENGTH: usize = 36;
    let start = at.checked_sub(DASHES[0])?;
    let token = text.as_bytes().get(start..start + LENGTH)?;
    let is_like_one = token.iter().enumerate().all(|(place, byte)| {
        if DASHES.contains(&place) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    });
    is_like_one.then_some((start, start + LENGTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Head;

    const TOKEN: &str = "5b3dbe7e-4b5c-4d5e-8f10-0123456789ab";

    #[test]
    fn the_user_in_a_host_is_redacted() {
        assert_eq!(redacted("Host", b"jane:secret@localhost:80"), "<redacted>@localhost:80");
        assert_eq!(redacted("host", b"localhost:80"), "localhost:80");
        assert_eq!(redacted("From", b"jane@example"), "jane@example");
    }

    #[test]
    fn headers_with_credentials_are_redacted() {
        for name in [
            "Authorization",
            "Cookie",
            "Proxy-Authorization",
            "Set-Cookie",
            "x-agile-authorization",
            "X-Agile-Password",
            "X-Agile-Signature",
            "X-Agile-Token",
            "X-LLNW-Authorization",
            "X-Api-Key",
        ] {
            assert_eq!(redacted(name, b"s"), "<redacted>", "{name}");
        }
    }

    #[test]
    fn headers_without_credentials_are_shown() {
        for name in ["X-Agile-Part", "X-Agile-Username", "X-Agile-Multipart", "Host", "Accept"] {
            assert_eq!(redacted(name, b"key=value; a:b"), "key=value; a:b", "{name}");
        }
    }

    #[test]
    fn credentials_in_urls_are_redacted() {
        for (url, shown) in [
            ("http://h/p?token=s&a=b#c", "http://h/p?token=<redacted>&a=b#c"),
            ("http://h/p?a=b&access_token=s", "http://h/p?a=b&access_token=<redacted>"),
            ("http://h/p?%74oken=s", "http://h/p?%74oken=<redacted>"),
            ("http://h/p?to%c3ken=s", "http://h/p?to%c3ken=<redacted>"),
            ("/f?e=12&h=abc", "/f?e=<redacted>&h=<redacted>"),
            ("http://jane:secret@h:80/p", "http://<redacted>@h:80/p"),
            ("http://jane@h", "http://<redacted>@h"),
            ("http://h/a@b?e=1", "http://h/a@b?e=<redacted>"),
            ("/e=1/h=2", "/e=1/h=2"),
        ] {
            assert_eq!(redacted("Referer", url.as_bytes()), shown);
        }
    }

    #[test]
    fn credentials_in_json_forms_and_heads_are_redacted() {
        for (text, shown) in [
            (r#"{"token": "s\"t", "a": 1}"#, r#"{"token": "<redacted>", "a": 1}"#),
            (r#"{"secretKey":7,"a":1}"#, r#"{"secretKey":<redacted>,"a":1}"#),
            (r#""params": ["s", "t"], "id": 1"#, r#""params": <redacted>, "id": 1"#),
            (r#""params": ["s", "#, r#""params": <redacted>"#),
            (r#"en": 1, "password": "s"#, r#"en": 1, "password": "<redacted>"#),
            ("X-Agile-Password: s t\r\nA: b", "X-Agile-Password: <redacted>\r\nA: b"),
            ("Cookie:s=t; u=v", "Cookie:<redacted>"),
            ("password=s&a=b", "password=<redacted>&a=b"),
        ] {
            assert_eq!(redacted_text(text), shown);
        }
    }

    #[test]
    fn token_like_text_is_redacted_in_unstructured_bytes() {
        let output = format!("a\npassword: s\ntoken {TOKEN} was rejected");
        let redacted_lines = "a\npassword: <redacted>\ntoken <redacted> was rejected";
        assert_eq!(redacted_output(&output), redacted_lines);
        let shown = |text: &str| shown_line(text.as_bytes());
        assert_eq!(shown(&format!("[\"{TOKEN}\", 1]")), "[\"<redacted>\", 1]");
        assert_eq!(shown(&TOKEN[1..]), &TOKEN[1..]);
        assert_eq!(redacted("X-Request-Id", TOKEN.as_bytes()), TOKEN);
    }

    #[test]
    fn queries_are_shown_without_secrets() {
        let target = format!("/f?e=12&h=abc&a=b%20c&%74oken=s&{TOKEN}&x=http://j:s@h&flag");
        let shown = Secrets::Redacted.target(target.as_bytes());
        assert_eq!(
            shown,
            "/f?e=<redacted>&h=<redacted>&a=b%20c&token=<redacted>&<redacted>\
             &x=http://<redacted>@h&flag"
        );
        let query = Secrets::Redacted.query(target.as_bytes());
        assert_eq!(query[2], ("a".to_owned(), "b c".to_owned()));
        assert_eq!(query[4], ("<redacted>".to_owned(), String::new()));
        assert_eq!(Secrets::Shown.target(target.as_bytes()), target);
        assert_eq!(Secrets::Shown.query(target.as_bytes())[3].1, "s");
        assert_eq!(Secrets::Shown.header("X-Agile-Token", b"s"), "s");
        assert_eq!(Secrets::Redacted.header("X-Agile-Token", b"s"), "<redacted>");
    }

    #[test]
    fn a_request_line_is_shown_without_its_query() {
        let shown = |raw: &str| shown_line(raw.as_bytes());
        assert_eq!(shown("POST /post/file?token=s HTTP/1.1\r\nA: b"), "POST /post/file");
        assert_eq!(shown("GET http://jane:s@h/ HTTP/1.1\n"), "GET http://<redacted>@h/ HTTP/1.1");
        let head = Head::new(*b"POST /post/file?token=secret HTTP/1.1\r\n\r\n");
        assert_eq!(format!("{head:?}"), "Head(\"POST /post/file\")");
    }
}
