//! `ack.code`: a response with status 200 may still report an error.

use crate::protocol::Operation;
use crate::referee::request::Reply;
use crate::referee::rule::{Basis, Level, Rule};

use super::{completed_in_spite_of, ignored};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "ack.code",
    level: Level::Must,
    sentence: "A client must not go on as if a request had succeeded whose response has status 200 \
               and a code other than 0.",
    advice: "Read X-Agile-Status in the head, and `code` or the bare number in the result of a \
             JSON-RPC method. The status alone is not the result.",
    section: "§7.1.10",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| {
        let is_judged = |operation| {
            let session = matches!(operation, Operation::Login | Operation::Create);
            session || matches!(operation, Operation::Piece | Operation::Complete)
        };
        conduct.requests.iter().any(|request| is_judged(request.operation()))
    },
    judge: |conduct, violations| {
        for ignored in ignored(conduct) {
            let Some(rejection) = ignored.failed.rejection().filter(|it| it.status < 400) else {
                continue;
            };
            let (failed, next) = (ignored.failed, ignored.next);
            violations.add([failed.index(), next.index()], 1, || {
                format!(
                    "{} ({}) got {rejection}, and the client went on with {} ({})",
                    failed.describe(),
                    failed.number(),
                    next.describe(),
                    next.number()
                )
            });
        }
        let is_it = |reply| matches!(reply, Reply::Rejected(rejection) if rejection.status < 400);
        for (upload, complete, parts) in completed_in_spite_of(conduct, is_it) {
            let exchanges = parts.iter().map(|part| part.index());
            violations.add(exchanges.chain([complete.index()]), parts.len(), || {
                let first = parts[0];
                let rejection = first.rejection().map(|it| it.to_string()).unwrap_or_default();
                format!(
                    "{}: piece {} ({}) got {rejection}, and the client completed the \
                     upload ({})",
                    upload.name(),
                    first.call.part.unwrap_or_default(),
                    first.number(),
                    complete.number()
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
    fn a_client_that_repeats_a_piece_with_a_code_is_good() {
        let example = Example::default().create().piece(1, b"a").rejected(200, -26);
        example.piece(1, b"a").complete().assert_good("ack.code");
    }

    #[test]
    fn completing_after_a_piece_with_a_code_is_bad() {
        let example = Example::default().create().piece(1, b"a").rejected(200, -26);
        example.complete().assert_bad(
            "ack.code",
            "upload of /acme/videos/a.mp4: piece 1 (#1) got 200, code -26, and the \
             client completed the upload (#2)",
        );
    }

    #[test]
    fn sending_a_piece_after_a_failed_create_call_is_bad() {
        let example = Example::default().rpc("createMultipart").rejected_in_body(-23);
        let example = example.call(|call| call.upload = None);
        example
            .piece_of("null", 1, b"a")
            .call(|call| call.path = None)
            .rejected_for(ErrorKind::UnknownUpload)
            .assert_bad(
                "ack.code",
                "createMultipart of /acme/videos/a.mp4 (#0) got 200, code -23, and \
                 the client went on with POST /multipart/piece 1 (#1)",
            );
    }
}
