//! Numbered records of which some may be gone: of the journal, uploads, and nodes of the tree.
//!
//! A clone shares the records, in blocks: it costs one reference per block, and a later change copies
//! one block. So a snapshot of a long journal is cheap. Numbers are never reused. The owner of the
//! records may keep a block that is rarely read in a compact form. Start with [`Records`].

use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::iter::FusedIterator;
use std::mem;
use std::ops::{Index, Range};
use std::slice;
use std::sync::Arc;

use super::slots::{Pack, Slots};

/// The number of records per block. With a few hundred, neither the clone of a million records nor the
/// copy of one block is noticed.
pub(crate) const BLOCK: u64 = 256;

/// Records in the order of their numbers.
///
/// ```
/// let origin = mock_origin::MockOrigin::start();
/// let journal = origin.journal();
/// assert_eq!((journal.exchanges().len(), journal.exchanges().is_empty()), (0, true));
/// assert!(journal.exchanges().first().is_none());
/// ```
#[derive(Clone)]
pub struct Records<T> {
    /// The blocks with a record, in order.
    blocks: VecDeque<Block<T>>,
    /// The number of the next record.
    next: u64,
    len: usize,
}

/// The records whose numbers, divided by [`BLOCK`], are `number`.
#[derive(Clone)]
struct Block<T> {
    number: u64,
    /// The number of records that are there.
    len: usize,
    slots: Slots<T>,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self::starting_at(0)
    }
}

impl<T> Records<T> {
    /// Creates an empty list. The first record gets the number `next`.
    pub(crate) fn starting_at(next: u64) -> Self {
        Self { blocks: VecDeque::new(), next, len: 0 }
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Iterates over the records in the order of their numbers.
    pub fn iter(&self) -> RecordsIter<'_, T> {
        let none = slice::Iter::default();
        RecordsIter { front: none.clone(), blocks: self.blocks.iter(), back: none, left: self.len }
    }

    /// Returns the record with the lowest number.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// Returns the record with the highest number.
    pub fn last(&self) -> Option<&T> {
        self.iter().next_back()
    }

    /// Returns the record at `position` among those that are there, from 0. It is not the number of
    /// the record; see [`Journal::exchange`](crate::journal::Journal::exchange).
    pub fn get(&self, position: usize) -> Option<&T> {
        let mut left = position;
        for block in &self.blocks {
            if left < block.len {
                return block.slots.iter().flatten().nth(left);
            }
            left -= block.len;
        }
        None
    }

    /// Returns the number that the next record will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// Returns the record of that number.
    pub(crate) fn by_number(&self, number: u64) -> Option<&T> {
        let block = &self.blocks[self.position_of(number)?];
        let at = slot(number);
        if at < block.slots.len() { block.slots[at].as_ref() } else { None }
    }

    /// Returns the records with a number in `range`, in order, with their numbers.
    pub(crate) fn range(&self, range: Range<u64>) -> impl Iterator<Item = (u64, &T)> {
        let first = self.blocks.partition_point(|block| block.number < range.start / BLOCK);
        let blocks = self.blocks.range(first..);
        blocks
            .take_while(move |block| block.number * BLOCK < range.end)
            .flat_map(|block| (block.number * BLOCK..).zip(block.slots.iter()))
            .filter(move |(number, _)| range.contains(number))
            .filter_map(|(number, record)| Some((number, record.as_ref()?)))
    }

    /// Returns the position in `blocks` of the block with the record of that number.
    fn position_of(&self, number: u64) -> Option<usize> {
        let wanted = number / BLOCK;
        if self.blocks.is_empty() || wanted < self.blocks[0].number {
            return None;
        }
        // Without gaps, the position follows from the number.
        let guess = usize::try_from(wanted - self.blocks[0].number).ok()?;
        if guess < self.blocks.len() && self.blocks[guess].number == wanted {
            return Some(guess);
        }
        self.blocks.binary_search_by_key(&wanted, |block| block.number).ok()
    }
}

