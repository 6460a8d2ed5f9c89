//! Applies faults to the response of a request. Start with [`RequestTask::act_on_response`].

use std::sync::Arc;

use crate::api::{Body, Response};
use crate::fault::{Disconnect, FaultAction, HeaderMutation, MalformedResponse};
use crate::journal::Outcome;
use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::recorder::Interrupted;
use crate::server::connection::recording_stream::pacing_quantum;
use crate::server::request::handler::{Disposition, RequestTask};
use crate::wording::counted;

use crate::server::request::inject::alter::{alter, is_about_framing};
use crate::server::request::inject::commit::refusal;

impl RequestTask {
    /// Applies the request's fault to its response.
    pub(crate) async fn act_on_response(&mut self, end: Disposition) -> Disposition {
        let (mut response, outcome, action) = match (end, self.action().cloned()) {
            (Disposition::Response(response, outcome), Some(action)) => (response, outcome, action),
            (end, _) => return end,
        };
        if action.needs_commit() && !response.has_done(self.target_call()) {
            self.skip(refusal(&response, self.target_call()));
            return Disposition::Response(response, outcome);
        }
        match action {
            FaultAction::CommitThen(lose) => return self.lose(lose),
            FaultAction::CutResponse(room, cut) => {
                return self.cut_response(response, room, cut, outcome);
            }
            FaultAction::Garble(garble) => return self.malform(response, &garble, outcome),
            FaultAction::Delay(by) => {
                self.record_hold();
                let recorder = Arc::clone(&self.recorder);
                if let Err(why) = recorder.wait_for(tokio::time::sleep(by)).await {
                    return self.interrupted(why);
                }
            }
            FaultAction::Hold => {
                if let Err(why) = self.hold().await {
                    return self.interrupted(why);
                }
            }
            FaultAction::Alter(change) => {
                let altered = alter_head(&mut response, &change);
                let is_unframed = altered.is_ok() && is_about_framing(&change);
                self.resolve(altered);
                if is_unframed {
                    self.begin(&mut response);
                    return Disposition::RawResponse(RawResponse::until_close(
                        *response,
                        self.version(),
                    ));
                }
            }
            FaultAction::RespondSlowly(rate) => {
                self.limit_response_rate(rate, &response);
            }
            // These act before there is a response, if the request gets that far.
            FaultAction::Reject(_)
            | FaultAction::RejectAfter(..)
            | FaultAction::CutAfter(..)
            | FaultAction::ReadSlowly(_)
            | FaultAction::SendInterim(_)
            | FaultAction::WithholdContinue
            | FaultAction::DelayContinue(_)
            | FaultAction::GarbleContinue(_)
            | FaultAction::Lose(_)
            | FaultAction::CommitLater(_)
            | FaultAction::Join(_)
            | FaultAction::Stale
            | FaultAction::Listing(_)
            | FaultAction::InterfereBefore(_)
            | FaultAction::InterfereAfter(_) => self.skip(refusal(&response, self.target_call())),
        }
        Disposition::Response(response, outcome)
    }

    pub(crate) fn target_call(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.call)
    }

    fn limit_response_rate(&mut self, rate: u64, response: &Response) {
        let length = response_length(response);
        if length <= pacing_quantum(rate).0 {
            let length = counted(length, "byte");
            return self.skip(format!("the response fits into one write at that rate: {length}"));
        }
        self.recorder.set_pace(rate);
        self.fire();
    }

    fn malform(
        &mut self,
        mut response: Box<Response>,
        malformed: &MalformedResponse,
        outcome: Outcome,
    ) -> Disposition {
        if let Some(why) = explain_no_effect(malformed, &response) {
            self.skip(why);
            return Disposition::Response(response, outcome);
        }
        self.fire();
        self.begin(&mut response);
        Disposition::RawResponse(RawResponse::malformed(*response, self.version(), malformed))
    }

    fn cut_response(
        &mut self,
        mut response: Box<Response>,
        room: u64,
        cut: Disconnect,
        outcome: Outcome,
    ) -> Disposition {
        let length = response_length(&response);
        if length < room {
            self.skip(format!("the response has only {}", counted(length, "byte")));
            return Disposition::Response(response, outcome);
        }
        self.fire();
        if room > 0 {
            self.begin(&mut response);
        }
        Disposition::RawResponse(RawResponse::truncated(*response, self.version(), room, cut))
    }

    async fn hold(&mut self) -> Result<(), Interrupted> {
        let fault = self.pending.as_ref().and_then(|pending| pending.injection.fault_ref.fault);
        let Some(fault) = fault else { return Ok(()) };
        let recorder = Arc::clone(&self.recorder);
        let word;
        let released = {
            let mut state = recorder.shared.lock();
            if !state.is_holding(fault) {
                drop(state);
                self.skip("the hold was already released");
                return Ok(());
            }
            word = state.holds.begin(fault);
            self.held_by = Some(fault);
            // Registered before the lock is released, so that no release is missed.
            word.notified()
        };
        self.record_hold();
        let limit = recorder.shared.hold_limit;
        if recorder.wait_for(tokio::time::timeout(limit, released)).await?.is_err() {
            recorder.shared.lock().faults.unreleased(fault);
        }
        Ok(())
    }

    /// Returns the HTTP version of the response.
    fn version(&self) -> &'static str {
        let state = self.recorder.shared.lock();
        state.journal.exchange(self.exchange).map_or("HTTP/1.1", |record| record.head.version())
    }

    /// Records that the response is held. The request is committed already.
    fn record_hold(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        // In the same step: whoever sees that the response is held also sees that the fault was
        // injected, and the reverse.
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        state.journal.update(self.exchange, |record| record.outcome = Outcome::Held);
        self.account(&mut state, &pending.injection, Ok(()));
    }
}

/// Changes the head of a response.
///
/// # Errors
///
/// Returns why the change is impossible or would change nothing.
fn alter_head(response: &mut Response, change: &HeaderMutation) -> Result<(), String> {
    let before = Arc::clone(&response.head);
    alter(response.head_mut(), change)?;
    if before == response.head {
        Err("the response already has this value".to_owned())
    } else {
        Ok(())
    }
}

/// Returns why the malformed response would equal the normal one.
fn explain_no_effect(malformed: &MalformedResponse, response: &Response) -> Option<String> {
    let length = body_length(response);
    match malformed {
        MalformedResponse::Truncate(bytes) if *bytes >= length => {
            Some(format!("the response body has only {}", counted(length, "byte")))
        }
        MalformedResponse::ContentLength(claimed) if *claimed == response.body.len() => {
            Some(format!("the response body already has {}", counted(length, "byte")))
        }
        _ => None,
    }
}

/// Returns the length of a response in bytes, its head included.
fn response_length(response: &Response) -> u64 {
    response.head.to_bytes("HTTP/1.1").len() as u64 + body_length(response)
}

fn body_length(response: &Response) -> u64 {
    match &response.body {
        Body::HeadOnly(_) => 0,
        body => body.len(),
    }
}
