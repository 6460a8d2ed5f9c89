//! Assertions on a stored file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _};
use std::sync::{Arc, OnceLock};

use crate::blob::{Blob, Digest, Hasher};
use crate::journal::{Call, Exchange};
use crate::protocol::{ErrorKind, OCTET_STREAM};
use crate::storage::{
    self, Actor, ByteRange, ByteSource, Change, Obstacle, Path, Removal, Tree, Upload,
};
use crate::wording::counted;

use super::assertion_macro::assertions_with_try;
use super::causes::{self, MissingFile};
use super::near_miss::{NearMiss, near_misses};
use super::reason::{Reason, Words};
use super::requests::RecordedRequests;
use super::state_view;
use super::{AssertionFailure, StateView};

type Checked = Result<(), Box<AssertionFailure>>;

/// A snapshot of the file at a path, which may be missing.
#[derive(Clone, Debug)]
pub struct FileSnapshot {
    path: String,
    location: Path,
    found: Result<storage::File, ErrorKind>,
    /// The latest upload to the path, and the requests about it.
    upload: Option<(Arc<Upload>, RecordedRequests)>,
    /// The upload that the file's bytes came from.
    maker: Option<Arc<Upload>>,
    /// The latest removal at the path.
    removal: Option<Removal>,
    has_forgotten_removals: bool,
    /// The tree, for the files with nearly this path.
    tree: Tree,
    near: OnceLock<Vec<NearMiss>>,
    /// What prevents a file at the path.
    obstacle: Option<Obstacle>,
    /// All requests, from which a failure shows those about the path, and those that the records
    /// above name.
    requests: RecordedRequests,
    account: String,
}

impl FileSnapshot {
    /// Takes a snapshot of `path`, which is read by [`Path::as_written`].
    ///
    /// # Panics
    ///
    /// Panics if `path` is not a valid path.
    #[track_caller]
    pub(crate) fn take(state_view: StateView<'_>, path: &str) -> Self {
        let location = state_view.path_in_tree(path);
        let tree = state_view.storage.tree();
        let found = tree.file(&location).cloned();
        let maker = found.as_ref().ok().and_then(|file| match &file.history.bytes {
            ByteSource::Pieces { upload, .. } => state_view.storage.uploads().get(upload).cloned(),
            ByteSource::Body(_) => None,
        });
        let requests = RecordedRequests::new(state_view.journal);
        let about =
            |upload: &Arc<Upload>| (Arc::clone(upload), state_view.requests_of(&requests, upload));
        let upload = state_view.storage.uploads().latest_to(&location);
        let account = state_view.storage.account();
        Self {
            path: state_view.absolute(&location),
            upload: upload.map(about),
            maker,
            removal: tree.removal(&location).cloned(),
            has_forgotten_removals: tree.has_forgotten_removals(),
            obstacle: tree.obstacle(&location),
            requests,
            account: account.to_owned(),
            tree: tree.clone(),
            near: OnceLock::new(),
            location,
            found,
        }
    }

    /// Returns the files with nearly this path, if there is no file at the path.
    fn near(&self) -> &[NearMiss] {
        self.near.get_or_init(|| match &self.found {
            Ok(_) => Vec::new(),
            Err(_) => near_misses(&self.tree, &self.location, &self.account),
        })
    }

    /// Returns the exchanges that changed the file, its uploads or its path, and those about its
    /// upload.
    fn recorded_exchanges(&self) -> BTreeSet<u64> {
        let uploads = self.maker.iter().chain(self.upload.iter().map(|(upload, _)| upload));
        let of_uploads = uploads.flat_map(|upload| causes::actors_of_upload(upload));
        let near = self.near().iter().map(|near| &near.file);
        let of_file = self.found.iter().chain(near).flat_map(causes::actors_of_file);
        let of_path = self.removal.iter().map(|removal| removal.change.by);
        let of_obstacle = self.obstacle.iter().filter_map(causes::actor_of_obstacle);
        let requests = || self.upload.iter().flat_map(|(_, requests)| requests);
        let of_tokens =
            requests().filter_map(|request| request.call().ended_token.as_deref().copied());
        let of_tokens = of_tokens.map(|ended| ended.change.by);
        let actors = of_uploads.chain(of_file).chain(of_path).chain(of_obstacle).chain(of_tokens);
        let about_upload = requests().map(|request| request.exchange().index);
        actors.filter_map(Actor::exchange).chain(about_upload).collect()
    }

