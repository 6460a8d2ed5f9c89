//! What faults do when a request is done, or should be.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::{
    Choice, Circumstances, Effect, InterimSupport, Listing, Stage, refused_by_origin,
};
use crate::journal::Call;
use crate::origin::{Actor, CallId, Change, Mishap, Origin, SessionId, Victim};
use crate::server::exchange::{End, Walk};
use crate::server::late::LateCommit;
use crate::server::shared::State;
use crate::server::sink::Taken;
use crate::spec::{Cause, Row};
use crate::wire::{Answer, BodyEnd, Plan, Twist};

use super::{Pending, interim_support};

impl Walk {
    /// Asks about the calls that a body has told of. Some strikes are about a single one of them,
    /// the others about the whole request, which only one can strike.
    pub(super) fn choose_for_calls(&mut self, state: &mut State, plan: &mut Plan, taken: &Taken) {
        let calls = plan.foresee(&state.origin, state.now(), &taken.received);
        state.journal.update(self.exchange, |record| record.calls.clone_from(&calls));
        let declared = Some(taken.received.length);
        let interim = state
            .journal
            .exchange(self.exchange)
            .map_or_else(InterimSupport::default, |record| interim_support(&record.head));
        let mut uses: HashMap<SessionId, u64> = HashMap::new();
        for (at, call) in calls.iter().enumerate() {
            if let Some(row) = used_up_before(state, call, &mut uses) {
                plan.twist(at, Twist::Refuse(row));
                continue;
            }
            let circumstances =
                Circumstances { at: Stage::Commit, refused: None, declared, interim };
            let Some(strike) = state.faults.strike(call, circumstances) else { continue };
            let pending = Pending { strike, call: at };
            if let Some(twist) = twist(state, self.fault_as_actor(&pending), &pending, call) {
                plan.twist(at, twist);
                self.on_calls.push(pending);
            } else if call.is_json_rpc() && is_about_one_call(&pending.strike.effect) {
                self.take_up(state, pending, call);
            } else if self.pending.is_none() {
                self.pending = Some(pending);
            } else {
                state.faults.spared(&pending.strike, "another fault struck the same request");
            }
        }
    }

    fn take_up(&mut self, state: &mut State, pending: Pending, call: &Call) {
        match &pending.strike.effect {
            Effect::Meanwhile(mishap) => {
                let by = self.fault_as_actor(&pending);
                let befallen = befall(state, by, *mishap, call);
                self.account(state, &pending.strike, befallen);
            }
            _ => self.on_calls.push(pending),
        }
    }

    /// What a fault makes of a request that is about to be done, if that is its end.
    pub(in crate::server) fn act_at_commit(
        &mut self,
        mut plan: Box<Plan>,
        taken: &Taken,
    ) -> Result<Box<Plan>, End> {
        let Some(pending) = &self.pending else { return Ok(plan) };
        let (effect, by) = (pending.strike.effect.clone(), self.fault_as_actor(pending));
        let whole = taken.received.end == BodyEnd::Whole;
        match effect {
            Effect::Reject(reject) => {
                self.note_undone(taken);
                return Err(self.reject(&reject));
            }
            Effect::SendInterim(response) => self.send_interim(&response),
            Effect::Lose(lose) if whole => {
                self.note_undone(taken);
                return Err(self.lose(lose));
            }
            Effect::CommitLater(later) if whole => {
                return self.put_off(plan, taken, later.after).ok_or_else(|| {
                    self.note_undone(taken);
                    self.lose(later.lose)
                });
            }
            Effect::Meanwhile(mishap) => {
                let line = Arc::clone(&self.line);
                let mut state = line.shared.lock();
                if self.is_forgotten(&state) {
                    drop(state);
                    return Err(self.forgotten());
                }
                let befallen = befall(&mut state, by, mishap, plan.call());
                // In the same moment, so that nobody sees the one without the other.
                if let Some(pending) = self.pending.take() {
                    self.account(&mut state, &pending.strike, befallen);
                }
            }
            Effect::Join(join) => plan.twist(0, Twist::Join(join, by)),
            _ => {}
        }
        Ok(plan)
    }

    /// Puts the commit off, unless the origin would refuse it: what is refused takes no effect,
    /// however late. Gives the plan back then.
    fn put_off(&mut self, mut plan: Box<Plan>, taken: &Taken, by: Duration) -> Option<Box<Plan>> {
        let pending = self.pending.as_ref()?;
        let (call, fault) = (pending.call, pending.strike.struck.fault);
        let (line, received) = (Arc::clone(&self.line), taken.received.clone());
        let mut state = line.shared.lock();
        if self.is_forgotten(&state) {
            return Some(plan);
        }
        let now = state.now();
        let answer = plan.rehearse(&state.origin, now, &received);
        if !answer.has_done(call) {
            drop(state);
            self.spare(refusal(&answer, call));
            return Some(plan);
        }
        plan.admit(&state.origin, now);
        match (now.after(by), fault) {
            (Some(at), _) => {
                state.late.set(LateCommit { at, exchange: self.exchange, fault, plan, received });
            }
            // What is due after all time never comes.
            (None, Some(fault)) => state.faults.overdue(fault),
            (None, None) => {}
        }
        None
    }

