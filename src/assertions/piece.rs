//! Assertions on one piece of an upload.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::blob::Digest;
use crate::journal::{Exchange, RangeList};
use crate::storage::Piece;

use super::assertion_macro::assertions_with_try;
use super::attempts::{Attempts, Judged};
use super::causes;
use super::reason::Words;
use super::request::RecordedRequest;
use super::requests::RecordedRequests;
use super::state_view::digest;
use super::{AssertionFailure, CountRange};

/// A snapshot of one part number of an upload: the stored piece, and every attempt to send it.
#[derive(Clone, Debug)]
pub struct PieceSnapshot {
    pub(super) upload: String,
    pub(super) number: u32,
    pub(super) stored: Option<Piece>,
    /// The pieces of that number that were stored before and replaced.
    pub(super) superseded: Vec<Piece>,
    pub(super) account: String,
    pub(super) attempts: RecordedRequests,
    /// The part numbers that were sent, stored or not.
    pub(super) seen: BTreeSet<u32>,
}

impl PieceSnapshot {
    /// Returns the part number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns whether a piece is stored.
    pub fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// Returns the length of the stored piece in bytes.
    pub fn size(&self) -> Option<u64> {
        self.stored.as_ref().map(Piece::size)
    }

    /// Returns the SHA-256 of the stored piece.
    pub fn digest(&self) -> Option<Digest> {
        self.stored.as_ref().map(|piece| piece.digest)
    }

    /// Returns every request that sent the piece, successful or not.
    pub fn attempts(&self) -> &RecordedRequests {
        &self.attempts
    }

    assertions_with_try! {
        /// Asserts the number of requests that sent the piece: `1`, `1..=3`, `2..`.
        assert_attempts, try_attempts(self, expected: impl Into<CountRange>) {
            let expected = expected.into().or_reject(".assert_attempts");
            let claim = "was sent the expected number of times";
            self.attempts.check_whole(&|expected, found| self.failure(claim, expected, found))?;
            let found = self.attempts.len();
            if expected.contains(found) { Ok(()) } else { Err(self.failure(claim, expected, found)) }
        }

        /// Asserts that the piece was stored.
        assert_stored, try_stored(self) {
            self.piece("was stored").map(|_| ())
        }

        /// Asserts that the piece was sent and acknowledged exactly once. An acknowledgement is a
        /// complete response that reports success.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").piece(2).assert_acknowledged_once();
        /// ```
        assert_acknowledged_once, try_acknowledged_once(self) {
            self.judge("was acknowledged once", Attempts::acknowledged_once)
        }

        /// Asserts that the client waited at least this long, in real time, before it sent the piece
        /// again. It fails if the piece was sent only once.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// let piece = origin.upload("/videos/a.mp4").piece(2);
        /// piece.assert_waited_between_attempts(std::time::Duration::from_secs(1));
        /// ```
        assert_waited_between_attempts, try_waited_between_attempts(self, least: Duration) {
            self.judge("was retried after a wait", |sent| sent.waited(least))
        }

        /// Asserts the length of the stored piece in bytes.
        assert_size, try_size(self, expected: u64) {
            let claim = "has the expected size";
            let found = self.piece(claim)?.size();
            if found == expected { Ok(()) } else { Err(self.wrong_piece(claim, expected, found)) }
        }

        /// Asserts the SHA-256 of the stored piece, given as 64 hexadecimal digits in any case.
        assert_digest, try_digest(self, expected: &str) {
            let claim = "has the expected digest";
            let (expected, found) = (digest(expected), self.piece(claim)?.digest);
            if expected == found { Ok(()) } else { Err(self.wrong_piece(claim, expected, found)) }
        }
    }

    fn piece(&self, claim: &str) -> Result<&Piece, Box<AssertionFailure>> {
        let sent =
            if self.attempts.is_empty() { "it was never sent" } else { "no attempt was stored" };
        let ended = self.attempts.last().and_then(|last| self.words().ended_token(last.call()));
        self.stored.as_ref().ok_or_else(|| {
            let ended = ended
                .as_ref()
                .map(|ended| "its last attempt was rejected: ".to_owned() + ended.text());
            self.failure(claim, "a stored piece", sent).because(ended)
        })
    }

    fn judge<'a>(
        &'a self,
        claim: &str,
        check: impl FnOnce(&Attempts<'a>) -> Judged,
    ) -> Result<(), Box<AssertionFailure>> {
        self.attempts.judge(check, &|expected, found| self.failure(claim, expected, found))
    }

    fn words(&self) -> Words<'_> {
        Words { exchanges: self.attempts.all(), account: &self.account }
    }

    /// Returns the failure of a piece that is stored, but not as expected.
    fn wrong_piece(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Box<AssertionFailure> {
        let words = self.words();
        let stored = self.stored.as_ref();
        let reason = stored.map(|piece| causes::of_piece(words, piece, &self.superseded));
        let exchanges = self.attempts.iter().map(RecordedRequest::shared);
        self.failure(claim, expected, found).explained_by(reason, exchanges)
    }

    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Box<AssertionFailure> {
        let exchanges = self.attempts.iter().map(RecordedRequest::shared);
        AssertionFailure::new(
            format!("piece {} of {} {claim}", self.number, self.upload),
            expected,
            found,
        )
        .showing(exchanges, Exchange::is_rejected)
        .lacking(self.attempts.dropped())
        .hint(format!(
            "the parts that were sent: {}",
            RangeList::from_numbers(self.seen.iter().copied())
        ))
    }
}
