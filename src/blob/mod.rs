//! Bytes at rest.
//!
//! A [`BlobStore`] holds the bodies that an origin receives. A [`BlobWriter`] takes a body frame by
//! frame and returns a [`Blob`], which is immutable and shared by all its readers. Bytes are kept
//! in memory up to the budget of the store, and beyond it in one unlinked temporary file. Writers
//! and readers do not see the difference.
//!
//! The space of some bytes is released with their last owner, also when they are part of joined
//! blobs. This module knows nothing of the protocol. Start with [`Blob`] and [`BlobStore`].

mod chunks;
mod digest;
mod memory;
mod pread;
mod rope;
mod spool;
mod store;
mod writer;

use std::{
    fmt,
    io::{self, Read as _},
    ops::Range,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use rope::{Rope, Segment};

pub(crate) use chunks::Chunks;
pub use digest::Digest;
pub(crate) use digest::Hasher;
pub use store::BlobStore;
pub(crate) use store::DEFAULT_BUDGET;
pub(crate) use writer::BlobWriter;

/// The bytes of a file or a piece: immutable, and cheap to clone.
///
/// A blob is a rope: a file joined from pieces is a list of the segments of its pieces. Every read
/// can fail, because the bytes may be in a file.
#[derive(Clone)]
pub struct Blob(Arc<Shared>);

struct Shared {
    rope: Rope,
    digest: OnceLock<Digest>,
}

impl Blob {
    /// Creates a blob of no bytes.
    pub fn empty() -> Self {
        Self::new(Rope::from_iter([]), Some(Digest::compute(b"")))
    }

    /// Creates a blob of bytes that are already in memory. They count against no budget.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Rope::from_iter([Segment::Memory(bytes.into())]), None)
    }

    /// Joins blobs in order, without copying or reading a byte. The digest is unknown, unless only
    /// one of the blobs has any bytes.
    pub fn join(blobs: impl IntoIterator<Item = Self>) -> Self {
        let filled = |blob: &Self| !blob.is_empty();
        let mut parts: Vec<Self> = blobs.into_iter().filter(filled).collect();
        if parts.len() < 2 {
            return parts.pop().unwrap_or_else(Self::empty);
        }
        let segments = parts.iter().flat_map(|part| part.rope().segments());
        Self::new(segments.cloned().collect(), None)
    }

    fn new(rope: Rope, digest: Option<Digest>) -> Self {
        let digest = digest.map_or_else(OnceLock::new, OnceLock::from);
        Self(Arc::new(Shared { rope, digest }))
    }

    fn rope(&self) -> &Rope {
        &self.0.rope
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> u64 {
        self.rope().len()
    }

    /// Returns whether the blob has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the digest if it is known without reading.
    pub fn known_digest(&self) -> Option<Digest> {
        self.0.digest.get().copied()
    }

    /// Returns the digest. If it is not known yet, reads and hashes every byte and stores the
    /// result for all clones. Do not call it while holding a lock.
    pub fn digest(&self) -> io::Result<Digest> {
        if let Some(known) = self.known_digest() {
            return Ok(known);
        }
        let mut hasher = Hasher::new();
        for chunk in self.chunks(0..self.len()) {
            hasher.update(&chunk?);
        }
        Ok(*self.0.digest.get_or_init(|| hasher.finish()))
    }

    /// Returns the bytes of a range in chunks of at most 64 KiB. A range that goes beyond the end
    /// is cut there.
    pub fn chunks(&self, range: Range<u64>) -> Chunks {
        Chunks::new(self.clone(), range)
    }

    /// Copies all bytes into one vector, regardless of the budget. It is meant for assertions on
    /// small files.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(index(self.len()));
        for chunk in self.chunks(0..self.len()) {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    /// Returns whether the blob has exactly these bytes. It stops reading at the first difference.
    pub fn eq_bytes(&self, other: &[u8]) -> io::Result<bool> {
        Ok(self.len() == other.len() as u64 && self.first_difference(other)?.is_none())
    }

    /// Returns the offset of the first different byte, the length of the shorter one if it is a
    /// prefix of the other, or `None` if they are equal.
    pub fn first_difference(&self, other: &[u8]) -> io::Result<Option<u64>> {
        self.first_difference_from(other)
    }

    /// Same as [`first_difference`](Self::first_difference), for a reader that is compared chunk by
    /// chunk.
    pub fn first_difference_from(&self, mut other: impl io::Read) -> io::Result<Option<u64>> {
        let mut at = 0;
        let mut read = Vec::new();
        for chunk in self.chunks(0..self.len()) {
            let chunk = chunk?;
            read.clear();
            other.by_ref().take(chunk.len() as u64).read_to_end(&mut read)?;
            let ends = (read.len() < chunk.len()).then_some(read.len());
            if let Some(within) = mismatch(&chunk, &read).or(ends) {
                return Ok(Some(at + within as u64));
            }
            at += chunk.len() as u64;
        }
        let is_longer = other.read(&mut [0])? > 0;
        Ok(is_longer.then_some(at))
    }
}

/// Returns the index at which two slices of the same length begin to differ. Most are equal, and
/// comparing them whole first is many times faster than byte by byte.
fn mismatch(left: &[u8], right: &[u8]) -> Option<usize> {
    if left == right {
        return None;
    }
    left.iter().zip(right).position(|(l, r)| l != r)
}

/// Converts an offset into bytes in memory, which always fits. An offset that does not would fail
/// the bounds check of its slice instead of being truncated.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Shows length and digest, never the bytes: there may be megabytes, or a secret.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("len", &self.len())
            .field("digest", &self.known_digest())
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn pieces(texts: &[&'static str]) -> Vec<Blob> {
        texts.iter().map(|text| Blob::from_bytes(*text)).collect()
    }

    #[test]
    fn an_empty_blob_knows_its_digest() {
        let empty = Blob::empty();
        assert!(empty.is_empty());
        assert_eq!(empty.known_digest(), Some(Digest::compute(b"")));
        assert_eq!(empty.chunks(0..10).count(), 0);
    }

    #[test]
    fn a_digest_is_computed_once_for_all_clones() {
        let blob = Blob::from_bytes("abc");
        let clone = blob.clone();
        assert_eq!(blob.known_digest(), None);
        assert_eq!(blob.digest().unwrap(), Digest::compute(b"abc"));
        assert_eq!(clone.known_digest(), Some(Digest::compute(b"abc")));
    }

    #[test]
    fn joining_copies_no_byte() {
        let parts = pieces(&["first ", "second ", "third"]);
        let joined = Blob::join(parts.clone());
        let again = Blob::join([joined.clone(), Blob::from_bytes("!")]);
        let addresses = |blob: &Blob| -> Vec<_> {
            let chunks = blob.chunks(0..blob.len());
            chunks.map(|chunk| chunk.unwrap().as_ptr()).collect()
        };
        assert_eq!(addresses(&joined), parts.iter().flat_map(addresses).collect::<Vec<_>>());
        assert_eq!(addresses(&again)[..3], addresses(&joined));
        assert_eq!(again.to_vec().unwrap(), b"first second third!");
    }

    #[test]
    fn the_digest_of_a_joined_blob_covers_all_bytes() {
        let joined = Blob::join(pieces(&["a", "", "bc"]));
        assert_eq!(joined.known_digest(), None);
        assert_eq!(joined.digest().unwrap(), Digest::compute(b"abc"));
    }

    #[test]
    fn joining_one_blob_keeps_its_digest() {
        let only = Blob::from_bytes("only");
        let digest = only.digest().unwrap();
        let alone = Blob::join([only.clone()]);
        let among_empty = Blob::join([Blob::empty(), only, Blob::from_bytes("")]);
        assert_eq!(alone.known_digest(), Some(digest));
        assert_eq!(among_empty.known_digest(), Some(digest));
        assert_eq!(Blob::join([]).known_digest(), Some(Digest::compute(b"")));
    }

    #[test]
    fn first_difference_returns_the_first_different_offset() {
        let blob = Blob::join(pieces(&["0123", "4567"]));
        let cases: [(&[u8], Option<u64>); 7] = [
            (b"01234567", None),
            (b"x1234567", Some(0)),
            (b"0123x567", Some(4)),
            (b"0123456x", Some(7)),
            (b"012345", Some(6)),
            (b"0123456789", Some(8)),
            (b"", Some(0)),
        ];
        for (other, expected) in cases {
            assert_eq!(blob.first_difference(other).unwrap(), expected);
            assert_eq!(blob.eq_bytes(other).unwrap(), expected.is_none());
        }
    }

    #[test]
    fn debug_output_shows_no_bytes() {
        let blob = Blob::from_bytes("secret");
        assert_eq!(format!("{blob:?}"), "Blob { len: 6, digest: None }");
        let digest = blob.digest().unwrap();
        assert_eq!(format!("{blob:?}"), format!("Blob {{ len: 6, digest: Some({digest}) }}"));
    }
}
