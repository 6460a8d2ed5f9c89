//! Reads a long journal without copying it: in slices, each under a short lock. Start with
//! [`JournalReader`].

use std::ops::Range;
use std::sync::Arc;

use crate::journal::{Dropped, Exchange};

use crate::mock::mock_origin::MockOrigin;
use crate::server::shared::Shared;

/// The exchanges that exist when it is created, in slices, except those that are dropped before they are
/// read. A reset ends it early.
#[derive(Debug)]
pub(crate) struct JournalReader {
    shared: Arc<Shared>,
    left: Range<u64>,
    /// How many exchanges may still be read.
    limit: usize,
    dropped: Dropped,
}

impl MockOrigin {
    /// Reads at most `limit` exchanges, from the number `from` on.
    pub(crate) fn read_journal(&self, from: u64, limit: u64) -> JournalReader {
        let state = self.shared.wait_idle();
        let left = from..state.journal.next_exchange();
        let dropped = state.journal.dropped();
        drop(state);
        let shared = Arc::clone(&self.shared);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        JournalReader { shared, left, limit, dropped }
    }
}

impl JournalReader {
    /// Returns what the journal lacked when the reader was created.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped
    }
}

impl Iterator for JournalReader {
    type Item = Vec<Arc<Exchange>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.left.is_empty() && self.limit > 0 {
            let (block, end) =
                self.shared.lock().journal.exchanges().block_from(self.left.start)?;
            let found = block.cloned(self.left.clone());
            let slice: Vec<_> = found.take(self.limit).collect();
            self.limit -= slice.len();
            self.left.start = end;
            if !slice.is_empty() {
                return Some(slice);
            }
        }
        None
    }
}
