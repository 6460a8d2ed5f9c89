//! The recorded origin of files and failed joins, and the removals of paths. Messages read causes
//! from here. Start with [`FileHistory`].

use std::ops::Range;
use std::sync::Arc;

use super::{Actor, Change, Path};

/// The source of the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteSource {
    /// The pieces of an upload.
    Pieces {
        /// The identifier of the upload.
        upload: String,
        /// The pieces at the moment of the join, in the order of their part numbers. Copies of
        /// the file share them.
        pieces: Arc<[JoinedPiece]>,
    },
    /// One body, or the test.
    Body(Actor),
}

/// A piece of which a file was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinedPiece {
    /// Its part number.
    pub number: u32,
    /// Its length in bytes.
    pub size: u64,
    /// Who stored it.
    pub stored_by: Actor,
}

/// A range of bytes of a file, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ByteRange {
    /// The positions of the bytes in the file. It is empty for an empty piece.
    pub range: Range<u64>,
    /// The number of the piece that contained exactly these bytes; `None` if the file was stored
    /// whole.
    pub part: Option<u32>,
    /// Who stored the bytes.
    pub stored_by: Actor,
}

impl ByteRange {
    /// Returns the number of the exchange whose body contained the bytes; `None` if they came from
    /// the test.
    pub fn exchange(&self) -> Option<u64> {
        self.stored_by.exchange()
    }
}

/// The changes that produced the current state of a file: the last one of each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHistory {
    /// The source of its bytes. A copy keeps the source of the original.
    pub bytes: ByteSource,
    /// The change that stored it at its path.
    pub stored: Change,
    /// The path of the file that it is a copy of.
    pub copied_from: Option<Path>,
    /// The change that stored the file that it replaced.
    pub replaced: Option<Change>,
    /// Its path before it was renamed, and the rename.
    pub renamed: Option<Box<(Path, Change)>>,
    /// The last change of its content type.
    pub content_type_set: Option<Change>,
    /// The last change of its modification time.
    pub mtime_set: Option<Change>,
}

impl FileHistory {
    /// Creates the history of a file that was stored whole.
    pub fn posted(stored: Change) -> Self {
        Self::new(ByteSource::Body(stored.by), stored)
    }

    /// Creates the history of a file that was joined from the pieces of an upload.
    pub(super) fn joined(stored: Change, upload: &str, pieces: Arc<[JoinedPiece]>) -> Self {
        Self::new(ByteSource::Pieces { upload: upload.to_owned(), pieces }, stored)
    }

    /// Returns where the bytes of a file of that size came from, in order.
    pub fn byte_ranges(&self, size: u64) -> Vec<ByteRange> {
        match &self.bytes {
            ByteSource::Body(by) => {
                vec![ByteRange { range: 0..size, part: None, stored_by: *by }]
            }
            ByteSource::Pieces { pieces, .. } => {
                let mut end = 0;
                let range = |piece: &JoinedPiece| {
                    let start = end;
                    end += piece.size;
                    let (part, stored_by) = (Some(piece.number), piece.stored_by);
                    ByteRange { range: start..end, part, stored_by }
                };
                pieces.iter().map(range).collect()
            }
        }
    }

    /// Creates the history of a copy of the file at `from`, which has this history.
    pub(super) fn copied(&self, stored: Change, from: &Path) -> Self {
        let copied_from = Some(from.clone());
        Self { copied_from, ..Self::new(self.bytes.clone(), stored) }
    }

    fn new(bytes: ByteSource, stored: Change) -> Self {
        Self {
            bytes,
            stored,
            copied_from: None,
            replaced: None,
            renamed: None,
            content_type_set: None,
            mtime_set: None,
        }
    }
}

/// The way in which an entry was removed from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemovalKind {
    /// It was deleted.
    Deleted,
    /// It was deleted with all its entries.
    DeletedWithContents,
    /// It was renamed to that path.
    RenamedTo(Path),
}

/// The removal of a file or a directory from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The path of the removed entry.
    pub path: Path,
    /// The change that removed it.
    pub change: Change,
    /// The way in which it was removed.
    pub kind: RemovalKind,
    /// Whether it was a directory.
    pub was_directory: bool,
}

/// The reason why the join of an upload failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinFailure {
    /// A fault or the option `join` requested the failure.
    Requested(Actor),
    /// The file could not be stored at its path.
    NoPlace(Obstacle),
}

/// The reason why a file cannot be stored at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A parent directory is missing.
    MissingDirectory {
        /// The directory.
        path: Path,
        /// Its last removal, if there was one that is still remembered.
        removal: Option<Removal>,
    },
    /// A parent is a file.
    File {
        /// The file.
        path: Path,
        /// The change that stored it.
        stored: Change,
    },
    /// The path itself is a directory.
    Directory {
        /// The change that created it.
        created: Change,
    },
}
