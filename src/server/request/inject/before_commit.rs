//! Decides how a fault applies to a request up to its commit: [`at_head`], [`BodyPlan`], [`in_body`],
//! [`missed_in_body`] and [`at_commit`], in this order.

use std::time::Duration;

use crate::fault::{DeferredCommit, FaultAction, Stage};
use crate::protocol::Join;
use crate::storage::Interference;
use crate::wording::counted;

use crate::server::request::inject::Ending;

/// What happens before the body is read.
#[derive(Debug, PartialEq)]
pub(crate) enum AtHead {
    /// The fault, if there is one, applies later.
    Proceed,
    /// Sends these bytes before the next response.
    SendInterim(Vec<u8>),
    End(Ending),
}

/// How the body is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BodyPlan {
    pub(crate) throttle: BodyThrottle,
    /// Set if the client does not get the `100 Continue` that it expects.
    pub(crate) unasked: Option<Unasked>,
}

/// How a fault limits the reading of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BodyThrottle {
    /// The number of bytes after which reading stops.
    pub(crate) stop_at: Option<u64>,
    /// The rate in bytes per second.
    pub(crate) rate: Option<u64>,
}

/// A wait for the body of a client that got no `100 Continue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unasked {
    /// Bytes that are sent in place of `100 Continue`.
    pub(crate) garbage: Vec<u8>,
    pub(crate) time: Duration,
    /// Whether `100 Continue` is sent after the wait; otherwise the connection is given up.
    pub(crate) asks: bool,
}

/// What happens when the request is about to be committed.
#[derive(Debug, PartialEq)]
pub(crate) enum AtCommit {
    /// The request is committed. The fault, if there is one, applies later.
    Commit,
    /// Sends these bytes before the next response.
    SendInterim(Vec<u8>),
    End(Ending),
    /// Defers the commit and loses the response.
    Defer(DeferredCommit),
    /// Interferes before the commit.
    Interfere(Interference),
    /// Sets the course of the join.
    Join(Join),
}

/// Decides what happens before the body is read. `is_rejected` if the origin rejects the request at its
/// head.
pub(crate) fn at_head(action: &FaultAction, is_rejected: bool) -> AtHead {
    match action {
        FaultAction::Reject(reject) | FaultAction::RejectAfter(0, reject) => {
            AtHead::End(Ending::Reject(reject.clone()))
        }
        FaultAction::CutAfter(0, cut) => AtHead::End(Ending::Disconnect(*cut)),
        FaultAction::Lose(loss) if is_rejected => AtHead::End((*loss).into()),
        FaultAction::SendInterim(response) => AtHead::SendInterim(response.to_bytes()),
        _ => AtHead::Proceed,
    }
}

impl BodyPlan {
    /// Returns how a fault wants the body to be read. `hold_limit` is the longest time that a client may
    /// be kept waiting.
    pub(crate) fn new(action: &FaultAction, hold_limit: Duration) -> Self {
        let rate = match action {
            FaultAction::ReadSlowly(rate) => Some(*rate),
            _ => None,
        };
        let unasked = match action {
            FaultAction::WithholdContinue => Some((&[][..], hold_limit, false)),
            FaultAction::GarbleContinue(bytes) => Some((&bytes[..], hold_limit, false)),
            FaultAction::DelayContinue(by) => Some((&[][..], *by, true)),
            _ => None,
        };
        let unasked =
            unasked.map(|(garbage, time, asks)| Unasked { garbage: garbage.to_vec(), time, asks });
        Self { throttle: BodyThrottle { stop_at: action.body_bytes(), rate }, unasked }
    }
}

/// Returns how a request ends whose fault stopped the reading of its body.
pub(crate) fn in_body(action: &FaultAction) -> Option<Ending> {
    match action {
        FaultAction::RejectAfter(_, reject) => Some(Ending::Reject(reject.clone())),
        FaultAction::CutAfter(_, cut) => Some(Ending::Disconnect(*cut)),
        _ => None,
    }
}

