//! Applies faults when a request is committed, or when it should be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::api::{BodyEnd, CallOverride, PendingRequest, Response};
use crate::fault::{
    CallContext, Choice, FaultAction, InterimSupport, ListingFault, Stage, rejected_by_origin,
};
use crate::journal::Call;
use crate::protocol::{ErrorKind, ResultCode};
use crate::server::deferred::DeferredCommit;
use crate::server::request::handler::{Disposition, RequestTask};
use crate::server::request::sink::ReadBody;
use crate::server::state::State;
use crate::storage::{Actor, CallId, Change, Interference, InterferenceTarget, SessionId, Storage};

use crate::server::request::inject::{Pending, interim_support};

impl RequestTask {
    /// Selects faults for the calls that a body contains. Some faults apply to a single call,
    /// others to the whole request; only one of the latter can be selected.
    pub(crate) fn choose_for_calls(
        &mut self,
        state: &mut State,
        request: &mut PendingRequest,
        body_read: &ReadBody,
    ) {
        let calls = request.classify(&state.storage, state.now(), &body_read.received);
        state.journal.update(self.exchange, |record| record.calls.clone_from(&calls));
        let declared = Some(body_read.received.length);
        let interim = state
            .journal
            .exchange(self.exchange)
            .map_or_else(InterimSupport::default, |record| interim_support(&record.head));
        let mut uses: HashMap<SessionId, u64> = HashMap::new();
        for (at, call) in calls.iter().enumerate() {
            if let Some(row) = find_used_up_token(state, call, &mut uses) {
                request.call_override(at, CallOverride::Reject(row));
                continue;
            }
            let context = CallContext { at: Stage::Commit, refused: None, declared, interim };
            let Some(injection) = state.faults.injection(call, context) else { continue };
            let pending = Pending { injection, call: at };
            if let Some(call_override) =
                call_override(state, self.fault_as_actor(&pending), &pending, call)
            {
                request.call_override(at, call_override);
                self.on_calls.push(pending);
            } else if call.is_json_rpc() && is_about_one_call(&pending.injection.action) {
                self.attach_fault(state, pending, call);
            } else if self.pending.is_none() {
                self.pending = Some(pending);
            } else {
                state.faults.skipped(
                    &pending.injection,
                    "another fault was injected into the same request",
                );
            }
        }
    }

    fn attach_fault(&mut self, state: &mut State, pending: Pending, call: &Call) {
        match &pending.injection.action {
            FaultAction::InterfereBefore(interference) => {
                let by = self.fault_as_actor(&pending);
                let befallen = interfere(state, by, *interference, call);
                self.account(state, &pending.injection, befallen);
            }
            _ => self.on_calls.push(pending),
        }
    }

    /// Applies a fault to a request that is about to be committed, if that ends it.
    pub(crate) fn act_at_commit(
        &mut self,
        mut request: Box<PendingRequest>,
        body_read: &ReadBody,
    ) -> Result<Box<PendingRequest>, Disposition> {
        let Some(pending) = &self.pending else { return Ok(request) };
        let (action, by) = (pending.injection.action.clone(), self.fault_as_actor(pending));
        let whole = body_read.received.end == BodyEnd::Complete;
        match action {
            FaultAction::Reject(reject) => {
                self.record_undone(body_read);
                return Err(self.reject(&reject));
            }
            FaultAction::SendInterim(response) => self.send_interim(&response),
            FaultAction::Lose(lose) if whole => {
                self.record_undone(body_read);
                return Err(self.lose(lose));
            }
            FaultAction::CommitLater(later) if whole => {
                return self.defer_commit(request, body_read, later.after).ok_or_else(|| {
                    self.record_undone(body_read);
                    self.lose(later.lose)
                });
            }
            FaultAction::InterfereBefore(interference) => {
                let recorder = Arc::clone(&self.recorder);
                let mut state = recorder.shared.lock();
                if self.is_stale_epoch(&state) {
                    drop(state);
                    return Err(self.end_stale());
                }
                let befallen = interfere(&mut state, by, interference, request.call());
                // Under the same lock, so that nobody sees the one without the other.
                if let Some(pending) = self.pending.take() {
                    self.account(&mut state, &pending.injection, befallen);
                }
            }
            FaultAction::Join(join) => request.call_override(0, CallOverride::Join(join, by)),
            _ => {}
        }
        Ok(request)
    }

    /// Defers the commit, unless the origin would reject it: a rejected request changes nothing,
    /// however late. Returns the request then.
    fn defer_commit(
        &mut self,
        mut request: Box<PendingRequest>,
        body_read: &ReadBody,
        by: Duration,
    ) -> Option<Box<PendingRequest>> {
        let pending = self.pending.as_ref()?;
        let (call, fault) = (pending.call, pending.injection.fault_ref.fault);
        let (recorder, received) = (Arc::clone(&self.recorder), body_read.received.clone());
        let mut state = recorder.shared.lock();
        if self.is_stale_epoch(&state) {
            return Some(request);
        }
        let now = state.now();
        let response = request.dry_run(&state.storage, now, &received);
        if !response.has_done(call) {
            drop(state);
            self.skip(refusal(&response, call));
            return Some(request);
        }
        request.authenticate(&state.storage, now);
        match (now.after(by), fault) {
            (Some(at), _) => {
                state.deferred.set(DeferredCommit {
                    at,
                    exchange: self.exchange,
                    fault,
                    request,
                    received,
                });
            }
            // A commit that is due after the end of time never runs.
            (None, Some(fault)) => state.faults.unreleased(fault),
            (None, None) => {}
        }
        None
    }

