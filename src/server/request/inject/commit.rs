//! What faults do when a request is done, or should be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::api::{BodyEnd, CallOverride, PendingRequest, Response};
use crate::fault::{
    CallContext, Choice, FaultAction, InterimSupport, ListingFault, Stage, refused_by_origin,
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
    /// Asks about the calls that a body has told of. Some strikes are about a single one of them,
    /// the others about the whole request, which only one can strike.
    pub(crate) fn choose_for_calls(
        &mut self,
        state: &mut State,
        plan: &mut PendingRequest,
        body_read: &ReadBody,
    ) {
        let calls = plan.classify(&state.storage, state.now(), &body_read.received);
        state.journal.update(self.exchange, |record| record.calls.clone_from(&calls));
        let declared = Some(body_read.received.length);
        let interim = state
            .journal
            .exchange(self.exchange)
            .map_or_else(InterimSupport::default, |record| interim_support(&record.head));
        let mut uses: HashMap<SessionId, u64> = HashMap::new();
        for (at, call) in calls.iter().enumerate() {
            if let Some(row) = used_up_before(state, call, &mut uses) {
                plan.call_override(at, CallOverride::Refuse(row));
                continue;
            }
            let context = CallContext { at: Stage::Commit, refused: None, declared, interim };
            let Some(injection) = state.faults.injection(call, context) else { continue };
            let pending = Pending { injection, call: at };
            if let Some(call_override) =
                call_override(state, self.fault_as_actor(&pending), &pending, call)
            {
                plan.call_override(at, call_override);
                self.on_calls.push(pending);
            } else if call.is_json_rpc() && is_about_one_call(&pending.injection.action) {
                self.take_up(state, pending, call);
            } else if self.pending.is_none() {
                self.pending = Some(pending);
            } else {
                state.faults.skipped(&pending.injection, "another fault struck the same request");
            }
        }
    }

    fn take_up(&mut self, state: &mut State, pending: Pending, call: &Call) {
        match &pending.injection.action {
            FaultAction::InterfereBefore(interference) => {
                let by = self.fault_as_actor(&pending);
                let befallen = interfere(state, by, *interference, call);
                self.account(state, &pending.injection, befallen);
            }
            _ => self.on_calls.push(pending),
        }
    }

    /// What a fault makes of a request that is about to be done, if that is its end.
    pub(crate) fn act_at_commit(
        &mut self,
        mut plan: Box<PendingRequest>,
        body_read: &ReadBody,
    ) -> Result<Box<PendingRequest>, Disposition> {
        let Some(pending) = &self.pending else { return Ok(plan) };
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
                return self.put_off(plan, body_read, later.after).ok_or_else(|| {
                    self.record_undone(body_read);
                    self.lose(later.lose)
                });
            }
            FaultAction::InterfereBefore(interference) => {
                let recorder = Arc::clone(&self.recorder);
                let mut state = recorder.shared.lock();
                if self.is_forgotten(&state) {
                    drop(state);
                    return Err(self.forgotten());
                }
                let befallen = interfere(&mut state, by, interference, plan.call());
                // In the same moment, so that nobody sees the one without the other.
                if let Some(pending) = self.pending.take() {
                    self.account(&mut state, &pending.injection, befallen);
                }
            }
            FaultAction::Join(join) => plan.call_override(0, CallOverride::Join(join, by)),
            _ => {}
        }
        Ok(plan)
    }

    /// Puts the commit off, unless the origin would refuse it: what is refused takes no effect,
    /// however late. Gives the plan back then.
    fn put_off(
        &mut self,
        mut plan: Box<PendingRequest>,
        body_read: &ReadBody,
        by: Duration,
    ) -> Option<Box<PendingRequest>> {
        let pending = self.pending.as_ref()?;
        let (call, fault) = (pending.call, pending.injection.struck.fault);
        let (recorder, received) = (Arc::clone(&self.recorder), body_read.received.clone());
        let mut state = recorder.shared.lock();
        if self.is_forgotten(&state) {
            return Some(plan);
        }
        let now = state.now();
        let answer = plan.dry_run(&state.storage, now, &received);
        if !answer.has_done(call) {
            drop(state);
            self.spare(refusal(&answer, call));
            return Some(plan);
        }
        plan.authenticate(&state.storage, now);
        match (now.after(by), fault) {
            (Some(at), _) => {
                state.late.set(DeferredCommit {
                    at,
                    exchange: self.exchange,
                    fault,
                    plan,
                    received,
                });
            }
            // What is due after all time never comes.
            (None, Some(fault)) => state.faults.unreleased(fault),
            (None, None) => {}
        }
        None
    }

    /// Notes what has come of a request that is not done.
    fn record_undone(&mut self, body_read: &ReadBody) {
        self.record_body_read(body_read);
        let mut state = self.recorder.shared.lock();
        // Of a request from before a reset there is no record, and so no call.
        let calls = state.calls(self.exchange);
        state.use_tokens_of_body(self.exchange, &calls, body_read.received.length);
    }

    /// The origin as a fault wants the whole request to be answered from.
    pub(crate) fn past(&self, state: &State) -> Option<Storage> {
        let past = self.pending.as_ref()?.injection.past.as_ref()?;
        Some(state.storage.as_of(past))
    }

    /// Returns the fault of a strike as the one that changes what is stored.
    fn fault_as_actor(&self, pending: &Pending) -> Actor {
        let call = u32::try_from(pending.call).unwrap_or(u32::MAX);
        let during = Some(CallId { exchange: self.exchange, call });
        Actor::Fault { fault: pending.injection.struck.fault, during }
    }

    /// What faults do in the moment in which the request has been done.
    pub(crate) fn act_after_commit(
        &mut self,
        state: &mut State,
        plan: &PendingRequest,
        body_read: &ReadBody,
        answer: &Response,
    ) {
        // A fault that has been removed meanwhile still does what it was about to do.
        let is_struck = self.pending.is_some() || !self.on_calls.is_empty();
        if state.faults.is_idle() && !is_struck {
            return;
        }
        state.use_tokens_of_body(self.exchange, &answer.calls, body_read.received.length);
        let whole = self.pending.take_if(|pending| acts_with_commit(&pending.injection.action));
        let on_calls = std::mem::take(&mut self.on_calls);
        for pending in on_calls.into_iter().chain(whole) {
            let by = self.fault_as_actor(&pending);
            let Pending { injection, call } = pending;
            let done = match injection.action {
                FaultAction::Listing(_) if answer.has_done(call) && !plan.is_overridden(call) => {
                    Err("its list is empty".to_owned())
                }
                _ => after_commit(state, by, &injection.action, answer, call),
            };
            self.account(state, &injection, done);
        }
    }
}

