//! The state machines of uploads and pieces, as tables (§4.4).
//!
//! A machine is its list of transitions: from a state, on an event, to a state. What the list does
//! not have does not happen. Whether a *client* may ask for something in a state is another
//! question, with its own table: [`PERMISSIONS`].

use super::provenance::{A, D, DA};
use super::{ErrorKind, Operation, Provenance};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($state:ident = $number:literal $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum $name { $($state = $number),+ }

        impl $name {
            /// Every state, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$state),+];

            /// The number that goes over the wire.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name in the protocol's own capitals.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$state => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

states! {
    /// Where an upload stands.
    UploadState {
        Unknown = 0 "UNKNOWN",
        New = 1 "NEW",
        Ready = 2 "READY",
        Complete = 3 "COMPLETE",
        Join = 5 "JOIN",
        Success = 6 "SUCCESS",
        Deleted = 8 "DELETED",
        Error = 9 "ERROR",
        Abort = 10 "ABORT",
        Expired = 11 "EXPIRED",
        Failed = 12 "FAILED",
    }
}

states! {
    /// Where a piece stands.
    PieceState {
        Unknown = 0 "UNKNOWN",
        New = 1 "NEW",
        Join = 5 "JOIN",
        Success = 6 "SUCCESS",
        Deleted = 8 "DELETED",
        Error = 9 "ERROR",
        Skipped = 10 "SKIPPED",
        Abort = 11 "ABORT",
        Expired = 12 "EXPIRED",
        Failed = 13 "FAILED",
    }
}

/// What happens to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UploadEvent {
    /// A piece was stored.
    PieceStored,
    /// The client said that all pieces are there.
    Completed,
    /// The join began.
    JoinBegun,
    /// The join gave a file.
    Joined,
    /// The join failed.
    JoinFailed,
    /// The client gave up.
    Aborted,
    /// A failed upload was opened again.
    Restarted,
    /// The collector found it too old.
    Aged,
    /// It expired before its time, on request of a test only.
    Expired,
    /// It was removed, on request of a test only.
    Removed,
}

/// What happens to a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PieceEvent {
    /// The join of its upload began.
    JoinBegun,
    /// It is part of the joined file.
    Joined,
    /// The join of its upload failed.
    JoinFailed,
    /// A later piece of its number takes its place in the join.
    Superseded,
    /// Its upload was aborted.
    Aborted,
    /// Its upload was opened again.
    Restarted,
    /// The collector found it too old.
    Aged,
    /// It was removed, on request of a test only.
    Removed,
    /// It was lost, on request of a test only.
    Broken,
}

/// One arrow of a state machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Transition<S: 'static, E: 'static> {
    /// The state it leaves.
    pub from: S,
    /// What takes it along.
    pub on: E,
    /// The state it reaches.
    pub to: S,
    /// What it rests on. All stand in §4.4.
    pub provenance: &'static [Provenance],
}

impl<S: Copy + PartialEq, E: Copy + PartialEq> Transition<S, E> {
    /// The one step function of both machines: where `on` leads from `from`, `None` if nowhere.
    pub fn step(table: &'static [Self], from: S, on: E) -> Option<S> {
        table.iter().find(|arrow| arrow.from == from && arrow.on == on).map(|arrow| arrow.to)
    }
}

const fn arrow<S, E>(from: S, on: E, to: S, provenance: &'static [Provenance]) -> Transition<S, E> {
    Transition { from, on, to, provenance }
}

/// The arrows of an upload.
pub const UPLOAD_TRANSITIONS: &[Transition<UploadState, UploadEvent>] = {
    use UploadEvent as CallFaultBuilder;
    use UploadState as S;
    &[
        arrow(S::New, CallFaultBuilder::PieceStored, S::Ready, D),
        arrow(S::New, CallFaultBuilder::Aborted, S::Abort, D),
        arrow(S::New, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::New, CallFaultBuilder::Aged, S::Expired, D),
        arrow(S::New, CallFaultBuilder::Expired, S::Expired, A),
        // Further pieces leave a READY upload READY: an arrow onto itself.
        arrow(S::Ready, CallFaultBuilder::PieceStored, S::Ready, DA),
        arrow(S::Ready, CallFaultBuilder::Completed, S::Complete, D),
        arrow(S::Ready, CallFaultBuilder::Aborted, S::Abort, D),
        // By itself a READY upload never expires.
        arrow(S::Ready, CallFaultBuilder::Expired, S::Expired, A),
        arrow(S::Complete, CallFaultBuilder::JoinBegun, S::Join, D),
        arrow(S::Join, CallFaultBuilder::Joined, S::Success, D),
        arrow(S::Join, CallFaultBuilder::JoinFailed, S::Failed, D),
        arrow(S::Success, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::Abort, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::Failed, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::Failed, CallFaultBuilder::Aged, S::Expired, D),
        arrow(S::Failed, CallFaultBuilder::Expired, S::Expired, A),
        arrow(S::Failed, CallFaultBuilder::Restarted, S::Ready, A),
    ]
};

