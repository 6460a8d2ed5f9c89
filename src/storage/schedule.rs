//! Jobs that run at a later time.
//!
//! Nothing runs in the background. Before every call, the due jobs run, each with its own time as
//! the current time. Start with [`Schedule`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Actor, Change, MissingParents, Path, Storage, Timestamp, UserId};

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

    fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Job)> {
        self.jobs.first_key_value().filter(|((at, _), _)| *at <= now)?;
        let ((at, _), job) = Arc::make_mut(&mut self.jobs).pop_first()?;
        Some((at, job))
    }
}

impl Storage {
    /// Returns the time of the next job.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.jobs.keys().next().map(|(at, _)| *at)
    }

    /// Runs the due jobs. Call it before every other call.
    pub fn run_due(&mut self, now: Timestamp) {
        while let Some((at, job)) = self.due.take(now) {
            match job {
                Job::Join { upload, by } => self.end_join(Change { at, by }, &upload),
                Job::Fetch { user, from, to, parents, by } => {
                    self.fetch(Change { at, by }, user, &from, &to, parents);
                }
            }
        }
    }

    /// Schedules a copy of a file of this account (§7.2). It is made before the next call.
    pub fn fetch_later(
        &mut self,
        change: Change,
        user: UserId,
        from: Path,
        to: Path,
        parents: MissingParents,
    ) {
        let by = change.by.job();
        self.due.set(change.at, Job::Fetch { user, from, to, parents, by });
    }

    /// Copies a file. If that is impossible, nothing is stored and no error is reported.
    fn fetch(
        &mut self,
        change: Change,
        user: UserId,
        from: &Path,
        to: &Path,
        parents: MissingParents,
    ) {
        if self.tree.file(from).is_err() {
            return;
        }
        let directory = to.split_last().map(|(directory, _)| directory).unwrap_or_default();
        if parents == MissingParents::Create
            && self.make_directory(change, user, &directory, parents).is_err()
        {
            return;
        }
        let _ = self.copy(change, user, from, to);
    }
}
