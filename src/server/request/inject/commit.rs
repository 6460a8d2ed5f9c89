//! Decides how faults apply in the same step as the commit. Start with [`result_of_commit`].

use std::time::Duration;

use crate::api::{PendingRequest, RequestBody, Response};
use crate::fault::FaultAction;
use crate::journal::Call;
use crate::storage::{Actor, Change, Interference, InterferenceTarget, Storage};

use crate::server::deferred::DeferredCommit;
use crate::server::request::inject::{PendingInjection, actor, rejection};
use crate::server::state::State;

/// Defers a commit by `by`, unless the origin would reject it: a rejected request changes nothing,
/// however late.
///
/// # Errors
///
/// Returns the request, and why the fault was skipped.
pub(crate) fn defer(
    state: &mut State,
    exchange: u64,
    pending: &PendingInjection,
    mut request: Box<PendingRequest>,
    received: RequestBody,
    by: Duration,
) -> Result<(), (Box<PendingRequest>, String)> {
    let now = state.now();
    let response = request.dry_run(&state.storage, now, &received);
    if !response.has_done(pending.call) {
        return Err((request, rejection(&response, pending.call)));
    }
    request.authenticate(&state.storage, now);
    match (now.after(by), pending.injection.fault_ref.fault) {
        (Some(at), fault) => {
            state.deferred.set(DeferredCommit { at, exchange, fault, request, received });
        }
        // A commit that is due after the end of time never runs.
        (None, Some(fault)) => state.faults.unreleased(fault),
        (None, None) => {}
    }
    Ok(())
}

/// Returns the storage as of the fault's creation, if the fault lets the origin respond from that.
pub(crate) fn past_storage(state: &State, pending: &PendingInjection) -> Option<Storage> {
    Some(state.storage.as_of(pending.injection.past.as_ref()?))
}

/// Returns whether the commit of the whole request decides whether a fault is injected or skipped.
pub(crate) fn ends_with_commit(action: &FaultAction) -> bool {
    matches!(action, FaultAction::InterfereAfter(_) | FaultAction::Join(_) | FaultAction::Stale)
}

/// Interferes after the commit if the fault requires that. Returns whether the fault was injected, or
/// why it was skipped.
pub(crate) fn result_of_commit(
    state: &mut State,
    exchange: u64,
    pending: &PendingInjection,
    request: &PendingRequest,
    response: &Response,
) -> Result<(), String> {
    let at = pending.call;
    let done = if response.has_done(at) { Ok(()) } else { Err(rejection(response, at)) };
    match (&pending.injection.action, response.calls.get(at)) {
        (FaultAction::Listing(_), _) if done.is_ok() && !request.is_overridden(at) => {
            Err("the list is empty".to_owned())
        }
        // A rejection by a fault is not a success, and stale data may be missing. A client without a
        // valid token gets no data at all.
        (FaultAction::Reject(_), _) => Ok(()),
        (FaultAction::Stale, Some(call)) if call.user.is_some() || !call.is_json_rpc() => Ok(()),
        (FaultAction::InterfereAfter(interference), Some(call)) => {
            done.and_then(|()| interfere(state, actor(exchange, pending), *interference, call))
        }
        _ => done,
    }
}

/// Interferes with the target of a call.
///
/// # Errors
///
/// Returns why there is nothing to interfere with.
pub(crate) fn interfere(
    state: &mut State,
    by: Actor,
    interference: Interference,
    call: &Call,
) -> Result<(), String> {
    let (upload, path) = (call.upload.as_deref(), call.path.as_deref());
    let change = Change { at: state.now(), by };
    let target = InterferenceTarget { upload, path, session: call.session };
    state.storage.interfere(change, interference, target)
}