impl<T: Clone> Records<T> {
    /// Adds a record and returns its number.
    pub(crate) fn push(&mut self, record: T) -> u64 {
        let number = self.next;
        if self.blocks.back().is_none_or(|block| block.number != number / BLOCK) {
            let mut slots = Vec::with_capacity(usize::try_from(BLOCK).unwrap_or_default());
            slots.resize_with(slot(number), || None);
            let slots = Slots::Plain(Arc::new(slots));
            self.blocks.push_back(Block { number: number / BLOCK, len: 0, slots });
        }
        if let Some(block) = self.blocks.back_mut() {
            block.slots.make_mut().push(Some(record));
            block.len += 1;
        }
        self.next += 1;
        self.len += 1;
        number
    }

    /// Returns the record of that number, for a change.
    pub(crate) fn by_number_mut(&mut self, number: u64) -> Option<&mut T> {
        let at = self.position_of(number)?;
        let block = &mut self.blocks[at];
        let at = slot(number);
        // A block without the record stays shared.
        if at >= block.slots.len() || block.slots[at].is_none() {
            return None;
        }
        block.slots.make_mut()[at].as_mut()
    }

    /// Removes and returns the record of that number.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let at = self.position_of(number)?;
        let block = &mut self.blocks[at];
        block.slots.get(slot(number))?.as_ref()?;
        self.len -= 1;
        block.len -= 1;
        let removed = block.slots.make_mut()[slot(number)].take();
        if block.len == 0 {
            self.blocks.remove(at);
        }
        removed
    }

    /// Returns a clone that does not share what it unpacks.
    pub(crate) fn detached(&self) -> Self {
        let blocks = self.blocks.iter();
        let blocks = blocks.map(|block| Block { slots: block.slots.detached(), ..*block });
        Self { blocks: blocks.collect(), ..*self }
    }

    /// Returns clones of the records with a number in `range`, in order, and leaves packed blocks packed:
    /// at most one block is unpacked at a time.
    pub(crate) fn cloned(&self, range: Range<u64>) -> impl Iterator<Item = T> {
        let first = self.blocks.partition_point(|block| block.number < range.start / BLOCK);
        let blocks = self.blocks.range(first..);
        blocks
            .take_while(move |block| block.number * BLOCK < range.end)
            .flat_map(|block| (block.number * BLOCK..).zip(block.slots.to_vec()))
            .filter(move |(number, _)| range.contains(number))
            .filter_map(|(_, record)| record)
    }

    /// Returns the first block with a record of that number or a higher one, and the number behind it.
    #[cfg_attr(not(feature = "control"), allow(dead_code))]
    pub(crate) fn block_from(&self, number: u64) -> Option<(Self, u64)> {
        let at = self.blocks.partition_point(|block| block.number < number / BLOCK);
        let block = self.blocks.get(at)?.clone();
        let end = (block.number + 1) * BLOCK;
        Some((Self { len: block.len, blocks: [block].into(), next: self.next }, end))
    }

    /// Removes the first record.
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let block = self.blocks.front()?;
        let at = block.slots.iter().position(Option::is_some)?;
        self.remove(block.number * BLOCK + at as u64)
    }
}

/// Blocks in a compact form.
impl<T> Records<T> {
    /// Returns the records of the block of that number, unless it is packed.
    pub(crate) fn plain_block(&self, number: u64) -> Option<&Arc<Vec<Option<T>>>> {
        match &self.blocks[self.position_of(number)?].slots {
            Slots::Plain(slots) => Some(slots),
            Slots::Packed(_) => None,
        }
    }

    /// Keeps a block in the form that was made of the records `from`, unless they have changed since.
    pub(crate) fn pack(&mut self, number: u64, from: &Arc<Vec<Option<T>>>, pack: Arc<dyn Pack<T>>) {
        if self.plain_block(number).is_some_and(|block| Arc::ptr_eq(block, from))
            && let Some(at) = self.position_of(number)
        {
            self.blocks[at].slots = Slots::packed(pack);
        }
    }

    /// Removes every packed block.
    pub(crate) fn remove_packed(&mut self) {
        self.blocks.retain(|block| matches!(block.slots, Slots::Plain(_)));
        self.len = self.blocks.iter().map(|block| block.len).sum();
    }