    /// Records a request that is not committed.
    fn record_undone(&mut self, body_read: &ReadBody) {
        self.record_body_read(body_read);
        let mut state = self.recorder.shared.lock();
        // The journal has no exchange, and so no calls, of a request from before a reset.
        let calls = state.calls(self.exchange);
        state.use_tokens_of_body(self.exchange, &calls, body_read.received.length);
    }

    /// Returns the storage as of the fault's creation, if the whole request is answered from that.
    pub(crate) fn stale_storage(&self, state: &State) -> Option<Storage> {
        let past = self.pending.as_ref()?.injection.past.as_ref()?;
        Some(state.storage.as_of(past))
    }

    /// Returns the fault as the actor that changes stored data.
    fn fault_as_actor(&self, pending: &Pending) -> Actor {
        let call = u32::try_from(pending.call).unwrap_or(u32::MAX);
        let during = Some(CallId { exchange: self.exchange, call });
        Actor::Fault { fault: pending.injection.fault_ref.fault, during }
    }

    /// Applies faults in the same step in which the request is committed.
    pub(crate) fn act_after_commit(
        &mut self,
        state: &mut State,
        request: &PendingRequest,
        body_read: &ReadBody,
        response: &Response,
    ) {
        // A fault that was removed in the meantime still acts.
        let is_struck = self.pending.is_some() || !self.on_calls.is_empty();
        if state.faults.is_idle() && !is_struck {
            return;
        }
        state.use_tokens_of_body(self.exchange, &response.calls, body_read.received.length);
        let whole = self.pending.take_if(|pending| acts_with_commit(&pending.injection.action));
        let on_calls = std::mem::take(&mut self.on_calls);
        for pending in on_calls.into_iter().chain(whole) {
            let by = self.fault_as_actor(&pending);
            let Pending { injection, call } = pending;
            let done = match injection.action {
                FaultAction::Listing(_)
                    if response.has_done(call) && !request.is_overridden(call) =>
                {
                    Err("the list is empty".to_owned())
                }
                _ => after_commit(state, by, &injection.action, response, call),
            };
            self.account(state, &injection, done);
        }
    }
}

/// Returns the error for a call of a batch whose token is used up by the previous calls. Uses are
/// counted after all calls.
fn find_used_up_token(
    state: &State,
    call: &Call,
    uses: &mut HashMap<SessionId, u64>,
) -> Option<&'static ResultCode> {
    let before = uses.entry(call.session?).or_default();
    if state.faults.token_lasts(call, *before) {
        *before += 1;
        return None;
    }
    call.results().find(|row| row.causes.contains(&ErrorKind::BadCredentials))
}

/// Returns whether the action affects one call alone, even inside a batch.
fn is_about_one_call(action: &FaultAction) -> bool {
    matches!(action, FaultAction::InterfereBefore(_) | FaultAction::InterfereAfter(_))
}

/// Returns whether a fault on a whole request is injected, or skipped, by its commit.
fn acts_with_commit(action: &FaultAction) -> bool {
    matches!(action, FaultAction::InterfereAfter(_) | FaultAction::Join(_) | FaultAction::Stale)
}

/// Returns how a single call of a body is overridden.
fn call_override(state: &State, by: Actor, pending: &Pending, call: &Call) -> Option<CallOverride> {
    if !call.is_json_rpc() {
        return None;
    }
    match &pending.injection.action {
        FaultAction::Reject(reject) => match reject.choose(call)? {
            Choice::ResultCode(row) => Some(CallOverride::Reject(row)),
            Choice::Raw(..) => None,
        },
        FaultAction::Join(join) => Some(CallOverride::Join(*join, by)),
        FaultAction::Listing(ListingFault::Drops) => Some(CallOverride::DropEntry),
        FaultAction::Listing(ListingFault::Repeats) => Some(CallOverride::RepeatEntry),
        FaultAction::Listing(ListingFault::NeverEnds) => Some(CallOverride::NeverEnd),
        FaultAction::Stale => {
            let past = pending.injection.past.as_ref()?;
            Some(CallOverride::RespondFrom(Box::new(state.storage.as_of(past))))
        }
        _ => None,
    }
}

/// Returns whether a fault on a call was injected after that was committed or rejected.
fn after_commit(
    state: &mut State,
    by: Actor,
    action: &FaultAction,
    response: &Response,
    at: usize,
) -> Result<(), String> {
    let refused = if response.has_done(at) { Ok(()) } else { Err(refusal(response, at)) };
    let call = response.calls.get(at);
    match (action, call) {
        // A rejection by a fault is not a success, and stale data may be missing. A client without
        // a valid token gets no data at all.
        (FaultAction::Reject(_), _) => Ok(()),
        (FaultAction::Stale, Some(call)) if call.user.is_some() || !call.is_json_rpc() => Ok(()),
        (FaultAction::InterfereAfter(interference), Some(call)) => {
            refused.and_then(|()| interfere(state, by, *interference, call))
        }
        _ => refused,
    }
}

fn interfere(
    state: &mut State,
    by: Actor,
    interference: Interference,
    call: &Call,
) -> Result<(), String> {
    let (upload, path) = (call.upload.as_deref(), call.path.as_deref());
    let change = Change { at: state.now(), by };
    state.storage.interfere(
        change,
        interference,
        InterferenceTarget { upload, path, session: call.session },
    )
}

/// Returns why a fault that needs a successful call was skipped.
pub(crate) fn refusal(response: &Response, at: usize) -> String {
    rejected_by_origin(
        response.head.status,
        response.calls.get(at).and_then(|call| call.result_code),
    )
}
