//! What is done later than it is answered.

use std::collections::VecDeque;

use crate::journal::Moment;
use crate::origin::{Actor, CallId, Change, Timestamp};
use crate::wire::{self, Answer, Committed, Plan, Received};

use super::shared::State;

/// Commits that are due at a later time of the protocol's clock.
#[derive(Debug, Default)]
pub(super) struct Late(VecDeque<LateCommit>);

#[derive(Debug)]
pub(super) struct LateCommit {
    pub(super) at: Timestamp,
    pub(super) exchange: u64,
    /// The fault that has put it off; none if chaos did.
    pub(super) fault: Option<u64>,
    pub(super) plan: Box<Plan>,
    pub(super) received: Received,
}

impl Late {
    /// Sets a commit.
    pub(super) fn set(&mut self, commit: LateCommit) {
        // Behind those of the same time.
        let place = self.0.partition_point(|other| other.at <= commit.at);
        self.0.insert(place, commit);
    }

    /// The faults whose commits are still to come.
    pub(super) fn faults(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter_map(|commit| commit.fault)
    }

    /// When the first of them is to be done.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.0.front().map(|commit| commit.at)
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, now: Timestamp) -> Option<LateCommit> {
        self.0.front().filter(|first| first.at <= now)?;
        self.0.pop_front()
    }
}

impl State {
    /// Does what has become due, each thing at its own time. What the origin refuses by then comes
    /// to nothing, as there is nobody left to be told.
    pub(super) fn commit_late(&mut self, now: Timestamp) {
        while let Some(mut late) = self.late.take(now) {
            let moment = Moment { protocol: late.at, ..self.moment() };
            let Some(answer) = self.commit_at_last(&mut late).filter(|answer| answer.is_done())
            else {
                continue;
            };
            self.journal.update(late.exchange, |record| {
                record.committed = Some(moment);
                for (call, done) in record.calls.iter_mut().zip(answer.calls) {
                    (call.path, call.upload) = (done.path, done.upload);
                    call.is_named_by_origin = done.is_named_by_origin;
                }
            });
        }
    }

    /// A digest that is needed is computed here and now: that is rare, and nobody waits for it.
    fn commit_at_last(&mut self, late: &mut LateCommit) -> Option<Box<Answer>> {
        let call = CallId { exchange: late.exchange, call: 0 };
        let by = Actor::DeferredCall { call, fault: late.fault };
        let change = Change { at: late.at, by };
        loop {
            match wire::commit(&mut self.origin, change, &mut late.plan, &late.received) {
                Committed::Answer(answer) => return Some(answer),
                Committed::NeedsDigest(content) => {
                    if let Err(error) = content.digest() {
                        let why = format!("exchange {}, done late: {error}", late.exchange);
                        self.journal.blame_ourselves(why);
                        return None;
                    }
                }
            }
        }
    }
}
