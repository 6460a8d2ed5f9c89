//! Applies faults up to the end of a request's body.

use crate::api::{BodyEnd, PendingRequest};
use crate::fault::{FaultAction, Stage};
use crate::server::request::body::BodyThrottle;
use crate::server::request::handler::{Disposition, RequestTask, record_body};
use crate::server::request::sink::ReadBody;
use crate::storage::CallId;
use crate::wording::counted;

impl RequestTask {
    /// Applies a fault before the body is read, if that ends the request.
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

    /// Returns how a fault limits the reading of the body.
    pub(crate) fn throttle(&self) -> BodyThrottle {
        let rate = match self.action() {
            Some(FaultAction::ReadSlowly(rate)) => Some(*rate),
            _ => None,
        };
        BodyThrottle { stop_at: self.action().and_then(FaultAction::body_bytes), rate }
    }

    /// Returns the end of a request whose fault stopped the reading of its body.
    pub(crate) fn act_in_body(
        &mut self,
        request: &PendingRequest,
        body_read: &ReadBody,
    ) -> Disposition {
        self.end_in_body(request, body_read);
        match self.action().cloned() {
            Some(FaultAction::RejectAfter(_, reject)) => self.reject(&reject),
            Some(FaultAction::CutAfter(_, cut)) => self.cut(cut),
            _ => Disposition::ClientGone,
        }
    }

    /// Skips faults that had to act inside the body, then selects faults for the calls that the
    /// body contains. Returns whether the request is still known: `false` after a reset.
    pub(crate) fn choose_after_body(
        &mut self,
        request: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> bool {
        let length = body_read.received.length;
        match self.action() {
            Some(FaultAction::ReadSlowly(_)) => self.skip("the request had no body"),
            Some(action) if action.stage() == Stage::Body => {
                self.skip(format!("the body had only {}", counted(length, "byte")));
            }
            _ => {}
        }
        let recorder = std::sync::Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        if self.is_stale_epoch(&state) {
            return false;
        }
        if state.faults.is_idle() {
            return true;
        }
        state.use_token(request.call(), CallId { exchange: self.exchange, call: 0 }, 0, length);
        if request.needs_body() && body_read.received.end == BodyEnd::Complete {
            self.choose_for_calls(&mut state, request, body_read);
        }
        true
    }

    /// Records a body whose request ends here.
    pub(crate) fn end_in_body(&mut self, request: &PendingRequest, body_read: &ReadBody) {
        self.record_body_read(body_read);
        let mut state = self.recorder.shared.lock();
        if !state.faults.is_idle() && !self.is_stale_epoch(&state) {
            state.use_token(
                request.call(),
                CallId { exchange: self.exchange, call: 0 },
                0,
                body_read.received.length,
            );
        }
    }

    /// Records a body in the journal.
    pub(crate) fn record_body_read(&mut self, body_read: &ReadBody) {
        record_body(&mut self.recorder.shared.lock(), self.exchange, body_read);
    }
}
