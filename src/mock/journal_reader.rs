//! Reads a long journal without copying it: in slices, each under a short lock. Start with
//! [`JournalReader`].

use std::ops::Range;
use std::sync::Arc;

use crate::journal::{Dropped, Exchange};

use crate::mock::mock_origin::MockOrigin;
use crate::server::shared::Shared;

/// The number of exchanges per slice.
const SLICE: usize = 256;

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
        let first = state.journal.exchanges().first().map_or(0, |first| first.index);
        let left = from.max(first)..state.journal.next_exchange();
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
        if self.left.is_empty() || self.limit == 0 {
            return None;
        }
        let slice: Vec<_> = {
            let state = self.shared.lock();
            let found = state.journal.exchanges_in(self.left.clone());
            found.take(self.limit.min(SLICE)).cloned().collect()
        };
        self.limit -= slice.len();
        self.left.start = slice.last()?.index + 1;
        Some(slice)
    }
}
