//! The recorded origin of files and failed joins, and the removals of paths. Messages read causes
//! from here. Start with [`FileHistory`].

use super::{Actor, Change, Path};

/// The source of the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteSource {
    /// The pieces of the upload with that identifier, in the order of their part numbers. Each
    /// piece records who stored it.
    Pieces(String),
    /// One body, or the test.
    Body(Actor),
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
    pub(super) fn joined(stored: Change, upload: &str) -> Self {
        Self::new(ByteSource::Pieces(upload.to_owned()), stored)
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
