//! From pieces to a file (§4.4, §4.5).

use crate::content::Content;
use crate::spec::{Cause, PieceEvent, UploadEvent};

use super::tree::{File, Node, Stat};
use super::{Origin, Timestamp, Upload};

/// What `error` says of an upload whose file found no place.
const NO_PLACE: u16 = 404;

impl Origin {
    /// Joins a completed upload. The file exists, whole and at once, when this succeeds; when there
    /// is no place for it any more, the upload has failed and an older file is as it was.
    pub(super) fn join(&mut self, now: Timestamp, id: &str) {
        self.uploads.change(id, |upload| {
            upload.step(now, UploadEvent::JoinBegun);
            upload.step_pieces(PieceEvent::JoinBegun, Some(PieceEvent::Superseded));
        });
        let placed = self.place_joined(now, id).is_ok();
        self.uploads.change(id, |upload| settle(upload, now, placed));
    }

    fn place_joined(&mut self, now: Timestamp, id: &str) -> Result<(), Cause> {
        let upload = self.uploads.get(id).ok_or(Cause::UnknownUpload)?;
        let owner = self.sessions.user(upload.owner);
        let mtime = Timestamp::from_secs(upload.mtime);
        let file = File {
            stat: Stat { uid: owner.uid, gid: owner.gid, ctime: now, mtime },
            content: Content::join(upload.current().map(|piece| piece.content.clone())),
            content_type: upload.content_type.clone(),
        };
        self.tree.put(&upload.path, Node::File(file), now)
    }
}

fn settle(upload: &mut Upload, now: Timestamp, placed: bool) {
    let (event, to_pieces) = if placed {
        (UploadEvent::Joined, PieceEvent::Joined)
    } else {
        upload.error = NO_PLACE;
        (UploadEvent::JoinFailed, PieceEvent::JoinFailed)
    };
    upload.step(now, event);
    upload.step_pieces(to_pieces, None);
}
