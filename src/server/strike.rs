//! How faults act on a request: before its body, in it, when it is done, and in its answer.
//!
//! A strike is spent when it has done what it does; until then it is the request's, and goes back
//! to its fault if nothing comes of it.

use std::sync::Arc;

use crate::fault::{Circumstances, Cut, Effect, Lose, Reject, Stage, Strike};
use crate::journal::{Call, Framing, Outcome};
use crate::origin::{Origin, Victim};
use crate::wire::{Answer, BodyEnd, Plan, Refusal, Twist, refuse};

use super::bend::{alter, bytes_of};
use super::exchange::{End, Walk, record_body};
use super::intake::{Brake, Taken};
use super::script::Script;
use super::shared::State;

impl State {
    /// Which fault strikes a request whose head has just been judged. JSON-RPC is asked about when
    /// its body has told what it is.
    pub(super) fn strike_at_head(
        &mut self,
        call: &Call,
        refused: Option<u16>,
        framing: Framing,
    ) -> Option<Strike> {
        if self.faults.is_idle() {
            return None;
        }
        if self.faults.use_token(call, 1, 0) {
            self.end_session_of(call);
        }
        let circumstances = Circumstances { at: Stage::Head, refused, declared: framing.length() };
        self.faults.strike(call, circumstances)
    }

    fn end_session_of(&mut self, call: &Call) {
        if let Some(session) = call.session {
            self.origin.end_session(session);
        }
    }

    /// What an exchange asked for, as far as it is known.
    fn calls(&self, exchange: u64) -> Vec<Call> {
        self.journal.exchange(exchange).map(|record| record.calls.clone()).unwrap_or_default()
    }
}

impl Walk {
    /// What a fault makes of the request before its body is read, if that is its end.
    pub(super) fn struck_at_head(&mut self, is_refused: bool) -> Option<End> {
        match self.strike.as_ref()?.effect.clone() {
            Effect::Reject(reject) | Effect::RejectAfter(0, reject) => Some(self.reject(&reject)),
            Effect::CutAfter(0, cut) => Some(self.cut(cut)),
            Effect::Lose(lose) if is_refused => Some(self.lose(lose)),
            _ => None,
        }
    }

    /// How a fault hinders the reading of the body.
    pub(super) fn brake(&self) -> Brake {
        let effect = self.strike.as_ref().map(|strike| &strike.effect);
        let rate = match effect {
            Some(Effect::ReadSlowly(rate)) => Some(*rate),
            _ => None,
        };
        Brake { stop_at: effect.and_then(Effect::body_bytes), rate }
    }

    /// What becomes of a request of whose body a fault wants no more.
    pub(super) fn struck_in_body(&mut self, taken: &Taken) -> End {
        self.note_body(taken);
        match self.strike.as_ref().map(|strike| strike.effect.clone()) {
            Some(Effect::RejectAfter(_, reject)) => self.reject(&reject),
            Some(Effect::CutAfter(_, cut)) => self.cut(cut),
            _ => End::ClientGone,
        }
    }

    /// The body is there: what it was to be struck in has passed, and what it tells is asked about.
    pub(super) fn strike_behind_body(&mut self, plan: &mut Plan, taken: &Taken) {
        match self.strike.as_ref().map(|strike| &strike.effect) {
            Some(Effect::ReadSlowly(_)) => self.fire(),
            Some(effect) if effect.stage() == Stage::Body => {
                self.spare(&format!("its body had only {} bytes", taken.received.length));
            }
            _ => {}
        }
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        if state.faults.is_idle() {
            return;
        }
        let call = plan.call().clone();
        if state.faults.use_token(&call, 0, taken.received.length) {
            state.end_session_of(&call);
        }
        if plan.is_told_by_body() && taken.received.end == BodyEnd::Whole {
            self.strike_calls(&mut state, plan, taken);
        }
    }

    fn strike_calls(&mut self, state: &mut State, plan: &mut Plan, taken: &Taken) {
        let now = state.now();
        let calls = plan.foresee(&state.origin, now, &taken.received);
        state.journal.update(self.exchange, |record| record.calls.clone_from(&calls));
        let declared = Some(taken.received.length);
        for (at, call) in calls.iter().enumerate() {
            let circumstances = Circumstances { at: Stage::Commit, refused: None, declared };
            let Some(strike) = state.faults.strike(call, circumstances) else { continue };
            if let Some(twist) = twist(&strike.effect, call) {
                plan.twist(at, twist);
                self.on_calls.push((at, strike));
            } else if matches!(strike.effect, Effect::Stale) && calls.len() > 1 {
                // What the others of a batch change would be changed in the past.
                state.faults.spared(&strike, "it came in a batch, which is done as a whole");
            } else if self.strike.is_none() {
                (self.strike, self.struck_call) = (Some(strike), at);
            } else {
                state.faults.spared(&strike, "another fault struck the same request");
            }
        }
    }

