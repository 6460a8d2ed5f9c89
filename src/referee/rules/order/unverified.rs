//! `complete.unverified`: after a lost response, the client finds out whether the file is there.

use std::collections::HashSet;

use crate::protocol::ErrorKind;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::upload::UploadConduct;

use super::again_from_start::{lost, uploaded_again};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "complete.unverified",
    level: Level::Should,
    sentence: "A client should find out whether an upload is complete if the response to its \
               completion was lost.",
    advice: "Repeat the completion. If it is rejected with -8, ask getMultipartStatus whether the \
             upload was completed or failed.",
    section: "§4.3",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| {
        conduct.uploads.iter().any(|upload| upload.completes.iter().any(|it| it.has_no_response()))
    },
    judge: |conduct, violations| {
        let again: HashSet<_> =
            uploaded_again(conduct).into_iter().map(|(upload, ..)| upload.id).collect();
        for upload in conduct.uploads.iter().filter(|upload| !again.contains(upload.id)) {
            let Some(last) = lost(upload).or(assumed(upload)) else { continue };
            let has_looked = conduct.is_looked_at_after(upload.path(), last)
                || upload.inquiries.last().is_some_and(|it| it.index() > last.index());
            if conduct.was_cut_off_after(last) || has_looked {
                continue;
            }
            violations.add(upload.completes.iter().map(|it| it.index()), 1, || {
                let (name, number, replied) = (upload.name(), last.number(), last.replied());
                format!(
                    "{name}: the completion ({number}) {replied}, and the client did not ask \
                         whether the upload is complete"
                )
            });
        }
    },
};

/// Returns the last request to complete an upload, if it was rejected because the upload is not open
/// any more, after one with an unknown outcome.
fn assumed<'a>(upload: &UploadConduct<'a>) -> Option<Request<'a>> {
    let (last, earlier) = upload.completes.split_last()?;
    let is_assumed = last.is_rejected_for(ErrorKind::WrongState);
    (is_assumed && earlier.iter().any(|it| it.has_no_response())).then_some(*last)
}

#[cfg(test)]
mod tests {
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;

    fn lost() -> Example {
        Example::default().create().piece(1, b"a").complete().lost()
    }

    #[test]
    fn asking_for_the_status_is_good() {
        lost().rpc("getMultipartStatus").assert_good("complete.unverified");
        let example = lost().complete().rejected_for(ErrorKind::WrongState);
        example.rpc("getMultipartStatus").assert_good("complete.unverified");
    }

    #[test]
    fn a_second_completion_that_succeeds_is_good() {
        lost().complete().assert_good("complete.unverified");
    }

    #[test]
    fn giving_up_after_a_lost_response_is_bad() {
        lost().assert_bad(
            "complete.unverified",
            "upload of /acme/videos/a.mp4: the completion (#2) got no response, and the client did \
             not ask whether the upload is complete",
        );
    }

    #[test]
    fn taking_minus_8_for_success_is_bad() {
        lost().complete().rejected_for(ErrorKind::WrongState).assert_bad(
            "complete.unverified",
            "upload of /acme/videos/a.mp4: the completion (#3) was rejected with 400, code -8, \
             and the client did not ask whether the upload is complete",
        );
    }
}
