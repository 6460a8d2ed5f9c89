//! `piece.empty_last`: a file has no empty last piece.

use crate::protocol::Operation;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "piece.empty_last",
    level: Level::Should,
    sentence: "A client should not send an empty last piece after other pieces.",
    advice: "A file whose size is a multiple of the piece size has no rest. Only an empty file has \
             one empty piece.",
    section: "§4.2",
    basis: Basis::Assumed,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Piece),
    judge: |conduct, violations| {
        for upload in conduct.uploads.iter().filter(|upload| !upload.completes.is_empty()) {
            let Some((number, tries)) = upload.pieces.last_key_value() else { continue };
            let stored = tries.iter().rfind(|it| it.is_accepted());
            let empty = stored.filter(|it| *number > 1 && it.exchange.received == 0);
            let Some(empty) = empty else { continue };
            violations.add([empty.index()], 1, || {
                let (name, index) = (upload.name(), empty.number());
                format!("{name}: the last piece, {number} ({index}), is empty")
            });
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn an_empty_file_is_good() {
        Example::default().create().piece(1, b"").complete().assert_good("piece.empty_last");
    }

    #[test]
    fn an_empty_last_piece_is_bad() {
        let example = Example::default().create().piece(1, b"a").piece(2, b"").complete();
        example.assert_bad(
            "piece.empty_last",
            "upload of /acme/videos/a.mp4: the last piece, 2 (#2), is empty",
        );
    }
}
