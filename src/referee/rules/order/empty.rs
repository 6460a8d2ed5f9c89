//! `complete.empty`: an upload has at least one piece.

use crate::protocol::{ErrorKind, Operation};
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "complete.empty",
    level: Level::Must,
    sentence: "A client must not complete an upload without pieces.",
    advice: "Send an empty file as one empty piece, or by POST /post/raw.",
    section: "§4.3",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Complete),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let first_piece = upload.pieces.values().map(|tries| tries[0].index()).min();
            let is_earlier = |complete: &&Request<'_>| {
                first_piece.is_some_and(|piece| piece <= complete.index())
            };
            let empty: Vec<_> = upload
                .completes
                .iter()
                .filter(|complete| complete.is_rejected_for(ErrorKind::NoPieces))
                .filter(|complete| !is_earlier(complete))
                .collect();
            let Some(first) = empty.first() else { continue };
            violations.add(empty.iter().map(|it| it.index()), empty.len(), || {
                format!("{} was completed ({}) without any piece", upload.name(), first.number())
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    #[test]
    fn an_empty_piece_is_good() {
        Example::default().create().piece(1, b"").complete().assert_good("complete.empty");
    }

    #[test]
    fn completing_without_pieces_is_bad() {
        let example = Example::default().create().complete().rejected_for(ErrorKind::NoPieces);
        example.assert_bad(
            "complete.empty",
            "upload of /acme/videos/a.mp4 was completed (#1) without any piece",
        );
    }

    #[test]
    fn a_rejected_piece_is_another_rule() {
        let example = Example::default().create().piece(1, b"a").rejected(503, -26).complete();
        example.rejected_for(ErrorKind::NoPieces).assert_good("complete.empty");
    }
}
