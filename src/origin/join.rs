//! From pieces to a file (§4.4, §4.5).

use crate::content::Content;
use crate::spec::{Cause, Join, PieceEvent, UploadEvent, UploadState};

use super::due::Task;
use super::tree::{File, Node, Stat};
use super::{Origin, Timestamp};

/// What `error` says of an upload whose file found no place.
const NO_PLACE: u16 = 404;

impl Origin {
    /// Begins the join of a completed upload, and ends it when the switch says (§10).
    pub(super) fn join(&mut self, now: Timestamp, id: &str) {
        let asked = self.uploads.change(id, |upload| {
            upload.step(now, UploadEvent::JoinBegun);
            upload.step_pieces(PieceEvent::JoinBegun, Some(PieceEvent::Superseded));
            upload.polls_left = None;
            upload.next_join.take()
        });
        match asked.flatten().unwrap_or(self.switches.join) {
            Join::Immediate | Join::Polls(0) => self.end_join(now, id),
            Join::Fail => self.fail_join(now, id, 0),
            Join::Polls(polls) => {
                self.uploads.change(id, |upload| upload.polls_left = Some(polls));
            }
            Join::After(time) => {
                // What is due after all time never comes.
                if let Some(at) = now.after(time) {
                    self.due.set(at, Task::Join(id.to_owned()));
                }
            }
        }
    }

    /// Lets the next join of an upload go like that, whatever the switch says; without a word, as the
    /// switch says.
    pub fn next_join(&mut self, id: &str, join: Option<Join>) {
        self.uploads.change(id, |upload| upload.next_join = join);
    }

    /// Counts a look at the status of an upload: some joins wait for that.
    pub fn polled(&mut self, now: Timestamp, id: &str) {
        let left = self.uploads.change(id, |upload| {
            let left = upload.polls_left;
            upload.polls_left = left.map(|left| left.saturating_sub(1));
            left.filter(|_| upload.state == UploadState::Join)
        });
        if left.flatten() == Some(0) {
            self.end_join(now, id);
        }
    }

    /// Ends a join. The file exists, whole and at once, when this succeeds; when there is no place
    /// for it any more, the upload has failed and an older file is as it was.
    pub(super) fn end_join(&mut self, now: Timestamp, id: &str) {
        if self.place_joined(now, id).is_err() {
            return self.fail_join(now, id, NO_PLACE);
        }
        self.uploads.change(id, |upload| {
            upload.step(now, UploadEvent::Joined);
            upload.step_pieces(PieceEvent::Joined, None);
        });
    }

    fn fail_join(&mut self, now: Timestamp, id: &str, error: u16) {
        self.uploads.change(id, |upload| {
            upload.error = error;
            upload.step(now, UploadEvent::JoinFailed);
            upload.step_pieces(PieceEvent::JoinFailed, None);
        });
    }

    fn place_joined(&mut self, now: Timestamp, id: &str) -> Result<(), Cause> {
        let upload = self.uploads.get(id).ok_or(Cause::UnknownUpload)?;
        let owner = self.sessions.user(upload.owner);
        let mtime = Timestamp::from_secs(upload.mtime);
        let file = File {
            stat: Stat { uid: owner.uid, gid: owner.gid, ctime: now, mtime },
            content: Content::join(upload.current().map(|piece| piece.content.clone())),
            content_type: upload.content_type.clone(),
            visible: now.after(self.switches.egress_delay),
        };
        self.tree.put(&upload.path, Node::File(file), now)
    }
}
