//! Writes a body frame by frame, to memory or to the spool file. Start with [`BlobWriter`].

use std::{fmt, io, sync::Arc};

use super::{
    Blob, BlobStore, Digest,
    memory::Buffer,
    rope::{Rope, Segment},
    spool::Extent,
};

/// An unfinished body. Dropping it releases its memory and its blocks.
///
/// It does not hash. Hashing is the most expensive step of an upload, and the caller may have a
/// better thread for it than the one that reads from the socket.
pub struct BlobWriter {
    store: BlobStore,
    /// The bytes in memory. Only the last buffer grows.
    buffers: Vec<Buffer>,
    /// The bytes in the file, which follow the bytes in memory. Only the last extent grows.
    extents: Vec<Extent>,
    /// A body that reached the file stays there. If it returned to memory, the end of a large body
    /// would take the budget that small bodies need.
    spooling: bool,
    len: u64,
}

impl BlobWriter {
    pub(super) fn new(store: BlobStore, declared: Option<u64>) -> Self {
        let spooling = declared.is_some_and(|len| len > store.budget.available());
        Self { store, buffers: Vec::new(), extents: Vec::new(), spooling, len: 0 }
    }

    /// Appends a frame.
    ///
    /// An error comes from the temporary file. Part of the frame may have been written, so the body
    /// is lost: drop the writer.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.spooling = self.spooling || !self.remember(bytes);
        if self.spooling {
            self.spool(bytes)?;
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Returns the number of bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether the next frame goes to the temporary file, where a write may block.
    pub fn is_spooling(&self) -> bool {
        self.spooling
    }

    /// Returns whether nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Finishes the body. The digest is not checked: the caller has seen every frame.
    pub fn finish(mut self, digest: Digest) -> Blob {
        if self.buffers.len() == 1
            && self.extents.is_empty()
            && let Some(only) = self.buffers.pop()
        {
            return Blob::new(Rope::from_segment(Segment::Memory(only.seal())), Some(digest));
        }
        let memory = self.buffers.into_iter().map(Buffer::seal);
        let spooled = self.extents.into_iter().map(Arc::new);
        let rope: Rope = memory.map(Segment::Memory).chain(spooled.map(Segment::Spooled)).collect();
        Blob::new(rope, Some(digest))
    }

    /// Appends the frame to the buffers in memory, or returns `false` and appends nothing.
    fn remember(&mut self, bytes: &[u8]) -> bool {
        match self.buffers.last_mut() {
            Some(last) if last.has_room_for(bytes.len()) => last.append(bytes),
            _ => self.begin_buffer(bytes),
        }
    }

    fn begin_buffer(&mut self, bytes: &[u8]) -> bool {
        if let Some(full) = self.buffers.last_mut() {
            full.clip();
        }
        let Some(begun) = Buffer::with_bytes(bytes, &self.store.budget) else { return false };
        self.buffers.push(begun);
        true
    }

    /// Writes the frame to the file. It is split only where blocks of another body are in the way.
    fn spool(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let last = self.extents.last_mut();
            let count = last.map_or(Ok(0), |extent| extent.append(bytes))?;
            if count == 0 {
                self.extents.push(Extent::open(&self.store.spool));
            }
            bytes = &bytes[count..];
        }
        Ok(())
    }
}

impl fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobWriter")
            .field("len", &self.len)
            .field("spooling", &self.spooling)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::blob::spool::BLOCK;

    /// Returns a store of 1000 bytes, and a writer with the length `declared` that has taken `written`
    /// bytes.
    fn written(declared: Option<u64>, written: usize) -> (BlobStore, BlobWriter) {
        let store = BlobStore::new(1000);
        let mut writer = store.writer(declared);
        for frame in vec![b'x'; written].chunks(100) {
            writer.write(frame).unwrap();
        }
        (store, writer)
    }

    /// Declared and written length; then the bytes in memory and in the file.
    const PLACES: &[(Option<u64>, usize, u64, u64)] = &[
        (None, 0, 0, 0),
        (None, 1000, 1000, 0),
        (None, 1001, 1000, BLOCK),
        (Some(1000), 1000, 1000, 0),
        (Some(1001), 1001, 0, BLOCK),
        // Wrong lengths: too large with few bytes or none, and too small with more bytes.
        (Some(u64::MAX), 0, 0, 0),
        (Some(u64::MAX), 10, 0, BLOCK),
        (Some(0), 500, 500, 0),
        (Some(10), 1500, 1000, BLOCK),
    ];

    #[test]
    fn a_declared_length_only_decides_where_a_body_begins() {
        for &(declared, count, memory, spooled) in PLACES {
            let (store, writer) = written(declared, count);
            let places = (store.memory_used(), store.spooled());
            assert_eq!(places, (memory, spooled), "{declared:?}, {count}");

            let blob = writer.finish(Digest::compute(b"as told"));
            assert!(blob.eq_bytes(&vec![b'x'; count]).unwrap());
            assert_eq!(blob.known_digest(), Some(Digest::compute(b"as told")));
        }
    }

    #[test]
    fn dropping_an_unfinished_writer_releases_everything() {
        let (store, writer) = written(None, 5000);
        assert_eq!((store.memory_used(), store.spooled()), (1000, BLOCK));
        drop(writer);
        assert_eq!((store.memory_used(), store.spooled()), (0, 0));
    }

    #[test]
    fn a_body_in_the_spool_does_not_return_to_memory() {
        let (store, holder) = written(None, 1000);
        let mut writer = store.writer(None);
        writer.write(b"no room").unwrap();
        drop(holder);
        writer.write(b", and later there is").unwrap();
        assert_eq!((store.memory_used(), store.spooled()), (0, BLOCK));
    }

    #[test]
    fn tiny_frames_share_a_buffer() {
        let (_store, writer) = written(None, 1000);
        assert_eq!(writer.buffers.len(), 1);
    }

    #[test]
    fn a_large_body_in_memory_is_split_into_buffers() {
        let store = BlobStore::default();
        let mut writer = store.writer(None);
        let frame = vec![1; 300_000];
        (0..10).for_each(|_| writer.write(&frame).unwrap());
        assert_eq!(writer.buffers.len(), 4);
        assert_eq!((writer.len(), store.memory_used()), (3_000_000, 3_000_000));
    }

    #[test]
    fn a_single_body_in_the_spool_is_one_extent() {
        let store = BlobStore::new(0);
        let mut writer = store.writer(None);
        let frame = vec![1; 400_000];
        (0..10).for_each(|_| writer.write(&frame).unwrap());
        assert_eq!(writer.extents.len(), 1);
    }

    #[test]
    fn empty_frames_take_no_space() {
        let (store, mut writer) = written(Some(u64::MAX), 0);
        writer.write(b"").unwrap();
        assert!(writer.is_empty());
        assert_eq!(store.spooled(), 0);
        assert!(writer.finish(Digest::compute(b"")).is_empty());
    }
}
