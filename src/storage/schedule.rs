//! Jobs that run at a later time.
//!
//! Nothing runs in the background. Before every call, the due jobs run, each with its own time as
//! the current time; `jobs` carries them out. Start with [`Schedule`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Actor, MissingParents, Path, Timestamp, UserId};

/// A scheduled job.
#[derive(Clone, Debug)]
pub(super) enum Job {
    /// The join of an upload ends.
    Join { upload: String, by: Actor },
    /// A file is copied for `fetchFileHTTP`.
    Fetch { user: UserId, from: Path, to: Path, parents: MissingParents, by: Actor },
}

/// The jobs in the order of their times. Jobs of the same time run in the order in which they were
/// added. A clone shares them until they change.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    jobs: Arc<BTreeMap<(Timestamp, u64), Job>>,
    set: u64,
}

impl Schedule {
    pub(super) fn set(&mut self, at: Timestamp, job: Job) {
        Arc::make_mut(&mut self.jobs).insert((at, self.set), job);
        self.set += 1;
    }

    /// Returns whether there is no job.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Returns the time of the next job.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.jobs.keys().next().map(|(at, _)| *at)
    }

    /// Removes and returns the first job that is due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Job)> {
        self.jobs.first_key_value().filter(|((at, _), _)| *at <= now)?;
        let ((at, _), job) = Arc::make_mut(&mut self.jobs).pop_first()?;
        Some((at, job))
    }
}
