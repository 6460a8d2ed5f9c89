//! The input of the rules. Start with [`Evidence`].

use std::collections::HashMap;

use crate::journal::Journal;
use crate::protocol::UploadState;
use crate::storage::{Timestamp, Uploads};

/// The recorded facts that the rules judge.
#[derive(Clone, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) journal: &'a Journal,
    pub(crate) uploads: HashMap<String, UploadFacts>,
}

/// What the storage knows of an upload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UploadFacts {
    /// Whether it is neither completed nor aborted, and its pieces are kept.
    pub(crate) is_open: bool,
    /// The bytes in its pieces.
    pub(crate) bytes: u64,
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
                bytes: upload.size(),
                settled: last.map(|last| last.change.at),
            };
            (upload.id.clone(), facts)
        });
        Self { journal, uploads: facts.collect() }
    }
}
