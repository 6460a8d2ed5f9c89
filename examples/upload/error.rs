//! What can go wrong, and whether it may pass.

use std::{fmt, io};

/// Why there is no upload. `during` is an endpoint or a JSON-RPC method.
#[derive(Debug)]
pub(crate) enum Error {
    /// The file cannot be read.
    Source(io::Error),
    /// No answer came, or not all of it.
    Lost { during: &'static str, error: ureq::Error },
    /// The origin said no. The code means something else at every endpoint (§1.10).
    Refused { during: &'static str, status: u16, code: Option<i64> },
    /// The answer lacks something.
    Garbled { during: &'static str, lacks: &'static str },
    /// What the origin stored is not what was read from the file.
    Damaged { sent: String, stored: String },
    /// The upload is in a state that does not lead to a file, or not in time (§4.4).
    NotJoined { state: u64 },
    /// Where it happened.
    Piece { number: u32, error: Box<Error> },
}

impl Error {
    /// Whether the same request may well succeed in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Damaged { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Source(_) | Self::Garbled { .. } | Self::NotJoined { .. } => false,
            Self::Piece { error, .. } => error.may_pass(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(f, "the file cannot be read: {error}"),
            Self::Lost { during, error } => write!(f, "{during} was not answered: {error}"),
            Self::Refused { during, status, code: Some(code) } => {
                write!(f, "{during} was refused: HTTP {status}, code {code}")
            }
            Self::Refused { during, status, code: None } => {
                write!(f, "{during} was refused: HTTP {status} without a code")
            }
            Self::Garbled { during, lacks } => write!(f, "{during} was answered without {lacks}"),
            Self::Damaged { sent, stored } => {
                write!(f, "SHA-256 {sent} was sent, but {stored} was stored")
            }
            Self::NotJoined { state } => write!(f, "the upload got no further than state {state}"),
            Self::Piece { number, error } => write!(f, "piece {number}: {error}"),
        }
    }
}

impl std::error::Error for Error {}
