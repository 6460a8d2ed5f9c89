//! The actions of faults on calls: [`FaultAction`].

use std::time::Duration;

use crate::protocol::Join;
use crate::storage::Interference;

use super::{ErrorResponse, InterimResponse};

/// The action of a fault on a call, in the order in which actions apply to one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultAction {
    /// Rejects the call before its body: a client that expects `100 Continue` never sends it.
    Reject(ErrorResponse),
    /// Rejects the call when exactly this many bytes of its body have been read.
    RejectAfter(u64, ErrorResponse),
    /// Sends an interim response before everything else: after the head, or after the body if the
    /// operation is known only then.
    SendInterim(InterimResponse),
    /// Never sends `100 Continue` to a client that expects it. If no body arrives within
    /// [`Builder::hold_limit`](crate::Builder::hold_limit), the connection is closed.
    WithholdContinue,
    /// Delays `100 Continue` for a client that expects it, in real time, unless the body has started.
    DelayContinue(Duration),
    /// Sends these bytes in place of `100 Continue`, and otherwise acts as `WithholdContinue`.
    GarbleContinue(Vec<u8>),
    /// Disconnects when exactly this many bytes of the body have been read.
    CutAfter(u64, Disconnect),
    /// Reads the body at no more than this many bytes per second.
    ReadSlowly(u64),
    /// Reads the whole body and changes nothing. The response is lost or has another status.
    Lose(ResponseLoss),
    /// Interferes while the body is being sent.
    InterfereBefore(Interference),
    /// Responds with the state of the origin when the fault was added.
    Stale,
    /// Changes the returned list.
    Listing(ListingFault),
    /// Sets the course of the join, in place of the option `join`.
    Join(Join),
    /// Carries out the operation. The response is lost or has another status.
    CommitThen(ResponseLoss),
    /// Loses the response, and carries out the operation later, even if the client has repeated it.
    CommitLater(DeferredCommit),
    /// Carries out the operation, responds, and then interferes.
    InterfereAfter(Interference),
    /// Delays the response by this real time.
    Delay(Duration),
    /// Holds the response until the test releases it, or for
    /// [`Builder::hold_limit`](crate::Builder::hold_limit).
    Hold,
    /// Changes the head of the response.
    Alter(HeaderMutation),
    /// Writes the response at no more than this many bytes per second.
    RespondSlowly(u64),
    /// Disconnects when exactly this many bytes of the response, head included, have been written.
    CutResponse(u64, Disconnect),
    /// Sends a malformed response.
    Garble(MalformedResponse),
}

/// How a connection ends.
///
/// ```
/// use mock_origin::{Disconnect, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// // Reset the connection after 1,000 bytes of the body were read.
/// origin.on(Op::piece(2)).cut_after(1_000, Disconnect::Reset);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
pub enum Disconnect {
    /// Resets the connection: data in transit is lost in both directions.
    Reset,
    /// Closes the connection in order, so that the client reads up to the end. Data that it still sends
    /// is discarded until it closes too, has been silent for 2 s, or 30 s have passed.
    Close,
    /// Closes the connection as `Close` does, but without the TLS alert `close_notify`: the client cannot
    /// tell the end of the response from a truncation. Only for origins with TLS.
    CloseWithoutNotify,
    /// Closes only the direction to the client. Data that it still sends is discarded until it closes
    /// too, or for [`Builder::hold_limit`](crate::Builder::hold_limit).
    HalfClose,
    /// Stops reading and writing. The connection is closed when the client leaves, or after
    /// [`Builder::hold_limit`](crate::Builder::hold_limit).
    Stall,
}

/// How a response is lost, or what replaces it.
///
/// ```
/// use mock_origin::{MockOrigin, Op, ResponseLoss};
///
/// let origin = MockOrigin::start();
/// // The upload is completed, but the client receives no response.
/// origin.on(Op::complete()).commit_then(ResponseLoss::Close);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseLoss {
    /// Resets the connection.
    Reset,
    /// Closes the connection.
    Close,
    /// Closes the connection without the TLS alert: [`Disconnect::CloseWithoutNotify`].
    CloseWithoutNotify,
    /// Closes the direction to the client: [`Disconnect::HalfClose`].
    HalfClose,
    /// Never sends a response: [`Disconnect::Stall`].
    Stall,
    /// Sends another response with this HTTP status, and with the result code that the operation has
    /// for it: 500 is −49 for a piece. A status without a result code, such as 502, is sent without
    /// one, as a proxy does.
    Status(u16),
}

impl ResponseLoss {
    /// Returns how the connection ends, if it does.
    pub(crate) fn cut(self) -> Option<Disconnect> {
        match self {
            Self::Reset => Some(Disconnect::Reset),
            Self::Close => Some(Disconnect::Close),
            Self::CloseWithoutNotify => Some(Disconnect::CloseWithoutNotify),
            Self::HalfClose => Some(Disconnect::HalfClose),
            Self::Stall => Some(Disconnect::Stall),
            Self::Status(_) => None,
        }
    }
}

/// An operation that is carried out after its response.
///
/// ```
/// use std::time::Duration;
///
/// use mock_origin::{DeferredCommit, MockOrigin, Op, ResponseLoss};
///
/// let origin = MockOrigin::start();
/// let late = DeferredCommit::after(Duration::from_secs(60)).then(ResponseLoss::Status(504));
/// origin.on(Op::complete()).commit_later(late);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeferredCommit {
    /// The delay in protocol time: at most 253,402,300,799 s, the seconds from 1970 to 9999.
    pub(crate) after: Duration,
    /// What the client receives. Default: status 503.
    pub(crate) lose: ResponseLoss,
}

