//! Bytes at rest.
//!
//! A [`BlobStore`] holds what an origin was sent: a [`BlobWriter`] takes a body in, frame by frame, and
//! ends as a [`Blob`], which never changes and is shared by whoever needs it. Bytes lie in
//! memory up to the store's budget and beyond it in one unlinked temporary file; neither the one
//! who writes nor the one who reads can tell.
//!
//! The last owner of some bytes gives their room back, whatever was joined from them meanwhile.

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

pub use chunks::Chunks;
pub use digest::{Digest, Hasher};
pub use store::{BlobStore, DEFAULT_BUDGET};
pub use writer::BlobWriter;

/// The bytes of a file or a piece: immutable, and cheap to clone.
///
/// It is a rope: a file joined from pieces is the list of what the pieces are made of. Whatever
/// reads can fail, since the bytes may lie in a file.
#[derive(Clone)]
pub struct Blob(Arc<Shared>);

struct Shared {
    rope: Rope,
    digest: OnceLock<Digest>,
}

impl Blob {
    /// No bytes at all.
    pub fn empty() -> Self {
        Self::new(Rope::from_iter([]), Some(Digest::of(b"")))
    }

    /// Bytes that are in memory anyhow, and so on no store's budget.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Rope::from_iter([Segment::Memory(bytes.into())]), None)
    }

    /// The contents one behind the other. No byte is copied, and none is read: the digest stays
    /// unknown, except where only one of them has any bytes and so is the whole.
    pub fn join(contents: impl IntoIterator<Item = Self>) -> Self {
        let filled = |content: &Self| !content.is_empty();
        let mut parts: Vec<Self> = contents.into_iter().filter(filled).collect();
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

    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        self.rope().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The digest, if it is known without reading.
    pub fn known_digest(&self) -> Option<Digest> {
        self.0.digest.get().copied()
    }

    /// The digest; reads and hashes every byte when it is not known yet, then remembers it for all
    /// clones. Not to be called under a lock.
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

    /// The bytes of a range, as far as they exist, in chunks of at most 64 KiB.
    pub fn chunks(&self, range: Range<u64>) -> Chunks {
        Chunks::new(self.clone(), range)
    }

    /// All bytes in one piece of memory, budget or not: for assertions on small files.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(index(self.len()));
        for chunk in self.chunks(0..self.len()) {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    /// Whether these are the very bytes; reads no further than the first difference.
    pub fn eq_bytes(&self, other: &[u8]) -> io::Result<bool> {
        Ok(self.len() == other.len() as u64 && self.first_difference(other)?.is_none())
    }

    /// Where the first byte lies that differs, or where the shorter of the two ends; nothing if
    /// they are equal.
    pub fn first_difference(&self, other: &[u8]) -> io::Result<Option<u64>> {
        self.first_difference_from(other)
    }

    /// As [`first_difference`](Self::first_difference), with something that is read bit by bit.
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

/// Where two slices of the same length begin to differ. Comparing them whole first is many times
/// faster than byte by byte, and nearly all are equal.
fn mismatch(left: &[u8], right: &[u8]) -> Option<usize> {
    if left == right {
        return None;
    }
    left.iter().zip(right).position(|(l, r)| l != r)
}

/// An offset into bytes in memory. Such offsets fit by nature; one that does not would fail at the
/// border of its slice, rather than be cut to one that fits.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Length and digest, never the bytes: they may be ten megabytes, or a secret.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
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
    fn an_empty_content_knows_its_digest() {
        let empty = Blob::empty();
        assert!(empty.is_empty());
        assert_eq!(empty.known_digest(), Some(Digest::of(b"")));
        assert_eq!(empty.chunks(0..10).count(), 0);
    }

    #[test]
    fn a_digest_is_computed_once_and_known_to_all_clones() {
        let content = Blob::from_bytes("abc");
        let clone = content.clone();
        assert_eq!(content.known_digest(), None);
        assert_eq!(content.digest().unwrap(), Digest::of(b"abc"));
        assert_eq!(clone.known_digest(), Some(Digest::of(b"abc")));
    }

    #[test]
    fn a_joined_content_copies_no_byte() {
        let parts = pieces(&["first ", "second ", "third"]);
        let joined = Blob::join(parts.clone());
        let again = Blob::join([joined.clone(), Blob::from_bytes("!")]);
        let addresses = |content: &Blob| -> Vec<_> {
            let chunks = content.chunks(0..content.len());
            chunks.map(|chunk| chunk.unwrap().as_ptr()).collect()
        };
        assert_eq!(addresses(&joined), parts.iter().flat_map(addresses).collect::<Vec<_>>());
        assert_eq!(addresses(&again)[..3], addresses(&joined));
        assert_eq!(again.to_vec().unwrap(), b"first second third!");
    }

    #[test]
    fn a_joined_digest_is_that_of_the_whole() {
        let joined = Blob::join(pieces(&["a", "", "bc"]));
        assert_eq!(joined.known_digest(), None);
        assert_eq!(joined.digest().unwrap(), Digest::of(b"abc"));
    }

    #[test]
    fn joining_one_content_keeps_its_digest() {
        let only = Blob::from_bytes("only");
        let digest = only.digest().unwrap();
        let alone = Blob::join([only.clone()]);
        let among_empty = Blob::join([Blob::empty(), only, Blob::from_bytes("")]);
        assert_eq!(alone.known_digest(), Some(digest));
        assert_eq!(among_empty.known_digest(), Some(digest));
        assert_eq!(Blob::join([]).known_digest(), Some(Digest::of(b"")));
    }

    #[test]
    fn the_first_difference_is_found_where_it_is() {
        let content = Blob::join(pieces(&["0123", "4567"]));
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
            assert_eq!(content.first_difference(other).unwrap(), expected);
            assert_eq!(content.eq_bytes(other).unwrap(), expected.is_none());
        }
    }

    #[test]
    fn debug_output_shows_no_bytes() {
        let content = Blob::from_bytes("secret");
        assert_eq!(format!("{content:?}"), "Content { len: 6, digest: None }");
        let digest = content.digest().unwrap();
        assert_eq!(format!("{content:?}"), format!("Content {{ len: 6, digest: Some({digest}) }}"));
    }
}
