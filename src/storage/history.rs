//! How files and uploads came to be as they are, and how paths became empty.

use super::{Actor, Change, Path};

/// Where the bytes of a file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByteSource {
    /// From the pieces of the upload with that identifier, in the order of their part numbers; each
    /// piece knows who stored it.
    Pieces(String),
    /// From one body, or from the test.
    Body(Actor),
}

/// The changes that made a file what it is: of each kind the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHistory {
    /// Where its bytes came from; a copy keeps what its source has.
    pub bytes: ByteSource,
    /// Who stored it at its path.
    pub stored: Change,
    /// The path of the file that it is a copy of.
    pub copied_from: Option<Path>,
    /// Who had stored the file that it replaced.
    pub replaced: Option<Change>,
    /// Where it was before it was renamed, and who renamed it.
    pub renamed: Option<Box<(Path, Change)>>,
    /// Who set its content type afterwards.
    pub content_type_set: Option<Change>,
    /// Who set its modification time afterwards.
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

    /// Creates the history of a copy of a file at `from` whose history this is.
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

/// How an entry was taken away from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemovalKind {
    /// It was deleted.
    Deleted,
    /// It was deleted with all that was in it.
    DeletedWithContents,
    /// It was renamed to that path.
    RenamedTo(Path),
}

/// The removal of a file or a directory from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Where it was.
    pub path: Path,
    /// When it was removed, and by whom.
    pub change: Change,
    /// How it was removed.
    pub kind: RemovalKind,
    /// Whether it was a directory.
    pub was_directory: bool,
}

/// Why the join of an upload failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinFailure {
    /// A fault or the switch `join` wanted it to fail.
    Requested(Actor),
    /// There was no place for the file.
    NoPlace(Obstacle),
}

/// What keeps a file from being at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A directory on the way is missing.
    MissingDirectory {
        /// The directory.
        path: Path,
        /// Its last removal, if there was one and it is remembered.
        removal: Option<Removal>,
    },
    /// A file is where a directory should be.
    File {
        /// The file.
        path: Path,
        /// Who stored it.
        stored: Change,
    },
    /// A directory has the path itself.
    Directory {
        /// Who created it.
        created: Change,
    },
}