impl DeferredCommit {
    /// Defers the operation by this protocol time, and responds with 503.
    pub fn after(after: Duration) -> Self {
        Self { after, lose: ResponseLoss::Status(503) }
    }

    /// Sets what the client receives in place of the 503.
    #[must_use]
    pub fn then(self, lose: ResponseLoss) -> Self {
        Self { lose, ..self }
    }
}

impl From<Duration> for DeferredCommit {
    fn from(after: Duration) -> Self {
        Self::after(after)
    }
}

/// A fault in a list (§7.2, §7.3).
///
/// ```
/// use mock_origin::{ListingFault, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// origin.on(Op::method("listFile")).list(ListingFault::Repeats);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "control", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "control", serde(rename_all = "snake_case"))]
#[cfg_attr(all(test, feature = "control"), derive(schemars::JsonSchema))]
pub enum ListingFault {
    /// Omits the first entry of the page.
    Drops,
    /// Repeats the first entry of the page.
    Repeats,
    /// Always returns a cookie for more entries.
    NeverEnds,
}

/// A change of the response head.
///
/// ```
/// use mock_origin::{HeaderMutation, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// origin.on(Op::piece(1)).alter(HeaderMutation::WrongChecksum);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderMutation {
    /// `X-Agile-Checksum` is the checksum of other bytes.
    WrongChecksum,
    /// `X-Agile-Checksum` is in upper case.
    UpperCaseChecksum,
    /// `X-Agile-Size` is one too large.
    WrongSize,
    /// The status is 200, and `X-Agile-Status` is this code.
    Code(i32),
    /// Removes the header, for example the checksum or the result code.
    ///
    /// If the header frames the body, the connection is closed after the response. The same holds for
    /// `Twice` and `With`.
    Without(String),
    /// Writes the header twice.
    Twice(String),
    /// Replaces or adds the header. The name is written exactly as given.
    With(String, String),
}

/// The headers that frame a body.
pub(crate) const FRAMING_HEADERS: [&str; 2] = ["Content-Length", "Transfer-Encoding"];

/// A response that is malformed HTTP. The connection is closed after it.
///
/// ```
/// use mock_origin::{MalformedResponse, MockOrigin, Op};
///
/// let origin = MockOrigin::start();
/// origin.on(Op::create()).garble(MalformedResponse::StatusLine);
/// # origin.clear_faults();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedResponse {
    /// The status line is invalid: `200 OK HTTP/1.1`. curl, Python, Node and Chromium reject it.
    StatusLine,
    /// The body is declared as chunked, and the size of the first chunk is not a number.
    Chunk,
    /// `Content-Length` has this value, independent of the body.
    ContentLength(u64),
    /// The body ends after this many bytes, before its declared length.
    Truncate(u64),
    /// These bytes replace the response.
    Garbage(Vec<u8>),
}

/// The stage of a call at which a fault applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// After the head.
    Head,
    /// While the body is being read.
    Body,
    /// When the operation is carried out.
    Commit,
    /// When the response is sent.
    Response,
}

impl FaultAction {
    /// Returns the stage at which the action applies.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Reject(_) | Self::SendInterim(_) => Stage::Head,
            Self::RejectAfter(..)
            | Self::CutAfter(..)
            | Self::ReadSlowly(_)
            | Self::WithholdContinue
            | Self::DelayContinue(_)
            | Self::GarbleContinue(_) => Stage::Body,
            Self::Lose(_)
            | Self::InterfereBefore(_)
            | Self::Stale
            | Self::Listing(_)
            | Self::Join(_)
            | Self::CommitThen(_)
            | Self::CommitLater(_)
            | Self::InterfereAfter(_) => Stage::Commit,
            Self::Delay(_)
            | Self::Hold
            | Self::Alter(_)
            | Self::RespondSlowly(_)
            | Self::CutResponse(..)
            | Self::Garble(_) => Stage::Response,
        }
    }

    /// Returns whether the action is skipped if the origin rejects the call.
    pub fn needs_commit(&self) -> bool {
        matches!(
            self,
            Self::Listing(_)
                | Self::Join(_)
                | Self::CommitThen(_)
                | Self::CommitLater(_)
                | Self::InterfereAfter(_)
        )
    }

    /// Returns whether the action concerns `100 Continue`.
    pub(super) fn needs_expectation(&self) -> bool {
        matches!(self, Self::WithholdContinue | Self::DelayContinue(_) | Self::GarbleContinue(_))
    }

    /// Returns how the action ends the connection, if it does.
    fn disconnect(&self) -> Option<Disconnect> {
        match self {
            Self::CutAfter(_, how) | Self::CutResponse(_, how) => Some(*how),
            Self::Lose(lose)
            | Self::CommitThen(lose)
            | Self::CommitLater(DeferredCommit { lose, .. }) => lose.cut(),
            _ => None,
        }
    }

    /// Returns whether the action has a meaning only on TLS connections.
    pub(super) fn needs_tls(&self) -> bool {
        self.disconnect() == Some(Disconnect::CloseWithoutNotify)
    }

    /// Returns the number of body bytes after which the action applies.
    pub fn body_bytes(&self) -> Option<u64> {
        match self {
            Self::RejectAfter(bytes, _) | Self::CutAfter(bytes, _) => Some(*bytes),
            _ => None,
        }
    }
}