    /// What a fault makes of a request that is about to be done, if that is its end.
    pub(super) fn struck_at_commit(&mut self, plan: Plan, taken: &Taken) -> Result<Plan, End> {
        let Some(strike) = &self.strike else { return Ok(plan) };
        match strike.effect.clone() {
            Effect::Reject(reject) => {
                self.note_body(taken);
                Err(self.reject(&reject))
            }
            Effect::Lose(lose) => {
                self.note_body(taken);
                Err(self.lose(lose))
            }
            Effect::CommitLater(later) if taken.received.end == BodyEnd::Whole => {
                self.note_body(taken);
                let mut state = self.line.shared.lock();
                // What is due after all time never comes.
                if let Some(at) = state.now().after(later.after) {
                    state.late.set(at, self.exchange, plan, taken.received.clone());
                }
                drop(state);
                Err(self.lose(later.lose))
            }
            Effect::Meanwhile(mishap) => {
                let line = Arc::clone(&self.line);
                let mut state = line.shared.lock();
                let calls = state.calls(self.exchange);
                let victim = calls.get(self.struck_call).map(victim).unwrap_or_default();
                let now = state.now();
                let befallen = state.origin.befall(now, mishap, victim);
                drop(state);
                self.fire_if(befallen);
                Ok(plan)
            }
            Effect::Join(join) => {
                let mut state = self.line.shared.lock();
                let calls = state.calls(self.exchange);
                let id = calls.get(self.struck_call).and_then(|call| call.upload.as_deref());
                state.origin.next_join(id.unwrap_or_default(), join);
                drop(state);
                Ok(plan)
            }
            _ => Ok(plan),
        }
    }

    /// The origin as a fault wants it to answer from.
    pub(super) fn past(&self, state: &State) -> Option<Origin> {
        let past = self.strike.as_ref()?.past.as_ref()?;
        Some(state.origin.as_of(past))
    }

    /// What faults do in the moment in which the request has been done.
    pub(super) fn struck_after_commit(&mut self, state: &mut State, answer: &Answer) {
        if state.faults.is_idle() {
            return;
        }
        for call in answer.calls.iter().filter(|call| call.is_json_rpc()) {
            if state.faults.use_token(call, 1, 0) {
                state.end_session_of(call);
            }
        }
        for (at, strike) in std::mem::take(&mut self.on_calls) {
            let call = answer.calls.get(at);
            let has_acted = match &strike.effect {
                Effect::Reject(reject) => call.is_some_and(|call| is_that(reject, call)),
                _ => answer.has_done(at),
            };
            if has_acted {
                self.mark_fired(state, &strike);
            } else {
                state.faults.spared(&strike, refused_by_origin(answer));
            }
        }
        if let Some(Effect::Afterwards(mishap)) = self.strike.as_ref().map(|strike| &strike.effect)
        {
            let (mishap, now) = (*mishap, state.now());
            let struck = self.struck_call;
            let befallen = match answer.calls.get(struck).filter(|_| answer.has_done(struck)) {
                Some(call) => state.origin.befall(now, mishap, victim(call)),
                None => Err(refused_by_origin(answer)),
            };
            self.resolve(state, befallen);
        }
    }

    /// Bends what the request has come to, as a fault wants it.
    pub(super) async fn bend(&mut self, end: End) -> End {
        let effect = self.strike.as_ref().map(|strike| strike.effect.clone());
        let (mut answer, outcome, effect) = match (end, effect) {
            (End::Answer(answer, outcome), Some(effect)) => (answer, outcome, effect),
            (end, _) => return end,
        };
        if effect.needs_commit() && !answer.has_done(self.struck_call) {
            self.spare(&refused_by_origin(&answer));
            return End::Answer(answer, outcome);
        }
        match effect {
            Effect::CommitThen(lose) => return self.lose(lose),
            Effect::Join(_) | Effect::Stale => self.fire(),
            Effect::Delay(by) => {
                self.hold_back();
                tokio::time::sleep(by).await;
            }
            Effect::Hold => self.hold().await,
            Effect::Alter(change) => {
                let altered = alter(answer.head_mut(), &change);
                self.fire_if(altered);
            }
            Effect::AnswerSlowly(rate) => {
                self.line.set_pace(rate);
                self.fire();
            }
            Effect::CutAnswer(room, cut) => return self.cut_answer(answer, room, cut, outcome),
            Effect::Garble(garble) => {
                self.fire();
                self.begin(&mut answer);
                return End::Script(Script::garbled(*answer, &garble));
            }
            _ => self.spare("nothing came of it"),
        }
        End::Answer(answer, outcome)
    }

    fn cut_answer(
        &mut self,
        mut answer: Box<Answer>,
        room: u64,
        cut: Cut,
        outcome: Outcome,
    ) -> End {
        let length = bytes_of(&answer);
        if length < room {
            self.spare(&format!("its answer has only {length} bytes"));
            return End::Answer(answer, outcome);
        }
        self.fire();
        if room > 0 {
            self.begin(&mut answer);
        }
        End::Script(Script::begun(*answer, room, cut))
    }

