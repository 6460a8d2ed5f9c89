//! `orphan.zombie`: an upload that has ended takes no more requests.

use crate::protocol::Operation;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "orphan.zombie",
    level: Level::Should,
    sentence: "A client should send nothing more for an upload that it has completed or aborted.",
    advice: "Stop all threads that send pieces before completing or aborting the upload.",
    section: "§4.4",
    basis: Basis::Documented,
    needs_end: true,
    applies: |conduct| conduct.has(Operation::Complete) || conduct.has(Operation::Abort),
    judge: |conduct, violations| {
        for upload in conduct.uploads.iter().filter(|upload| upload.restarts.is_empty()) {
            let ends = upload.completes.iter().chain(&upload.aborts);
            let end = ends.filter(|it| it.is_accepted()).min_by_key(|it| it.index());
            let Some(end) = end.copied() else { continue };
            let requests = upload.pieces.values().flatten().chain(&upload.completes);
            let mut late: Vec<Request<'_>> = requests
                .chain(&upload.aborts)
                .filter(|it| end.ended_before(**it))
                .copied()
                .collect();
            late.sort_by_key(|it| it.index());
            let Some(first) = late.first() else { continue };
            let exchanges = [end.index()].into_iter().chain(late.iter().map(|it| it.index()));
            violations.add(exchanges, late.len(), || {
                let done = if end.is(Operation::Abort) { "aborted" } else { "completed" };
                let (name, number) = (upload.name(), end.number());
                format!(
                    "{name} was {done} ({number}), and the client went on with {} ({})",
                    first.describe(),
                    first.number()
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
    fn a_piece_that_was_under_way_during_the_abort_is_good() {
        let example = Example::default().create().rpc("abortMultipart").meanwhile().piece(1, b"a");
        example.assert_good("orphan.zombie");
    }

    #[test]
    fn repeating_a_lost_completion_is_good() {
        let example = Example::default().create().piece(1, b"a").complete().lost().complete();
        example.assert_good("orphan.zombie");
    }

    #[test]
    fn a_piece_after_the_abort_is_bad() {
        let example = Example::default().create().rpc("abortMultipart").piece(1, b"a");
        example.rejected_for(ErrorKind::Aborted).assert_bad(
            "orphan.zombie",
            "upload of /acme/videos/a.mp4 was aborted (#1), and the client went on with POST \
             /multipart/piece 1 of /acme/videos/a.mp4 (#2)",
        );
    }
}
