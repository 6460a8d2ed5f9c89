//! Events that belong to no exchange and to no connection: what the test did meanwhile, and what
//! happened to its client. This module only stores them. Start with [`Mark`] and [`MarkEvent`].

use std::fmt;
use std::time::Duration;

use crate::storage::Timestamp;

use super::{Escaped, FaultRef, Instants, escape_line};

/// A recorded event between the exchanges.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// The number of the mark, from 0. A reset does not reuse numbers.
    pub index: u64,
    /// When it happened. For [`MarkEvent::Advanced`] this is the time after the step.
    pub at: Instants,
    /// The number of the next exchange: every exchange with a lower number had begun before.
    pub next_exchange: u64,
    /// What happened.
    pub event: MarkEvent,
}

/// The kinds of events that are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarkEvent {
    /// The origin closed its ports and its connections.
    Offline,
    /// The origin opened its ports again.
    Online,
    /// The origin returned to its first state. This is always the first mark of a journal.
    Reset,
    /// The test advanced protocol time.
    Advanced {
        /// Protocol time before the step.
        from: Timestamp,
        /// The length of the step.
        by: Duration,
    },
    /// A fault was added.
    FaultAdded(FaultRef),
    /// A fault was removed, and what it held was released.
    FaultRemoved(FaultRef),
    /// The responses that a fault held were released.
    FaultReleased(FaultRef),
    /// Chaos was started. The text is the call that starts the same chaos.
    ChaosStarted(String),
    /// Chaos was ended.
    ChaosEnded,
    /// A client was started. The text is its command or its name.
    ClientStarted(String),
    /// A client ended. The text is its exit status, or another description of its end.
    ClientExited(String),
    /// A remark of the test.
    Note(String),
}

impl MarkEvent {
    /// Returns the name in JSON.
    pub const fn json_name(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Reset => "reset",
            Self::Advanced { .. } => "advanced",
            Self::FaultAdded(_) => "fault_added",
            Self::FaultRemoved(_) => "fault_removed",
            Self::FaultReleased(_) => "fault_released",
            Self::ChaosStarted(_) => "chaos_started",
            Self::ChaosEnded => "chaos_ended",
            Self::ClientStarted(_) => "client_started",
            Self::ClientExited(_) => "client_exited",
            Self::Note(_) => "note",
        }
    }

    /// Returns the fault that was added, removed or released.
    pub const fn fault(&self) -> Option<&FaultRef> {
        match self {
            Self::FaultAdded(fault) | Self::FaultRemoved(fault) | Self::FaultReleased(fault) => {
                Some(fault)
            }
            _ => None,
        }
    }
}

impl Mark {
    /// Returns what happened as one line, as the timeline shows it.
    pub fn line(&self) -> String {
        escape_line(&self.event.to_string())
    }

    /// Returns whether protocol time passed `time` in this step of the test.
    pub fn is_step_over(&self, time: Timestamp) -> bool {
        matches!(self.event, MarkEvent::Advanced { from, .. } if from < time && time <= self.at.protocol)
    }
}

impl fmt::Display for MarkEvent {
    /// Writes the event as the timeline shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offline => f.write_str("origin went offline"),
            Self::Online => f.write_str("origin came online"),
            Self::Reset => f.write_str("origin was reset"),
            Self::Advanced { by, .. } => write!(f, "protocol time advanced by {by:?}"),
            Self::FaultAdded(fault) => write!(f, "fault added: {}", fault.name),
            Self::FaultRemoved(fault) => write!(f, "fault removed: {}", fault.name),
            Self::FaultReleased(fault) => write!(f, "fault released: {}", fault.name),
            Self::ChaosStarted(chaos) => write!(f, "chaos started: {chaos}"),
            Self::ChaosEnded => f.write_str("chaos ended"),
            Self::ClientStarted(client) => write!(f, "client started: {}", Escaped::new(client)),
            Self::ClientExited(status) => write!(f, "client exited: {}", Escaped::new(status)),
            Self::Note(text) => write!(f, "note: {}", Escaped::new(text)),
        }
    }
}
