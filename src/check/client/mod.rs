//! Runs clients: a command or a closure. Start with [`Client`] and [`ClientRun`].
//!
//! A client is started with a [`Target`], observed until it ends, and stopped at its deadline. This module
//! does not know what is stored, and judges nothing.

mod closure;
mod command;
mod output;
mod process;
mod system;

use std::fmt;
use std::time::Duration;

use super::{Statuses, Target};
pub(crate) use {closure::ClosureClient, command::CommandClient};

/// A client that can be run.
pub(crate) trait Client: Sync {
    /// Returns whether the client is a process, which can be signalled.
    fn is_process(&self) -> bool;

    /// Runs the client once, until it ends or `limits.deadline` has passed.
    fn run(&self, target: &Target, limits: &Limits<'_>) -> ClientRun;
}

/// When a run is ended from outside.
pub(crate) struct Limits<'a> {
    /// The longest time of the run.
    pub(crate) deadline: Duration,
    /// Sends a signal as soon as the condition is true. The client may ignore `Terminate`.
    pub(crate) interruption: Option<Interruption<'a>>,
    /// Ends the run at once, as at the deadline.
    pub(crate) is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Returns what the client waits for, in words, when the deadline passes. Example: "the response to #7 …".
    pub(crate) waits_for: &'a (dyn Fn() -> String + Sync),
}

/// A signal during a run.
#[derive(Clone, Copy)]
pub(crate) struct Interruption<'a> {
    pub(crate) signal: Signal,
    /// Returns whether the signal is due. It is asked every few milliseconds.
    pub(crate) is_due: &'a (dyn Fn() -> bool + Sync),
}

/// The signals that scenarios send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// What is known about one run of a client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClientRun {
    /// How it ended.
    pub ending: Ending,
    /// How long it ran.
    pub duration: Duration,
    /// The end of what it wrote to standard output and standard error, at most 64 KiB each.
    pub stdout: Output,
    /// The end of what it wrote to standard error.
    pub stderr: Output,
    /// The processes that were still running when the client had ended, as `pid command`. They were killed.
    pub left_behind: Vec<String>,
    /// When the signal of the scenario was sent, after the start of the run.
    pub signalled_after: Option<Duration>,
}

impl ClientRun {
    /// Creates a run that could not be started.
    fn not_started(reason: String) -> Self {
        Self {
            ending: Ending::NotStarted(reason),
            duration: Duration::ZERO,
            stdout: Output::default(),
            stderr: Output::default(),
            left_behind: Vec::new(),
            signalled_after: None,
        }
    }

    /// Returns what the client says about the file by the way it ended.
    pub fn claim(&self, statuses: &Statuses) -> Claim {
        match self.ending {
            Ending::Exited(status) if statuses.success.contains(&status) => Claim::Stored,
            Ending::Exited(status) if statuses.unsupported.contains(&status) => Claim::Unsupported,
            Ending::Exited(_) => Claim::NotStored,
            _ => Claim::Nothing,
        }
    }
}

/// The end of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The last bytes as text, at most 64 KiB.
    pub tail: String,
    /// The number of bytes in all.
    pub bytes: u64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// With an exit status; a closure that returned `Ok` has 0, one that returned `Err` has 1.
    Exited(i32),
    /// By a signal that this program did not send.
    Crashed(String),
    /// By the signal that the scenario sends.
    Interrupted(Signal),
    /// It was stopped at its deadline. `waiting_for` says for what it was waiting.
    TimedOut {
        /// The deadline.
        after: Duration,
        /// What it was waiting for.
        waiting_for: String,
        /// Whether it ended after SIGTERM, within 2 s.
        after_terminate: bool,
    },
    /// It could not be started.
    NotStarted(String),
    /// The suite was interrupted.
    Stopped,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exit status {status}"),
            Self::Crashed(how) => write!(f, "ended by {how}"),
            Self::Interrupted(signal) => write!(f, "ended by {signal}, as the scenario says"),
            Self::TimedOut { after, .. } => write!(f, "stopped after {after:.1?}"),
            Self::NotStarted(why) => write!(f, "not started: {why}"),
            Self::Stopped => f.write_str("stopped with the suite"),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Kill => "SIGKILL",
        })
    }
}

/// What a client says about the file by the way it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// It is stored.
    Stored,
    /// It is not stored.
    NotStored,
    /// The client does not support what was asked.
    Unsupported,
    /// Nothing: it crashed, hung or was killed.
    Nothing,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Returns a target with this scratch folder, and nothing behind its URL.
    pub(super) fn target(scratch: &Path) -> Target {
        Target {
            scenario: "lost/piece".to_owned(),
            url: "http://127.0.0.1:9".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 9,
            user: "user".to_owned(),
            password: "password".to_owned(),
            account: "account".to_owned(),
            directory: "/videos".to_owned(),
            name: "film.mp4".to_owned(),
            path: "/videos/film.mp4".to_owned(),
            file: scratch.join("source/film.mp4"),
            size: 7,
            piece_size: 65536,
            scratch: scratch.to_owned(),
            ca: None,
        }
    }

    /// Returns limits with only a deadline.
    pub(super) fn limits(deadline: Duration) -> Limits<'static> {
        Limits {
            deadline,
            interruption: None,
            is_stopped: &|| false,
            waits_for: &|| "a response".to_owned(),
        }
    }
}
