//! Retries: a client repeats what may succeed, with the same bytes, after a pause, and not forever.

pub(super) mod acknowledged;
pub(super) mod early;
pub(super) mod flat;
pub(super) mod none;
pub(super) mod other_bytes;
pub(super) mod partial;
pub(super) mod permanent;
pub(super) mod unbounded;

use std::time::Duration;

use crate::protocol::Operation;
use crate::referee::conduct::Conduct;
use crate::referee::request::{Rejection, Request, is_change};
use crate::referee::violations::Violations;

/// The number of failed tries in a row after which a client without pauses is found.
const HOT_TRIES: usize = 5;

/// A client that sends the next try sooner than this has made no pause.
const HOT_PAUSE: Duration = Duration::from_millis(100);

/// Returns whether any request had a second try.
fn has_retries(conduct: &Conduct<'_>) -> bool {
    conduct.tries.iter().any(|tries| tries.len() > 1 && is_change(tries[0].operation()))
}

/// Returns the tries of each piece and of each whole file whose bytes are the body of the request.
fn tries_with_body<'c, 'a>(conduct: &'c Conduct<'a>) -> impl Iterator<Item = &'c [Request<'a>]> {
    let has_body = |tries: &&Vec<Request<'_>>| {
        matches!(tries[0].operation(), Operation::Piece | Operation::PostRaw)
    };
    conduct.tries.iter().filter(has_body).map(Vec::as_slice)
}

/// Returns each try that had to be repeated with the same bytes, and the next one: the outcome was
/// unknown, or the rejection did not depend on the bytes.
fn repeated<'c, 'a>(
    tries: &'c [Request<'a>],
) -> impl Iterator<Item = (Request<'a>, Request<'a>)> + use<'c, 'a> {
    let first_success = tries.iter().position(|it| it.is_accepted()).unwrap_or(tries.len());
    tries.windows(2).take(first_success).map(|pair| (pair[0], pair[1])).filter(|(one, next)| {
        let is_transient = one.rejection().is_some_and(Rejection::is_transient);
        (one.has_no_response() || is_transient) && one.ended_before(*next)
    })
}

/// Adds the first run of rejected tries that each followed the rejection before without a pause.
/// `cause` is what the rejections have in common. The wait is judged on its early side: a slow machine
/// makes it longer, never shorter.
pub(super) fn judge_hot_run(
    tries: &[Request<'_>],
    violations: &mut Violations,
    is_it: impl Fn(Rejection) -> bool,
    cause: &str,
) {
    let is_rejected = |request: &Request<'_>| request.rejection().is_some_and(&is_it);
    let is_hot = |one: &Request<'_>, next: &Request<'_>| {
        one.longest_wait_until(*next).is_some_and(|wait| wait < HOT_PAUSE)
    };
    let mut runs =
        tries.chunk_by(|one, next| is_rejected(one) && is_rejected(next) && is_hot(one, next));
    let Some(run) = runs.find(|run| run.len() > HOT_TRIES) else { return };
    violations.add(run.iter().map(|it| it.index()), run.len(), || {
        format!(
            "{} was sent {} times ({} to {}), each less than 100 ms after {cause}",
            run[0].describe(),
            run.len(),
            run[0].number(),
            run[run.len() - 1].number()
        )
    });
}
