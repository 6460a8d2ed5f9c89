//! What the control run shows about a client. Start with [`Observed`].

use std::collections::BTreeSet;

use serde::Serialize;

use super::Flavour;

/// The profile that the traffic of the control run shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Observed {
    /// The interface that the client uploads by.
    pub flavour: Flavour,
    /// The size in bytes of the first piece, or of the file if the client sends no pieces.
    pub piece_size: u64,
    /// The number of pieces that the control file had.
    pub pieces: u32,
    /// The largest number of requests with bytes of the file that were open at once.
    pub parallelism: usize,
    /// What else it does.
    pub habits: BTreeSet<Habit>,
    /// How long the control run took, in seconds.
    pub seconds: f64,
}

/// Something that a client does or does not do, whether or not its profile claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Habit {
    /// It sends more than one request over a connection.
    KeepsAlive,
    /// It sends `Expect: 100-continue`.
    ExpectsContinue,
    /// It sends `X-Agile-Checksum`.
    SendsChecksums,
    /// It asks for the state of an upload.
    Polls,
    /// It makes directories.
    CreatesDirectories,
    /// It logs in during the run.
    LogsIn,
}
