//! `ack.header`: a response without its token or multipart id does not count as a success.

use crate::protocol::Operation;
use crate::referee::request::{Flaw, Reply};
use crate::referee::rule::{Basis, Level, Rule};

use super::ignored;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "ack.header",
    level: Level::Must,
    sentence: "A client must not go on without the token or the multipart id that a response lacks.",
    advice: "Treat a login without X-Agile-Token and a creation without X-Agile-Multipart as \
             failed, and repeat them.",
    section: "§4.1",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Login) || conduct.has(Operation::Create),
    judge: |conduct, violations| {
        for ignored in ignored(conduct) {
            let (failed, next) = (ignored.failed, ignored.next);
            if failed.reply() != Reply::Flawed(Flaw::Credential) {
                continue;
            }
            violations.add([failed.index(), next.index()], 1, || {
                let lacks = if failed.is(Operation::Login) { "a token" } else { "a multipart id" };
                format!(
                    "the response to {} ({}) lacks {lacks}, and the client went on with {} ({})",
                    failed.describe(),
                    failed.number(),
                    next.describe(),
                    next.number()
                )
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    #[test]
    fn a_client_that_creates_again_without_an_id_is_good() {
        let example = Example::default().create().altered().without_reply("X-Agile-Multipart");
        example.create().piece(1, b"a").assert_good("ack.header");
    }

    #[test]
    fn sending_a_piece_without_an_id_is_bad() {
        let example = Example::default().create().altered().without_reply("X-Agile-Multipart");
        example
            .piece(1, b"a")
            .with("X-Agile-Multipart", "")
            .call(|call| (call.upload, call.path) = (None, None))
            .rejected_for(ErrorKind::UnknownUpload)
            .assert_bad(
                "ack.header",
                "the response to POST /multipart/create of /acme/videos/a.mp4 (#0) lacks a \
                 multipart id, and the client went on with POST /multipart/piece 1 (#1)",
            );
    }
}
