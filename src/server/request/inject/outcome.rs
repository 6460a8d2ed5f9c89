//! Reports to the registry whether a selected fault was injected or skipped, and ends requests.

use std::sync::Arc;

use crate::api::{InjectedError, build_error_response};
use crate::fault::{Choice, Disconnect, ErrorResponse, FaultAction, Injection, ResponseLoss};
use crate::journal::Outcome;
use crate::server::connection::raw_response::RawResponse;
use crate::server::request::handler::{Disposition, RequestTask};
use crate::server::state::State;

use crate::server::request::inject::Pending;

impl RequestTask {
    /// Returns the action that is still to be applied to the request.
    pub(crate) fn action(&self) -> Option<&FaultAction> {
        self.pending.as_ref().map(|pending| &pending.injection.action)
    }

    /// Rejects the request. The rest of its body is never read.
    pub(crate) fn reject(&mut self, reject: &ErrorResponse) -> Disposition {
        let at = self.target_call();
        self.fire();
        let state = self.recorder.shared.lock();
        if self.is_stale_epoch(&state) {
            drop(state);
            return self.end_stale();
        }
        let calls = state.calls(self.exchange);
        let (row, status, code) = match calls.get(at).and_then(|call| reject.choose(call)) {
            Some(Choice::ResultCode(row)) => (Some(row), row.http, None),
            Some(Choice::Raw(status, code)) => (None, status, code),
            None => (None, 500, None),
        };
        let refusal = InjectedError {
            result_code: row,
            status,
            code,
            reason: reject.own_reason(),
            headers: reject.own_headers(),
            body: reject.own_body().map(|body| (&*body.content_type, &*body.bytes)),
            is_head: state.is_head(self.exchange),
        };
        let response = build_error_response(&state.storage, state.now(), calls, &refusal);
        Disposition::Response(response.closing(), Outcome::Responded)
    }

    /// Loses the response.
    pub(crate) fn lose(&mut self, lose: ResponseLoss) -> Disposition {
        match lose {
            ResponseLoss::Status(status) => self.reject(&ErrorResponse::status(status)),
            other => self.cut(other.cut().unwrap_or(Disconnect::Reset)),
        }
    }

    /// Ends the connection without a response.
    pub(crate) fn cut(&mut self, cut: Disconnect) -> Disposition {
        self.fire();
        Disposition::RawResponse(RawResponse::empty(cut))
    }

    /// Reports the fault as injected.
    pub(crate) fn fire(&mut self) {
        self.resolve(Ok(()));
    }

    /// Reports the fault as skipped.
    pub(crate) fn skip(&mut self, why: impl Into<String>) {
        self.resolve(Err(why.into()));
    }

    /// Reports the fault as injected, or as skipped with the reason.
    pub(crate) fn resolve(&mut self, done: Result<(), String>) {
        let Some(pending) = self.pending.take() else { return };
        let recorder = Arc::clone(&self.recorder);
        self.account(&mut recorder.shared.lock(), &pending.injection, done);
    }

    pub(crate) fn account(
        &self,
        state: &mut State,
        injection: &Injection,
        done: Result<(), String>,
    ) {
        // After a reset, the faults and the journal of this request are gone.
        if self.is_stale_epoch(state) {
            return;
        }
        match done {
            Ok(()) => {
                state.faults.fired(injection);
                let fault_ref = injection.fault_ref.clone();
                state.journal.update(self.exchange, |record| record.faults.push(fault_ref));
            }
            Err(why) => state.faults.skipped(injection, why),
        }
    }
}

impl Drop for RequestTask {
    /// A fault that was not injected may apply to another request, and a hold of this request
    /// ends.
    fn drop(&mut self) {
        if self.held_by.is_some() {
            let recorder = Arc::clone(&self.recorder);
            self.end_hold(&mut recorder.shared.lock());
        }
        let on_calls = std::mem::take(&mut self.on_calls);
        let unspent: Vec<Pending> = self.pending.take().into_iter().chain(on_calls).collect();
        if !unspent.is_empty() {
            let mut state = self.recorder.shared.lock();
            let injected = state.journal.exchange(self.exchange).map_or(0, |it| it.faults.len());
            let why = match injected {
                _ if self.recorder.shared.is_stopping() => "the origin stopped first",
                0 => "the client went away first",
                _ => "another fault ended the request",
            };
            for Pending { injection, .. } in &unspent {
                state.faults.skipped(injection, why);
            }
        }
    }
}