    /// Takes what was unpacked of a block, unless a clone still has it.
    pub(crate) fn take_unpacked(&mut self, number: u64) -> Vec<Option<T>> {
        let at = self.position_of(number);
        at.map_or_else(Vec::new, |at| self.blocks[at].slots.take_unpacked())
    }
}

/// Returns the position of a record in its block.
fn slot(number: u64) -> usize {
    usize::try_from(number % BLOCK).unwrap_or_default()
}

impl<T> Index<usize> for Records<T> {
    type Output = T;

    /// Returns the record at `position` among those that are there.
    ///
    /// # Panics
    ///
    /// If `position` is not below [`len`](Self::len).
    fn index(&self, position: usize) -> &T {
        let len = self.len;
        self.get(position).unwrap_or_else(|| panic!("record {position} of {len}"))
    }
}

impl<T: fmt::Debug> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a, T> IntoIterator for &'a Records<T> {
    type Item = &'a T;
    type IntoIter = RecordsIter<'a, T>;

    fn into_iter(self) -> RecordsIter<'a, T> {
        self.iter()
    }
}

/// An iterator over [`Records`].
pub struct RecordsIter<'a, T> {
    /// The rest of the block that the front has reached, the blocks between, and the rest of the block
    /// that the back has reached.
    front: slice::Iter<'a, Option<T>>,
    blocks: vec_deque::Iter<'a, Block<T>>,
    back: slice::Iter<'a, Option<T>>,
    /// The number of records in these three.
    left: usize,
}

impl<T> Clone for RecordsIter<'_, T> {
    fn clone(&self) -> Self {
        let (front, back) = (self.front.clone(), self.back.clone());
        Self { front, blocks: self.blocks.clone(), back, left: self.left }
    }
}

impl<T> fmt::Debug for RecordsIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordsIter").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'a, T> Iterator for RecordsIter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        while self.left > 0 {
            match self.front.next() {
                Some(Some(record)) => {
                    self.left -= 1;
                    return Some(record);
                }
                Some(None) => {}
                None => {
                    let block = self.blocks.next().map(|block| block.slots.iter());
                    self.front = block.unwrap_or_else(|| mem::take(&mut self.back));
                }
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> DoubleEndedIterator for RecordsIter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            match self.back.next_back() {
                Some(Some(record)) => {
                    self.left -= 1;
                    return Some(record);
                }
                Some(None) => {}
                None => {
                    let block = self.blocks.next_back().map(|block| block.slots.iter());
                    self.back = block.unwrap_or_else(|| mem::take(&mut self.front));
                }
            }
        }
        None
    }
}

impl<T> ExactSizeIterator for RecordsIter<'_, T> {}

