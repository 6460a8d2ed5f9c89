//! The file that a client uploads: its bytes are made from a seed, and its digest is known without reading it.
//! Start with [`Source`].

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use crate::blob::Hasher;
use crate::error::Error;
use crate::journal::Digest;

/// The bytes that are made and written at once: a multiple of a word.
const BLOCK: usize = 64 * 1024;

/// A file with bytes made from a seed.
///
/// Each word of 8 bytes is a bijective function of its position, so that no two words of a file are equal: pieces
/// of any size differ everywhere, and a piece at a wrong place changes the digest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) digest: Digest,
    seed: u64,
}

impl Source {
    /// Writes a new file of `size` bytes.
    ///
    /// # Errors
    ///
    /// If the file exists or cannot be written, for example because the disk is full.
    pub(crate) fn create(path: impl Into<PathBuf>, size: u64, seed: u64) -> Result<Self, Error> {
        let path = path.into();
        let source = Self { path, size, digest: Digest::compute(b""), seed };
        source.write(OpenOptions::new().write(true).create_new(true), 0, false)
    }

    /// Overwrites the file in place with bytes of which each differs, and returns the new content. The size
    /// does not change.
    pub(crate) fn overwrite(&self) -> Result<Self, Error> {
        self.write(OpenOptions::new().write(true), 0, true)
    }

    /// Appends bytes to the file as it was created, and returns the new content.
    pub(crate) fn grow(&self, bytes: u64) -> Result<Self, Error> {
        let grown = Self { size: self.size + bytes, ..self.clone() };
        grown.write(OpenOptions::new().append(true), self.size, false)
    }

    /// Writes the bytes from `start` on, and returns the content with the digest of all bytes.
    fn write(&self, options: &OpenOptions, start: u64, is_inverted: bool) -> Result<Self, Error> {
        let written = options.open(&self.path).and_then(|mut file| {
            let (mut hasher, mut block, mut at) = (Hasher::new(), vec![0; BLOCK], 0);
            while at < self.size {
                for (word, position) in block.chunks_exact_mut(8).zip(at / 8..) {
                    let value = mix(self.seed, position);
                    word.copy_from_slice(&(if is_inverted { !value } else { value }).to_le_bytes());
                }
                let within = |offset: u64| {
                    usize::try_from(offset.saturating_sub(at)).unwrap_or(BLOCK).min(BLOCK)
                };
                let bytes = &block[..within(self.size)];
                hasher.update(bytes);
                file.write_all(&bytes[within(start).min(bytes.len())..])?;
                at += BLOCK as u64;
            }
            Ok(hasher.finish())
        });
        match written {
            Ok(digest) => Ok(Self { digest, ..self.clone() }),
            Err(error) => {
                let path = self.path.display();
                Err(Error::io(format!("cannot write the source file {path}"), error))
            }
        }
    }
}

/// Returns a word of the file: `SplitMix64`, which maps positions to words one to one.
fn mix(seed: u64, position: u64) -> u64 {
    let mut word = seed.wrapping_add(position.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 1, 7, 8, 9, 65_535, 65_536, 65_537, 200_000] {
            let source = Source::create(folder.path().join(size.to_string()), size, 3).unwrap();
            let bytes = fs::read(&source.path).unwrap();
            assert_eq!((bytes.len() as u64, source.size), (size, size));
            assert_eq!(source.digest, Digest::compute(&bytes), "{size}");
        }
    }

    #[test]
    fn no_word_of_a_file_occurs_twice() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::create(folder.path().join("a"), 800_000, 1).unwrap();
        let bytes = fs::read(&source.path).unwrap();
        let words: HashSet<_> = bytes.chunks_exact(8).collect();
        assert_eq!(words.len(), 100_000);
    }

    #[test]
    fn a_seed_fixes_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let digest =
            |name: &str, seed| Source::create(folder.path().join(name), 1000, seed).unwrap().digest;
        assert_eq!(digest("a", 1), digest("b", 1));
        assert_ne!(digest("c", 1), digest("d", 2));
    }

    #[test]
    fn overwriting_changes_every_byte_and_keeps_the_size() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::create(folder.path().join("a"), 100_003, 1).unwrap();
        let before = fs::read(&source.path).unwrap();
        let changed = source.overwrite().unwrap();
        let after = fs::read(&source.path).unwrap();
        assert_eq!(before.len(), after.len());
        assert!(before.iter().zip(&after).all(|(before, after)| before != after));
        assert_eq!((changed.size, changed.digest), (source.size, Digest::compute(&after)));
    }

    #[test]
    fn growing_appends_and_keeps_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        for (size, more) in [(0, 1), (1, 1), (65_535, 3), (65_536, 70_000), (100_003, 1), (9, 0)] {
            let path = folder.path().join(size.to_string());
            let source = Source::create(path, size, 1).unwrap();
            let before = fs::read(&source.path).unwrap();
            let grown = source.grow(more).unwrap();
            let after = fs::read(&source.path).unwrap();
            assert!(after.starts_with(&before));
            assert_eq!((after.len() as u64, grown.size), (size + more, size + more));
            assert_eq!(grown.digest, Digest::compute(&after), "{size} + {more}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/a");
        let error = Source::create(&path, 1, 1).unwrap_err();
        assert!(error.is_io() && error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}
