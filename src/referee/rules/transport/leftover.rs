//! `http.leftover`: a body ends where its head says.

use crate::journal::UnparsedKind;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.leftover",
    level: Level::Must,
    sentence: "A client must not send more bytes after a request than its head declares.",
    advice: "Take Content-Length from the bytes that are sent. Without Content-Length and chunks, a \
             request has no body.",
    section: "RFC 9112 §6",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| !conduct.requests.is_empty(),
    judge: |conduct, violations| {
        let found: Vec<_> = conduct
            .connections
            .iter()
            .filter_map(|it| Some((it.connection, it.connection.unparsed.as_ref()?)))
            .filter(|(_, unparsed)| unparsed.kind == UnparsedKind::BytesBehindRequest)
            .collect();
        let Some((connection, unparsed)) = found.first() else { return };
        violations.add(found.iter().filter_map(|(_, it)| it.behind), found.len(), || {
            let behind = unparsed.behind.map(|it| format!(" after #{it}")).unwrap_or_default();
            let (index, excerpt) = (connection.index, unparsed.excerpt());
            format!("connection {index} has bytes{behind} that are not a request: \"{excerpt}\"")
        });
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn requests_without_more_bytes_are_good() {
        Example::default().login().create().assert_good("http.leftover");
    }

    #[test]
    fn a_body_that_was_not_declared_is_bad() {
        Example::default().create().unparsed(b"{\"a\": 1}", Some(0)).assert_bad(
            "http.leftover",
            "connection 0 has bytes after #0 that are not a request: \"{\"a\": 1}\"",
        );
    }
}
