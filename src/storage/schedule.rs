//! What is due at a later time.
//!
//! Nothing happens in the background: before every call, what has become due is done, each thing at
//! its own time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Actor, Change, MissingParents, Path, Storage, Timestamp, UserId};

/// Something that is to be done, and for whom.
#[derive(Clone, Debug)]
pub(super) enum Job {
    /// The join of an upload ends.
    Join { upload: String, by: Actor },
    /// A file is copied, as `fetchFileHTTP` asked.
    Fetch { user: UserId, from: Path, to: Path, parents: MissingParents, by: Actor },
}

/// Tasks by their time; those of one time in the order in which they were set. A clone shares them
/// until they change.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    tasks: Arc<BTreeMap<(Timestamp, u64), Job>>,
    set: u64,
}

impl Schedule {
    pub(super) fn set(&mut self, at: Timestamp, task: Job) {
        Arc::make_mut(&mut self.tasks).insert((at, self.set), task);
        self.set += 1;
    }

    fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Job)> {
        self.tasks.first_key_value().filter(|((at, _), _)| *at <= now)?;
        let ((at, _), task) = Arc::make_mut(&mut self.tasks).pop_first()?;
        Some((at, task))
    }
}

impl Storage {
    /// When the next thing becomes due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.tasks.keys().next().map(|(at, _)| *at)
    }

    /// Does what has become due. To be called before anything is asked of the origin.
    pub fn run_due(&mut self, now: Timestamp) {
        while let Some((at, task)) = self.due.take(now) {
            match task {
                Job::Join { upload, by } => self.end_join(Change { at, by }, &upload),
                Job::Fetch { user, from, to, parents, by } => {
                    self.fetch(Change { at, by }, user, &from, &to, parents);
                }
            }
        }
    }

    /// Sets a copy of a file of this account (§7.2). It is made before the next call.
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

    /// Copies a file. Where that cannot be done nothing appears, and nobody is told.
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
