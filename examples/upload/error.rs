//! The errors of the client, and which of them are transient.

use std::{fmt, io};

/// Why an upload failed. `during` is an endpoint or a JSON-RPC method.
#[derive(Debug)]
pub(crate) enum Error {
    /// The file cannot be read.
    Source(io::Error),
    /// The response is missing or incomplete.
    NoResponse { during: &'static str, error: ureq::Error },
    /// The origin rejected the request. The meaning of the code depends on the endpoint (§1.10).
    Rejected { during: &'static str, status: u16, code: Option<i64> },
    /// The response lacks a header or a field.
    Malformed { during: &'static str, lacks: &'static str },
    /// The origin stored other bytes than were read from the file.
    ChecksumMismatch { sent: String, stored: String },
    /// The pieces were not joined, or not in time (§4.4).
    NotJoined { state: u64 },
    /// The error of a piece.
    Piece { number: u32, error: Box<Error> },
}

impl Error {
    /// Returns whether the same request may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NoResponse { .. } | Self::ChecksumMismatch { .. } => true,
            Self::Rejected { status, .. } => *status >= 500 || *status == 429,
            Self::Source(_) | Self::Malformed { .. } | Self::NotJoined { .. } => false,
            Self::Piece { error, .. } => error.is_transient(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => write!(f, "cannot read the file: {error}"),
            Self::NoResponse { during, error } => write!(f, "no response to {during}: {error}"),
            Self::Rejected { during, status, code: Some(code) } => {
                write!(f, "{during} was rejected: HTTP {status}, code {code}")
            }
            Self::Rejected { during, status, code: None } => {
                write!(f, "{during} was rejected: HTTP {status} without a code")
            }
            Self::Malformed { during, lacks } => {
                write!(f, "the response to {during} has no {lacks}")
            }
            Self::ChecksumMismatch { sent, stored } => {
                write!(f, "checksum mismatch: sent {sent}, stored {stored} (SHA-256)")
            }
            Self::NotJoined { state } => {
                write!(f, "the pieces were not joined: the upload is in state {state}")
            }
            Self::Piece { number, error } => write!(f, "piece {number}: {error}"),
        }
    }
}

impl std::error::Error for Error {}
