//! The headers of every response, and what they allow to pages of another origin (§1.6, §10). Start
//! with [`Cors`].

use std::sync::OnceLock;

/// The headers that pages of another origin may send and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cors {
    /// As documented: of the `X-Agile-*` headers they may send only `X-Agile-Authorization`, and
    /// read none.
    Documented,
    /// They may send and read every `X-Agile-*` header.
    Open,
}

impl Cors {
    /// Returns the headers of every response, in the order in which the origin writes them.
    #[doc(hidden)]
    pub fn standard_headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Documented => &STANDARD_HEADERS,
            Self::Open => &OPEN_HEADERS,
        }
    }

    /// Returns the same headers as lines, each with CR LF.
    pub(crate) fn standard_lines(self) -> &'static [u8] {
        static LINES: [OnceLock<String>; 2] = [const { OnceLock::new() }; 2];
        let lines = LINES[usize::from(self == Self::Open)].get_or_init(|| {
            let headers = self.standard_headers().iter();
            headers.flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect()
        });
        lines.as_bytes()
    }
}

const SERVER: (&str, &str) = ("Server", "Apache");
const ALLOW_ORIGIN: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const ALLOW_METHODS: (&str, &str) = ("Access-Control-Allow-Methods", "OPTIONS");

/// The documented headers of every response, in the order in which the origin writes them (§1.6).
pub const STANDARD_HEADERS: [(&str, &str); 4] = [
    SERVER,
    ALLOW_ORIGIN,
    ("Access-Control-Allow-Headers", "X-Agile-Authorization, X-Content-Type"),
    ALLOW_METHODS,
];

/// The same with [`Cors::Open`].
const OPEN_HEADERS: [(&str, &str); 5] = [
    SERVER,
    ALLOW_ORIGIN,
    (
        "Access-Control-Allow-Headers",
        "X-Agile-Authorization, X-Content-Type, X-Agile-Username, X-Agile-Password, X-Agile-Subdir, \
         X-Agile-Expiry, X-Agile-Encoding, X-Agile-Content-Encoding, X-Agile-Basename, X-Agile-Directory, \
         X-Agile-Content-Type, X-Agile-MTime, X-Agile-Multipart, X-Agile-Part, X-Agile-Checksum, \
         X-Agile-Content-Detect, X-Agile-Expose-Egress, X-Agile-Recursive, X-Agile-Signature",
    ),
    ALLOW_METHODS,
    (
        "Access-Control-Expose-Headers",
        "X-Agile-Status, X-Agile-Token, X-Agile-Uid, X-Agile-Gid, X-Agile-Path, X-Agile-Meta, \
         X-Agile-Multipart, X-Agile-Checksum, X-Agile-Size, X-Agile-Parts",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::protocol::ENDPOINTS;

    #[test]
    fn open_cors_allows_every_header_that_endpoints_read() {
        let documented = STANDARD_HEADERS[2].1.split(", ");
        let read = ENDPOINTS.iter().flat_map(|endpoint| endpoint.headers).map(|rule| rule.name);
        let own = read.filter(|name| name.starts_with("X-Agile-"));
        let expected: BTreeSet<_> = documented.chain(own).chain(["X-Agile-Signature"]).collect();
        let allowed: BTreeSet<_> = OPEN_HEADERS[2].1.split(", ").collect();
        assert_eq!(allowed, expected);
    }
}
