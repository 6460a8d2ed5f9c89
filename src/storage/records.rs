//! Numbered records of which some may be gone: of the journal, uploads, and nodes of the tree.
//!
//! A clone shares the records, in blocks: it costs one reference per block, and a later change copies
//! one block. So a snapshot of a long journal is cheap. Numbers are never reused. Start with
//! [`Records`].

use std::collections::{VecDeque, vec_deque};
use std::fmt;
use std::iter::FusedIterator;
use std::mem;
use std::ops::{Index, Range};
use std::slice;
use std::sync::Arc;

/// The number of records per block. With a few hundred, neither the clone of a million records nor the
/// copy of one block is noticed.
const BLOCK: u64 = 256;

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
    slots: Arc<Vec<Option<T>>>,
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
            self.blocks.push_back(Block { number: number / BLOCK, len: 0, slots: Arc::new(slots) });
        }
        if let Some(block) = self.blocks.back_mut() {
            Arc::make_mut(&mut block.slots).push(Some(record));
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
        Arc::make_mut(&mut block.slots)[at].as_mut()
    }

    /// Removes and returns the record of that number.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let at = self.position_of(number)?;
        let block = &mut self.blocks[at];
        block.slots.get(slot(number))?.as_ref()?;
        self.len -= 1;
        block.len -= 1;
        let removed = Arc::make_mut(&mut block.slots)[slot(number)].take();
        if block.len == 0 {
            self.blocks.remove(at);
        }
        removed
    }

    /// Removes the first record.
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let block = self.blocks.front()?;
        let at = block.slots.iter().position(Option::is_some)?;
        self.remove(block.number * BLOCK + at as u64)
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
        let copied = pairs.filter(|(one, other)| !Arc::ptr_eq(&one.slots, &other.slots));
        assert_eq!(copied.map(|(block, _)| block.number).collect::<Vec<_>>(), [600 / BLOCK]);
        assert_eq!((records.by_number(600), clone.by_number(600)), (Some(&1), Some(&600)));
    }
}
