//! `orphan.left`: an upload that is given up is aborted.

use crate::protocol::Operation;
use crate::referee::request::{Reply, Request};
use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::upload::UploadConduct;
use crate::wording::counted;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "orphan.left",
    level: Level::Should,
    sentence: "A client should complete or abort every upload that it begins.",
    advice: "Call abortMultipart when an upload fails for good. The pieces of an upload with pieces \
             never expire.",
    section: "§4.4",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Create),
    judge: |conduct, violations| {
        for upload in &conduct.uploads {
            let Some(facts) = upload.facts.filter(|facts| facts.is_open && facts.bytes > 0) else {
                continue;
            };
            let Some(create) = upload.creates.first().filter(|it| it.is_accepted()) else {
                continue;
            };
            let latest = upload.pieces.values().flatten().map(|it| it.index()).max();
            let latest = latest.unwrap_or_default().max(create.index());
            if has_tried_to_end(upload) || conduct.was_cut_off_after(*create) {
                continue;
            }
            violations.add([create.index(), latest], 1, || {
                let (name, number, bytes) =
                    (upload.name(), create.number(), counted(facts.bytes, "byte"));
                format!("{name} ({number}) was neither completed nor aborted; it holds {bytes}")
            });
        }
    },
};

/// Returns whether the client tried to abort the upload, or may take it for completed.
fn has_tried_to_end(upload: &UploadConduct<'_>) -> bool {
    let may_be_complete = upload.completes.iter().any(|complete| {
        complete.has_no_response() || matches!(complete.reply(), Reply::Pending | Reply::Accepted)
    });
    let is_pending = |it: &Request<'_>| it.reply() == Reply::Pending;
    let mut pieces = upload.pieces.values().flatten();
    may_be_complete || !upload.aborts.is_empty() || pieces.any(is_pending)
}

#[cfg(test)]
mod tests {
    use crate::referee::evidence::UploadFacts;
    use crate::referee::example::Example;

    fn open(bytes: u64) -> UploadFacts {
        UploadFacts { is_open: true, bytes, ..UploadFacts::default() }
    }

    #[test]
    fn a_completed_upload_is_good() {
        let example = Example::default().create().piece(1, b"a").complete();
        example.leaving(UploadFacts::default()).assert_good("orphan.left");
    }

    #[test]
    fn an_abort_that_got_lost_is_good() {
        let example = Example::default().create().piece(1, b"a").rpc("abortMultipart").lost();
        example.leaving(open(1)).assert_good("orphan.left");
    }

    #[test]
    fn an_upload_with_pieces_that_is_left_open_is_bad() {
        let example = Example::default().create().piece(1, b"abc").leaving(open(3));
        example.assert_bad(
            "orphan.left",
            "upload of /acme/videos/a.mp4 (#0) was neither completed nor aborted; it holds 3 bytes",
        );
    }
}
