//! What the control run shows about a client. Start with [`Observed`].

use std::collections::BTreeSet;

use serde::Serialize;

use crate::journal::{Call, Exchange, Journal};
use crate::protocol::{Interface, Operation};

use super::{Feature, Flavour, Profile};

/// The profile that the traffic of the control run shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

impl Observed {
    /// Infers what a client does from the record of a control run that took `seconds`. Returns `None` if the
    /// record has no request with bytes of a file.
    pub(crate) fn infer(journal: &Journal, seconds: f64) -> Option<Self> {
        let calls = || {
            journal.exchanges().iter().flat_map(|it| it.calls.iter().map(move |call| (it, call)))
        };
        let has = |is_wanted: &dyn Fn(&Exchange, &Call) -> bool| {
            calls().any(|(it, call)| is_wanted(it, call))
        };
        let of = |operation| move |_: &Exchange, call: &Call| call.operation == operation;
        let over_rpc = |_: &Exchange, call: &Call| {
            call.interface == Interface::JsonRpc
                && matches!(call.operation, Operation::Create | Operation::Complete)
        };
        let flavour = if has(&of(Operation::Piece)) {
            if has(&over_rpc) { Flavour::JsonRpc } else { Flavour::Multipart }
        } else if has(&of(Operation::PostRaw)) {
            Flavour::Raw
        } else if has(&of(Operation::PostFile)) {
            Flavour::Form
        } else {
            return None;
        };
        let is_body = |call: &Call| {
            matches!(call.operation, Operation::Piece | Operation::PostRaw | Operation::PostFile)
        };
        let bodies: Vec<_> =
            calls().filter(|(_, call)| is_body(call)).map(|(it, call)| (&**it, call)).collect();
        let first = bodies.iter().min_by_key(|(_, call)| call.part)?.0;
        let parts: BTreeSet<_> = bodies.iter().filter_map(|(_, call)| call.part).collect();
        let is_open_at = |other: &Exchange, it: &Exchange| {
            let ended = other.closed.unwrap_or(other.opened);
            other.opened.elapsed <= it.opened.elapsed && it.opened.elapsed < ended.elapsed
        };
        let open_with =
            |it: &Exchange| bodies.iter().filter(|(other, _)| is_open_at(other, it)).count();
        let parallelism = bodies.iter().map(|(it, _)| open_with(it)).max().unwrap_or(1).max(1);
        let connections: BTreeSet<_> = journal.exchanges().iter().map(|it| it.connection).collect();
        let habits = [
            (Habit::KeepsAlive, connections.len() < journal.exchanges().len()),
            (Habit::ExpectsContinue, has(&|it, _| it.head.expects_continue())),
            (Habit::SendsChecksums, has(&|it, _| it.head.header("X-Agile-Checksum").is_some())),
            (Habit::Polls, has(&of(Operation::Status)) || has(&of(Operation::StatusMap))),
            (Habit::CreatesDirectories, has(&of(Operation::MakeDirectory))),
            (Habit::LogsIn, has(&of(Operation::Login))),
        ];
        Some(Self {
            flavour,
            piece_size: first.received,
            pieces: u32::try_from(parts.len()).unwrap_or(u32::MAX).max(1),
            parallelism,
            habits: habits.into_iter().filter(|(_, has)| *has).map(|(habit, _)| habit).collect(),
            seconds,
        })
    }

    /// Returns what the profile declares and the traffic contradicts, one sentence each.
    pub(crate) fn contradictions(&self, profile: &Profile) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(flavour) = profile.flavour.filter(|flavour| *flavour != self.flavour) {
            found.push(format!(
                "the profile declares the flavour {flavour}, and the client uploads by {}",
                self.flavour
            ));
        }
        if let Some(size) =
            profile.piece_size.filter(|size| *size != self.piece_size && self.pieces > 1)
        {
            found.push(format!(
                "the profile declares pieces of {size} bytes, and the client sends pieces of {} bytes",
                self.piece_size
            ));
        }
        if profile.claims(Feature::Parallel) && self.pieces > 2 && self.parallelism == 1 {
            found.push(format!(
                "the profile claims the feature {}, and the client sends one piece after the other",
                Feature::Parallel.name()
            ));
        }
        if profile.claims(Feature::Auth) && !self.habits.contains(&Habit::LogsIn) {
            found.push(format!(
                "the profile claims the feature {}, and the client does not log in",
                Feature::Auth.name()
            ));
        }
        found
    }
}
