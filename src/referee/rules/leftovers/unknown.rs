//! `orphan.unknown`: the response to a creation was lost, and the upload stays.

use crate::protocol::Operation;
use crate::referee::request::{Reply, Request};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "orphan.unknown",
    level: Level::Info,
    sentence: "A client may find and abort an upload whose creation got no response.",
    advice: "listMultipart shows it. An upload without pieces expires after a day.",
    section: "§4.4",
    basis: Basis::Documented,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Create),
    judge: |conduct, violations| {
        let unknown = conduct.uploads.iter().filter(|upload| {
            let is_open = upload.facts.is_some_and(|facts| facts.is_open);
            let creates = &upload.creates;
            let is_lost =
                |it: &Request<'_>| it.has_no_response() || matches!(it.reply(), Reply::Flawed(_));
            let was_used = !upload.pieces.is_empty() || !upload.aborts.is_empty();
            is_open && !was_used && !creates.is_empty() && creates.iter().all(is_lost)
        });
        let creates: Vec<_> = unknown.filter_map(|upload| upload.creates.first()).collect();
        let Some(first) = creates.first() else { return };
        violations.add(creates.iter().map(|it| it.index()), creates.len(), || {
            let (what, number, replied) = (first.describe(), first.number(), first.replied());
            format!("{what} ({number}) {replied}; the upload exists and was left")
        });
    },
};

#[cfg(test)]
mod tests {
    use crate::referee::evidence::UploadFacts;
    use crate::referee::example::Example;

    #[test]
    fn an_upload_that_is_found_and_aborted_is_good() {
        let example = Example::default().create().lost().rpc("abortMultipart");
        example.leaving(UploadFacts::default()).assert_good("orphan.unknown");
    }

    #[test]
    fn an_upload_of_which_the_client_knows_nothing_is_remarked() {
        let facts = UploadFacts { is_open: true, ..UploadFacts::default() };
        Example::default().create().lost().leaving(facts).assert_bad(
            "orphan.unknown",
            "POST /multipart/create of /acme/videos/a.mp4 (#0) got no response; the upload exists \
             and was left",
        );
    }
}