/// The row by which a call of a batch is refused whose token the calls before it have used up;
/// each use is counted when all are done.
fn used_up_before(
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

/// Whether it is about that call alone, whatever else came with it in a batch.
fn is_about_one_call(action: &FaultAction) -> bool {
    matches!(action, FaultAction::InterfereBefore(_) | FaultAction::InterfereAfter(_))
}

/// Whether a strike on a whole request has acted, or cannot, as soon as that has been done.
fn acts_with_commit(action: &FaultAction) -> bool {
    matches!(action, FaultAction::InterfereAfter(_) | FaultAction::Join(_) | FaultAction::Stale)
}

/// What is done to a single call of a body that may have several.
fn call_override(state: &State, by: Actor, pending: &Pending, call: &Call) -> Option<CallOverride> {
    if !call.is_json_rpc() {
        return None;
    }
    match &pending.injection.action {
        FaultAction::Reject(reject) => match reject.choose(call)? {
            Choice::ResultCode(row) => Some(CallOverride::Refuse(row)),
            Choice::Raw(..) => None,
        },
        FaultAction::Join(join) => Some(CallOverride::Join(*join, by)),
        FaultAction::Listing(ListingFault::Drops) => Some(CallOverride::DropEntry),
        FaultAction::Listing(ListingFault::Repeats) => Some(CallOverride::RepeatEntry),
        FaultAction::Listing(ListingFault::NeverEnds) => Some(CallOverride::NeverEnd),
        FaultAction::Stale => {
            let past = pending.injection.past.as_ref()?;
            Some(CallOverride::AnswerFrom(Box::new(state.storage.as_of(past))))
        }
        _ => None,
    }
}

/// What becomes of a strike on a call that has been done, or refused.
fn after_commit(
    state: &mut State,
    by: Actor,
    action: &FaultAction,
    answer: &Response,
    at: usize,
) -> Result<(), String> {
    let refused = if answer.has_done(at) { Ok(()) } else { Err(refusal(answer, at)) };
    let call = answer.calls.get(at);
    match (action, call) {
        // A refusal that a fault has made is no success, and what is stale may well not be there:
        // but whoever is not known is told nothing.
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

/// Why a strike that needs that call to be done came to nothing.
pub(crate) fn refusal(answer: &Response, at: usize) -> String {
    refused_by_origin(answer.head.status, answer.calls.get(at).and_then(|call| call.row))
}