/// The arrows of a piece.
pub const PIECE_TRANSITIONS: &[Transition<PieceState, PieceEvent>] = {
    use PieceEvent as CallFaultBuilder;
    use PieceState as S;
    &[
        arrow(S::New, CallFaultBuilder::JoinBegun, S::Join, D),
        arrow(S::New, CallFaultBuilder::Broken, S::Error, D),
        arrow(S::New, CallFaultBuilder::Aborted, S::Abort, D),
        arrow(S::New, CallFaultBuilder::Aged, S::Expired, D),
        arrow(S::New, CallFaultBuilder::Superseded, S::Skipped, D),
        arrow(S::Abort, CallFaultBuilder::Superseded, S::Skipped, D),
        arrow(S::Abort, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::Abort, CallFaultBuilder::Broken, S::Error, D),
        arrow(S::Success, CallFaultBuilder::Superseded, S::Skipped, D),
        arrow(S::Success, CallFaultBuilder::Removed, S::Deleted, D),
        arrow(S::Success, CallFaultBuilder::Broken, S::Error, D),
        arrow(S::Join, CallFaultBuilder::Joined, S::Success, D),
        arrow(S::Join, CallFaultBuilder::JoinFailed, S::Failed, D),
        arrow(S::Failed, CallFaultBuilder::Broken, S::Error, D),
        arrow(S::Failed, CallFaultBuilder::Aged, S::Expired, D),
        arrow(S::Failed, CallFaultBuilder::Superseded, S::Skipped, D),
        arrow(S::Failed, CallFaultBuilder::Restarted, S::New, A),
    ]
};

/// What a client may ask of an upload in each of the states that differ.
#[derive(Debug)]
pub struct Permission {
    /// The operation.
    pub operation: Operation,
    /// The answer in NEW; `None` is yes.
    pub new: Option<ErrorKind>,
    /// The answer in READY.
    pub ready: Option<ErrorKind>,
    /// The answer in ABORT.
    pub abort: Option<ErrorKind>,
    /// The answer in FAILED.
    pub failed: Option<ErrorKind>,
    /// The answer in every other state.
    pub other: Option<ErrorKind>,
    /// What it rests on. All stand in §4.4.
    pub provenance: &'static [Provenance],
}

/// Which operations an upload takes in which state.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        operation: Operation::Piece,
        new: None,
        ready: None,
        abort: Some(ErrorKind::Aborted),
        failed: Some(ErrorKind::WrongState),
        other: Some(ErrorKind::WrongState),
        provenance: DA,
    },
    Permission {
        operation: Operation::Complete,
        new: Some(ErrorKind::NoPieces),
        ready: None,
        abort: Some(ErrorKind::Aborted),
        failed: Some(ErrorKind::WrongState),
        other: Some(ErrorKind::WrongState),
        provenance: DA,
    },
    Permission {
        operation: Operation::Abort,
        new: None,
        ready: None,
        abort: Some(ErrorKind::Aborted),
        failed: Some(ErrorKind::NotAbortable),
        other: Some(ErrorKind::NotAbortable),
        provenance: D,
    },
    Permission {
        operation: Operation::Restart,
        new: Some(ErrorKind::NotRestartable),
        ready: Some(ErrorKind::NotRestartable),
        abort: Some(ErrorKind::NotRestartable),
        failed: None,
        other: Some(ErrorKind::NotRestartable),
        provenance: DA,
    },
];

/// Whether `operation` is taken by an upload in `state`.
///
/// # Errors
///
/// The cause of the refusal. An operation that stands in no row is never refused.
pub fn permit(operation: Operation, state: UploadState) -> Result<(), ErrorKind> {
    let Some(row) = PERMISSIONS.iter().find(|row| row.operation == operation) else {
        return Ok(());
    };
    let refusal = match state {
        UploadState::New => row.new,
        UploadState::Ready => row.ready,
        UploadState::Abort => row.abort,
        UploadState::Failed => row.failed,
        _ => row.other,
    };
    refusal.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_has_two_arrows_for_one_event() {
        for arrow in UPLOAD_TRANSITIONS {
            assert_eq!(Transition::step(UPLOAD_TRANSITIONS, arrow.from, arrow.on), Some(arrow.to));
        }
        for arrow in PIECE_TRANSITIONS {
            assert_eq!(Transition::step(PIECE_TRANSITIONS, arrow.from, arrow.on), Some(arrow.to));
        }
    }

    #[test]
    fn an_event_without_an_arrow_leads_nowhere() {
        use UploadState::{Abort, Complete, Deleted, Error, Expired, Join, Success, Unknown};
        for state in [Abort, Complete, Deleted, Error, Expired, Join, Success, Unknown] {
            for event in [UploadEvent::PieceStored, UploadEvent::Completed, UploadEvent::Aborted] {
                assert_eq!(Transition::step(UPLOAD_TRANSITIONS, state, event), None, "{state}");
            }
        }
    }

    #[test]
    fn what_a_client_may_do_is_what_the_machine_allows() {
        for (operation, event) in [
            (Operation::Piece, UploadEvent::PieceStored),
            (Operation::Complete, UploadEvent::Completed),
            (Operation::Abort, UploadEvent::Aborted),
            (Operation::Restart, UploadEvent::Restarted),
        ] {
            for state in UploadState::ALL {
                let possible = Transition::step(UPLOAD_TRANSITIONS, *state, event).is_some();
                assert_eq!(permit(operation, *state).is_ok(), possible, "{operation:?} in {state}");
            }
        }
    }
}
