//! `http.no_http`: a client of an HTTP port speaks HTTP/1.

use std::collections::BTreeMap;

use crate::journal::{Connection, Unparsed, UnparsedKind};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.no_http",
    level: Level::Must,
    sentence: "A client must send HTTP/1.0 or HTTP/1.1 requests with valid heads.",
    advice: "Check the scheme of the URL, the version of HTTP that is forced, and how the head is \
             written.",
    section: "RFC 9112 §3",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| !conduct.connections.is_empty(),
    judge: |conduct, violations| {
        let mut kinds: BTreeMap<String, Vec<(&Connection, &Unparsed)>> = BTreeMap::new();
        for connection in conduct.connections.iter().map(|it| it.connection) {
            let wrong = connection
                .wrong_bytes()
                .filter(|unparsed| unparsed.kind != UnparsedKind::BytesBehindRequest);
            if let Some(unparsed) = wrong {
                let without_place = Unparsed { behind: None, ..unparsed.clone() };
                kinds.entry(without_place.to_string()).or_default().push((connection, unparsed));
            }
        }
        for (kind, found) in &kinds {
            let behind = found.iter().filter_map(|(_, unparsed)| unparsed.behind);
            violations.add(behind, found.len(), || {
                let (connection, unparsed) = found[0];
                let (index, excerpt) = (connection.index, unparsed.excerpt());
                let excerpt = if excerpt.is_empty() { excerpt } else { format!(": \"{excerpt}\"") };
                format!("connection {index} has bytes that are not a request: {kind}{excerpt}")
            });
        }
    },
};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::UnparsedKind;
    use crate::referee::example::Example;

    #[test]
    fn requests_are_good() {
        Example::default().login().assert_good("http.no_http");
    }

    #[test]
    fn a_head_that_never_ended_is_good() {
        let example = Example::default().unparsed(b"POST /mult", None);
        let example = example.connection_having(|connection| {
            let unparsed = connection.unparsed.as_mut().unwrap();
            unparsed.kind = UnparsedKind::IncompleteHead;
        });
        example.assert_good("http.no_http");
    }

    #[test]
    fn tls_is_bad() {
        let example = Example::default().unparsed(b"\x16\x03\x01", None).reconnect();
        example.unparsed(b"\x16\x03\x01", None).assert_bad(
            "http.no_http",
            "connection 0 has bytes that are not a request: TLS ClientHello: \
             \"\\u{16}\\u{3}\\u{1}\"",
        );
    }
}
