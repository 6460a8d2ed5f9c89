//! `http.smuggle`: two declared lengths are read in two ways.

use crate::journal::Framing;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.smuggle",
    level: Level::Must,
    sentence: "A client must not send Content-Length together with Transfer-Encoding.",
    advice: "Send Content-Length if the size is known, else chunks. Servers and proxies disagree \
             about requests with both.",
    section: "RFC 9112 §6.2",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| !conduct.requests.is_empty(),
    judge: |conduct, violations| {
        let both = conduct.irregular.iter().filter(|request| {
            request.exchange.framing == Framing::Chunked
                && request.header("Content-Length").is_some()
        });
        let both: Vec<_> = both.collect();
        let Some(first) = both.first() else { return };
        violations.add(both.iter().map(|it| it.index()), both.len(), || {
            let (what, number) = (first.describe(), first.number());
            format!("{what} ({number}) has Content-Length and Transfer-Encoding")
        });
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn one_framing_is_good() {
        let example = Example::default().create().piece(1, b"a");
        let example = example.piece(2, b"b").without("Content-Length");
        example.with("Transfer-Encoding", "chunked").assert_good("http.smuggle");
    }

    #[test]
    fn two_framings_are_bad() {
        let example = Example::default().create().piece(1, b"a");
        example.with("Transfer-Encoding", "chunked").assert_bad(
            "http.smuggle",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) has Content-Length and \
             Transfer-Encoding",
        );
    }
}
