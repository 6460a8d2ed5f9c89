//! Bytes in memory, and the budget they are counted against.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;

/// Where a buffer is full and the next one begins.
///
/// Growing moves what is there, so a buffer must end somewhere; and each buffer costs an allocation
/// and an entry in the rope, so not too soon.
const FULL: usize = 1 << 20;

/// How many bytes of bodies may lie in memory, and how many do.
///
/// The count guards no other data, hence the relaxed ordering throughout.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// What could be taken now; another writer may be faster.
    pub(super) fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    /// Takes all of `count` or nothing.
    fn take(&self, count: u64) -> bool {
        let within = |used: u64| used.checked_add(count).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Relaxed, Relaxed, within).is_ok()
    }

    fn give_back(&self, count: u64) {
        self.used.fetch_sub(count, Relaxed);
    }
}

/// Bytes in memory that are paid for: the budget has exactly their length back when they drop.
///
/// Spare capacity is not paid for. It is at most as much again, only in the buffer that still
/// grows, and gone with [`clip`](Self::clip).
pub(super) struct Buffer {
    bytes: Vec<u8>,
    budget: Arc<Budget>,
}

impl Buffer {
    /// A buffer that begins with `bytes`, unless the budget refuses.
    ///
    /// No capacity is reserved for what a peer announces: it may never come.
    pub(super) fn holding(bytes: &[u8], budget: &Arc<Budget>) -> Option<Self> {
        budget
            .take(bytes.len() as u64)
            .then(|| Self { bytes: bytes.to_vec(), budget: Arc::clone(budget) })
    }

    /// Whether so many bytes more belong in this buffer rather than in a new one.
    pub(super) fn has_room_for(&self, count: usize) -> bool {
        self.bytes.len().saturating_add(count) <= FULL
    }

    /// Appends all of `bytes`, or nothing when the budget refuses.
    pub(super) fn append(&mut self, bytes: &[u8]) -> bool {
        let granted = self.budget.take(bytes.len() as u64);
        if granted {
            self.bytes.extend_from_slice(bytes);
        }
        granted
    }

    /// Gives spare capacity back; for a buffer that grows no more.
    pub(super) fn clip(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// The finished bytes, shared from here on.
    ///
    /// They own the buffer: the budget is held as long as any slice of them is, so that a chunk on
    /// its way out still counts when its content is gone.
    pub(super) fn seal(mut self) -> Bytes {
        self.clip();
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes.len() as u64);
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn budget(limit: u64) -> Arc<Budget> {
        Arc::new(Budget::new(limit))
    }

    #[test]
    fn the_budget_is_spent_to_the_last_byte_and_no_further() {
        let budget = budget(5);
        let mut buffer = Buffer::holding(b"abc", &budget).unwrap();
        assert!(!buffer.append(b"def"));
        assert!(buffer.append(b"de"));
        assert_eq!((budget.used(), budget.left()), (5, 0));
        assert!(Buffer::holding(b"f", &budget).is_none());
        assert_eq!(buffer.seal(), b"abcde"[..]);
    }

    #[test]
    fn a_count_that_would_overflow_is_refused() {
        let budget = budget(u64::MAX);
        assert!(budget.take(u64::MAX));
        assert!(!budget.take(1));
    }

    #[test]
    fn a_slice_that_outlives_its_buffer_still_counts() {
        let budget = budget(100);
        let sealed = Buffer::holding(&[7; 60], &budget).unwrap().seal();
        let slice = sealed.slice(10..11);
        drop(sealed);
        assert_eq!(budget.used(), 60);
        drop(slice);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_clipped_buffer_keeps_no_spare_capacity() {
        let budget = budget(1 << 20);
        let mut buffer = Buffer::holding(&[1; 1000], &budget).unwrap();
        (0..50).for_each(|_| assert!(buffer.append(&[2; 100])));
        buffer.clip();
        assert!(buffer.bytes.capacity() < 6100, "{}", buffer.bytes.capacity());
    }

    #[test]
    fn a_buffer_is_full_at_its_border_not_before() {
        let budget = budget(u64::MAX);
        let buffer = Buffer::holding(&vec![0; FULL - 1], &budget).unwrap();
        assert!(buffer.has_room_for(1));
        assert!(!buffer.has_room_for(2));
        assert!(!buffer.has_room_for(usize::MAX));
    }
}
