//! `retry.acknowledged`: an acknowledged piece is stored.

use crate::protocol::Operation;
use crate::referee::conduct::Conduct;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.acknowledged",
    level: Level::Should,
    sentence: "A client should not send a piece again whose acknowledgement it has read.",
    advice: "Remember which pieces are acknowledged, and after a restart ask listMultipartPiece. \
             The same bytes sent twice are waste.",
    section: "§4.2",
    basis: Basis::Documented,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Piece),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let tries = upload.pieces.values().flat_map(|tries| tries.windows(2));
            let again: Vec<_> =
                tries.filter(|pair| is_sent_again(conduct, pair[0], pair[1])).collect();
            let Some(first) = again.first() else { continue };
            // A piece to an upload that was completed or aborted is the matter of another rule.
            let is_over = |end: &Request<'_>| end.is_accepted() && end.ended_before(first[1]);
            let has_changed = !upload.restarts.is_empty()
                || upload.completes.iter().chain(&upload.aborts).any(is_over);
            if has_changed {
                continue;
            }
            let bytes: u64 = again.iter().map(|pair| pair[1].exchange.received).sum();
            let exchanges = again.iter().flat_map(|pair| [pair[0].index(), pair[1].index()]);
            violations.add(exchanges, again.len(), || {
                format!(
                    "{}: piece {} was acknowledged ({}) and sent again ({}); {bytes} bytes in all \
                     were sent again",
                    upload.name(),
                    first[0].call.part.unwrap_or_default(),
                    first[0].number(),
                    first[1].number()
                )
            });
        }
    },
};

/// Returns whether the client sent the same bytes again although it had read the acknowledgement.
fn is_sent_again(conduct: &Conduct<'_>, one: Request<'_>, next: Request<'_>) -> bool {
    one.is_accepted()
        && one.ended_before(next)
        && conduct.was_read(one)
        && one.exchange.digest.is_some()
        && one.exchange.digest == next.exchange.digest
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn a_piece_that_is_replaced_by_other_bytes_is_good() {
        let example = Example::default().create().piece(1, b"a").piece(1, b"b");
        example.complete().assert_good("retry.acknowledged");
    }

    #[test]
    fn a_retry_on_a_new_connection_may_not_have_read_the_response() {
        let example = Example::default().create().piece(1, b"a").reconnect().piece(1, b"a");
        example.complete().assert_good("retry.acknowledged");
    }

    #[test]
    fn sending_an_acknowledged_piece_again_is_bad() {
        let example = Example::default().create().piece(1, b"abc").piece(2, b"d");
        example.piece(1, b"abc").complete().assert_bad(
            "retry.acknowledged",
            "upload of /acme/videos/a.mp4: piece 1 was acknowledged (#1) and sent again (#3); 3 \
             bytes in all were sent again",
        );
    }
}