    /// Notes what has come of a request that is not done.
    fn note_undone(&mut self, taken: &Taken) {
        self.note_body(taken);
        let mut state = self.line.shared.lock();
        // Of a request from before a reset there is no record, and so no call.
        let calls = state.calls(self.exchange);
        state.use_tokens_of_body(self.exchange, &calls, taken.received.length);
    }

    /// The origin as a fault wants the whole request to be answered from.
    pub(in crate::server) fn past(&self, state: &State) -> Option<Origin> {
        let past = self.pending.as_ref()?.strike.past.as_ref()?;
        Some(state.origin.as_of(past))
    }

    /// Returns the fault of a strike as the one that changes what is stored.
    fn fault_as_actor(&self, pending: &Pending) -> Actor {
        let call = u32::try_from(pending.call).unwrap_or(u32::MAX);
        let during = Some(CallId { exchange: self.exchange, call });
        Actor::Fault { fault: pending.strike.struck.fault, during }
    }

    /// What faults do in the moment in which the request has been done.
    pub(in crate::server) fn act_after_commit(
        &mut self,
        state: &mut State,
        plan: &Plan,
        taken: &Taken,
        answer: &Answer,
    ) {
        // A fault that has been removed meanwhile still does what it was about to do.
        let is_struck = self.pending.is_some() || !self.on_calls.is_empty();
        if state.faults.is_idle() && !is_struck {
            return;
        }
        state.use_tokens_of_body(self.exchange, &answer.calls, taken.received.length);
        let whole = self.pending.take_if(|pending| acts_with_commit(&pending.strike.effect));
        let on_calls = std::mem::take(&mut self.on_calls);
        for pending in on_calls.into_iter().chain(whole) {
            let by = self.fault_as_actor(&pending);
            let Pending { strike, call } = pending;
            let done = match strike.effect {
                Effect::Listing(_) if answer.has_done(call) && !plan.is_twisted(call) => {
                    Err("its list is empty".to_owned())
                }
                _ => after_commit(state, by, &strike.effect, answer, call),
            };
            self.account(state, &strike, done);
        }
    }
}

/// The row by which a call of a batch is refused whose token the calls before it have used up;
/// each use is counted when all are done.
fn used_up_before(
    state: &State,
    call: &Call,
    uses: &mut HashMap<SessionId, u64>,
) -> Option<&'static Row> {
    let before = uses.entry(call.session?).or_default();
    if state.faults.token_lasts(call, *before) {
        *before += 1;
        return None;
    }
    call.rows().find(|row| row.causes.contains(&Cause::BadCredentials))
}

/// Whether it is about that call alone, whatever else came with it in a batch.
fn is_about_one_call(effect: &Effect) -> bool {
    matches!(effect, Effect::Meanwhile(_) | Effect::Afterwards(_))
}

/// Whether a strike on a whole request has acted, or cannot, as soon as that has been done.
fn acts_with_commit(effect: &Effect) -> bool {
    matches!(effect, Effect::Afterwards(_) | Effect::Join(_) | Effect::Stale)
}

/// What is done to a single call of a body that may have several.
fn twist(state: &State, by: Actor, pending: &Pending, call: &Call) -> Option<Twist> {
    if !call.is_json_rpc() {
        return None;
    }
    match &pending.strike.effect {
        Effect::Reject(reject) => match reject.choose(call)? {
            Choice::Row(row) => Some(Twist::Refuse(row)),
            Choice::Raw(..) => None,
        },
        Effect::Join(join) => Some(Twist::Join(*join, by)),
        Effect::Listing(Listing::Drops) => Some(Twist::DropEntry),
        Effect::Listing(Listing::Repeats) => Some(Twist::RepeatEntry),
        Effect::Listing(Listing::NeverEnds) => Some(Twist::NeverEnd),
        Effect::Stale => {
            let past = pending.strike.past.as_ref()?;
            Some(Twist::AnswerFrom(Box::new(state.origin.as_of(past))))
        }
        _ => None,
    }
}

/// What becomes of a strike on a call that has been done, or refused.
fn after_commit(
    state: &mut State,
    by: Actor,
    effect: &Effect,
    answer: &Answer,
    at: usize,
) -> Result<(), String> {
    let refused = if answer.has_done(at) { Ok(()) } else { Err(refusal(answer, at)) };
    let call = answer.calls.get(at);
    match (effect, call) {
        // A refusal that a fault has made is no success, and what is stale may well not be there:
        // but whoever is not known is told nothing.
        (Effect::Reject(_), _) => Ok(()),
        (Effect::Stale, Some(call)) if call.user.is_some() || !call.is_json_rpc() => Ok(()),
        (Effect::Afterwards(mishap), Some(call)) => {
            refused.and_then(|()| befall(state, by, *mishap, call))
        }
        _ => refused,
    }
}

fn befall(state: &mut State, by: Actor, mishap: Mishap, call: &Call) -> Result<(), String> {
    let (upload, path) = (call.upload.as_deref(), call.path.as_deref());
    let change = Change { at: state.now(), by };
    state.origin.befall(change, mishap, Victim { upload, path, session: call.session })
}

/// Why a strike that needs that call to be done came to nothing.
pub(super) fn refusal(answer: &Answer, at: usize) -> String {
    refused_by_origin(answer.head.status, answer.calls.get(at).and_then(|call| call.row))
}
