//! What faults do when a request is done, or should be.

use std::sync::Arc;

use crate::fault::{Choice, Circumstances, Effect, Listing, Stage, Strike, refused_by_origin};
use crate::journal::Call;
use crate::origin::{Mishap, Origin, Victim};
use crate::server::exchange::{End, Walk};
use crate::server::intake::Taken;
use crate::server::shared::State;
use crate::wire::{Answer, BodyEnd, Plan, Twist};

use super::Pending;

impl Walk {
    /// Asks about the calls that a body has told of. Some strikes are about a single one of them,
    /// the others about the whole request, which only one can strike.
    pub(super) fn strike_calls(&mut self, state: &mut State, plan: &mut Plan, taken: &Taken) {
        let calls = plan.foresee(&state.origin, state.now(), &taken.received);
        state.journal.update(self.exchange, |record| record.calls.clone_from(&calls));
        let declared = Some(taken.received.length);
        for (at, call) in calls.iter().enumerate() {
            let circumstances = Circumstances { at: Stage::Commit, refused: None, declared };
            let Some(strike) = state.faults.strike(call, circumstances) else { continue };
            if let Some(twist) = twist(state, &strike, call) {
                plan.twist(at, twist);
                self.on_calls.push(Pending { strike, call: at });
            } else if call.is_json_rpc() && is_about_one_call(&strike.effect) {
                self.strike_one(state, Pending { strike, call: at }, call);
            } else if self.pending.is_none() {
                self.pending = Some(Pending { strike, call: at });
            } else {
                state.faults.spared(&strike, "another fault struck the same request");
            }
        }
    }

    fn strike_one(&mut self, state: &mut State, pending: Pending, call: &Call) {
        match &pending.strike.effect {
            Effect::Meanwhile(mishap) => {
                let befallen = befall(state, *mishap, call);
                self.account(state, &pending.strike, befallen);
            }
            effect => {
                prepare(state, effect, call);
                self.on_calls.push(pending);
            }
        }
    }

    /// What a fault makes of a request that is about to be done, if that is its end.
    pub(in crate::server) fn struck_at_commit(
        &mut self,
        plan: Box<Plan>,
        taken: &Taken,
    ) -> Result<Box<Plan>, End> {
        let Some(effect) = self.effect().cloned() else { return Ok(plan) };
        let line = Arc::clone(&self.line);
        let whole = taken.received.end == BodyEnd::Whole;
        match effect {
            Effect::Reject(reject) => {
                self.note_body(taken);
                return Err(self.reject(&reject));
            }
            Effect::Lose(lose) => {
                self.note_body(taken);
                return Err(self.lose(lose));
            }
            Effect::CommitLater(later) if whole => {
                self.note_body(taken);
                let mut state = line.shared.lock();
                // What is due after all time never comes.
                if let Some(at) = state.now().after(later.after) {
                    state.late.set(at, self.exchange, plan, taken.received.clone());
                }
                drop(state);
                return Err(self.lose(later.lose));
            }
            Effect::Meanwhile(mishap) => {
                let befallen = befall(&mut line.shared.lock(), mishap, plan.call());
                self.resolve(befallen);
            }
            effect => prepare(&mut line.shared.lock(), &effect, plan.call()),
        }
        Ok(plan)
    }

    /// The origin as a fault wants the whole request to be answered from.
    pub(in crate::server) fn past(&self, state: &State) -> Option<Origin> {
        let past = self.pending.as_ref()?.strike.past.as_ref()?;
        Some(state.origin.as_of(past))
    }

    /// What faults do in the moment in which the request has been done.
    pub(in crate::server) fn struck_after_commit(&mut self, state: &mut State, answer: &Answer) {
        if state.faults.is_idle() {
            return;
        }
        for call in answer.calls.iter().filter(|call| call.is_json_rpc()) {
            state.use_token(call, 1, 0);
        }
        let is_afterwards = |effect: &Effect| matches!(effect, Effect::Afterwards(_));
        let whole = self.pending.take_if(|pending| is_afterwards(&pending.strike.effect));
        let on_calls = std::mem::take(&mut self.on_calls);
        for Pending { strike, call } in on_calls.into_iter().chain(whole) {
            let done = after_commit(state, &strike.effect, answer, call);
            self.account(state, &strike, done);
        }
    }
}

/// Whether it is about that call alone, whatever else came with it in a batch.
fn is_about_one_call(effect: &Effect) -> bool {
    matches!(effect, Effect::Join(_) | Effect::Meanwhile(_) | Effect::Afterwards(_))
}

/// What is done to a single call of a body that may have several.
fn twist(state: &State, strike: &Strike, call: &Call) -> Option<Twist> {
    if !call.is_json_rpc() {
        return None;
    }
    match &strike.effect {
        Effect::Reject(reject) => match reject.choose(call)? {
            Choice::Row(row) => Some(Twist::Refuse(row)),
            Choice::Raw(..) => None,
        },
        Effect::Listing(Listing::Drops) => Some(Twist::DropEntry),
        Effect::Listing(Listing::Repeats) => Some(Twist::RepeatEntry),
        Effect::Listing(Listing::NeverEnds) => Some(Twist::NeverEnd),
        Effect::Stale => {
            let past = strike.past.as_ref()?;
            Some(Twist::AnswerFrom(Box::new(state.origin.as_of(past))))
        }
        _ => None,
    }
}

/// What must be said before the call is done.
fn prepare(state: &mut State, effect: &Effect, call: &Call) {
    if let (Effect::Join(join), Some(upload)) = (effect, &call.upload) {
        state.origin.next_join(upload, Some(*join));
    }
}

/// What becomes of a strike on a call that has been done, or refused.
fn after_commit(
    state: &mut State,
    effect: &Effect,
    answer: &Answer,
    at: usize,
) -> Result<(), String> {
    let refused = if answer.has_done(at) { Ok(()) } else { Err(refusal(answer, at)) };
    let call = answer.calls.get(at);
    match (effect, call) {
        // A refusal that a fault has made is no success, and what is stale may well not be there.
        (Effect::Reject(_) | Effect::Stale, _) => Ok(()),
        (Effect::Afterwards(mishap), Some(call)) => {
            refused.and_then(|()| befall(state, *mishap, call))
        }
        (Effect::Join(_), Some(call)) if refused.is_err() => {
            state.origin.next_join(call.upload.as_deref().unwrap_or_default(), None);
            refused
        }
        _ => refused,
    }
}

fn befall(state: &mut State, mishap: Mishap, call: &Call) -> Result<(), String> {
    let (upload, path) = (call.upload.as_deref(), call.path.as_deref());
    let now = state.now();
    state.origin.befall(now, mishap, Victim { upload, path, session: call.session })
}

/// Why a strike that needs that call to be done came to nothing.
pub(super) fn refusal(answer: &Answer, at: usize) -> String {
    refused_by_origin(answer.head.status, answer.calls.get(at).and_then(|call| call.row))
}
