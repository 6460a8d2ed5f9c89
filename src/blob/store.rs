//! The store of all bodies of one origin. This module only creates writers and reports usage. Start
//! with [`BlobStore`].

use std::{fmt, sync::Arc};

use super::{BlobWriter, memory::Budget, spool::Spool};

/// The default memory budget: enough for thousands of small pieces, and small for any machine that
/// runs tests.
pub(crate) const DEFAULT_BUDGET: u64 = 16 << 20;

/// A store of bodies: in memory up to a budget, beyond it in one temporary file.
///
/// A clone is the same store. Blobs outlive the store: the file exists as long as any blob in it.
#[derive(Clone)]
pub struct BlobStore {
    pub(super) budget: Arc<Budget>,
    pub(super) spool: Arc<Spool>,
}

impl BlobStore {
    /// Creates a store that keeps up to `budget_bytes` bytes in memory. With 0, every body is
    /// spooled.
    pub fn new(budget_bytes: u64) -> Self {
        Self { budget: Arc::new(Budget::new(budget_bytes)), spool: Arc::default() }
    }

    /// Begins a body. The declared length, which may be wrong, only decides where the body begins.
    pub fn writer(&self, declared: Option<u64>) -> BlobWriter {
        BlobWriter::new(self.clone(), declared)
    }

    /// Returns the number of body bytes in memory, including unfinished bodies.
    pub fn memory_used(&self) -> u64 {
        self.budget.used()
    }

    /// Returns the number of bytes in the temporary file, in whole blocks.
    pub fn spooled(&self) -> u64 {
        self.spool.taken()
    }
}

impl Default for BlobStore {
    fn default() -> Self {
        Self::new(DEFAULT_BUDGET)
    }
}

impl fmt::Debug for BlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobStore")
            .field("memory_used", &self.memory_used())
            .field("spooled", &self.spooled())
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::thread;

    use super::*;
    use crate::blob::{Blob, Digest, spool::BLOCK};

    fn body(len: u64, seed: u8) -> Vec<u8> {
        let byte = |at: u64| (at % 251).to_le_bytes()[0] ^ seed;
        (0..len).map(byte).collect()
    }

    fn keep(store: &BlobStore, declared: Option<u64>, bytes: &[u8]) -> Blob {
        let mut writer = store.writer(declared);
        for frame in bytes.chunks(50_000) {
            writer.write(frame).unwrap();
        }
        writer.finish(Digest::compute(b"not looked at"))
    }

    fn used(store: &BlobStore) -> (u64, u64) {
        (store.memory_used(), store.spooled())
    }

    #[test]
    fn a_body_within_the_budget_stays_in_memory() {
        let store = BlobStore::new(1000);
        let blob = keep(&store, None, &body(1000, 1));
        assert_eq!(used(&store), (1000, 0));
        assert!(blob.eq_bytes(&body(1000, 1)).unwrap());
    }

    #[test]
    fn a_body_beyond_the_budget_is_spooled_and_reads_back() {
        let store = BlobStore::new(1000);
        let bytes = body(3 * BLOCK + 7, 2);
        let blob = keep(&store, Some(bytes.len() as u64), &bytes);
        assert_eq!(used(&store), (0, 4 * BLOCK));
        assert_eq!(blob.to_vec().unwrap(), bytes);
    }

    #[test]
    fn a_body_that_outgrows_the_budget_moves_to_the_spool() {
        let store = BlobStore::new(120_000);
        let bytes = body(BLOCK + 1, 3);
        let blob = keep(&store, None, &bytes);
        assert_eq!(used(&store), (100_000, BLOCK));
        assert_eq!(blob.to_vec().unwrap(), bytes);
    }

    #[test]
    fn dropping_the_last_blob_releases_budget_and_blocks() {
        let store = BlobStore::new(60_000);
        let blob = keep(&store, None, &body(2 * BLOCK, 4));
        let joined = Blob::join([blob.clone(), Blob::from_bytes("tail")]);
        drop(blob);
        assert_eq!(used(&store), (50_000, 2 * BLOCK));
        drop(joined);
        assert_eq!(used(&store), (0, 0));
    }

    #[test]
    fn a_joined_digest_reads_memory_and_file() {
        let store = BlobStore::new(60_000);
        let bytes = body(BLOCK + 1000, 5);
        let (left, right) = bytes.split_at(100_000);
        let joined = Blob::join([keep(&store, None, left), keep(&store, None, right)]);
        assert_eq!(used(&store), (50_000, 2 * BLOCK));
        assert_eq!(joined.digest().unwrap(), Digest::compute(&bytes));
    }

    #[test]
    fn freed_memory_and_freed_blocks_are_reused() {
        let store = BlobStore::new(50_000);
        for seed in 0..20 {
            let bytes = body(BLOCK, seed);
            let blob = keep(&store, None, &bytes);
            assert_eq!(used(&store), (50_000, BLOCK));
            assert!(blob.eq_bytes(&bytes).unwrap());
        }
    }

    #[test]
    fn blobs_outlive_their_store() {
        let store = BlobStore::new(0);
        let blob = keep(&store, None, b"still to be read");
        drop(store);
        assert!(blob.eq_bytes(b"still to be read").unwrap());
    }

    #[test]
    fn parallel_writers_do_not_mix_bytes() {
        let store = BlobStore::new(BLOCK);
        let check = |seed: u8| {
            let bytes = body(2 * BLOCK + u64::from(seed), seed);
            let blob = keep(&store, seed.is_multiple_of(2).then_some(u64::MAX), &bytes);
            assert!(store.memory_used() <= BLOCK);
            assert_eq!(blob.first_difference(&bytes).unwrap(), None);
        };
        thread::scope(|scope| {
            for worker in 0..4 {
                scope.spawn(move || (0..6).for_each(|round| check(worker * 6 + round)));
            }
        });
        assert_eq!(used(&store), (0, 0));
    }
}