    /// Returns the absolute path, with the account.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether there is a file.
    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }

    /// Returns the content, or `None` if there is no file.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// let origin = MockOrigin::builder().file("/a.txt", "hello").start();
    /// assert_eq!(origin.file("/a.txt").content()?.as_deref(), Some(&b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the content is in the temporary file of the origin, and that cannot be read.
    pub fn content(&self) -> io::Result<Option<Vec<u8>>> {
        self.found.as_ref().ok().map(|file| file.content.to_vec()).transpose()
    }

    /// Returns the length in bytes, or `None` if there is no file.
    pub fn size(&self) -> Option<u64> {
        self.found.as_ref().ok().map(|file| file.content.len())
    }

    /// Returns where the bytes came from, in the order in which they stand in the file: one range
    /// per piece, or one for a file that was stored whole. A copy has the ranges of its original.
    /// It is empty if there is no file. This was recorded when the file was stored.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().file("/a.txt", "hello").start();
    /// let ranges = origin.file("/a.txt").byte_ranges();
    /// assert_eq!((ranges.len(), ranges[0].range.clone(), ranges[0].part), (1, 0..5, None));
    /// assert_eq!(ranges[0].exchange(), None); // The test stored it.
    /// ```
    pub fn byte_ranges(&self) -> Vec<ByteRange> {
        let file = self.found.as_ref().ok();
        file.map_or_else(Vec::new, |file| file.history.byte_ranges(file.content.len()))
    }

    /// Returns the content type, or `None` if there is no file. The default is
    /// `application/octet-stream`.
    pub fn content_type(&self) -> Option<&str> {
        self.found.as_ref().ok().map(|file| file.content_type.as_deref().unwrap_or(OCTET_STREAM))
    }

    /// Returns the modification time in seconds since the epoch, or `None` if there is no file.
    pub fn mtime(&self) -> Option<u64> {
        self.found.as_ref().ok().map(|file| file.stat.mtime.secs())
    }

    /// Returns the exchange that stored the file, if one did.
    #[cfg(feature = "check")]
    pub(crate) fn stored_by(&self) -> Option<u64> {
        self.found.as_ref().ok()?.history.stored.by.exchange()
    }

    assertions_with_try! {
        /// Asserts that there is a file.
        assert_exists, try_exists(self) {
            self.file("exists").map(|_| ())
        }

        /// Asserts that there is no file.
        assert_absent, try_absent(self) {
            let Some(size) = self.size() else { return Ok(self) };
            Err(self.failure("does not exist", "no file", format!("a file of {}", counted(size, "byte"))))
        }

        /// Asserts that the content is `expected`, byte for byte.
        assert_content, try_content(self, expected: impl AsRef<[u8]>) {
            let (expected, claim) = (expected.as_ref(), "has the expected content");
            let content = &self.file(claim)?.content;
            let difference = content.first_difference(expected);
            let wanted = || Ok((expected.len() as u64, Digest::compute(expected)));
            self.compare_bytes(content, difference, wanted, claim)
        }

        /// Asserts that the content equals the content of the local file `local`.
        assert_content_of, try_content_of(self, local: impl AsRef<std::path::Path>) {
            let local = local.as_ref();
            let claim = format!("has the content of {}", local.display());
            let Ok(file) = File::open(local) else {
                panic!("cannot read the local file {}", local.display())
            };
            let content = &self.file(&claim)?.content;
            let difference = content.first_difference_from(file);
            self.compare_bytes(content, difference, || digest_of_local(local), &claim)
        }

        /// Asserts the content's SHA-256, given as 64 hexadecimal digits in any case.
        assert_digest, try_digest(self, expected: &str) {
            let claim = "has the expected digest";
            let expected = state_view::digest(expected);
            let found = self.digest_of(&self.file(claim)?.content, claim)?;
            if expected == found { Ok(()) } else { Err(self.failure(claim, expected, found)) }
        }

        /// Asserts the length in bytes.
        assert_size, try_size(self, expected: u64) {
            let claim = "has the expected size";
            self.compare(claim, counted(expected, "byte"), counted(self.file(claim)?.content.len(), "byte"))
        }

        /// Asserts the content type, as stored.
        assert_content_type, try_content_type(self, expected: &str) {
            let claim = "has the expected content type";
            let set = self.file(claim)?.history.content_type_set;
            let found = self.content_type().unwrap_or_default();
            self.compare_attribute(set, claim, expected, found)
        }

        /// Asserts the modification time, in seconds since the epoch.
        assert_mtime, try_mtime(self, expected: u64) {
            let claim = "has the expected mtime";
            let file = self.file(claim)?;
            let found = file.stat.mtime.secs().to_string();
            self.compare_attribute(file.history.mtime_set, claim, &expected.to_string(), &found)
        }
    }

    fn file(&self, claim: &str) -> Result<&storage::File, Box<AssertionFailure>> {
        let words = |cause: &ErrorKind| match cause {
            ErrorKind::IsDirectory => "a directory at this path",
            ErrorKind::NoParent => "no file, and no parent directory",
            ErrorKind::FileInPath => "a file in place of a parent directory",
            _ => "no file",
        };
        self.found.as_ref().map_err(|cause| self.failure(claim, "a file", words(cause)))
    }

    fn compare(&self, claim: &str, expected: String, found: String) -> Checked {
        if expected == found { Ok(()) } else { Err(self.failure(claim, expected, found)) }
    }

    /// Compares an attribute that `set` may have changed after the file was stored.
    fn compare_attribute(
        &self,
        set: Option<Change>,
        claim: &str,
        expected: &str,
        found: &str,
    ) -> Checked {
        let file = self.file(claim)?;
        let reason = || causes::of_attribute(self.words(), file, self.maker.as_deref(), set);
        let failure = |reason| self.failure_because(claim, expected, found, Some(reason));
        if expected == found { Ok(()) } else { Err(failure(reason())) }
    }

    /// Returns the failure of a comparison that found a difference; `wanted` returns the expected
    /// length and digest.
    fn compare_bytes(
        &self,
        content: &Blob,
        difference: io::Result<Option<u64>>,
        wanted: impl FnOnce() -> io::Result<(u64, Digest)>,
        claim: &str,
    ) -> Checked {
        let unreadable = |error| self.failure(claim, "readable contents", error);
        let Some(at) = difference.map_err(unreadable)? else { return Ok(()) };
        let (length, digest) = wanted().map_err(unreadable)?;
        let found = self.digest_of(content, claim)?;
        let differs = format!(
            "{}, SHA-256 {found}; the first difference is at byte {at}",
            counted(content.len(), "byte")
        );
        let wanted = format!("{}, SHA-256 {digest}", counted(length, "byte"));
        let ends = at == length.min(content.len());
        if ends {
            let equal_so_far =
                "the length; the contents are equal up to the end of the shorter one";
            return Err(self.failure(claim, wanted, differs).hint(equal_so_far));
        }
        let file = self.found.as_ref().ok();
        let byte =
            file.and_then(|file| causes::of_byte(self.words(), file, self.maker.as_deref(), at));
        let Some(byte) = byte else { return Err(self.failure(claim, wanted, differs)) };
        let reason = match &self.found {
            Ok(file) if causes::is_changed_since(file) => {
                self.reason().map(|file| file.and(byte.reason))
            }
            _ => Some(byte.reason),
        };
        let failure = self.failure_because(claim, wanted, differs, reason);
        Err(match byte.sent {
            Some((exchange, offset)) => {
                failure.hint(format!("the body of exchange #{exchange}, starting at byte {offset}"))
            }
            None => failure,
        })
    }

    fn digest_of(&self, content: &Blob, claim: &str) -> Result<Digest, Box<AssertionFailure>> {
        content.digest().map_err(|error| self.failure(claim, "readable content", error))
    }

    fn words(&self) -> Words<'_> {
        Words { exchanges: self.requests.all(), account: &self.account }
    }

    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Box<AssertionFailure> {
        self.failure_because(claim, expected, found, self.reason())
    }

    fn failure_because(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
        reason: Option<Reason>,
    ) -> Box<AssertionFailure> {
        let failure = AssertionFailure::new(format!("file {} {claim}", self.path), expected, found);
        self.with_cause(failure, reason)
    }

    fn with_cause(
        &self,
        failure: Box<AssertionFailure>,
        reason: Option<Reason>,
    ) -> Box<AssertionFailure> {
        let recorded = self.recorded_exchanges();
        let concerns = |exchange: &&Arc<Exchange>| {
            let is_about = |call: &Call| call.path.as_deref() == Some(&*self.path);
            recorded.contains(&exchange.index) || exchange.calls.iter().any(is_about)
        };
        failure
            .explained_by(reason, self.requests.all().iter().filter(concerns).cloned())
            .lacking(self.requests.dropped())
    }

    /// Returns how the file was stored, or why there is none.
    fn reason(&self) -> Option<Reason> {
        if let Ok(file) = &self.found {
            return Some(causes::of_file(self.words(), file));
        }
        let missing = MissingFile {
            path: &self.location,
            removal: self.removal.as_ref(),
            obstacle: self.obstacle.as_ref(),
            upload: self.upload.as_ref().map(|(upload, requests)| (&**upload, requests)),
            has_forgotten: self.has_forgotten_removals,
        };
        let near = self.near().iter().map(|near| {
            let there = format!("{} {}: ", self.words().absolute(&near.path), near.difference);
            causes::of_file(self.words(), &near.file).within(&there, "")
        });
        Reason::join(missing.reason(self.words()).into_iter().chain(near))
    }
}

/// Returns the length and the digest of a local file, without loading it whole.
fn digest_of_local(path: &std::path::Path) -> io::Result<(u64, Digest)> {
    let mut file = io::BufReader::with_capacity(64 * 1024, File::open(path)?);
    let (mut hasher, mut length) = (Hasher::new(), 0);
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok((length, hasher.finish()));
        }
        hasher.update(read);
        let count = read.len();
        length += count as u64;
        file.consume(count);
    }
}
