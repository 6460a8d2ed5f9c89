//! `ack.status`: a request that was rejected with an HTTP status has failed.

use crate::protocol::Operation;
use crate::referee::rule::{Basis, Level, Rule};

use super::ignored;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "ack.status",
    level: Level::Must,
    sentence: "A client must not go on as if a request had succeeded that was rejected with a \
               status of 400 or more.",
    advice: "Check the status of every response. A login without a token, a creation without a \
             multipart id and a failed completion leave nothing to build on.",
    section: "§1.7",
    basis: Basis::Documented,
    needs_end: false,
    applies: |conduct| {
        let is_judged = |operation| {
            matches!(operation, Operation::Login | Operation::Create | Operation::Complete)
        };
        conduct.requests.iter().any(|request| is_judged(request.operation()))
    },
    judge: |conduct, violations| {
        for ignored in ignored(conduct) {
            let Some(rejection) = ignored.failed.rejection().filter(|it| it.status >= 400) else {
                continue;
            };
            let (failed, next) = (ignored.failed, ignored.next);
            violations.add([failed.index(), next.index()], 1, || {
                format!(
                    "{} ({}) was rejected with {rejection}, and the client went on with {} ({})",
                    failed.describe(),
                    failed.number(),
                    next.describe(),
                    next.number()
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
    fn a_client_that_repeats_a_rejected_login_is_good() {
        let example = Example::default().login().rejected(503, 0).login().create();
        example.assert_good("ack.status");
    }

    #[test]
    fn going_on_without_a_token_after_a_rejected_login_is_bad() {
        let example = Example::default().login().rejected_for(ErrorKind::WrongPassword);
        example
            .create()
            .without("X-Agile-Authorization")
            .rejected_for(ErrorKind::NoCredentials)
            .assert_bad(
                "ack.status",
                "POST /account/login (#0) was rejected with 400, code -10001, and the client \
                 went on with POST /multipart/create of /acme/videos/a.mp4 (#1)",
            );
    }

    #[test]
    fn changing_a_file_whose_completion_was_rejected_is_bad() {
        let example = Example::default().create().piece(2, b"a").complete();
        let example = example.rejected_for(ErrorKind::Gaps);
        example.rpc("setMTime").assert_bad(
            "ack.status",
            "POST /multipart/complete of /acme/videos/a.mp4 (#2) was rejected with 400, code \
             -5, and the client went on with setMTime of /acme/videos/a.mp4 (#3)",
        );
    }

    #[test]
    fn a_status_request_after_a_rejected_completion_is_good() {
        let example = Example::default().create().piece(1, b"a").complete();
        let example = example.rejected_for(ErrorKind::WrongState);
        example.rpc("getMultipartStatus").rpc("setMTime").assert_good("ack.status");
    }
}