/// Returns why a fault that had to apply inside the body was skipped. The body had `length` bytes.
pub(crate) fn missed_in_body(action: &FaultAction, length: u64) -> Option<String> {
    match action {
        FaultAction::ReadSlowly(_) => Some("the request had no body".to_owned()),
        action if action.stage() == Stage::Body => {
            Some(format!("the body had only {}", counted(length, "byte")))
        }
        _ => None,
    }
}

/// Decides what happens when a request is about to be committed. `is_whole` if its whole body was
/// received.
pub(crate) fn at_commit(action: &FaultAction, is_whole: bool) -> AtCommit {
    match action {
        FaultAction::Reject(reject) => AtCommit::End(Ending::Reject(reject.clone())),
        FaultAction::SendInterim(response) => AtCommit::SendInterim(response.to_bytes()),
        FaultAction::Lose(loss) if is_whole => AtCommit::End((*loss).into()),
        FaultAction::CommitLater(later) if is_whole => AtCommit::Defer(*later),
        FaultAction::InterfereBefore(interference) => AtCommit::Interfere(*interference),
        FaultAction::Join(join) => AtCommit::Join(*join),
        _ => AtCommit::Commit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Disconnect, ErrorResponse, ResponseLoss};

    const HOUR: Duration = Duration::from_secs(3_600);

    fn rejected(status: u16) -> Ending {
        Ending::Reject(ErrorResponse::status(status))
    }

    #[test]
    fn a_fault_after_0_bytes_applies_at_the_head() {
        for (bytes, expected) in
            [(0, AtHead::End(Ending::Disconnect(Disconnect::Close))), (1, AtHead::Proceed)]
        {
            let action = FaultAction::CutAfter(bytes, Disconnect::Close);
            assert_eq!(at_head(&action, false), expected);
        }
        let action = FaultAction::RejectAfter(0, ErrorResponse::status(503));
        assert_eq!(at_head(&action, false), AtHead::End(rejected(503)));
    }

    #[test]
    fn a_loss_waits_for_the_body_unless_the_head_is_rejected() {
        let action = FaultAction::Lose(ResponseLoss::Status(502));
        assert_eq!(at_head(&action, false), AtHead::Proceed);
        assert_eq!(at_head(&action, true), AtHead::End(rejected(502)));
        assert_eq!(at_commit(&action, true), AtCommit::End(rejected(502)));
        assert_eq!(at_commit(&action, false), AtCommit::Commit);
    }

    #[test]
    fn a_truncated_body_is_not_deferred() {
        let later = DeferredCommit { after: HOUR, lose: ResponseLoss::Close };
        let action = FaultAction::CommitLater(later);
        assert_eq!(at_commit(&action, true), AtCommit::Defer(later));
        assert_eq!(at_commit(&action, false), AtCommit::Commit);
    }

    #[test]
    fn a_body_is_read_as_the_fault_requires() {
        let plan = |action| BodyPlan::new(&action, HOUR);
        assert_eq!(plan(FaultAction::Hold), BodyPlan::default());
        assert_eq!(plan(FaultAction::ReadSlowly(7)).throttle.rate, Some(7));
        let cut = plan(FaultAction::CutAfter(9, Disconnect::Reset));
        assert_eq!(cut.throttle, BodyThrottle { stop_at: Some(9), rate: None });
        let garbage = plan(FaultAction::GarbleContinue(b"zz".to_vec())).unasked;
        let expected = Unasked { garbage: b"zz".to_vec(), time: HOUR, asks: false };
        assert_eq!(garbage, Some(expected));
        let delayed = plan(FaultAction::DelayContinue(Duration::ZERO)).unasked;
        assert_eq!(delayed, Some(Unasked { garbage: vec![], time: Duration::ZERO, asks: true }));
    }

    #[test]
    fn a_fault_that_the_body_did_not_reach_says_why() {
        let cut = FaultAction::CutAfter(9, Disconnect::Reset);
        assert_eq!(missed_in_body(&cut, 1).as_deref(), Some("the body had only 1 byte"));
        let slow = FaultAction::ReadSlowly(7);
        assert_eq!(missed_in_body(&slow, 0).as_deref(), Some("the request had no body"));
        assert_eq!(missed_in_body(&FaultAction::Hold, 1), None);
    }
}
