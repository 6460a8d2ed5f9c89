//! What a snapshot is taken of.

use std::collections::BTreeMap;
use std::fmt;

use crate::blob::Digest;
use crate::journal::{Journal, RangeList, RecordedRequest, RecordedRequests};
use crate::protocol::ErrorKind;
use crate::storage::{Change, Path, PathEncoding, Storage, Upload};

/// Who had ended the tokens of refused requests, by the numbers of their exchanges.
pub(super) type EndedTokens = BTreeMap<u64, Change>;

/// The core's state and the journal at one moment; the server gives it out under its lock.
#[derive(Clone, Copy, Debug)]
pub struct StateView<'a> {
    /// The storage origin.
    pub storage: &'a Storage,
    /// What happened to it.
    pub journal: &'a Journal,
}

/// More names than that are not listed in a message.
pub(super) const MOST_LISTED: usize = 20;

/// The first of some names, and how many more there are.
pub(super) fn listed(names: &[impl fmt::Debug]) -> String {
    match names.len().saturating_sub(MOST_LISTED) {
        0 => format!("{names:?}"),
        more => format!("{:?} and {more} more", &names[..MOST_LISTED]),
    }
}

/// Which pieces an upload has, in words: `with piece 1`, `without pieces`.
pub(super) fn with_pieces(numbers: &[u32]) -> String {
    if numbers.is_empty() {
        return "without pieces".to_owned();
    }
    format!("with {}", pieces_in_words(numbers))
}

/// Part numbers with their noun: `piece 1`, `pieces 1..=3`, `no pieces`.
pub(super) fn pieces_in_words(numbers: &[u32]) -> String {
    match numbers {
        [] => "no pieces".to_owned(),
        [number] => format!("piece {number}"),
        several => format!("pieces {}", RangeList::from_numbers(several.iter().copied())),
    }
}

/// Reads a digest that a test has written.
///
/// # Panics
///
/// If it is none: then the test is wrong, not the client.
#[track_caller]
pub(super) fn digest(text: &str) -> Digest {
    let Some(digest) = Digest::parse_hex(text) else {
        panic!("{text:?} is no SHA-256: write it as 64 hexadecimal digits")
    };
    digest
}

impl<'a> StateView<'a> {
    /// Reads a path that a test has written, as [`Path::as_written`] says.
    ///
    /// # Panics
    ///
    /// If it cannot be a path: then the test is wrong, not the client.
    #[track_caller]
    pub(super) fn path(&self, text: &str, is_there: impl Fn(&Path) -> bool) -> Path {
        let Ok(path) = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX) else {
            panic!("invalid path {text:?}: write it like \"/videos/a.mp4\", without `.` and `..`")
        };
        path.as_written(self.storage.account(), is_there)
    }

    /// Reads the path of something in the tree that a test has written.
    #[track_caller]
    pub(super) fn path_in_tree(&self, text: &str) -> Path {
        self.path(text, |path| self.storage.tree().get(path).is_ok())
    }

    /// The uploads that aim at `path`, in the order of their creation.
    pub(crate) fn uploads_to(&self, path: &Path) -> impl DoubleEndedIterator<Item = &'a Upload> {
        self.storage.uploads().iter().filter(move |upload| upload.path == *path)
    }

    /// Returns, by the numbers of exchanges, who had ended the token with which a request came that
    /// was refused for it. JSON-RPC has its tokens in bodies, which are not kept.
    pub(super) fn ended_tokens(&self, requests: &RecordedRequests) -> EndedTokens {
        let ended = |request: &RecordedRequest| {
            let row = request.call().result_code?;
            let head = row.causes.contains(&ErrorKind::BadCredentials).then(|| request.head())?;
            let token = std::str::from_utf8(head.header("X-Agile-Authorization")?).ok()?;
            let opened = request.exchange().opened.protocol;
            let change = self.storage.sessions().ended(opened, token)?;
            (change.at <= opened).then_some((request.exchange().index, change))
        };
        requests.iter().filter_map(ended).collect()
    }

    /// A path as answers and the journal show it.
    pub(crate) fn absolute(&self, path: &Path) -> String {
        path.absolute(self.storage.account())
    }
}
