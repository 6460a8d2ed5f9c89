//! What faults do to a request's answer.

use std::sync::Arc;

use crate::api::{Body, Response};
use crate::fault::{Disconnect, FaultAction, HeaderMutation, MalformedResponse};
use crate::journal::Outcome;
use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::recording_stream::pacing_quantum;
use crate::server::connection::state::Interrupted;
use crate::server::request::handler::{Disposition, RequestTask};
use crate::wording::counted;

use crate::server::request::inject::alter::{alter, is_about_framing};
use crate::server::request::inject::commit::refusal;

impl RequestTask {
    /// Bends what the request has come to, as a fault wants it.
    pub(crate) async fn act_on_answer(&mut self, end: Disposition) -> Disposition {
        let (mut answer, outcome, action) = match (end, self.action().cloned()) {
            (Disposition::Response(answer, outcome), Some(action)) => (answer, outcome, action),
            (end, _) => return end,
        };
        if action.needs_commit() && !answer.has_done(self.struck_call()) {
            self.spare(refusal(&answer, self.struck_call()));
            return Disposition::Response(answer, outcome);
        }
        match action {
            FaultAction::CommitThen(lose) => return self.lose(lose),
            FaultAction::CutAnswer(room, cut) => {
                return self.cut_answer(answer, room, cut, outcome);
            }
            FaultAction::Garble(garble) => return self.garble(answer, &garble, outcome),
            FaultAction::Delay(by) => {
                self.hold_back();
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
                let altered = alter_head(&mut answer, &change);
                let is_unframed = altered.is_ok() && is_about_framing(&change);
                self.resolve(altered);
                if is_unframed {
                    self.begin(&mut answer);
                    return Disposition::RawResponse(RawResponse::whole(*answer, self.version()));
                }
            }
            FaultAction::AnswerSlowly(rate) => {
                self.answer_slowly(rate, &answer);
            }
            // These act before there is an answer, where the request comes so far.
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
            | FaultAction::InterfereAfter(_) => self.spare(refusal(&answer, self.struck_call())),
        }
        Disposition::Response(answer, outcome)
    }

    pub(crate) fn struck_call(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.call)
    }

    fn answer_slowly(&mut self, rate: u64, answer: &Response) {
        let length = length_of(answer);
        if length <= pacing_quantum(rate).0 {
            let length = counted(length, "byte");
            return self.spare(format!("its answer is written in one go at that rate: {length}"));
        }
        self.recorder.set_pace(rate);
        self.fire();
    }

    fn garble(
        &mut self,
        mut answer: Box<Response>,
        garble: &MalformedResponse,
        outcome: Outcome,
    ) -> Disposition {
        if let Some(why) = changes_nothing(garble, &answer) {
            self.spare(why);
            return Disposition::Response(answer, outcome);
        }
        self.fire();
        self.begin(&mut answer);
        Disposition::RawResponse(RawResponse::garbled(*answer, self.version(), garble))
    }

    fn cut_answer(
        &mut self,
        mut answer: Box<Response>,
        room: u64,
        cut: Disconnect,
        outcome: Outcome,
    ) -> Disposition {
        let length = length_of(&answer);
        if length < room {
            self.spare(format!("its answer has only {}", counted(length, "byte")));
            return Disposition::Response(answer, outcome);
        }
        self.fire();
        if room > 0 {
            self.begin(&mut answer);
        }
        Disposition::RawResponse(RawResponse::begun(*answer, self.version(), room, cut))
    }

    async fn hold(&mut self) -> Result<(), Interrupted> {
        let fault = self.pending.as_ref().and_then(|pending| pending.injection.struck.fault);
        let Some(fault) = fault else { return Ok(()) };
        let recorder = Arc::clone(&self.recorder);
        let word;
        let released = {
            let mut state = recorder.shared.lock();
            if !state.is_holding(fault) {
                drop(state);
                self.spare("what it holds had been released");
                return Ok(());
            }
            word = state.holds.begin(fault);
            self.held_by = Some(fault);
            // Before the lock is given up, so that no release is missed.
            word.notified()
        };
        self.hold_back();
        let limit = recorder.shared.hold_limit;
        if recorder.wait_for(tokio::time::timeout(limit, released)).await?.is_err() {
            recorder.shared.lock().faults.unreleased(fault);
        }
        Ok(())
    }

    /// The version of HTTP in which the answer is written.
    fn version(&self) -> &'static str {
        let state = self.recorder.shared.lock();
        state.journal.exchange(self.exchange).map_or("HTTP/1.1", |record| record.head.version())
    }

    /// The answer is kept back from here on; what was asked for is done.
    fn hold_back(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        // At once: whoever finds the answer held finds that the fault has fired, and the reverse.
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        state.journal.update(self.exchange, |record| record.outcome = Outcome::Held);
        self.account(&mut state, &pending.injection, Ok(()));
    }
}

/// Changes the head of an answer.
///
/// # Errors
///
/// Why that cannot be, or would change nothing.
fn alter_head(answer: &mut Response, change: &HeaderMutation) -> Result<(), String> {
    let before = Arc::clone(&answer.head);
    alter(answer.head_mut(), change)?;
    if before == answer.head { Err("its answer says so already".to_owned()) } else { Ok(()) }
}

/// Why a garbled answer would be the very one that the origin gives.
fn changes_nothing(garble: &MalformedResponse, answer: &Response) -> Option<String> {
    let length = body_length(answer);
    match garble {
        MalformedResponse::Truncate(bytes) if *bytes >= length => {
            Some(format!("its answer has a body of only {}", counted(length, "byte")))
        }
        MalformedResponse::ContentLength(claimed) if *claimed == answer.body.len() => {
            Some(format!("its answer has a body of just {}", counted(length, "byte")))
        }
        _ => None,
    }
}

/// How many bytes an answer has, its head included.
fn length_of(answer: &Response) -> u64 {
    answer.head.to_bytes("HTTP/1.1").len() as u64 + body_length(answer)
}

fn body_length(answer: &Response) -> u64 {
    match &answer.body {
        Body::HeadOnly(_) => 0,
        body => body.len(),
    }
}
