//! `piece.length`: a body has as many bytes as its head declares.

use crate::journal::Outcome;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "piece.length",
    level: Level::Should,
    sentence: "A client should send as many bytes as Content-Length declares.",
    advice: "Take Content-Length from the bytes that are sent, not from the size that the file had \
             before. A client that was stopped in the middle of a body looks the same.",
    section: "RFC 9112 §6.2",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| conduct.has_declared_length,
    judge: |conduct, violations| {
        let short: Vec<_> = conduct.irregular.iter().filter(|it| is_short(**it)).collect();
        let Some(first) = short.first() else { return };
        violations.add(short.iter().map(|it| it.index()), short.len(), || {
            let declared = first.exchange.declared().unwrap_or_default();
            format!(
                "{} ({}) declared {declared} bytes and sent {}",
                first.describe(),
                first.number(),
                first.exchange.received
            )
        });
    },
};

/// Returns whether the client ended its body early although nothing made it stop.
fn is_short(request: Request<'_>) -> bool {
    let exchange = request.exchange;
    exchange.outcome == Outcome::RequestTruncated
        && exchange.faults.is_empty()
        && exchange.declared().is_some_and(|declared| declared > exchange.received)
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use crate::referee::example::Example;

    #[test]
    fn a_whole_body_is_good() {
        Example::default().create().piece(1, b"abc").assert_good("piece.length");
    }

    #[test]
    fn a_body_that_a_fault_cut_is_good() {
        let example = Example::default().create().piece(1, b"abc").cut_after(1);
        example.assert_good("piece.length");
    }

    #[test]
    fn a_body_that_ends_early_is_bad() {
        let example = Example::default().create().piece(1, b"abc").having(|exchange| {
            (exchange.received, exchange.outcome) = (1, Outcome::RequestTruncated);
        });
        example.assert_bad(
            "piece.length",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) declared 3 bytes and sent 1",
        );
    }
}
