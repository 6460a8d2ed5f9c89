//! Bytes beyond the memory budget: one unlinked temporary file per store, allocated in blocks.
//!
//! One file per body would exhaust the file descriptors at a thousand pieces. The file is unlinked
//! because a test that is killed must leave nothing behind. It shrinks only when the store is
//! dropped; free blocks are reused first. Start with [`Spool`] and [`Extent`].

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use bytes::Bytes;

use super::{index, pread::Positional as _};

/// The unit of allocation in the file.
///
/// The size does not affect speed: 64 KiB to 1 MiB measured alike, because a frame is written over
/// adjacent blocks in one call. It affects waste: each body leaves its last block partly empty, and
/// small pieces are spooled too once the budget is spent. Smaller blocks would make longer lists: 1
/// GiB is 4096 blocks.
pub(super) const BLOCK: u64 = 256 << 10;

/// The file, and the allocation of its blocks.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: OnceLock<File>,
    blocks: Mutex<Blocks>,
}

impl Spool {
    /// Returns the number of bytes in allocated blocks, filled or not.
    pub(super) fn taken(&self) -> u64 {
        self.blocks().taken() * BLOCK
    }

    /// Returns the file and creates it on first use, because most stores never need one.
    ///
    /// Two writers may both create one; the second is dropped and thereby deleted. No lock is held
    /// during the system call.
    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let fresh = tempfile::tempfile()?;
        Ok(self.file.get_or_init(|| fresh))
    }

    /// Locks the lists of blocks. They change in single steps, so a panic under the lock cannot
    /// leave them inconsistent.
    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The allocated blocks: all below `next` that are not free.
#[derive(Debug, Default)]
struct Blocks {
    next: u64,
    free: BTreeSet<u64>,
}

impl Blocks {
    fn taken(&self) -> u64 {
        self.next - self.free.len() as u64
    }

    /// Takes the lowest free block, which keeps the file short and its extents long.
    fn take(&mut self) -> u64 {
        self.free.pop_first().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// Takes this block if it is free.
    fn take_exactly(&mut self, block: u64) -> bool {
        let fresh = block == self.next;
        self.next += u64::from(fresh);
        fresh || self.free.remove(&block)
    }

    fn give_back(&mut self, blocks: Range<u64>) {
        self.free.extend(blocks);
    }
}

/// A run of adjacent blocks, filled from the front. Dropping it frees the blocks.
#[derive(Debug)]
pub(super) struct Extent {
    spool: Arc<Spool>,
    blocks: Range<u64>,
    len: u64,
}

impl Extent {
    /// Creates an empty extent with room for at least one byte.
    pub(super) fn open(spool: &Arc<Spool>) -> Self {
        let first = spool.blocks().take();
        Self { spool: Arc::clone(spool), blocks: first..first + 1, len: 0 }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Writes as many bytes from the front of `bytes` as there is room for, and returns their
    /// number.
    ///
    /// It returns 0 if another extent has the next block; continue in a new extent.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = index(self.room_for(bytes.len() as u64)).min(bytes.len());
        let end = self.start() + self.len;
        self.spool.file()?.write_all_at(&bytes[..count], end)?;
        self.len += count as u64;
        Ok(count)
    }

    /// Returns a copy of the bytes in `range`, which must be within the extent.
    pub(super) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let mut bytes = vec![0; index(range.end - range.start)];
        let start = self.start() + range.start;
        self.spool.file()?.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }

    /// Returns the room that is left. If it is less than `wanted`, first extends the extent over
    /// the next blocks as far as they are free, so that an unsplit frame is one system call.
    fn room_for(&mut self, wanted: u64) -> u64 {
        while self.room() < wanted && self.spool.blocks().take_exactly(self.blocks.end) {
            self.blocks.end += 1;
        }
        self.room()
    }

    fn room(&self) -> u64 {
        (self.blocks.end - self.blocks.start) * BLOCK - self.len
    }

    fn start(&self) -> u64 {
        self.blocks.start * BLOCK
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        self.spool.blocks().give_back(self.blocks.clone());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::blob::{
        Blob,
        rope::{Rope, Segment},
    };

    fn frame(blocks: u64, byte: u8) -> Vec<u8> {
        vec![byte; index(blocks * BLOCK)]
    }

    #[test]
    fn the_file_is_created_with_the_first_byte() {
        let spool = Arc::new(Spool::default());
        let mut extent = Extent::open(&spool);
        assert!(spool.file.get().is_none());
        extent.append(b"x").unwrap();
        assert!(spool.file.get().is_some());
    }

    #[test]
    fn a_frame_over_several_blocks_is_one_write() {
        let spool = Arc::new(Spool::default());
        let mut extent = Extent::open(&spool);
        assert_eq!(extent.append(b"ab").unwrap(), 2);
        assert_eq!(extent.append(&frame(3, 9)).unwrap() as u64, 3 * BLOCK);
        assert_eq!(extent.len(), 3 * BLOCK + 2);
        assert_eq!(spool.taken(), 4 * BLOCK);
    }

    #[test]
    fn an_extent_ends_at_a_block_of_another_one() {
        let spool = Arc::new(Spool::default());
        let mut left = Extent::open(&spool);
        let mut right = Extent::open(&spool);
        right.append(b"right").unwrap();
        assert_eq!(left.append(&frame(2, 1)).unwrap() as u64, BLOCK);
        assert_eq!(left.append(b"more").unwrap(), 0);
        assert_eq!(right.read(0..5).unwrap(), b"right"[..]);
        assert_eq!(left.read(BLOCK - 2..BLOCK).unwrap(), [1, 1][..]);
    }

    #[test]
    fn freed_blocks_are_reused_lowest_first() {
        let spool = Arc::new(Spool::default());
        let mut extents: Vec<_> = (0..4).map(|_| Extent::open(&spool)).collect();
        extents.remove(2);
        extents.remove(1);
        assert_eq!(spool.taken(), 2 * BLOCK);

        let mut reused = Extent::open(&spool);
        assert_eq!(reused.append(&frame(2, 5)).unwrap() as u64, 2 * BLOCK);
        assert_eq!(reused.blocks, 1..3);
        assert_eq!(Extent::open(&spool).blocks, 4..5);
    }

    #[test]
    fn a_failed_read_is_one_error_and_ends_the_chunks() {
        let mut extent = Extent::open(&Arc::default());
        extent.append(b"three").unwrap();
        extent.len = 1_000_000;
        let rope = Rope::from_iter([Segment::Spooled(Arc::new(extent))]);
        let blob = Blob::new(rope, None);

        let mut chunks = blob.chunks(0..blob.len());
        assert!(chunks.next().unwrap().is_err());
        assert!(chunks.next().is_none());
        assert!(blob.digest().is_err());
        assert_eq!(blob.known_digest(), None);
    }

    #[test]
    fn a_panic_under_the_lock_does_not_poison_the_spool() {
        let spool = Arc::new(Spool::default());
        let poison = Arc::clone(&spool);
        let died = std::thread::spawn(move || {
            let _guard = poison.blocks();
            panic!("poisoned on purpose");
        });
        assert!(died.join().is_err());
        assert_eq!(Extent::open(&spool).append(b"still here").unwrap(), 10);
    }
}
