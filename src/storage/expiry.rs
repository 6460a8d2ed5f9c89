//! The collector, which expires old pieces and uploads (§4.4).

use std::sync::Arc;
use std::time::Duration;

use crate::protocol::{PieceEvent, PieceState, UploadEvent, UploadState};

use super::{Change, Timestamp, Upload, Uploads};

/// Expires pieces and uploads that have been in NEW or FAILED for longer than `after`.
pub(super) fn expire(uploads: &mut Uploads, change: Change, after: Duration) {
    let aged = uploads.iter().filter(|upload| can_age(upload));
    let aged: Vec<Arc<str>> = aged.map(|upload| upload.id.clone()).collect();
    for id in aged {
        uploads.change(&id, |upload| age(upload, change, after));
    }
}

fn can_age(upload: &Upload) -> bool {
    matches!(upload.state, UploadState::New | UploadState::Failed)
}

fn age(upload: &mut Upload, change: Change, after: Duration) {
    let is_old = |since: Timestamp| change.at.since(since) > after;
    upload.change_pieces(|_, piece| {
        if is_old(piece.stored) {
            piece.step(PieceEvent::Aged);
        }
    });
    let gone = upload.current_pieces().all(|piece| piece.state == PieceState::Expired);
    if gone && is_old(upload.created) {
        upload.step(change, UploadEvent::Aged);
    }
}
