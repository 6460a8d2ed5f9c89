//! Joins the pieces of an upload to a file (§4.4, §4.5).

use crate::blob::Blob;
use crate::protocol::{ErrorKind, Join, PieceEvent, UploadEvent, UploadState};

use super::schedule::Job;
use super::tree::{File, Node, Stat};
use super::{Actor, Change, FileHistory, JoinFailure, JoinedPiece, Piece, Storage, Timestamp};

/// The value of `error` in an upload whose file could not be stored.
const NO_PLACE: u16 = 404;

/// Begins the join of a completed upload and schedules its end according to `join` (§10). `by`
/// is the actor that chose `join`.
pub(super) fn begin_join(
    storage: &mut Storage,
    change: Change,
    id: &str,
    (join, by): (Join, Actor),
) {
    storage.uploads.change(id, |upload| {
        upload.step(change, UploadEvent::JoinBegun);
        upload.step_pieces(PieceEvent::JoinBegun, Some(PieceEvent::Superseded));
        upload.polls_left = None;
    });
    match join {
        Join::Immediate | Join::Polls(0) => end_join(storage, change, id),
        Join::Fail => fail_join(storage, change, id, Some(JoinFailure::Requested(by))),
        Join::Polls(polls) => {
            storage.uploads.change(id, |upload| upload.polls_left = Some(polls));
        }
        Join::After(time) => {
            // A time beyond the last timestamp never comes.
            if let Some(at) = change.at.after(time) {
                let by = change.by.job();
                storage.due.set(at, Job::Join { upload: id.to_owned(), by });
            }
        }
    }
}

/// Counts a status request; see [`Storage::record_status_poll`].
pub(super) fn record_status_poll(storage: &mut Storage, change: Change, id: &str) {
    let left = storage.uploads.change(id, |upload| {
        let left = upload.polls_left;
        upload.polls_left = left.map(|left| left.saturating_sub(1));
        left.filter(|_| upload.state == UploadState::Join)
    });
    if left.flatten() == Some(0) {
        end_join(storage, change, id);
    }
}

/// Ends a join. On success the file exists, complete and at once. If the file cannot be stored
/// at its path, the upload fails and an older file stays unchanged.
pub(super) fn end_join(storage: &mut Storage, change: Change, id: &str) {
    if place_joined(storage, change, id).is_err() {
        let path = storage.uploads.get(id).map(|upload| upload.path.clone());
        let obstacle = path.and_then(|path| storage.tree.obstacle(&path));
        return fail_join(storage, change, id, obstacle.map(JoinFailure::NoPlace));
    }
    storage.uploads.change(id, |upload| {
        upload.step(change, UploadEvent::Joined);
        upload.step_pieces(PieceEvent::Joined, None);
    });
}

fn fail_join(storage: &mut Storage, change: Change, id: &str, failure: Option<JoinFailure>) {
    storage.uploads.change(id, |upload| {
        upload.error = match failure {
            Some(JoinFailure::Requested(_)) => 0,
            _ => NO_PLACE,
        };
        upload.failure = failure;
        upload.step(change, UploadEvent::JoinFailed);
        upload.step_pieces(PieceEvent::JoinFailed, None);
    });
}

fn place_joined(storage: &mut Storage, change: Change, id: &str) -> Result<(), ErrorKind> {
    let upload = storage.uploads.get(id).ok_or(ErrorKind::UnknownUpload)?;
    let owner = storage.sessions.user(upload.owner);
    let mtime = Timestamp::from_secs(upload.mtime);
    let joined = |piece: &Piece| JoinedPiece {
        number: piece.number,
        size: piece.size(),
        stored_by: piece.stored_by(),
    };
    let pieces = upload.current_pieces().map(joined).collect();
    let file = File {
        stat: Stat { uid: owner.uid, gid: owner.gid, ctime: change.at, mtime },
        content: Blob::join(upload.current_pieces().filter_map(Piece::content).cloned()),
        content_type: upload.content_type.clone(),
        visible: change.at.after(storage.options.egress_delay),
        history: Box::new(FileHistory::joined(change, id, pieces)),
    };
    storage.tree.put(&upload.path, Node::File(file), change)
}
