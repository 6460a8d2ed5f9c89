//! Assertions on a stored file.

use std::fs::File;
use std::io::{self, BufRead as _};
use std::sync::Arc;

use crate::content::{Content, Digest, Hasher};
use crate::journal::{Call, Exchange, Numbers, Requests};
use crate::origin::{self, Upload};
use crate::spec::{Cause, OCTET_STREAM, Operation, Row, UploadState};

use super::evidence;
use super::twins::twins;
use super::upload::why_not_done;
use super::{Evidence, Failure};

type Judged = Result<(), Box<Failure>>;

/// What lay at a path at the moment of asking: a file, or none.
#[derive(Clone, Debug)]
pub struct FileSnapshot {
    path: String,
    found: Result<origin::File, Cause>,
    /// The latest upload to the path, and what was asked about it.
    upload: Option<(Upload, Requests)>,
    /// The upload that made the file.
    maker: Option<Upload>,
    exchanges: Vec<Arc<Exchange>>,
    account: String,
}

impl FileSnapshot {
    /// Looks at `path`, as seen from the account's root.
    ///
    /// # Panics
    ///
    /// If `path` cannot be a path.
    #[track_caller]
    pub fn take(evidence: Evidence<'_>, path: &str) -> Self {
        let path = evidence::path(path);
        let absolute = evidence.absolute(&path);
        let concerns = |exchange: &&Arc<Exchange>| {
            exchange.calls.iter().any(|call| call.path.as_ref() == Some(&absolute))
        };
        let found = evidence.origin.tree().file(&path).cloned();
        let made = |upload: &&Upload| {
            let size = found.as_ref().map(|file| file.content.len()).ok();
            upload.state == UploadState::Success && Some(upload.size()) == size
        };
        let about = |upload: &Upload| {
            let requests = Requests::new(evidence.journal.exchanges()).upload(&upload.id);
            (upload.clone(), requests)
        };
        Self {
            maker: evidence.uploads_to(&path).rev().find(made).cloned(),
            upload: evidence.uploads_to(&path).next_back().map(about),
            exchanges: evidence.journal.exchanges().iter().filter(concerns).cloned().collect(),
            account: evidence.origin.account().to_owned(),
            path: absolute,
            found,
        }
    }

    /// Its absolute path, the account in front.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is a file.
    pub fn exists(&self) -> bool {
        self.found.is_ok()
    }

    /// What is in it; nothing if there is no file.
    pub fn content(&self) -> Option<&Content> {
        self.found.as_ref().ok().map(|file| &file.content)
    }

    /// Its length in bytes.
    pub fn size(&self) -> Option<u64> {
        self.content().map(Content::len)
    }

    /// Its content type, `application/octet-stream` where none is known.
    pub fn content_type(&self) -> Option<&str> {
        self.found.as_ref().ok().map(|file| file.content_type.as_deref().unwrap_or(OCTET_STREAM))
    }

    /// Its modification time in seconds since the epoch.
    pub fn mtime(&self) -> Option<u64> {
        self.found.as_ref().ok().map(|file| file.stat.mtime.secs())
    }

    twins! {
        /// Asserts that there is a file.
        assert_exists, try_exists(self) {
            self.file("exists").map(|_| ())
        }

        /// Asserts that there is no file.
        assert_absent, try_absent(self) {
            let Some(size) = self.size() else { return Ok(self) };
            Err(self.failure("does not exist", "no file", format!("a file of {size} bytes")))
        }

        /// Asserts that the content is `expected`, byte for byte.
        assert_content, try_content(self, expected: impl AsRef<[u8]>) {
            let (expected, claim) = (expected.as_ref(), "has the expected content");
            let content = &self.file(claim)?.content;
            let difference = content.first_difference(expected);
            let wanted = || Ok((expected.len() as u64, Digest::of(expected)));
            self.same_bytes(content, difference, wanted, claim)
        }

        /// Asserts that the content is that of the file at `local` on disk.
        assert_content_of, try_content_of(self, local: impl AsRef<std::path::Path>) {
            let local = local.as_ref();
            let claim = format!("has the content of {}", local.display());
            let Ok(file) = File::open(local) else {
                panic!("{} cannot be read, so nothing can be compared with it", local.display())
            };
            let content = &self.file(&claim)?.content;
            let difference = content.first_difference_from(file);
            self.same_bytes(content, difference, || digest_of_local(local), &claim)
        }

        /// Asserts the content's SHA-256, given as 64 hexadecimal digits in any case.
        assert_digest, try_digest(self, expected: &str) {
            let claim = "has the expected digest";
            let expected = evidence::digest(expected);
            let found = self.digest_of(&self.file(claim)?.content, claim)?;
            if expected == found { Ok(()) } else { Err(self.failure(claim, expected, found)) }
        }

        /// Asserts the length in bytes.
        assert_size, try_size(self, expected: u64) {
            let claim = "has the expected size";
            self.same(claim, format!("{expected} bytes"), format!("{} bytes", self.file(claim)?.content.len()))
        }

        /// Asserts the content type, as stored.
        assert_content_type, try_content_type(self, expected: &str) {
            let claim = "has the expected content type";
            self.file(claim)?;
            self.same(claim, expected.to_owned(), self.content_type().unwrap_or_default().to_owned())
        }

        /// Asserts the modification time, in seconds since the epoch.
        assert_mtime, try_mtime(self, expected: u64) {
            let claim = "has the expected mtime";
            self.same(claim, expected.to_string(), self.file(claim)?.stat.mtime.secs().to_string())
        }
    }

