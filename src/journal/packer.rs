//! Decides which exchanges of a journal without a limit are packed, and when.
//!
//! The newest exchanges stay as they are. The others are packed block by block. No request waits for a
//! whole block: a change packs at most one exchange and frees two. Start with [`Packer::step`].

use std::sync::Arc;

use crate::storage::BLOCK;

use super::packed::Packing;
use super::{Exchange, Journal};

/// Nothing is packed in a journal with fewer exchanges, which takes at most about 25 MiB.
const LONG: usize = 16_384;

/// This many of the newest exchanges are not packed, because tests, waits and logs read them.
const NEWEST: u64 = 1_024;

/// How many exchanges one change frees.
const FREED: usize = 2;

/// The progress through one journal.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    /// The number of the next exchange to pack.
    next: u64,
    /// The block that is being packed.
    block: Option<Arc<Vec<Option<Arc<Exchange>>>>>,
    packing: Packing,
    /// Exchanges that are packed, so that these copies are no longer needed.
    unneeded: Vec<Option<Arc<Exchange>>>,
    /// The number of the packed block that is examined next: a reader may have unpacked it.
    examined: u64,
}

impl Packer {
    /// Begins with the next exchange of a journal.
    pub(crate) fn restart(&mut self, journal: &Journal) {
        let next = journal.next_exchange() / BLOCK * BLOCK;
        *self = Self { next, examined: next, ..Self::default() };
    }

    /// Packs one exchange if there are many newer ones, and frees some that are packed. Called after
    /// every change.
    pub(crate) fn step(&mut self, journal: &mut Journal) {
        if journal.exchanges.len() < LONG || journal.next_exchange() < self.next + NEWEST {
            return;
        }
        let exchanges = &mut journal.exchanges;
        let at = usize::try_from(self.next % BLOCK).unwrap_or_default();
        if at == 0 {
            self.packing.clear();
            self.block = exchanges.plain_block(self.next).map(Arc::clone);
        }
        match &self.block {
            Some(block) if block[at].as_ref().is_none_or(|it| it.outcome.is_final()) => {
                self.packing.push(block);
                self.next += 1;
            }
            // A block with an exchange that will still change is not packed.
            _ => {
                self.block = None;
                self.next += BLOCK - at as u64;
            }
        }
        if self.next.is_multiple_of(BLOCK)
            && let Some(block) = self.block.take()
        {
            let first = self.next - BLOCK;
            exchanges.pack(first, &block, self.packing.finish(first));
            self.unneeded.append(&mut Arc::into_inner(block).unwrap_or_default());
        }
        if self.unneeded.is_empty() && self.next > 0 {
            self.examined = if self.examined < self.next { self.examined } else { 0 };
            self.unneeded = exchanges.take_unpacked(self.examined);
            self.examined += BLOCK;
        }
        self.unneeded.truncate(self.unneeded.len().saturating_sub(FREED));
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::tests::facts;
    use super::super::{Call, Head, Outcome};
    use super::*;
    use crate::journal::Instants;
    use crate::protocol::{Interface, Operation};

    /// Records a request with the outcome, as the server does.
    fn record(journal: &mut Journal, packer: &mut Packer, outcome: Outcome) -> u64 {
        let raw = format!("GET /{} HTTP/1.1\r\n\r\n", journal.next_exchange());
        let call = Call::new(Operation::Preflight, Interface::Http, "");
        let number = journal
            .open(|index| Exchange::new(index, 0, Head::new(raw), call, Instants::default()));
        packer.step(journal);
        journal.update(number, |exchange| exchange.outcome = outcome);
        packer.step(journal);
        number
    }

    fn is_plain(journal: &Journal, number: u64) -> bool {
        journal.exchanges.plain_block(number).is_some()
    }

    #[test]
    fn older_exchanges_are_packed_and_read_as_they_were() {
        let (mut journal, mut packer) = (Journal::default(), Packer::default());
        let count = LONG as u64 + 1_000;
        let mut recorded = Vec::new();
        for number in 0..count {
            let is_held = number == BLOCK + 7;
            let outcome = if is_held { Outcome::Held } else { Outcome::Responded };
            record(&mut journal, &mut packer, outcome);
            recorded.extend(journal.exchange(number).map(|exchange| facts(exchange)));
            // Changes while their block is being packed.
            if packer.next / BLOCK == 2 {
                journal.update(2 * BLOCK + 10, |exchange| exchange.prefixes = Vec::new());
            }
        }
        assert!(journal.next_exchange() >= packer.next + NEWEST);
        let blocks = 0..packer.next / BLOCK;
        let plain: Vec<_> = blocks.filter(|it| is_plain(&journal, it * BLOCK)).collect();
        assert_eq!((plain, packer.next > 4 * BLOCK), (vec![1, 2], true));
        let read = journal.exchanges().iter().map(|exchange| facts(exchange));
        assert_eq!(read.collect::<Vec<_>>(), recorded);
        // A change of a packed exchange.
        assert!(!is_plain(&journal, 3 * BLOCK));
        journal.update(3 * BLOCK, |exchange| exchange.written = 9);
        assert_eq!(journal.exchange(3 * BLOCK).map(|exchange| exchange.written), Some(9));
        assert!(is_plain(&journal, 3 * BLOCK));
        assert_eq!((journal.clear(), journal.calls()), (count - 1, 1));
        assert_eq!(journal.exchanges().first().map(|first| first.index), Some(BLOCK + 7));
    }

    #[test]
    fn exchanges_that_were_unpacked_are_freed_by_later_requests() {
        let (mut journal, mut packer) = (Journal::default(), Packer::default());
        let mut record = |journal: &mut Journal| record(journal, &mut packer, Outcome::Responded);
        while record(&mut journal) < LONG as u64 + 2 * BLOCK {}
        assert_eq!(journal.clone().exchanges().iter().count(), journal.calls());
        let first = journal.exchanges().first().map(Arc::downgrade).unwrap_or_default();
        assert!(first.strong_count() > 0);
        while first.strong_count() > 0 {
            assert!(record(&mut journal) < 2 * LONG as u64);
        }
    }
}
