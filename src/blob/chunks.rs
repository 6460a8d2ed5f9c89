//! Reads a blob chunk by chunk. This module reads bytes and never changes them. Start with
//! [`Chunks`].

use std::{fmt, io, iter::FusedIterator, ops::Range};

use bytes::Bytes;

use super::Blob;

/// The largest read: about one socket write, and small enough that a thousand concurrent readers
/// use little memory.
pub(super) const CHUNK: u64 = 64 << 10;

/// An iterator over the bytes of a [`Blob`] in order. No chunk is empty or larger than 64 KiB.
///
/// Bytes in memory are sliced, bytes in the spool file are read. An error ends the iteration. The
/// iterator keeps the blob alive, so a download survives the deletion of its file.
#[derive(Clone)]
pub struct Chunks {
    blob: Blob,
    left: Range<u64>,
}

impl Chunks {
    /// Creates the iterator. A range that goes beyond the end of the blob is cut at the end.
    pub(super) fn new(blob: Blob, range: Range<u64>) -> Self {
        let end = range.end.min(blob.len());
        Self { blob, left: range.start.min(end)..end }
    }
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let Range { start, end } = self.left;
        if start == end {
            return None;
        }
        let chunk = self.blob.rope().read(start..end.min(start + CHUNK));
        self.left.start = chunk.as_ref().map_or(end, |read| start + read.len() as u64);
        Some(chunk)
    }
}

impl FusedIterator for Chunks {}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("blob", &self.blob).field("left", &self.left).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::blob::{BlobStore, Digest, index, spool::BLOCK};

    /// Returns a body that begins in memory and ends in the file, over several blocks.
    fn mixed() -> (Vec<u8>, Blob) {
        let bytes: Vec<u8> = (0..3 * BLOCK).map(|at| (at % 253).to_le_bytes()[0]).collect();
        let store = BlobStore::new(100_000);
        let mut writer = store.writer(None);
        for frame in bytes.chunks(70_000) {
            writer.write(frame).unwrap();
        }
        (bytes.clone(), writer.finish(Digest::compute(&bytes)))
    }

    fn read(blob: &Blob, range: Range<u64>) -> Vec<Bytes> {
        blob.chunks(range).map(Result::unwrap).collect()
    }

    #[test]
    fn ranges_are_read_correctly_at_every_boundary() {
        let (bytes, blob) = mixed();
        let file = 70_000;
        for border in [0, CHUNK, file, file + CHUNK, file + BLOCK, file + 2 * BLOCK] {
            for range in [border.saturating_sub(1)..border + 1, border..border + CHUNK] {
                let expected = &bytes[index(range.start)..index(range.end)];
                assert_eq!(read(&blob, range.clone()).concat(), expected, "{range:?}");
            }
        }
    }

    #[test]
    fn chunks_are_not_empty_and_at_most_64_kib() {
        let (_, blob) = mixed();
        let chunks = read(&blob, 0..blob.len());
        assert!(chunks.iter().all(|chunk| (1..=65_536).contains(&chunk.len())));
    }

    #[test]
    fn a_range_beyond_the_end_stops_at_the_end() {
        let blob = Blob::from_bytes("0123456789");
        assert_eq!(read(&blob, 8..u64::MAX).concat(), b"89");
        #[allow(clippy::reversed_empty_ranges)]
        for nothing in [10..20, 20..30, 5..5, 5..2] {
            assert!(read(&blob, nothing.clone()).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn bytes_in_memory_are_sliced_not_copied() {
        let bytes = Bytes::from(vec![3; 200_000]);
        let blob = Blob::from_bytes(bytes.clone());
        let chunks = read(&blob, 1000..200_000);
        assert_eq!(chunks[0].as_ptr(), bytes[1000..].as_ptr());
    }
}
