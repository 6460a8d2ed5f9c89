//! What grows old is collected (§4.4).

use std::time::Duration;

use crate::spec::{COLLECT_AFTER_SECS, PieceEvent, PieceState, UploadEvent, UploadState};

use super::{Origin, Timestamp, Upload};

impl Origin {
    /// Runs the collector, as the end of every `advance` does.
    ///
    /// Pieces and uploads that have been in NEW or FAILED for more than a day expire; the pieces of
    /// a READY upload are left alone.
    pub fn collect(&mut self, now: Timestamp) {
        self.collected = Some(now);
        let aged: Vec<String> = self
            .uploads
            .iter()
            .filter(|upload| can_age(upload))
            .map(|upload| upload.id.clone())
            .collect();
        for id in aged {
            self.uploads.change(&id, |upload| age(upload, now));
        }
    }
}

fn can_age(upload: &Upload) -> bool {
    matches!(upload.state, UploadState::New | UploadState::Failed)
}

fn age(upload: &mut Upload, now: Timestamp) {
    for piece in upload.pieces.iter_mut().filter(|piece| is_old(piece.stored, now)) {
        piece.step(PieceEvent::Aged);
    }
    let gone = upload.current().all(|piece| piece.state == PieceState::Expired);
    if gone && is_old(upload.created, now) {
        upload.step(now, UploadEvent::Aged);
    }
}

fn is_old(since: Timestamp, now: Timestamp) -> bool {
    now.since(since) > Duration::from_secs(COLLECT_AFTER_SECS)
}
