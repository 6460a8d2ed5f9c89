//! The input of snapshots: [`StateView`].

use std::fmt;

use crate::blob::Digest;
use crate::journal::{Journal, RangeList};
use crate::storage::{Path, PathEncoding, Storage, Upload};

use super::RecordedRequests;

/// The storage and the journal at one moment. The server creates it under its lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateView<'a> {
    /// The storage service.
    pub storage: &'a Storage,
    /// The journal.
    pub journal: &'a Journal,
}

/// The maximum number of names in a message.
pub(super) const MAX_LISTED: usize = 20;

/// Returns the first names, and the number of the others.
pub(super) fn listed(names: &[impl fmt::Debug]) -> String {
    match names.len().saturating_sub(MAX_LISTED) {
        0 => format!("{names:?}"),
        more => format!("{:?} and {more} more", &names[..MAX_LISTED]),
    }
}

/// Returns the pieces of an upload as text: `with piece 1`, `without pieces`.
pub(super) fn with_pieces(numbers: &[u32]) -> String {
    if numbers.is_empty() {
        return "without pieces".to_owned();
    }
    format!("with {}", pieces_in_words(numbers))
}

/// Returns part numbers with their noun: `piece 1`, `pieces 1..=3`, `no pieces`.
pub(super) fn pieces_in_words(numbers: &[u32]) -> String {
    match numbers {
        [] => "no pieces".to_owned(),
        [number] => format!("piece {number}"),
        several => format!("pieces {}", RangeList::from_numbers(several.iter().copied())),
    }
}

/// Parses a digest from a test.
///
/// # Panics
///
/// Panics if it is invalid: the test is wrong, not the client.
#[track_caller]
pub(super) fn digest(text: &str) -> Digest {
    let Some(digest) = Digest::parse_hex(text) else {
        panic!("invalid SHA-256 {text:?}; write it as 64 hexadecimal digits")
    };
    digest
}

/// Parses a path from a test.
///
/// # Panics
///
/// Panics if it is invalid: the test is wrong, not the client.
#[track_caller]
fn parse_path(text: &str) -> Path {
    let Ok(path) = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX) else {
        panic!("invalid path {text:?}; write it like \"/videos/a.mp4\", without `.` and `..`")
    };
    path
}

/// Checks a path from a test before there is a view.
///
/// # Panics
///
/// Panics if it is invalid: the test is wrong, not the client.
#[track_caller]
pub(crate) fn check_path(text: &str) {
    parse_path(text);
}

impl StateView<'_> {
    /// Parses a path from a test with [`Path::as_written`].
    ///
    /// # Panics
    ///
    /// Panics if it is invalid: the test is wrong, not the client.
    #[track_caller]
    pub(super) fn path(&self, text: &str, is_there: impl Fn(&Path) -> bool) -> Path {
        parse_path(text).as_written(self.storage.account(), is_there)
    }

    /// Parses the path of a tree entry from a test.
    #[track_caller]
    pub(super) fn path_in_tree(&self, text: &str) -> Path {
        self.path(text, |path| self.storage.tree().get(path).is_ok())
    }

    /// Returns those of `all` requests that are about an upload.
    pub(super) fn requests_of(&self, all: &RecordedRequests, upload: &Upload) -> RecordedRequests {
        let created = upload.history.first().and_then(|created| created.change.by.exchange());
        let is_whole = match created {
            // The journal drops the requests of an upload from the first one on.
            Some(create) => self.journal.exchange(create).is_some(),
            None => !self.journal.dropped().is_any(),
        };
        all.of_upload(&upload.id, is_whole)
    }

    /// Returns a path as responses and the journal show it.
    pub(crate) fn absolute(&self, path: &Path) -> String {
        path.absolute(self.storage.account())
    }
}
