//! `ack.checksum`: the checksum in a response says what the origin stored.

use crate::protocol::Operation;
use crate::referee::request::Flaw;
use crate::referee::rule::{Basis, Level, Rule};

use super::judge_flaw;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "ack.checksum",
    level: Level::Must,
    sentence: "A client must not complete an upload after a response whose X-Agile-Checksum differs \
               from the piece that it sent.",
    advice: "Compare X-Agile-Checksum with the sent bytes, and send the piece again if they differ.",
    section: "§4.2",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Piece),
    judge: |conduct, violations| judge_flaw(conduct, violations, Flaw::Checksum, "checksum"),
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn wrong(example: Example) -> Example {
        example.altered().reply("X-Agile-Checksum", &"0".repeat(64))
    }

    #[test]
    fn a_client_that_sends_the_piece_again_is_good() {
        let example = wrong(Example::default().create().piece(1, b"a"));
        example.piece(1, b"a").complete().assert_good("ack.checksum");
    }

    #[test]
    fn a_client_that_gives_up_is_good() {
        wrong(Example::default().create().piece(1, b"a")).assert_good("ack.checksum");
    }

    #[test]
    fn completing_after_a_wrong_checksum_is_bad() {
        let example = wrong(Example::default().create().piece(1, b"a"));
        let example = wrong(example.piece(1, b"a"));
        example.complete().assert_bad(
            "ack.checksum",
            "upload of /acme/videos/a.mp4: the response to piece 1 (#2) has another checksum than the \
             sent bytes, and the client completed the upload (#3)",
        );
    }
}
