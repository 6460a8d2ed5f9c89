//! Carries out the jobs of the [`schedule`](super::schedule). Start with [`run_due`].

use super::join::end_join;
use super::schedule::Job;
use super::{Change, MissingParents, Path, Storage, Timestamp, UserId};

/// Runs the due jobs; see [`Storage::run_due`].
pub(super) fn run_due(storage: &mut Storage, now: Timestamp) {
    while let Some((at, job)) = storage.due.take(now) {
        match job {
            Job::Join { upload, by } => end_join(storage, Change { at, by }, &upload),
            Job::Fetch { user, from, to, parents, by } => {
                fetch(storage, Change { at, by }, user, &from, &to, parents);
            }
        }
    }
}

/// Copies a file. If that is impossible, nothing is stored and no error is reported.
fn fetch(
    storage: &mut Storage,
    change: Change,
    user: UserId,
    from: &Path,
    to: &Path,
    parents: MissingParents,
) {
    if storage.tree.file(from).is_err() {
        return;
    }
    let directory = to.split_last().map(|(directory, _)| directory).unwrap_or_default();
    if parents == MissingParents::Create
        && storage.make_directory(change, user, &directory, parents).is_err()
    {
        return;
    }
    let _ = storage.copy(change, user, from, to);
}
