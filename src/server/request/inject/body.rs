//! What faults do up to the end of a request's body.

use crate::api::{BodyEnd, PendingRequest};
use crate::fault::{FaultAction, Stage};
use crate::server::request::body::BodyThrottle;
use crate::server::request::handler::{Disposition, RequestTask, record_body};
use crate::server::request::sink::ReadBody;
use crate::storage::CallId;
use crate::wording::counted;

impl RequestTask {
    /// What a fault makes of the request before its body is read, if that is its end.
    pub(crate) fn act_at_head(&mut self, is_refused: bool) -> Option<Disposition> {
        match self.action()?.clone() {
            FaultAction::Reject(reject) | FaultAction::RejectAfter(0, reject) => {
                Some(self.reject(&reject))
            }
            FaultAction::CutAfter(0, cut) => Some(self.cut(cut)),
            FaultAction::Lose(lose) if is_refused => Some(self.lose(lose)),
            FaultAction::SendInterim(response) => {
                self.send_interim(&response);
                None
            }
            _ => None,
        }
    }

    /// How a fault hinders the reading of the body.
    pub(crate) fn throttle(&self) -> BodyThrottle {
        let rate = match self.action() {
            Some(FaultAction::ReadSlowly(rate)) => Some(*rate),
            _ => None,
        };
        BodyThrottle { stop_at: self.action().and_then(FaultAction::body_bytes), rate }
    }

    /// What becomes of a request of whose body a fault wants no more.
    pub(crate) fn act_in_body(
        &mut self,
        plan: &PendingRequest,
        body_read: &ReadBody,
    ) -> Disposition {
        self.end_in_body(plan, body_read);
        match self.action().cloned() {
            Some(FaultAction::RejectAfter(_, reject)) => self.reject(&reject),
            Some(FaultAction::CutAfter(_, cut)) => self.cut(cut),
            _ => Disposition::ClientGone,
        }
    }

    /// The body is there: what was to strike in it has passed, and what it tells is asked about.
    /// Says whether the origin still knows of the request.
    pub(crate) fn choose_behind_body(
        &mut self,
        plan: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> bool {
        let length = body_read.received.length;
        match self.action() {
            Some(FaultAction::ReadSlowly(_)) => self.spare("it had no body"),
            Some(action) if action.stage() == Stage::Body => {
                self.spare(format!("its body had only {}", counted(length, "byte")));
            }
            _ => {}
        }
        let recorder = std::sync::Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        if self.is_forgotten(&state) {
            return false;
        }
        if state.faults.is_idle() {
            return true;
        }
        state.use_token(plan.call(), CallId { exchange: self.exchange, call: 0 }, 0, length);
        if plan.is_told_by_body() && body_read.received.end == BodyEnd::Complete {
            self.choose_for_calls(&mut state, plan, body_read);
        }
        true
    }

    /// Notes what has come of a body that goes no further.
    pub(crate) fn end_in_body(&mut self, plan: &PendingRequest, body_read: &ReadBody) {
        self.record_body_read(body_read);
        let mut state = self.recorder.shared.lock();
        if !state.faults.is_idle() && !self.is_forgotten(&state) {
            state.use_token(
                plan.call(),
                CallId { exchange: self.exchange, call: 0 },
                0,
                body_read.received.length,
            );
        }
    }

    /// Puts what has come of the body into the record.
    pub(crate) fn record_body_read(&mut self, body_read: &ReadBody) {
        record_body(&mut self.recorder.shared.lock(), self.exchange, body_read);
    }
}