    async fn hold(&mut self) {
        let fault = self.strike.as_ref().and_then(|strike| strike.struck.fault);
        self.hold_back();
        let Some(fault) = fault else { return };
        let shared = Arc::clone(&self.line.shared);
        if !shared.holds.wait(fault, shared.hold_limit).await {
            shared.lock().faults.overdue(fault);
        }
    }

    /// The answer is kept back from here on; what was asked for is done. Whoever is told that the
    /// fault has fired finds it held.
    fn hold_back(&mut self) {
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        state.journal.update(self.exchange, |record| record.outcome = Outcome::HeldBack);
        self.resolve(&mut state, Ok(()));
        drop(state);
        line.shared.tell();
    }

    fn reject(&mut self, reject: &Reject) -> End {
        self.fire();
        let state = self.line.shared.lock();
        let calls = state.calls(self.exchange);
        let choice = calls.get(self.struck_call).and_then(|call| reject.choose(call));
        let (row, status, code) = match choice {
            Some(crate::fault::Choice::Row(row)) => (Some(row), row.http, None),
            Some(crate::fault::Choice::Raw(status, code)) => (None, status, code),
            None => (None, 500, None),
        };
        let (reason, headers) = (reject.own_reason(), reject.own_headers());
        let refusal = Refusal { row, status, code, reason, headers };
        let answer = refuse(&state.origin, state.now(), calls, &refusal);
        // The body, or the rest of it, is never read.
        End::Answer(answer.closing(), Outcome::Answered)
    }

    fn lose(&mut self, lose: Lose) -> End {
        match lose {
            Lose::Status(status) => self.reject(&Reject::status(status)),
            other => self.cut(other.cut().unwrap_or(Cut::Reset)),
        }
    }

    fn cut(&mut self, cut: Cut) -> End {
        self.fire();
        End::Script(Script::nothing(cut))
    }

    fn note_body(&mut self, taken: &Taken) {
        record_body(&mut self.line.shared.lock(), self.exchange, taken);
    }

    /// The strike has done what it does.
    fn fire(&mut self) {
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        self.resolve(&mut state, Ok(()));
        drop(state);
        line.shared.tell();
    }

    fn spare(&mut self, why: &str) {
        self.fire_if(Err(why.to_owned()));
    }

    fn fire_if(&mut self, done: Result<(), String>) {
        let line = Arc::clone(&self.line);
        self.resolve(&mut line.shared.lock(), done);
    }

    fn resolve(&mut self, state: &mut State, done: Result<(), String>) {
        let Some(strike) = self.strike.take() else { return };
        match done {
            Ok(()) => self.mark_fired(state, &strike),
            Err(why) => state.faults.spared(&strike, why),
        }
    }

    fn mark_fired(&self, state: &mut State, strike: &Strike) {
        state.faults.fired(strike);
        let struck = strike.struck.clone();
        state.journal.update(self.exchange, |record| record.faults.push(struck));
    }
}

impl Drop for Walk {
    /// What was to strike a request that is over may strike another one.
    fn drop(&mut self) {
        let unspent = self.strike.take().into_iter();
        let on_calls = std::mem::take(&mut self.on_calls).into_iter().map(|(_, strike)| strike);
        let unspent: Vec<_> = unspent.chain(on_calls).collect();
        if !unspent.is_empty() {
            let mut state = self.line.shared.lock();
            for strike in &unspent {
                state.faults.spared(strike, "the client went away first");
            }
        }
    }
}

/// What is done to a single call of a body that may have several.
fn twist(effect: &Effect, call: &Call) -> Option<Twist> {
    use crate::fault::{Choice, Listing};
    if !call.is_json_rpc() {
        return None;
    }
    match effect {
        Effect::Reject(reject) => match reject.choose(call)? {
            Choice::Row(row) => Some(Twist::Refuse(row)),
            Choice::Raw(..) => None,
        },
        Effect::Listing(Listing::Drops) => Some(Twist::DropEntry),
        Effect::Listing(Listing::Repeats) => Some(Twist::RepeatEntry),
        Effect::Listing(Listing::NeverEnds) => Some(Twist::NeverEnd),
        _ => None,
    }
}

/// Whether a call was answered as a refusal wanted it; its parameters may have been refused first.
fn is_that(reject: &Reject, call: &Call) -> bool {
    match reject.choose(call) {
        Some(crate::fault::Choice::Row(row)) => call.row == Some(row),
        _ => false,
    }
}

fn victim(call: &Call) -> Victim<'_> {
    let (upload, path) = (call.upload.as_deref(), call.path.as_deref());
    Victim { upload, path, session: call.session }
}

fn refused_by_origin(answer: &Answer) -> String {
    let code = answer.calls.iter().find_map(|call| call.row).map(|row| format!(" {}", row.code));
    format!("the origin itself refused it with {}{}", answer.head.status, code.unwrap_or_default())
}
