//! The state machines of uploads and pieces, as tables (§4.4).
//!
//! A state machine is a list of transitions: from a state, on an event, to a state. An event
//! without a transition changes nothing. The operations that a *client* may request in a state have
//! a separate table: [`PERMISSIONS`]. Start with [`UploadState`] and [`Transition`].

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

            /// Returns the number on the wire.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// Returns the name in the capitals of the protocol.
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
    /// The state of an upload.
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
    /// The state of a piece.
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

/// An event of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UploadEvent {
    /// A piece was stored.
    PieceStored,
    /// The client completed the upload.
    Completed,
    /// The join began.
    JoinBegun,
    /// The join produced a file.
    Joined,
    /// The join failed.
    JoinFailed,
    /// The client aborted the upload.
    Aborted,
    /// The client restarted a failed upload.
    Restarted,
    /// The collector removed it because of its age.
    Aged,
    /// It expired early, on request of a test.
    Expired,
    /// It was removed, on request of a test.
    Removed,
}

/// An event of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PieceEvent {
    /// The join of its upload began.
    JoinBegun,
    /// It is part of the joined file.
    Joined,
    /// The join of its upload failed.
    JoinFailed,
    /// A later piece with its number replaces it in the join.
    Superseded,
    /// Its upload was aborted.
    Aborted,
    /// Its upload was restarted.
    Restarted,
    /// The collector removed it because of its age.
    Aged,
    /// It was removed, on request of a test.
    Removed,
    /// It was lost, on request of a test.
    Broken,
}

/// A transition of a state machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Transition<S: 'static, E: 'static> {
    /// The state before.
    pub from: S,
    /// The event.
    pub on: E,
    /// The state after.
    pub to: S,
    /// The source of this fact. All are described in §4.4.
    pub provenance: &'static [Provenance],
}

impl<S: Copy + PartialEq, E: Copy + PartialEq> Transition<S, E> {
    /// Returns the state after `on` in the state `from`, or `None` if there is no transition.
    pub fn step(table: &'static [Self], from: S, on: E) -> Option<S> {
        table
            .iter()
            .find(|transition| transition.from == from && transition.on == on)
            .map(|transition| transition.to)
    }
}

const fn transition<S, E>(
    from: S,
    on: E,
    to: S,
    provenance: &'static [Provenance],
) -> Transition<S, E> {
    Transition { from, on, to, provenance }
}

/// The transitions of an upload.
pub const UPLOAD_TRANSITIONS: &[Transition<UploadState, UploadEvent>] = {
    use UploadEvent as On;
    use UploadState as S;
    &[
        transition(S::New, On::PieceStored, S::Ready, D),
        transition(S::New, On::Aborted, S::Abort, D),
        transition(S::New, On::Removed, S::Deleted, D),
        transition(S::New, On::Aged, S::Expired, D),
        transition(S::New, On::Expired, S::Expired, A),
        // More pieces leave a READY upload READY: a transition to itself.
        transition(S::Ready, On::PieceStored, S::Ready, DA),
        transition(S::Ready, On::Completed, S::Complete, D),
        transition(S::Ready, On::Aborted, S::Abort, D),
        // A READY upload expires only on request of a test.
        transition(S::Ready, On::Expired, S::Expired, A),
        transition(S::Complete, On::JoinBegun, S::Join, D),
        transition(S::Join, On::Joined, S::Success, D),
        transition(S::Join, On::JoinFailed, S::Failed, D),
        transition(S::Success, On::Removed, S::Deleted, D),
        transition(S::Abort, On::Removed, S::Deleted, D),
        transition(S::Failed, On::Removed, S::Deleted, D),
        transition(S::Failed, On::Aged, S::Expired, D),
        transition(S::Failed, On::Expired, S::Expired, A),
        transition(S::Failed, On::Restarted, S::Ready, A),
    ]
};

/// The transitions of a piece.
pub const PIECE_TRANSITIONS: &[Transition<PieceState, PieceEvent>] = {
    use PieceEvent as On;
    use PieceState as S;
    &[
        transition(S::New, On::JoinBegun, S::Join, D),
        transition(S::New, On::Broken, S::Error, D),
        transition(S::New, On::Aborted, S::Abort, D),
        transition(S::New, On::Aged, S::Expired, D),
        transition(S::New, On::Superseded, S::Skipped, D),
        transition(S::Abort, On::Superseded, S::Skipped, D),
        transition(S::Abort, On::Removed, S::Deleted, D),
        transition(S::Abort, On::Broken, S::Error, D),
        transition(S::Success, On::Superseded, S::Skipped, D),
        transition(S::Success, On::Removed, S::Deleted, D),
        transition(S::Success, On::Broken, S::Error, D),
        transition(S::Join, On::Joined, S::Success, D),
        transition(S::Join, On::JoinFailed, S::Failed, D),
        transition(S::Failed, On::Broken, S::Error, D),
        transition(S::Failed, On::Aged, S::Expired, D),
        transition(S::Failed, On::Superseded, S::Skipped, D),
        transition(S::Failed, On::Restarted, S::New, A),
    ]
};

/// The result of an operation in each group of upload states.
#[derive(Debug)]
pub struct Permission {
    /// The operation.
    pub operation: Operation,
    /// The error in NEW; `None` if it is allowed.
    pub new: Option<ErrorKind>,
    /// The error in READY.
    pub ready: Option<ErrorKind>,
    /// The error in ABORT.
    pub abort: Option<ErrorKind>,
    /// The error in FAILED.
    pub failed: Option<ErrorKind>,
    /// The error in every other state.
    pub other: Option<ErrorKind>,
    /// The source of this fact. All are described in §4.4.
    pub provenance: &'static [Provenance],
}

/// The operations that an upload allows in each state.
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

/// Checks whether an upload in `state` allows `operation`.
///
/// # Errors
///
/// Returns the kind of error. An operation that is not in the table is always allowed.
pub fn permit(operation: Operation, state: UploadState) -> Result<(), ErrorKind> {
    let Some(permission) = PERMISSIONS.iter().find(|permission| permission.operation == operation)
    else {
        return Ok(());
    };
    let error = match state {
        UploadState::New => permission.new,
        UploadState::Ready => permission.ready,
        UploadState::Abort => permission.abort,
        UploadState::Failed => permission.failed,
        _ => permission.other,
    };
    error.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_has_two_transitions_for_one_event() {
        for transition in UPLOAD_TRANSITIONS {
            assert_eq!(
                Transition::step(UPLOAD_TRANSITIONS, transition.from, transition.on),
                Some(transition.to)
            );
        }
        for transition in PIECE_TRANSITIONS {
            assert_eq!(
                Transition::step(PIECE_TRANSITIONS, transition.from, transition.on),
                Some(transition.to)
            );
        }
    }

    #[test]
    fn an_event_without_a_transition_changes_nothing() {
        use UploadState::{Abort, Complete, Deleted, Error, Expired, Join, Success, Unknown};
        for state in [Abort, Complete, Deleted, Error, Expired, Join, Success, Unknown] {
            for event in [UploadEvent::PieceStored, UploadEvent::Completed, UploadEvent::Aborted] {
                assert_eq!(Transition::step(UPLOAD_TRANSITIONS, state, event), None, "{state}");
            }
        }
    }

    #[test]
    fn clients_may_do_what_the_state_machine_allows() {
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