    fn file(&self, claim: &str) -> Result<&origin::File, Box<Failure>> {
        let words = |cause: &Cause| match cause {
            Cause::IsDirectory => "a directory of that name",
            Cause::NoParent => "no file, and no directory to hold it",
            Cause::FileInPath => "a file where a directory should be",
            _ => "no file",
        };
        self.found.as_ref().map_err(|cause| self.failure(claim, "a file", words(cause)))
    }

    fn same(&self, claim: &str, expected: String, found: String) -> Judged {
        if expected == found { Ok(()) } else { Err(self.failure(claim, expected, found)) }
    }

    /// Judges a comparison of contents; `wanted` gives length and digest of what was expected.
    fn same_bytes(
        &self,
        content: &Content,
        difference: io::Result<Option<u64>>,
        wanted: impl FnOnce() -> io::Result<(u64, Digest)>,
        claim: &str,
    ) -> Judged {
        let unreadable = |error| self.failure(claim, "contents that can be read", error);
        let Some(at) = difference.map_err(unreadable)? else { return Ok(()) };
        let (length, digest) = wanted().map_err(unreadable)?;
        let found = self.digest_of(content, claim)?;
        let differs = format!(
            "{} bytes, SHA-256 {found}; the first difference is at byte {at}",
            content.len()
        );
        let wanted = format!("{length} bytes, SHA-256 {digest}");
        let failure = self.failure(claim, wanted, differs);
        let ends = at == length.min(content.len());
        let equal_so_far = "the length: the contents are equal as far as the shorter one goes";
        Err(match self.piece_at(at) {
            _ if ends => failure.hint(equal_so_far),
            Some(number) => failure.hint(format!("piece {number}, in which byte {at} came")),
            None => failure,
        })
    }

    fn digest_of(&self, content: &Content, claim: &str) -> Result<Digest, Box<Failure>> {
        content.digest().map_err(|error| self.failure(claim, "a content that can be read", error))
    }

    /// The piece in which the byte at `offset` came, if the file was made of pieces.
    fn piece_at(&self, offset: u64) -> Option<u32> {
        let pieces = self.maker.iter().flat_map(Upload::current);
        let mut ends = pieces.scan(0, |end, piece| {
            *end += piece.size();
            Some((*end, piece.number))
        });
        ends.find(|(end, _)| offset < *end).map(|(_, number)| number)
    }

    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Box<Failure> {
        Failure::new(format!("file {} {claim}", self.path), expected, found)
            .because(self.cause())
            .showing(self.exchanges.iter().cloned(), Exchange::is_refused)
    }

    /// Why there is no file: what became of it, or of the latest upload to its path.
    fn cause(&self) -> Option<String> {
        // Where a directory has the name, no upload could have made a file of it.
        if matches!(self.found, Ok(_) | Err(Cause::IsDirectory)) {
            return None;
        }
        if let Some(removed) = self.removed_by() {
            return Some(removed);
        }
        match &self.upload {
            Some((upload, requests)) => {
                let numbers = Numbers::of(upload.current().map(|piece| piece.number));
                let state = format!("its upload is {} with pieces {numbers}", upload.state);
                let why = why_not_done(upload, requests);
                Some(why.map_or_else(|| state.clone(), |why| format!("{state}: {why}")))
            }
            None if self.names_the_account() => Some(format!(
                "paths here begin at the account's root, so this is one in a directory {:?}: leave \
                 the account's name out",
                self.account
            )),
            None => Some("no upload to that path was begun (§4.1)".to_owned()),
        }
    }

    /// The request that took the file away, if one did.
    fn removed_by(&self) -> Option<String> {
        let removes = |call: &Call| {
            let operation = call.operation;
            let takes = [Operation::DeleteFile, Operation::DeleteObject, Operation::Rename];
            takes.contains(&operation) && call.row.is_some_and(Row::is_success)
        };
        let removal = self.exchanges.iter().rfind(|exchange| exchange.calls.iter().any(removes))?;
        Some(format!("exchange #{} took it away", removal.index))
    }

    /// Whether the path was written with the account in front, as answers show it.
    fn names_the_account(&self) -> bool {
        self.path.starts_with(&format!("/{0}/{0}/", self.account))
    }
}

/// Length and digest of a file on disk, read bit by bit.
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
