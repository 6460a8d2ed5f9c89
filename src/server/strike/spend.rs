//! The account of a strike: it is spent, or goes back; and the ends that a request can come to.

use std::sync::Arc;

use crate::fault::{Choice, Cut, Effect, Lose, Reject, Strike};
use crate::journal::Outcome;
use crate::server::exchange::{End, Walk};
use crate::server::script::Script;
use crate::server::shared::State;
use crate::wire::{Refusal, refuse};

use super::Pending;

impl Walk {
    /// What is to be done to the request, as long as that has not happened.
    pub(super) fn effect(&self) -> Option<&Effect> {
        self.pending.as_ref().map(|pending| &pending.strike.effect)
    }

    /// Refuses the request; its body, or the rest of it, is never read.
    pub(super) fn reject(&mut self, reject: &Reject) -> End {
        let at = self.struck_call();
        self.fire();
        let state = self.line.shared.lock();
        if self.is_forgotten(&state) {
            drop(state);
            return self.forgotten();
        }
        let calls = state.calls(self.exchange);
        let (row, status, code) = match calls.get(at).and_then(|call| reject.choose(call)) {
            Some(Choice::Row(row)) => (Some(row), row.http, None),
            Some(Choice::Raw(status, code)) => (None, status, code),
            None => (None, 500, None),
        };
        let refusal = Refusal {
            row,
            status,
            code,
            reason: reject.own_reason(),
            headers: reject.own_headers(),
            body: reject.own_body().map(|body| (&*body.content_type, &*body.bytes)),
            is_head: state.is_head(self.exchange),
        };
        let answer = refuse(&state.origin, state.now(), calls, &refusal);
        End::Answer(answer.closing(), Outcome::Answered)
    }

    /// Loses the answer.
    pub(super) fn lose(&mut self, lose: Lose) -> End {
        match lose {
            Lose::Status(status) => self.reject(&Reject::status(status)),
            other => self.cut(other.cut().unwrap_or(Cut::Reset)),
        }
    }

    /// Ends the connection without an answer.
    pub(super) fn cut(&mut self, cut: Cut) -> End {
        self.fire();
        End::Script(Script::nothing(cut))
    }

    /// The strike has done what it does.
    pub(in crate::server) fn fire(&mut self) {
        self.resolve(Ok(()));
    }

    /// Nothing comes of the strike.
    pub(super) fn spare(&mut self, why: impl Into<String>) {
        self.resolve(Err(why.into()));
    }

    /// The strike has done what it does, or could not.
    pub(super) fn resolve(&mut self, done: Result<(), String>) {
        let Some(pending) = self.pending.take() else { return };
        let line = Arc::clone(&self.line);
        self.account(&mut line.shared.lock(), &pending.strike, done);
    }

    pub(super) fn account(&self, state: &mut State, strike: &Strike, done: Result<(), String>) {
        // The faults and the record of before a reset are gone.
        if self.is_forgotten(state) {
            return;
        }
        match done {
            Ok(()) => {
                state.faults.fired(strike);
                let struck = strike.struck.clone();
                state.journal.update(self.exchange, |record| record.faults.push(struck));
            }
            Err(why) => state.faults.spared(strike, why),
        }
    }
}

impl Drop for Walk {
    /// What was to strike a request that is over may strike another one, and what was held of it is
    /// held no longer.
    fn drop(&mut self) {
        if self.held_by.is_some() {
            let line = Arc::clone(&self.line);
            self.end_hold(&mut line.shared.lock());
        }
        let on_calls = std::mem::take(&mut self.on_calls);
        let unspent: Vec<Pending> = self.pending.take().into_iter().chain(on_calls).collect();
        if !unspent.is_empty() {
            let mut state = self.line.shared.lock();
            let struck = state.journal.exchange(self.exchange).map_or(0, |it| it.faults.len());
            let why = match struck {
                _ if self.line.shared.is_stopping() => "the origin stopped first",
                0 => "the client went away first",
                _ => "another fault ended the request",
            };
            for Pending { strike, .. } in &unspent {
                state.faults.spared(strike, why);
            }
        }
    }
}
