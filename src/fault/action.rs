//! What a fault does to a call.

use std::time::Duration;

use crate::protocol::Join;
use crate::storage::Interference;

use super::{ErrorResponse, InterimResponse};

/// What is done to a call, in the order in which these act on one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultAction {
    /// It is refused before its body: a client that expects `100 Continue` never sends it.
    Reject(ErrorResponse),
    /// It is refused when exactly so many bytes of its body have been read.
    RejectAfter(u64, ErrorResponse),
    /// When its head has been read, or behind the body where only that tells what it asks for, this is
    /// sent before everything else.
    SendInterim(InterimResponse),
    /// A client that expects `100 Continue` never gets it. If it sends nothing of its body for
    /// [`Builder::hold_limit`](crate::Builder::hold_limit), the connection is closed.
    WithholdContinue,
    /// A client that expects `100 Continue` gets it so much later, in real time, unless it has begun to
    /// send its body by then.
    DelayContinue(Duration),
    /// A client that expects `100 Continue` gets these bytes instead; else as without it.
    GarbleContinue(Vec<u8>),
    /// When exactly so many bytes of its body have been read, the connection is cut.
    CutAfter(u64, Disconnect),
    /// Its body is read no faster than so many bytes a second.
    ReadSlowly(u64),
    /// Its body is read whole, and nothing is done; the answer does not come, or comes with another
    /// status.
    Lose(ResponseLoss),
    /// While its body is on its way, somebody else does something.
    InterfereBefore(Interference),
    /// It is answered from the origin as it was when the fault was added.
    Stale,
    /// Its list is not what it should be.
    Listing(ListingFault),
    /// The join that it begins goes like that, whatever the switch says.
    Join(Join),
    /// It is done, and the answer is lost, or comes with another status.
    CommitThen(ResponseLoss),
    /// The answer is lost, and it is done later: even if it has been sent again by then.
    CommitLater(DeferredCommit),
    /// It is done and answered, and then somebody else does something.
    InterfereAfter(Interference),
    /// It is answered so much later, in real time.
    Delay(Duration),
    /// It is answered when the test lets it, or at [`Builder::hold_limit`](crate::Builder::hold_limit).
    Hold,
    /// Its answer has something else in its head.
    Alter(HeaderMutation),
    /// Its answer is written no faster than so many bytes a second.
    AnswerSlowly(u64),
    /// When exactly so many bytes of its answer have been written, head included, the connection is
    /// cut.
    CutAnswer(u64, Disconnect),
    /// Its answer is no HTTP, or not the one that it says it is.
    Garble(MalformedResponse),
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disconnect {
    /// By a reset: what is under way is lost in both directions.
    Reset,
    /// By closing it in an orderly way: the client reads up to the end. What it still sends is read
    /// and discarded until it closes too, has been silent for 2 s, or 30 s have passed.
    Close,
    /// By closing only the direction towards the client; what it still sends is read and discarded
    /// until it closes too, or for [`Builder::hold_limit`](crate::Builder::hold_limit).
    HalfClose,
    /// Not at all, but nothing more is read or written on it. It is closed when the client leaves,
    /// or after [`Builder::hold_limit`](crate::Builder::hold_limit).
    Stall,
}

/// How an answer is lost, or what comes instead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseLoss {
    /// The connection is reset.
    Reset,
    /// The connection is closed.
    Close,
    /// The direction towards the client is closed: [`Disconnect::HalfClose`].
    HalfClose,
    /// The answer never comes: [`Disconnect::Stall`].
    Stall,
    /// Another answer comes instead, of that HTTP status: the row that the operation's table has for
    /// it, so that 500 is −49 for a piece. Where the table has none, as for 502, it comes without a
    /// code, as from a proxy in between.
    Status(u16),
}

impl ResponseLoss {
    /// How the connection is cut, where it is.
    pub fn cut(self) -> Option<Disconnect> {
        match self {
            Self::Reset => Some(Disconnect::Reset),
            Self::Close => Some(Disconnect::Close),
            Self::HalfClose => Some(Disconnect::HalfClose),
            Self::Stall => Some(Disconnect::Stall),
            Self::Status(_) => None,
        }
    }
}

/// A call that is done later than it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeferredCommit {
    /// How much later, in protocol time; at most the 253,402,300,799 seconds from 1970 to 9999.
    pub after: Duration,
    /// What the client sees meanwhile.
    pub lose: ResponseLoss,
}

impl DeferredCommit {
    /// Done so much later, in protocol time, and answered with 503 meanwhile.
    pub fn after(after: Duration) -> Self {
        Self { after, lose: ResponseLoss::Status(503) }
    }

    /// What the client sees instead of that 503.
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

/// What is wrong with a list (§7.2, §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListingFault {
    /// The first entry of the page is left out.
    Drops,
    /// The first entry of the page comes twice.
    Repeats,
    /// The cookie always says that there is more.
    NeverEnds,
}

/// What is wrong with the head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderMutation {
    /// `X-Agile-Checksum` is that of other bytes.
    WrongChecksum,
    /// `X-Agile-Checksum` is in upper case.
    UpperCaseChecksum,
    /// `X-Agile-Size` is one more than it is.
    WrongSize,
    /// The answer is a 200, and `X-Agile-Status` is that code.
    Code(i32),
    /// That header is not there; so is a checksum or a status left out.
    ///
    /// Where the header is one that says where the body ends, the connection is closed behind the
    /// answer; so with the two below.
    Without(String),
    /// That header is there twice.
    Twice(String),
    /// That header has another value, or is there as well; its name is written as it is given here.
    With(String, String),
}

/// The headers that say where a body ends.
pub const FRAMING_HEADERS: [&str; 2] = ["Content-Length", "Transfer-Encoding"];

/// What is wrong with an answer as bytes. The connection is closed behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedResponse {
    /// Its first line is no status line: `200 OK HTTP/1.1`. curl, Python, Node and Chromium refuse it.
    StatusLine,
    /// Its body is said to come in chunks, and the first one's size is no number.
    Chunk,
    /// `Blob-Length` says that many bytes, whatever follows.
    ContentLength(u64),
    /// Of its body only so many bytes come, though the head says more.
    Truncate(u64),
    /// These bytes come instead of it.
    Garbage(Vec<u8>),
}

/// Where on a call's way a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// When the head has been read.
    Head,
    /// While the body is read.
    Body,
    /// When the call is done.
    Commit,
    /// When it is answered.
    Answer,
}

impl FaultAction {
    /// Where it acts.
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
            | Self::AnswerSlowly(_)
            | Self::CutAnswer(..)
            | Self::Garble(_) => Stage::Answer,
        }
    }

    /// Whether it comes to nothing if the origin refuses the call.
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

    /// Whether it acts on the `100 Continue` that a client waits for.
    pub(super) fn needs_expectation(&self) -> bool {
        matches!(self, Self::WithholdContinue | Self::DelayContinue(_) | Self::GarbleContinue(_))
    }

    /// How many bytes of a body it waits for.
    pub fn body_bytes(&self) -> Option<u64> {
        match self {
            Self::RejectAfter(bytes, _) | Self::CutAfter(bytes, _) => Some(*bytes),
            _ => None,
        }
    }
}
