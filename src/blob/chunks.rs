//! Reading a content, chunk by chunk.

use std::{fmt, io, iter::FusedIterator, ops::Range};

use bytes::Bytes;

use super::Blob;

/// The most that is read at once: what a socket takes in one go, and little enough that a thousand
/// readers cost nothing worth counting.
pub(super) const CHUNK: u64 = 64 << 10;

/// The bytes of a [`Blob`] in order, none empty and at most 64 KiB each.
///
/// What lies in memory is sliced, what lies in the file is read. An error ends the iteration. The
/// content is held, so that a download survives the deletion of its file.
#[derive(Clone)]
pub struct Chunks {
    content: Blob,
    left: Range<u64>,
}

impl Chunks {
    /// What the range asks for beyond the end is not there, and so is left out.
    pub(super) fn new(content: Blob, range: Range<u64>) -> Self {
        let end = range.end.min(content.len());
        Self { content, left: range.start.min(end)..end }
    }
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let Range { start, end } = self.left;
        if start == end {
            return None;
        }
        let chunk = self.content.rope().read(start..end.min(start + CHUNK));
        self.left.start = chunk.as_ref().map_or(end, |read| start + read.len() as u64);
        Some(chunk)
    }
}

impl FusedIterator for Chunks {}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("content", &self.content).field("left", &self.left).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::blob::{BlobStore, Digest, index, spool::BLOCK};

    /// A body that begins in memory and ends in the file, over several blocks.
    fn mixed() -> (Vec<u8>, Blob) {
        let bytes: Vec<u8> = (0..3 * BLOCK).map(|at| (at % 253).to_le_bytes()[0]).collect();
        let store = BlobStore::new(100_000);
        let mut writer = store.writer(None);
        for frame in bytes.chunks(70_000) {
            writer.write(frame).unwrap();
        }
        (bytes.clone(), writer.finish(Digest::of(&bytes)))
    }

    fn read(content: &Blob, range: Range<u64>) -> Vec<Bytes> {
        content.chunks(range).map(Result::unwrap).collect()
    }

    #[test]
    fn ranges_read_true_at_every_border() {
        let (bytes, content) = mixed();
        let file = 70_000;
        for border in [0, CHUNK, file, file + CHUNK, file + BLOCK, file + 2 * BLOCK] {
            for range in [border.saturating_sub(1)..border + 1, border..border + CHUNK] {
                let expected = &bytes[index(range.start)..index(range.end)];
                assert_eq!(read(&content, range.clone()).concat(), expected, "{range:?}");
            }
        }
    }

    #[test]
    fn a_chunk_is_neither_empty_nor_larger_than_64_kib() {
        let (_, content) = mixed();
        let chunks = read(&content, 0..content.len());
        assert!(chunks.iter().all(|chunk| (1..=65_536).contains(&chunk.len())));
    }

    #[test]
    fn a_range_beyond_the_end_stops_at_the_end() {
        let content = Blob::from_bytes("0123456789");
        assert_eq!(read(&content, 8..u64::MAX).concat(), b"89");
        #[allow(clippy::reversed_empty_ranges)]
        for nothing in [10..20, 20..30, 5..5, 5..2] {
            assert!(read(&content, nothing.clone()).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn memory_is_sliced_not_copied() {
        let bytes = Bytes::from(vec![3; 200_000]);
        let content = Blob::from_bytes(bytes.clone());
        let chunks = read(&content, 1000..200_000);
        assert_eq!(chunks[0].as_ptr(), bytes[1000..].as_ptr());
    }
}
