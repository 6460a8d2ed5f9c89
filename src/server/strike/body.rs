//! What faults do up to the end of a request's body.

use crate::fault::{Effect, Stage};
use crate::origin::CallId;
use crate::server::exchange::{End, Walk, record_body};
use crate::server::intake::Brake;
use crate::server::sink::Taken;
use crate::wire::{BodyEnd, Plan};
use crate::wording::counted;

impl Walk {
    /// What a fault makes of the request before its body is read, if that is its end.
    pub(in crate::server) fn act_at_head(&mut self, is_refused: bool) -> Option<End> {
        match self.effect()?.clone() {
            Effect::Reject(reject) | Effect::RejectAfter(0, reject) => Some(self.reject(&reject)),
            Effect::CutAfter(0, cut) => Some(self.cut(cut)),
            Effect::Lose(lose) if is_refused => Some(self.lose(lose)),
            Effect::SendInterim(response) => {
                self.send_interim(&response);
                None
            }
            _ => None,
        }
    }

    /// How a fault hinders the reading of the body.
    pub(in crate::server) fn brake(&self) -> Brake {
        let rate = match self.effect() {
            Some(Effect::ReadSlowly(rate)) => Some(*rate),
            _ => None,
        };
        Brake { stop_at: self.effect().and_then(Effect::body_bytes), rate }
    }

    /// What becomes of a request of whose body a fault wants no more.
    pub(in crate::server) fn act_in_body(&mut self, plan: &Plan, taken: &Taken) -> End {
        self.end_in_body(plan, taken);
        match self.effect().cloned() {
            Some(Effect::RejectAfter(_, reject)) => self.reject(&reject),
            Some(Effect::CutAfter(_, cut)) => self.cut(cut),
            _ => End::ClientGone,
        }
    }

    /// The body is there: what was to strike in it has passed, and what it tells is asked about.
    /// Says whether the origin still knows of the request.
    pub(in crate::server) fn choose_behind_body(&mut self, plan: &mut Plan, taken: &Taken) -> bool {
        let length = taken.received.length;
        match self.effect() {
            Some(Effect::ReadSlowly(_)) => self.spare("it had no body"),
            Some(effect) if effect.stage() == Stage::Body => {
                self.spare(format!("its body had only {}", counted(length, "byte")));
            }
            _ => {}
        }
        let line = std::sync::Arc::clone(&self.line);
        let mut state = line.shared.lock();
        if self.is_forgotten(&state) {
            return false;
        }
        if state.faults.is_idle() {
            return true;
        }
        state.use_token(plan.call(), CallId { exchange: self.exchange, call: 0 }, 0, length);
        if plan.is_told_by_body() && taken.received.end == BodyEnd::Whole {
            self.choose_for_calls(&mut state, plan, taken);
        }
        true
    }

    /// Notes what has come of a body that goes no further.
    pub(in crate::server) fn end_in_body(&mut self, plan: &Plan, taken: &Taken) {
        self.note_body(taken);
        let mut state = self.line.shared.lock();
        if !state.faults.is_idle() && !self.is_forgotten(&state) {
            state.use_token(
                plan.call(),
                CallId { exchange: self.exchange, call: 0 },
                0,
                taken.received.length,
            );
        }
    }

    /// Puts what has come of the body into the record.
    pub(super) fn note_body(&mut self, taken: &Taken) {
        record_body(&mut self.line.shared.lock(), self.exchange, taken);
    }
}
