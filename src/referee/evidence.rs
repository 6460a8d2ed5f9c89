//! The input of the rules. Start with [`Evidence`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::journal::Journal;
use crate::protocol::UploadState;
use crate::storage::{Timestamp, Upload, Uploads};

/// The recorded facts that the rules judge.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) journal: &'a Journal,
    pub(crate) uploads: HashMap<Arc<str>, UploadFacts>,
}

/// What the storage knows of an upload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UploadFacts {
    /// Whether it is neither completed nor aborted, and its pieces are kept.
    pub(crate) is_open: bool,
    /// The bytes in its pieces.
    pub(crate) bytes: u64,
    /// Whether the journal may lack requests about it.
    pub(crate) is_partial: bool,
    /// When it entered a state that no poll will see change.
    pub(crate) settled: Option<Timestamp>,
}

impl<'a> Evidence<'a> {
    /// Creates the evidence from the journal and the uploads of a storage at the same moment.
    pub(crate) fn new(journal: &'a Journal, uploads: &Uploads) -> Self {
        let facts = uploads.iter().map(|upload| {
            let is_waiting = matches!(upload.state, UploadState::Complete | UploadState::Join);
            let last = upload.history.last().filter(|_| !upload.is_open() && !is_waiting);
            let facts = UploadFacts {
                is_open: upload.is_open(),
                is_partial: is_partial(journal, upload),
                bytes: upload.size(),
                settled: last.map(|last| last.change.at),
            };
            (upload.id.clone(), facts)
        });
        Self { journal, uploads: facts.collect() }
    }
}

/// Returns whether the journal may lack requests about an upload. It keeps those of an active one, and
/// drops those of others from the first one on.
fn is_partial(journal: &Journal, upload: &Upload) -> bool {
    let complete_from = journal.dropped().complete_from;
    let created = upload.history.first().and_then(|created| created.change.by.exchange());
    match created {
        Some(create) if upload.is_active() => journal.exchange(create).is_none(),
        Some(create) => create < complete_from,
        None => complete_from > 0,
    }
}
