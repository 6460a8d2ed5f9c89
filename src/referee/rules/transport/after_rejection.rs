//! `http.after_rejection`: a client that is rejected can stop sending.

use crate::referee::conduct::ConnectionConduct;
use crate::referee::rule::{Basis, Level, Rule};

/// More bytes than the buffers of a connection hold.
const MANY: u64 = 32 * 1024 * 1024;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "http.after_rejection",
    level: Level::Info,
    sentence: "A client may stop sending a body after it was rejected: more than 32 MiB were \
               sent in vain.",
    advice: "Read while you send, or use Expect: 100-continue for large bodies.",
    section: "RFC 9112 §9.6",
    basis: Basis::Rfc,
    needs_end: false,
    applies: |conduct| conduct.failures.iter().any(|request| request.rejection().is_some()),
    judge: |conduct, violations| {
        for ConnectionConduct { connection, last, .. } in &conduct.connections {
            let rejected =
                last.filter(|last| last.rejection().is_some() && connection.drained > MANY);
            if let Some(last) = rejected {
                violations.add([last.index()], 1, || {
                    let (what, number, bytes) =
                        (last.describe(), last.number(), connection.drained);
                    format!("{what} ({number}) {}, and {bytes} bytes followed", last.replied())
                });
            }
        }
    },
};

#[cfg(test)]
mod tests {
    use super::MANY;
    use crate::referee::example::Example;

    fn drained(bytes: u64) -> Example {
        let example = Example::default().piece(1, b"abc").rejected(503, -26);
        example.connection_having(|connection| connection.drained = bytes)
    }

    #[test]
    fn what_fits_into_buffers_is_good() {
        drained(MANY).assert_good("http.after_rejection");
    }

    #[test]
    fn a_large_body_after_a_rejection_is_remarked() {
        drained(MANY + 1).assert_bad(
            "http.after_rejection",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#0) was rejected with 503, code -26, \
             and 33554433 bytes followed",
        );
    }
}
