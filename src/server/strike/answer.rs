//! What faults do to a request's answer.

use std::sync::Arc;

use crate::fault::{Alter, Cut, Effect, Garble};
use crate::journal::Outcome;
use crate::server::exchange::{End, Walk};
use crate::server::line::Interrupted;
use crate::server::script::Script;
use crate::server::tap::portion;
use crate::wire::{Answer, Body};
use crate::wording::counted;

use super::alter::{alter, is_about_framing};
use super::commit::refusal;

impl Walk {
    /// Bends what the request has come to, as a fault wants it.
    pub(in crate::server) async fn act_on_answer(&mut self, end: End) -> End {
        let (mut answer, outcome, effect) = match (end, self.effect().cloned()) {
            (End::Answer(answer, outcome), Some(effect)) => (answer, outcome, effect),
            (end, _) => return end,
        };
        if effect.needs_commit() && !answer.has_done(self.struck_call()) {
            self.spare(refusal(&answer, self.struck_call()));
            return End::Answer(answer, outcome);
        }
        match effect {
            Effect::CommitThen(lose) => return self.lose(lose),
            Effect::CutAnswer(room, cut) => return self.cut_answer(answer, room, cut, outcome),
            Effect::Garble(garble) => return self.garble(answer, &garble, outcome),
            Effect::Delay(by) => {
                self.hold_back();
                let line = Arc::clone(&self.line);
                if let Err(why) = line.wait_for(tokio::time::sleep(by)).await {
                    return self.interrupted(why);
                }
            }
            Effect::Hold => {
                if let Err(why) = self.hold().await {
                    return self.interrupted(why);
                }
            }
            Effect::Alter(change) => {
                let altered = alter_head(&mut answer, &change);
                let is_unframed = altered.is_ok() && is_about_framing(&change);
                self.resolve(altered);
                if is_unframed {
                    self.begin(&mut answer);
                    return End::Script(Script::whole(*answer, self.version()));
                }
            }
            Effect::AnswerSlowly(rate) => {
                self.answer_slowly(rate, &answer);
            }
            // These act before there is an answer, where the request comes so far.
            Effect::Reject(_)
            | Effect::RejectAfter(..)
            | Effect::CutAfter(..)
            | Effect::ReadSlowly(_)
            | Effect::SendInterim(_)
            | Effect::WithholdContinue
            | Effect::DelayContinue(_)
            | Effect::GarbleContinue(_)
            | Effect::Lose(_)
            | Effect::CommitLater(_)
            | Effect::Join(_)
            | Effect::Stale
            | Effect::Listing(_)
            | Effect::Meanwhile(_)
            | Effect::Afterwards(_) => self.spare(refusal(&answer, self.struck_call())),
        }
        End::Answer(answer, outcome)
    }

    pub(super) fn struck_call(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.call)
    }

    fn answer_slowly(&mut self, rate: u64, answer: &Answer) {
        let length = length_of(answer);
        if length <= portion(rate).0 {
            let length = counted(length, "byte");
            return self.spare(format!("its answer is written in one go at that rate: {length}"));
        }
        self.line.set_pace(rate);
        self.fire();
    }

    fn garble(&mut self, mut answer: Box<Answer>, garble: &Garble, outcome: Outcome) -> End {
        if let Some(why) = changes_nothing(garble, &answer) {
            self.spare(why);
            return End::Answer(answer, outcome);
        }
        self.fire();
        self.begin(&mut answer);
        End::Script(Script::garbled(*answer, self.version(), garble))
    }

    fn cut_answer(
        &mut self,
        mut answer: Box<Answer>,
        room: u64,
        cut: Cut,
        outcome: Outcome,
    ) -> End {
        let length = length_of(&answer);
        if length < room {
            self.spare(format!("its answer has only {}", counted(length, "byte")));
            return End::Answer(answer, outcome);
        }
        self.fire();
        if room > 0 {
            self.begin(&mut answer);
        }
        End::Script(Script::begun(*answer, self.version(), room, cut))
    }

    async fn hold(&mut self) -> Result<(), Interrupted> {
        let fault = self.pending.as_ref().and_then(|pending| pending.strike.struck.fault);
        let Some(fault) = fault else { return Ok(()) };
        let line = Arc::clone(&self.line);
        let word;
        let released = {
            let mut state = line.shared.lock();
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
        let limit = line.shared.hold_limit;
        if line.wait_for(tokio::time::timeout(limit, released)).await?.is_err() {
            line.shared.lock().faults.overdue(fault);
        }
        Ok(())
    }

    /// The version of HTTP in which the answer is written.
    fn version(&self) -> &'static str {
        let state = self.line.shared.lock();
        state.journal.exchange(self.exchange).map_or("HTTP/1.1", |record| record.head.version())
    }

    /// The answer is kept back from here on; what was asked for is done.
    fn hold_back(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        // At once: whoever finds the answer held finds that the fault has fired, and the reverse.
        let line = Arc::clone(&self.line);
        let mut state = line.shared.lock();
        state.journal.update(self.exchange, |record| record.outcome = Outcome::HeldBack);
        self.account(&mut state, &pending.strike, Ok(()));
    }
}

/// Changes the head of an answer.
///
/// # Errors
///
/// Why that cannot be, or would change nothing.
fn alter_head(answer: &mut Answer, change: &Alter) -> Result<(), String> {
    let before = Arc::clone(&answer.head);
    alter(answer.head_mut(), change)?;
    if before == answer.head { Err("its answer says so already".to_owned()) } else { Ok(()) }
}

/// Why a garbled answer would be the very one that the origin gives.
fn changes_nothing(garble: &Garble, answer: &Answer) -> Option<String> {
    let length = body_length(answer);
    match garble {
        Garble::Truncate(bytes) if *bytes >= length => {
            Some(format!("its answer has a body of only {}", counted(length, "byte")))
        }
        Garble::ContentLength(claimed) if *claimed == answer.body.len() => {
            Some(format!("its answer has a body of just {}", counted(length, "byte")))
        }
        _ => None,
    }
}

/// How many bytes an answer has, its head included.
fn length_of(answer: &Answer) -> u64 {
    answer.head.to_bytes("HTTP/1.1").len() as u64 + body_length(answer)
}

fn body_length(answer: &Answer) -> u64 {
    match &answer.body {
        Body::HeadOnly(_) => 0,
        body => body.len(),
    }
}
