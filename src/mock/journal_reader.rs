//! Reads a long journal without copying it: in slices, each under a short lock. Start with
//! [`JournalReader`].

use std::ops::Range;
use std::sync::Arc;

use crate::journal::Exchange;

use crate::mock::mock_origin::MockOrigin;
use crate::server::shared::Shared;

/// The number of exchanges per slice.
const SLICE: u64 = 256;

/// The exchanges that exist when it is created, in slices. A reset ends it early.
#[derive(Debug)]
pub(crate) struct JournalReader {
    shared: Arc<Shared>,
    left: Range<u64>,
}

impl MockOrigin {
    /// Reads at most `limit` exchanges, from the number `from` on.
    pub(crate) fn read_journal(&self, from: u64, limit: u64) -> JournalReader {
        let numbers = self.shared.wait_idle().journal.numbers();
        let start = from.max(numbers.start);
        let end = start.saturating_add(limit).min(numbers.end);
        JournalReader { shared: Arc::clone(&self.shared), left: start..end }
    }
}

impl Iterator for JournalReader {
    type Item = Vec<Arc<Exchange>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Range { start, end } = self.left;
        if start >= end {
            return None;
        }
        let until = end.min(start + SLICE);
        self.left.start = until;
        let slice = self.shared.lock().journal.exchanges_in(start..until).to_vec();
        (!slice.is_empty()).then_some(slice)
    }
}
