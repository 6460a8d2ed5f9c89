//! What is done later than it is answered.

use crate::journal::Moment;
use crate::origin::Timestamp;
use crate::wire::{self, Committed, Plan, Received};

use super::shared::State;

/// Commits that are due at a later time of the protocol's clock.
#[derive(Debug, Default)]
pub(super) struct Late(Vec<LateCommit>);

#[derive(Debug)]
struct LateCommit {
    at: Timestamp,
    exchange: u64,
    plan: Box<Plan>,
    received: Received,
}

impl Late {
    /// Sets a commit.
    pub(super) fn set(
        &mut self,
        at: Timestamp,
        exchange: u64,
        plan: Box<Plan>,
        received: Received,
    ) {
        // Behind those of the same time.
        let place = self.0.partition_point(|other| other.at <= at);
        self.0.insert(place, LateCommit { at, exchange, plan, received });
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, now: Timestamp) -> Option<LateCommit> {
        let is_due = self.0.first().is_some_and(|first| first.at <= now);
        is_due.then(|| self.0.remove(0))
    }
}

impl State {
    /// Does what has become due, each thing at its own time. What the origin refuses by then comes
    /// to nothing, as there is nobody left to be told.
    pub(super) fn commit_late(&mut self, now: Timestamp) {
        while let Some(mut late) = self.late.take(now) {
            let moment = Moment { protocol: late.at, ..self.moment() };
            let committed = wire::commit(&mut self.origin, late.at, &mut late.plan, &late.received);
            // Only readers need a digest, and what is read late changes nothing.
            if let Committed::Answer(answer) = committed
                && answer.is_done()
            {
                self.journal.update(late.exchange, |record| {
                    record.committed = Some(moment);
                    for (call, done) in record.calls.iter_mut().zip(answer.calls) {
                        (call.path, call.upload) = (done.path, done.upload);
                    }
                });
            }
        }
    }
}