impl<T> FusedIterator for RecordsIter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns 1,000 records from the number 300 on, without those for which `is_removed` returns true.
    fn records(is_removed: impl Fn(u64) -> bool) -> Records<u64> {
        let mut records = Records::starting_at(300);
        for number in 300..1_300 {
            assert_eq!(records.push(number), number);
        }
        for number in (300..1_300).filter(|number| is_removed(*number)) {
            assert_eq!(records.remove(number), Some(number));
            assert_eq!(records.remove(number), None);
        }
        records
    }

    #[test]
    fn records_are_found_by_number_and_by_position() {
        for is_removed in [|_| false, |it: u64| it % 3 == 1, |it: u64| it < 900 && it != 400] {
            let records = records(is_removed);
            let left: Vec<u64> = (300..1_300).filter(|it| !is_removed(*it)).collect();
            assert!(records.iter().eq(&left) && records.iter().rev().eq(left.iter().rev()));
            assert_eq!((records.len(), records.iter().len()), (left.len(), left.len()));
            assert_eq!((records.first(), records.last()), (left.first(), left.last()));
            for (position, number) in left.iter().enumerate() {
                assert_eq!(records.get(position), Some(number));
            }
            assert_eq!(records.get(left.len()), None);
            for number in 0..1_400 {
                let is_there = left.binary_search(&number).is_ok();
                assert_eq!(records.by_number(number).copied(), is_there.then_some(number));
            }
            for range in [0..2_000, 300..301, 555..1_025, 1_299..1_400, 700..700, 1_300..1_310] {
                let found: Vec<_> = records.range(range.clone()).collect();
                let expected = left.iter().filter(|it| range.contains(it));
                assert!(found.into_iter().eq(expected.map(|it| (*it, it))), "{range:?}");
            }
        }
    }

    #[test]
    fn removed_blocks_are_freed_and_numbers_go_on() {
        let mut records = records(|_| true);
        assert!(records.is_empty() && records.blocks.is_empty() && records.first().is_none());
        assert_eq!((records.push(7), records.next_number()), (1_300, 1_301));
        assert_eq!((records.pop_front(), records.pop_front()), (Some(7), None));
        assert_eq!((records.push(8), records[0]), (1_301, 8));
    }

    #[test]
    fn a_change_copies_one_block_of_a_clone() {
        let mut records = records(|_| false);
        let clone = records.clone();
        *records.by_number_mut(600).unwrap_or(&mut 0) = 1;
        let pairs = records.blocks.iter().zip(&clone.blocks);
        let copied = pairs.filter(|(one, other)| one.slots.as_ptr() != other.slots.as_ptr());
        assert_eq!(copied.map(|(block, _)| block.number).collect::<Vec<_>>(), [600 / BLOCK]);
        assert_eq!((records.by_number(600), clone.by_number(600)), (Some(&1), Some(&600)));
    }

    /// Every second record of consecutive numbers.
    struct Half(Vec<Option<u64>>);

    impl Pack<u64> for Half {
        fn unpack(&self) -> Vec<Option<u64>> {
            self.0.iter().flat_map(|record| [*record, record.map(|it| it + 1)]).collect()
        }
    }

    /// Returns 1,000 records from the number 300 on, of which those from 512 to 767 are packed.
    fn packed_records() -> Records<u64> {
        let mut records = records(|_| false);
        let block = records.plain_block(600).map(Arc::clone).unwrap_or_default();
        records.pack(600, &block, Arc::new(Half(block.iter().copied().step_by(2).collect())));
        assert!(records.plain_block(600).is_none());
        records
    }

    #[test]
    fn a_packed_block_is_read_and_changed_like_others() {
        let mut records = packed_records();
        assert!(records.iter().copied().eq(300..1_300));
        let clone = records.clone();
        assert_eq!(records.remove(600), Some(600));
        *records.by_number_mut(601).unwrap_or(&mut 0) = 1;
        assert!(records.plain_block(600).is_some() && clone.plain_block(600).is_none());
        assert_eq!((records.by_number(600), records.by_number(601)), (None, Some(&1)));
        assert!(clone.iter().copied().eq(300..1_300) && records.len() == 999);
        records = clone;
        records.remove_packed();
        assert!(records.iter().copied().eq((300..512).chain(768..1_300)) && records.len() == 744);
    }

    #[test]
    fn a_block_that_changed_since_is_not_packed() {
        let mut records = records(|_| false);
        let block = records.plain_block(600).map(Arc::clone).unwrap_or_default();
        *records.by_number_mut(600).unwrap_or(&mut 0) = 1;
        records.pack(600, &block, Arc::new(Half(Vec::new())));
        assert_eq!(records.by_number(600), Some(&1));
    }

    #[test]
    fn unpacked_records_are_kept_by_clones_and_freed_on_request() {
        let mut records = packed_records();
        assert!(records.cloned(400..1_200).eq(400..1_200));
        assert!(records.detached().iter().copied().eq(300..1_300));
        let (block, end) = records.block_from(600).unwrap_or((records.clone(), 0));
        assert_eq!((block.cloned(0..700).collect::<Vec<_>>(), end), ((512..700).collect(), 768));
        assert!(records.take_unpacked(600).is_empty());
        let clone = records.clone();
        assert_eq!(clone.by_number(600), Some(&600));
        let in_use = clone.by_number(600).map(std::ptr::from_ref);
        assert_eq!(records.by_number(600).map(std::ptr::from_ref), in_use);
        // The clone still reads them.
        assert!(records.take_unpacked(600).is_empty());
        assert_ne!(records.by_number(600).map(std::ptr::from_ref), in_use);
        assert!(records.take_unpacked(600).into_iter().flatten().eq(512..768));
        assert!(clone.iter().eq(records.iter()));
    }
}
