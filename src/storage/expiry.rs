//! The collector, which expires old pieces and uploads (§4.4).

use std::time::Duration;

use crate::protocol::{Limit, PieceEvent, PieceState, UploadEvent, UploadState};

use super::{Actor, Change, Storage, Timestamp, Upload};

impl Storage {
    /// Runs the collector. Every `advance` ends with it; `mark` is the number of its mark in the
    /// journal.
    ///
    /// Pieces and uploads that have been in NEW or FAILED for more than a day (the limit
    /// [`Limit::CollectAfter`]) expire. The pieces of a READY upload stay.
    pub fn collect(&mut self, now: Timestamp, mark: u64) {
        self.collected = Some(now);
        let change = Change { at: now, by: Actor::Collector { mark } };
        let after = Duration::from_secs(self.options.limits.get(Limit::CollectAfter));
        let aged: Vec<String> = self
            .uploads
            .iter()
            .filter(|upload| can_age(upload))
            .map(|upload| upload.id.clone())
            .collect();
        for id in aged {
            self.uploads.change(&id, |upload| age(upload, change, after));
        }
    }
}

fn can_age(upload: &Upload) -> bool {
    matches!(upload.state, UploadState::New | UploadState::Failed)
}

fn age(upload: &mut Upload, change: Change, after: Duration) {
    let is_old = |since: Timestamp| change.at.since(since) > after;
    for piece in upload.pieces.iter_mut().filter(|piece| is_old(piece.stored)) {
        piece.step(PieceEvent::Aged);
    }
    let gone = upload.current_pieces().all(|piece| piece.state == PieceState::Expired);
    if gone && is_old(upload.created) {
        upload.step(change, UploadEvent::Aged);
    }
}
