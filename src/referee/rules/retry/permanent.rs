//! `retry.permanent`: a request that was rejected for good fails again.

use crate::protocol::{ErrorKind, Operation};
use crate::referee::conduct::Conduct;
use crate::referee::request::{Rejection, Request, is_change};
use crate::referee::rule::{Basis, Level, Rule};

use super::has_retries;

/// Operations that ensure that something is absent.
const DELETIONS: [Operation; 3] =
    [Operation::DeleteDirectory, Operation::DeleteFile, Operation::DeleteObject];

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.permanent",
    level: Level::Should,
    sentence: "A client should not send a request again unchanged that was rejected for good.",
    advice: "A status of 400 names an error of the request: report it to the user. Only no \
             response, 408, 425, 429 and 500 or more are worth another try.",
    section: "§4.2",
    basis: Basis::Evidence,
    needs_end: false,
    applies: has_retries,
    judge: |conduct, violations| {
        for tries in conduct.tries.iter().filter(|tries| is_change(tries[0].operation())) {
            let repeated: Vec<_> =
                tries.windows(2).filter(|pair| is_repeated(conduct, pair[0], pair[1])).collect();
            let Some(first) = repeated.first() else { continue };
            let exchanges = repeated.iter().flat_map(|pair| [pair[0].index(), pair[1].index()]);
            violations.add(exchanges, repeated.len(), || {
                format!(
                    "{} ({}) {} and was sent again unchanged ({})",
                    first[0].describe(),
                    first[0].number(),
                    first[0].replied(),
                    first[1].number()
                )
            });
        }
    },
};

/// Returns whether `next` repeats what was rejected for good, with the same body, and nothing was
/// changed in between that could make it succeed.
fn is_repeated(conduct: &Conduct<'_>, rejected: Request<'_>, next: Request<'_>) -> bool {
    let is_permanent =
        |rejection: Rejection| !rejection.is_transient() && !rejection.is_about_credentials();
    let is_same_body = match (rejected.exchange.digest, next.exchange.digest) {
        (Some(one), Some(other)) => one == other,
        _ => rejected.exchange.declared() == next.exchange.declared(),
    };
    // A client that makes sure that a directory exists, or that something does not, takes these
    // rejections for a success.
    let is_there =
        rejected.is(Operation::MakeDirectory) && rejected.is_rejected_for(ErrorKind::IsDirectory);
    let is_gone = DELETIONS.iter().any(|operation| rejected.is(*operation))
        && rejected.is_rejected_for(ErrorKind::NotFound);
    rejected.rejection().is_some_and(is_permanent)
        && !is_there
        && !is_gone
        && rejected.ended_before(next)
        && is_same_body
        && (!rejected.call.is_json_rpc() || rejected.exchange.digest == next.exchange.digest)
        && next.exchange.committed.is_none()
        && !conduct.has_change_between(rejected, next)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::journal::MarkEvent;
    use crate::protocol::ErrorKind;
    use crate::referee::example::Example;
    use crate::storage::Timestamp;

    fn rejected() -> Example {
        Example::default().login().create().rejected_for(ErrorKind::NoParent)
    }

    #[test]
    fn a_client_that_creates_the_directory_first_is_good() {
        let example = rejected().rpc("makeDir2").create();
        example.rejected_for(ErrorKind::NoParent).assert_good("retry.permanent");
    }

    #[test]
    fn making_sure_twice_that_a_directory_exists_is_good() {
        let example = Example::default().rpc("makeDir").rejected_for(ErrorKind::IsDirectory);
        let example = example.rpc("makeDir").rejected_for(ErrorKind::IsDirectory);
        example.assert_good("retry.permanent");
    }

    #[test]
    fn making_sure_twice_that_a_file_is_absent_is_good() {
        let example = Example::default().rpc("deleteFile").rejected_for(ErrorKind::NotFound);
        let example = example.rpc("deleteFile").rejected_for(ErrorKind::NotFound);
        example.assert_good("retry.permanent");
    }

    #[test]
    fn creating_a_directory_below_a_file_twice_is_bad() {
        let example = Example::default().rpc("makeDir").rejected_for(ErrorKind::FileInPath);
        example.rpc("makeDir").rejected_for(ErrorKind::FileInPath).assert_bad(
            "retry.permanent",
            "makeDir of /acme/videos/a.mp4 (#0) was rejected with 200, code -3 and was sent \
             again unchanged (#1)",
        );
    }

    #[test]
    fn repeating_a_rejected_creation_is_bad() {
        let example = rejected().create().rejected_for(ErrorKind::NoParent);
        example.create().rejected_for(ErrorKind::NoParent).assert_bad(
            "retry.permanent",
            "POST /multipart/create of /acme/videos/a.mp4 (#1) was rejected with 400, code -23 \
             and was sent again unchanged (#2)",
        );
    }

    #[test]
    fn repeating_after_the_test_intervened_is_good() {
        let by = Duration::from_secs(1);
        let example = rejected().mark(MarkEvent::Advanced { from: Timestamp::from_secs(1), by });
        let example = example.create().rejected_for(ErrorKind::NoParent);
        example.assert_good("retry.permanent");
    }

    #[test]
    fn repeating_after_a_server_error_is_good() {
        let example = Example::default().create().rejected(503, -26).create().rejected(503, -26);
        example.create().assert_good("retry.permanent");
    }
}
