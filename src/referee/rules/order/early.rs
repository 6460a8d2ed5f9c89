//! `complete.early`: an upload is complete when every piece is acknowledged.

use crate::journal::RangeList;
use crate::protocol::Operation;
use crate::referee::request::{Reply, Request};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "complete.early",
    level: Level::Must,
    sentence: "A client must not complete an upload before every piece is acknowledged.",
    advice: "Wait for the response to every piece, and repeat the pieces that were rejected or got no \
             response. Otherwise the file lacks them.",
    section: "§4.3",
    basis: Basis::Evidence,
    needs_end: false,
    applies: |conduct| conduct.has(Operation::Complete) && conduct.has(Operation::Piece),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let early = upload.unacknowledged.iter().find_map(|(complete, parts)| {
                let missing = parts.iter().copied();
                let missing: Vec<_> =
                    missing.filter(|(_, latest)| is_missing(*latest, *complete)).collect();
                missing.first().copied().map(|first| (*complete, first, missing))
            });
            let Some((complete, (_, first), missing)) = early else { continue };
            let exchanges = missing.iter().map(|(_, latest)| latest.index());
            violations.add(exchanges.chain([complete.index()]), missing.len(), || {
                let parts = RangeList::from_numbers(missing.iter().map(|(part, _)| *part));
                let state = if first.ended_before(complete) {
                    first.replied()
                } else {
                    "got no response yet".to_owned()
                };
                let (name, number, end) = (upload.name(), first.number(), complete.number());
                let pieces = if missing.len() == 1 { "piece" } else { "pieces" };
                format!("{name} was completed ({end}) without {pieces} {parts}: {number} {state}")
            });
        }
    },
};

/// Returns whether the client knew that a piece was rejected or got no response, or could not know more.
/// What other rules claim, and what may have been read as a success, does not count.
fn is_missing(latest: Request<'_>, complete: Request<'_>) -> bool {
    if !latest.ended_before(complete) {
        return true;
    }
    match latest.reply() {
        Reply::Rejected(rejection) => rejection.status >= 400,
        Reply::Nothing => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    #[test]
    fn completing_after_all_acknowledgements_is_good() {
        let example = Example::default().create().piece(2, b"b").piece(1, b"a").lost();
        example.piece(1, b"a").complete().assert_good("complete.early");
    }

    #[test]
    fn a_listing_replaces_a_lost_acknowledgement() {
        let example = Example::default().create().piece(1, b"a").lost();
        example.rpc("listMultipartPiece").complete().assert_good("complete.early");
    }

    #[test]
    fn the_number_of_stored_pieces_replaces_a_lost_acknowledgement() {
        let example = Example::default().create().piece(1, b"a").lost();
        example.rpc("getMultipartStatus").complete().assert_good("complete.early");
    }

    #[test]
    fn asking_for_the_status_does_not_replace_a_rejected_piece() {
        let example = Example::default().create().piece(1, b"a").piece(2, b"b").rejected(503, -26);
        example.rpc("getMultipartStatus").complete().assert_bad(
            "complete.early",
            "upload of /acme/videos/a.mp4 was completed (#4) without piece 2: #2 was rejected with \
             503, code -26",
        );
    }

    #[test]
    fn completing_without_a_rejected_piece_is_bad() {
        let example = Example::default().create().piece(1, b"a").piece(2, b"b").rejected(503, -26);
        example.complete().assert_bad(
            "complete.early",
            "upload of /acme/videos/a.mp4 was completed (#3) without piece 2: #2 was rejected with \
             503, code -26",
        );
    }

    #[test]
    fn completing_before_the_response_to_a_piece_is_bad() {
        let example = Example::default().create().piece(1, b"a").piece(2, b"b").meanwhile();
        example.complete().assert_bad(
            "complete.early",
            "upload of /acme/videos/a.mp4 was completed (#3) without piece 2: #2 got no response \
             yet",
        );
    }
}
