//! `retry.none`: a failure that may pass is worth a second try.

use crate::protocol::Operation;
use crate::referee::conduct::Conduct;
use crate::referee::request::{Reply, Request, is_change};
use crate::referee::rule::{Basis, Level, Rule};

pub(in crate::referee) static RULE: Rule = Rule {
    id: "retry.none",
    level: Level::Should,
    sentence: "A client should repeat a request that got no response, or a status of 408, 425, 429, \
               or 500 and more.",
    advice: "Repeat it a few times with growing pauses. All requests of an upload can be repeated; \
             after a lost response to a completion, ask for the status.",
    section: "§1.12",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| conduct.tries.iter().any(|tries| may_pass(tries[0])),
    judge: |conduct, violations| {
        for tries in &conduct.tries {
            let [only] = tries[..] else { continue };
            if may_pass(only) && went_on(conduct, only) && !is_excused(conduct, only) {
                violations.add([only.index()], 1, || {
                    let (what, number) = (only.describe(), only.number());
                    format!("{what} ({number}) {} and was never repeated", only.replied())
                });
            }
        }
    },
};

/// Returns whether the request failed by something that may pass. A lost completion is the matter
/// of another rule.
fn may_pass(request: Request<'_>) -> bool {
    if !is_change(request.operation()) || request.is(Operation::Complete) {
        return false;
    }
    match request.reply() {
        Reply::Rejected(rejection) => rejection.is_transient(),
        Reply::Nothing => request.is_cut_by_fault(),
        _ => false,
    }
}

/// Returns whether the client knew of the failure and sent something else.
fn went_on(conduct: &Conduct<'_>, request: Request<'_>) -> bool {
    conduct.requests.last().is_some_and(|last| request.ended_before(*last))
}

/// Returns whether the client repeated it in another form, gave up for another reason, or completed
/// the upload without it, which is the matter of another rule.
fn is_excused(conduct: &Conduct<'_>, request: Request<'_>) -> bool {
    if conduct.was_cut_off_after(request) {
        return true;
    }
    if !request.is(Operation::Piece) {
        return conduct.is_followed_by_its_like(request);
    }
    let upload = conduct.upload_of(request);
    upload.is_none_or(|upload| !upload.completes.is_empty() || upload.is_hopeless)
}

#[cfg(test)]
mod tests {
    use crate::journal::{FaultRef, MarkEvent};
    use crate::referee::example::Example;

    #[test]
    fn a_piece_that_is_repeated_is_good() {
        let example = Example::default().create().piece(1, b"a").lost().piece(1, b"a");
        example.complete().assert_good("retry.none");
    }

    #[test]
    fn a_piece_that_is_never_repeated_is_bad() {
        let example = Example::default().create().piece(1, b"a").rejected(503, -26);
        example.rpc("abortMultipart").assert_bad(
            "retry.none",
            "POST /multipart/piece 1 of /acme/videos/a.mp4 (#1) was rejected with 503, code -26 \
             and was never repeated",
        );
    }

    #[test]
    fn a_client_that_was_stopped_is_not_blamed() {
        Example::default().create().piece(1, b"a").lost().assert_good("retry.none");
    }

    #[test]
    fn a_connection_that_a_fault_closed_may_be_the_retry() {
        let example = Example::default().create().piece(1, b"a").lost().reconnect();
        let example = example.connection_having(|it| it.fault = Some(FaultRef::new(None, "x")));
        example.reconnect().rpc("abortMultipart").assert_good("retry.none");
    }

    #[test]
    fn a_retry_while_the_origin_is_offline_is_not_recorded() {
        let example = Example::default().create().piece(1, b"a").lost().mark(MarkEvent::Offline);
        example.rpc("abortMultipart").assert_good("retry.none");
    }

    #[test]
    fn without_failures_the_rule_is_not_applicable() {
        Example::default().create().piece(1, b"a").assert_not_applicable("retry.none");
    }
}
