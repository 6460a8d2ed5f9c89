//! `http.expect_ignored`: a client that asks whether to send its body waits for the response.

use std::time::Duration;

use crate::journal::Connection;
use crate::referee::head_facts::HeadMark;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

/// A client that waits for `100 Continue` need not wait longer, so a later response proves nothing.
const PROMPT: Duration = Duration::from_millis(100);

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.expect_ignored",
    level: Level::Should,
    sentence: "A client should not send its body after a rejection if it sent Expect: 100-continue.",
    advice: "Wait for the response before the body, at least a second, and omit the body after a \
             final one.",
    section: "RFC 9110 §10.1.1",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| {
        conduct.marked(HeadMark::Expectation).iter().any(|it| it.exchange.head.expects_continue())
    },
    judge: |conduct, violations| {
        let ignored = conduct.connections.iter().filter_map(|it| {
            let last = it.last?;
            sent_body_anyway(it.connection, last).then_some((last, it.connection.drained))
        });
        let ignored: Vec<_> = ignored.collect();
        let Some((first, bytes)) = ignored.first() else { return };
        violations.add(ignored.iter().map(|(it, _)| it.index()), ignored.len(), || {
            format!(
                "{} ({}) asked for 100 Continue, {}, and sent {bytes} bytes of its body",
                first.describe(),
                first.number(),
                first.replied()
            )
        });
    },
};

/// Returns whether the client sent a body although the last response on the connection had rejected
/// it at once.
fn sent_body_anyway(connection: &Connection, last: Request<'_>) -> bool {
    let exchange = last.exchange;
    let was_prompt = exchange
        .response_started
        .is_some_and(|started| started.elapsed.saturating_sub(last.opened()) < PROMPT);
    last.rejection().is_some()
        && exchange.head.expects_continue()
        && exchange.faults.is_empty()
        && exchange.received == 0
        && was_prompt
        && connection.drained > 0
}

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    fn rejected() -> Example {
        let example = Example::default().piece(1, b"abc").with("Expect", "100-continue");
        example.rejected_for(ErrorKind::UnknownUpload).having(|exchange| exchange.received = 0)
    }

    #[test]
    fn a_client_that_omits_its_body_is_good() {
        rejected().assert_good("http.expect_ignored");
    }

    #[test]
    fn a_body_after_a_rejection_is_bad() {
        rejected().connection_having(|it| it.drained = 3).assert_bad(
            "http.expect_ignored",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#0) asked for 100 Continue, was rejected \
             with 400, code -2, and sent 3 bytes of its body",
        );
    }
}
