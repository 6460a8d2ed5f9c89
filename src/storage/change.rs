//! The actor and the time of every change of stored data.
//!
//! Every call that changes something takes a [`Change`], and the changed item keeps it: uploads,
//! pieces, files, directories, removed paths and tokens. A message that names a cause reads it from
//! there and never infers it from the state. This module stores the numbers of exchanges and never
//! looks up exchanges. Start with [`Change`] and [`Actor`].

use super::Timestamp;

/// A call of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct CallId {
    /// The number of the exchange.
    pub exchange: u64,
    /// The index of the call among those of the exchange: 0, except in a JSON-RPC batch.
    pub call: u32,
}

/// The source of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Actor {
    /// The test, through the builder or a method of the origin.
    Test,
    /// A call of a client.
    Call(CallId),
    /// A call of a client that a fault deferred.
    DeferredCall {
        /// The call.
        call: CallId,
        /// The number of the fault; `None` for chaos.
        fault: Option<u64>,
    },
    /// A job that a call scheduled: the end of a join, or the copy that `fetchFileHTTP` asks for.
    Job(CallId),
    /// A fault.
    Fault {
        /// The number of the fault; `None` for chaos.
        fault: Option<u64>,
        /// The call during which the fault acted; `None` if it acted between calls.
        during: Option<CallId>,
    },
    /// The collector, which runs at the end of every `advance`.
    Collector {
        /// The number of the mark of the `advance` in the journal.
        mark: u64,
    },
    /// Protocol time: the lifetime of a token ended.
    Expiry {
        /// The call that set the lifetime: a login, or `updateSession`; `None` for the test.
        set_by: Option<CallId>,
    },
}

impl Actor {
    /// Returns the call that the actor is, or for which or during which it acted.
    pub const fn call(self) -> Option<CallId> {
        match self {
            Self::Call(call) | Self::DeferredCall { call, .. } | Self::Job(call) => Some(call),
            Self::Fault { during, .. } => during,
            Self::Test | Self::Collector { .. } | Self::Expiry { .. } => None,
        }
    }

    /// Returns the number of the exchange of that call.
    pub fn exchange(self) -> Option<u64> {
        self.call().map(|call| call.exchange)
    }

    /// Returns the actor of a job that this actor schedules.
    pub(super) const fn job(self) -> Self {
        match self {
            Self::Call(call) | Self::DeferredCall { call, .. } | Self::Job(call) => Self::Job(call),
            other => other,
        }
    }

    /// Returns the same actor for another call of its exchange.
    #[must_use]
    fn at_call(self, index: u32) -> Self {
        let at = |call: CallId| CallId { call: index, ..call };
        match self {
            Self::Call(call) => Self::Call(at(call)),
            Self::DeferredCall { call, fault } => Self::DeferredCall { call: at(call), fault },
            other => other,
        }
    }
}

/// The time and the actor of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// Protocol time.
    pub at: Timestamp,
    /// Who made it.
    pub by: Actor,
}

impl Change {
    /// Creates a change by the test.
    #[doc(hidden)]
    pub const fn by_test(at: Timestamp) -> Self {
        Self { at, by: Actor::Test }
    }

    /// Creates a change by the first call of an exchange.
    #[doc(hidden)]
    pub const fn by_exchange(at: Timestamp, exchange: u64) -> Self {
        Self { at, by: Actor::Call(CallId { exchange, call: 0 }) }
    }

    /// Returns the same change for another call of the same exchange.
    #[must_use]
    #[doc(hidden)]
    pub fn at_call(self, index: usize) -> Self {
        Self { by: self.by.at_call(u32::try_from(index).unwrap_or(u32::MAX)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId { exchange: 7, call: 0 };

    #[test]
    fn a_job_has_the_exchange_that_scheduled_it() {
        let deferred = Actor::DeferredCall { call: CALL, fault: Some(1) };
        for actor in [Actor::Call(CALL), deferred, Actor::Job(CALL)] {
            assert_eq!(actor.job(), Actor::Job(CALL));
            assert_eq!(actor.job().exchange(), Some(7));
        }
        assert_eq!(Actor::Test.job(), Actor::Test);
    }

    #[test]
    fn a_call_of_a_batch_keeps_its_exchange() {
        let change = Change::by_exchange(Timestamp::from_secs(1), 7).at_call(2);
        assert_eq!(change.by, Actor::Call(CallId { exchange: 7, call: 2 }));
    }

    #[test]
    fn an_actor_adds_only_a_few_bytes_to_a_piece() {
        assert!(size_of::<Actor>() <= 48, "{}", size_of::<Actor>());
    }
}
