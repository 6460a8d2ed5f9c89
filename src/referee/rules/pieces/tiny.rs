//! `piece.tiny`: many small pieces cost many requests.

use crate::protocol::Operation;
use crate::referee::rule::{Basis, Level, Rule};

/// The number of pieces from which an upload is looked at.
const MANY: usize = 100;

/// The average size in bytes below which pieces are tiny.
const TINY: u64 = 64 * 1024;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "piece.tiny",
    level: Level::Info,
    sentence: "A client may save requests by larger pieces: 100 pieces or more had less than 64 KiB \
               on average.",
    advice: "An upload takes at most 1,000 pieces of up to 100 GB. Use pieces of 1 MiB or more.",
    section: "§4.2",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Piece),
    judge: |conduct, violations| {
        for upload in conduct.uploads.iter().filter(|upload| upload.pieces.len() >= MANY) {
            let latest = || upload.pieces.values().filter_map(|tries| tries.last());
            let bytes: u64 = latest().map(|it| it.exchange.received).sum();
            let average = bytes / upload.pieces.len() as u64;
            if average < TINY {
                violations.add(latest().map(|it| it.index()), upload.pieces.len(), || {
                    let (name, count) = (upload.name(), upload.pieces.len());
                    format!("{name} was sent in {count} pieces of {average} bytes on average")
                });
            }
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn pieces(count: u32) -> Example {
        (1..=count).fold(Example::default().create(), |example, at| example.piece(at, b"ab"))
    }

    #[test]
    fn few_small_pieces_are_good() {
        pieces(99).assert_good("piece.tiny");
    }

    #[test]
    fn many_small_pieces_are_remarked() {
        pieces(100).assert_bad(
            "piece.tiny",
            "upload of /acme/videos/a.mp4 was sent in 100 pieces of 2 bytes on average",
        );
    }
}
