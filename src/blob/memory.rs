//! Bytes in memory, and the budget that limits them. This module never touches the spool file.
//! Start with [`Budget`] and [`Buffer`].

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;

/// The size at which a buffer is full and the next one begins.
///
/// A growing buffer is copied, so its size needs a limit. Each buffer costs an allocation and a
/// rope entry, so the limit is not small.
const FULL: usize = 1 << 20;

/// The limit of body bytes in memory, and the bytes in use.
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

    /// Returns how many bytes can be taken now. Another writer may take them first.
    pub(super) fn available(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    /// Takes `count` bytes, or none if fewer are left.
    fn take(&self, count: u64) -> bool {
        let within = |used: u64| used.checked_add(count).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Relaxed, Relaxed, within).is_ok()
    }

    fn give_back(&self, count: u64) {
        self.used.fetch_sub(count, Relaxed);
    }
}

/// Bytes in memory that count against the budget. Dropping the buffer returns exactly their length.
///
/// Spare capacity does not count. Only the buffer that still grows has any, at most its own length,
/// and [`clip`](Self::clip) removes it.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    budget: Arc<Budget>,
}

impl Buffer {
    /// Creates a buffer with `bytes`, or returns `None` if the budget has too little left.
    ///
    /// It reserves no capacity for a length that a client declares, because those bytes may never
    /// come.
    pub(super) fn with_bytes(bytes: &[u8], budget: &Arc<Budget>) -> Option<Self> {
        if !budget.take(bytes.len() as u64) {
            return None;
        }
        Some(Self { bytes: bytes.to_vec(), budget: Arc::clone(budget) })
    }

    /// Returns whether `count` more bytes belong in this buffer rather than in a new one.
    pub(super) fn has_room_for(&self, count: usize) -> bool {
        self.bytes.len().saturating_add(count) <= FULL
    }

    /// Appends all of `bytes`, or returns `false` and appends nothing if the budget has too little
    /// left.
    pub(super) fn append(&mut self, bytes: &[u8]) -> bool {
        let granted = self.budget.take(bytes.len() as u64);
        if granted {
            self.bytes.extend_from_slice(bytes);
        }
        granted
    }

    /// Releases spare capacity. Call it on a buffer that grows no more.
    pub(super) fn clip(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Converts the buffer to shared, immutable bytes.
    ///
    /// The bytes own the buffer and its share of the budget as long as any slice of them lives. A
    /// chunk that is being sent therefore still counts after its blob is gone.
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
    fn the_budget_can_be_used_to_the_last_byte() {
        let budget = budget(5);
        let mut buffer = Buffer::with_bytes(b"abc", &budget).unwrap();
        assert!(!buffer.append(b"def"));
        assert!(buffer.append(b"de"));
        assert_eq!((budget.used(), budget.available()), (5, 0));
        assert!(Buffer::with_bytes(b"f", &budget).is_none());
        assert_eq!(buffer.seal(), b"abcde"[..]);
    }

    #[test]
    fn a_count_that_would_overflow_is_rejected() {
        let budget = budget(u64::MAX);
        assert!(budget.take(u64::MAX));
        assert!(!budget.take(1));
    }

    #[test]
    fn a_slice_counts_against_the_budget_until_it_drops() {
        let budget = budget(100);
        let sealed = Buffer::with_bytes(&[7; 60], &budget).unwrap().seal();
        let slice = sealed.slice(10..11);
        drop(sealed);
        assert_eq!(budget.used(), 60);
        drop(slice);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_clipped_buffer_keeps_no_spare_capacity() {
        let budget = budget(1 << 20);
        let mut buffer = Buffer::with_bytes(&[1; 1000], &budget).unwrap();
        (0..50).for_each(|_| assert!(buffer.append(&[2; 100])));
        buffer.clip();
        assert!(buffer.bytes.capacity() < 6100, "{}", buffer.bytes.capacity());
    }

    #[test]
    fn a_buffer_is_full_exactly_at_its_limit() {
        let budget = budget(u64::MAX);
        let buffer = Buffer::with_bytes(&vec![0; FULL - 1], &budget).unwrap();
        assert!(buffer.has_room_for(1));
        assert!(!buffer.has_room_for(2));
        assert!(!buffer.has_room_for(usize::MAX));
    }
}
