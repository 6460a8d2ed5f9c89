//! Assertions on an upload.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use crate::journal::{Exchange, Op, RangeList};
use crate::protocol::UploadState;
use crate::storage::{Actor, Path, StateChange, Upload};
use crate::wording::counted;

use super::assertion_macro::assertions_with_try;
use super::attempts::{Attempts, Judged};
use super::causes;
use super::reason::{Reason, Words};
use super::request::RecordedRequest;
use super::requests::RecordedRequests;
use super::state_view::{MAX_LISTED, listed, with_pieces};
use super::{AssertionFailure, CountRange, PieceSnapshot, StateView};

type Checked = Result<(), Box<AssertionFailure>>;

/// A snapshot of an upload.
#[derive(Clone, Debug)]
pub struct UploadSnapshot {
    upload: Arc<Upload>,
    account: String,
    requests: RecordedRequests,
}

impl UploadSnapshot {
    /// Returns every upload, in the order of creation.
    pub(crate) fn all(state_view: StateView<'_>) -> Vec<Self> {
        Self::with_requests(state_view, state_view.storage.uploads().iter())
    }

    fn with_requests<'a>(
        state_view: StateView<'_>,
        uploads: impl Iterator<Item = &'a Arc<Upload>>,
    ) -> Vec<Self> {
        let all = RecordedRequests::new(state_view.journal);
        let mut groups = all.by_upload();
        let snapshots = uploads.map(|upload| {
            let own = groups.remove(&upload.id).unwrap_or_default();
            let snapshot = Self::of(state_view, &all, upload);
            Self { requests: snapshot.requests.listed(own), ..snapshot }
        });
        snapshots.collect()
    }

    /// Returns the upload with this multipart id, else the latest upload to this path. The path is
    /// read by [`Path::as_written`].
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the existing uploads, if none matches.
    ///
    /// # Panics
    ///
    /// Panics if the text is neither a multipart id nor a valid path.
    #[track_caller]
    pub(crate) fn take(
        state_view: StateView<'_>,
        path_or_id: &str,
    ) -> Result<Self, Box<AssertionFailure>> {
        let uploads = state_view.storage.uploads();
        let latest = || {
            let has_upload = |path: &Path| uploads.latest_to(path).is_some();
            uploads.latest_to(&state_view.path(path_or_id, has_upload))
        };
        let found = uploads.get(path_or_id).or_else(latest);
        found
            .map(|upload| Self::of(state_view, &RecordedRequests::new(state_view.journal), upload))
            .ok_or_else(|| no_such_upload(state_view, path_or_id))
    }

    fn of(state_view: StateView<'_>, all: &RecordedRequests, upload: &Arc<Upload>) -> Self {
        let requests = state_view.requests_of(all, upload);
        let account = state_view.storage.account().to_owned();
        Self { upload: Arc::clone(upload), account, requests }
    }

    /// Returns the multipart id.
    pub fn id(&self) -> &str {
        &self.upload.id
    }

    /// Returns the absolute path of the destination, with the account.
    pub fn path(&self) -> &str {
        &self.upload.absolute_path
    }

    /// Returns the state.
    pub fn state(&self) -> UploadState {
        self.upload.state
    }

    /// Returns every state that the upload was in, in order.
    pub fn states(&self) -> Vec<UploadState> {
        self.upload.history.iter().map(|entry| entry.state).collect()
    }

    /// Returns every state that the upload was in, in order, with the change that led to it: its
    /// protocol time, and the exchange, fault or clock step that made it.
    ///
    /// ```
    /// use mock_origin::{InProgressUpload, MockOrigin};
    ///
    /// let origin = MockOrigin::builder().upload(InProgressUpload::new("/a")).start();
    /// let upload = origin.upload("/a");
    /// let created = upload.history()[0].change.by;
    /// assert_eq!(created.exchange(), None); // The test created it.
    /// ```
    pub fn history(&self) -> &[StateChange] {
        &self.upload.history
    }

    /// Returns the part numbers of the stored pieces, in order.
    pub fn pieces(&self) -> Vec<u32> {
        self.upload.current_pieces().map(|piece| piece.number).collect()
    }

    /// Returns the number of bytes in the stored pieces. Replaced pieces do not count.
    pub fn size(&self) -> u64 {
        self.upload.size()
    }

    /// Returns the number of piece bytes that were read, including failed and repeated attempts.
    pub fn bytes_sent(&self) -> u64 {
        self.sent().iter().map(RecordedRequest::received).sum()
    }

    /// Returns every request about this upload.
    pub fn requests(&self) -> &RecordedRequests {
        &self.requests
    }

    /// Returns a snapshot of one part number, even if it was never sent.
    ///
    /// # Panics
    ///
    /// Panics if `number` is 0.
    #[track_caller]
    pub fn piece(&self, number: u32) -> PieceSnapshot {
        assert!(number > 0, "invalid part number 0; part numbers start at 1: .piece(1)");
        PieceSnapshot {
            upload: self.path().to_owned(),
            number,
            stored: self.upload.piece(number).cloned(),
            superseded: self.upload.superseded_pieces(number).cloned().collect(),
            account: self.account.clone(),
            attempts: self.sent().part(number),
            seen: self.sent().iter().filter_map(RecordedRequest::part).collect(),
        }
    }

    assertions_with_try! {
        /// Asserts that the upload was completed and joined: its state is SUCCESS.
        assert_completed, try_completed(self) {
            self.in_state("was completed", UploadState::Success)
        }

        /// Asserts that the upload was aborted.
        assert_aborted, try_aborted(self) {
            self.in_state("was aborted", UploadState::Abort)
        }

        /// Asserts the state.
        assert_state, try_state(self, expected: UploadState) {
            self.in_state("is in the expected state", expected)
        }

        /// Asserts that exactly these part numbers are stored: `1..=4`.
        assert_pieces, try_pieces(self, expected: impl IntoIterator<Item = u32>) {
            let expected: BTreeSet<u32> = expected.into_iter().collect();
            assert!(!expected.contains(&0), "invalid part number 0; part numbers start at 1: .assert_pieces(1..=4)");
            let found: BTreeSet<u32> = self.pieces().into_iter().collect();
            if expected == found { Ok(()) } else { Err(self.wrong_pieces(&expected, &found)) }
        }

        /// Asserts the number of piece bytes that were sent, including failed and repeated attempts.
        assert_bytes_sent, try_bytes_sent(self, expected: u64) {
            let claim = "was sent with the expected number of bytes";
            self.check_whole(claim)?;
            let found = self.bytes_sent();
            if found == expected { Ok(()) } else { Err(self.failure(claim, expected, found, |_| false)) }
        }

        /// Asserts that the pieces were sent in the order of their numbers, each after the response to
        /// the previous one. Sending a number again is in order.
        assert_sequential, try_sequential(self) {
            self.check_whole("was sent sequentially")?;
            let sent = self.sent();
            let pairs = sent.iter().zip(sent.iter().skip(1));
            let early = pairs.into_iter().find(|(one, next)| !follows(one, next));
            early.map_or(Ok(()), |(one, next)| Err(self.out_of_order(one, next)))
        }

        /// Asserts that at most this number of piece bytes was sent, including failed and repeated
        /// attempts. The failure compares it with the stored pieces.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_bytes_sent_at_most(12_000_000); // The file has 10 MB.
        /// ```
        assert_bytes_sent_at_most, try_bytes_sent_at_most(self, expected: u64) {
            let stored = self.upload.current_pieces().map(|piece| (piece.number, piece.size())).collect();
            self.judge("was sent with at most this number of bytes", |sent| sent.bytes_at_most(expected, &stored))
        }

        /// Asserts that every piece that was sent was acknowledged, and none twice. An acknowledgement
        /// is a complete response that reports success.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_acknowledged_once();
        /// ```
        assert_acknowledged_once, try_acknowledged_once(self) {
            self.judge("had each piece acknowledged once", Attempts::acknowledged_once)
        }

        /// Asserts that the client asked to complete the upload only after the acknowledgement of every
        /// piece. A piece that the client listed after its response was lost counts as acknowledged.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_completed_after_acknowledgements();
        /// ```
        assert_completed_after_acknowledgements, try_completed_after_acknowledgements(self) {
            let claim = "was completed after all acknowledgements";
            self.judge(claim, Attempts::completed_after_acknowledgements)
        }

        /// Asserts the number of requests that sent each piece: `1`, `1..=3`.
        /// [`PieceSnapshot::assert_attempts`] asserts it for one piece.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_attempts_per_piece(1..=3);
        /// ```
        assert_attempts_per_piece, try_attempts_per_piece(self, expected: impl Into<CountRange>) {
            let expected = expected.into().or_reject(".assert_attempts_per_piece");
            self.judge("was sent with the expected attempts per piece", |sent| sent.number_per_piece(expected))
        }

        /// Asserts that at no time more than `expected` pieces were in flight. A piece is in flight from
        /// the end of its head until its response begins, so a client that keeps the limit never fails.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_in_flight_at_most(4);
        /// ```
        assert_in_flight_at_most, try_in_flight_at_most(self, expected: usize) {
            assert!(expected > 0, "invalid limit 0; a client that sends a piece has 1 in flight: .assert_in_flight_at_most(1)");
            self.judge("had a limited number of pieces in flight", |sent| sent.in_flight_at_most(expected))
        }

        /// Asserts that the client continued this upload and sent no piece again that it knew to be
        /// stored: one that was acknowledged, or that the test had stored in an
        /// [`InProgressUpload`](crate::InProgressUpload).
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_resumed();
        /// ```
        assert_resumed, try_resumed(self) {
            let given: Vec<u32> = self.upload.pieces.iter()
                .filter(|piece| piece.stored_by() == Actor::Test)
                .map(|piece| piece.number)
                .collect();
            self.judge("was resumed", |sent| sent.resumed(&given))
        }

        /// Asserts that the client waited at least this long, in real time, before it repeated a piece,
        /// a completion, an abort or a restart. It fails if nothing was repeated. The wait is measured
        /// from the start of the previous response to the end of the next head, so a client that waits
        /// long enough never fails.
        ///
        /// ```no_run
        /// # let origin = mock_origin::MockOrigin::start();
        /// origin.upload("/videos/a.mp4").assert_waited_between_attempts(std::time::Duration::from_secs(1));
        /// ```
        assert_waited_between_attempts, try_waited_between_attempts(self, least: Duration) {
            self.judge("was retried after a wait", |sent| sent.waited(least))
        }
    }

    fn sent(&self) -> RecordedRequests {
        self.requests.clone().op(Op::any_piece())
    }

    /// Returns the state, the pieces and the number of requests.
    pub(crate) fn progress(&self) -> String {
        let pieces = with_pieces(&self.pieces());
        format!("{} {pieces}, {}", self.upload.state, self.requests.progress())
    }

    /// Returns an error that names the uploads that are still open, each with the reason.
    pub(crate) fn none_open(state_view: StateView<'_>) -> Checked {
        let mut uploads = state_view.storage.uploads().iter().filter(|upload| upload.is_open());
        let Some(first) = uploads.next() else { return Ok(()) };
        let open = Self::with_requests(state_view, iter::once(first).chain(uploads));
        let reason = |upload: &Self| {
            let text = format!(
                "{} is {} {}",
                upload.path(),
                upload.upload.state,
                with_pieces(&upload.pieces())
            );
            let words = upload.words();
            let why =
                causes::of_upload(words, &upload.upload, &upload.requests, UploadState::Success);
            let aborted =
                causes::of_upload(words, &upload.upload, &upload.requests, UploadState::Abort);
            let why = Reason::join([why, aborted].into_iter().flatten()).unwrap_or_default();
            why.within(&(text + ": "), "")
        };
        let reason = Reason::join(open.iter().take(MAX_LISTED).map(reason));
        let shown: BTreeMap<u64, Arc<Exchange>> = open
            .iter()
            .flat_map(|upload| with_named(&upload.requests, reason.as_ref()))
            .map(|exchange| (exchange.index, exchange))
            .collect();
        Err(AssertionFailure::new(
            "no upload is left open",
            "every upload completed or aborted",
            counted(open.len(), "open upload"),
        )
        .explained_by(reason, shown.into_values())
        .lacking(state_view.journal.dropped()))
    }

    fn words(&self) -> Words<'_> {
        Words { exchanges: self.requests.all(), account: &self.account }
    }

    fn judge<'a>(&'a self, claim: &str, check: impl FnOnce(&Attempts<'a>) -> Judged) -> Checked {
        let failure = |expected: &str, found: &str| self.failure(claim, expected, found, |_| false);
        self.requests.judge(check, &failure)
    }

    fn check_whole(&self, claim: &str) -> Checked {
        self.requests
            .check_whole(&|expected, found| self.failure(claim, expected, found, |_| false))
    }

    fn in_state(&self, claim: &str, expected: UploadState) -> Checked {
        let state = self.upload.state;
        if state == expected {
            return Ok(());
        }
        let found = format!("{state} {}", with_pieces(&self.pieces()));
        let reason = causes::of_upload(self.words(), &self.upload, &self.requests, expected);
        let shown = with_named(&self.requests, reason.as_ref());
        let claim = format!("upload {} {claim}", self.path());
        let failure = AssertionFailure::new(claim, expected, found).explained_by(reason, shown);
        Err(failure.lacking(self.requests.dropped()))
    }

    fn wrong_pieces(
        &self,
        expected: &BTreeSet<u32>,
        found: &BTreeSet<u32>,
    ) -> Box<AssertionFailure> {
        let differing: BTreeSet<u32> = expected.symmetric_difference(found).copied().collect();
        let concerns = |request: &RecordedRequest| {
            request.part().is_some_and(|part| differing.contains(&part))
        };
        let numbers = |set: &BTreeSet<u32>| RangeList::from_numbers(set.iter().copied());
        let claim = "has exactly the expected pieces";
        self.failure(claim, numbers(expected), numbers(found), concerns).because(Some(format!(
            "missing: {}; not expected: {}",
            numbers(&(expected - found)),
            numbers(&(found - expected))
        )))
    }

    fn out_of_order(&self, one: &RecordedRequest, next: &RecordedRequest) -> Box<AssertionFailure> {
        let number = |request: &RecordedRequest| RangeList::from_numbers(request.part());
        let (one_number, next_number) = (number(one), number(next));
        let found = if next.part() < one.part() {
            format!("piece {next_number} after piece {one_number}")
        } else {
            format!("piece {next_number} before the response to piece {one_number}")
        };
        let index = next.exchange().index;
        let is_early = move |request: &RecordedRequest| request.exchange().index == index;
        let expected = "each piece after the response to the previous one";
        self.failure("was sent sequentially", expected, found, is_early)
    }

    fn failure(
        &self,
        claim: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
        is_culprit: impl Fn(&RecordedRequest) -> bool,
    ) -> Box<AssertionFailure> {
        let title = format!("upload {} {claim}", self.path());
        let failure = AssertionFailure::new(title, expected, found);
        self.with_requests_shown(failure, &is_culprit)
    }

    fn with_requests_shown(
        &self,
        failure: Box<AssertionFailure>,
        is_culprit: &dyn Fn(&RecordedRequest) -> bool,
    ) -> Box<AssertionFailure> {
        let culprits = self.requests.iter().filter(|request| is_culprit(request));
        let culprits: HashSet<_> = culprits.map(|request| request.exchange().index).collect();
        failure
            .showing(self.requests.iter().map(RecordedRequest::shared), |exchange| {
                culprits.contains(&exchange.index)
            })
            .lacking(self.requests.dropped())
    }
}

/// Returns whether `next` is the same or a later piece, sent after the response to `one` began. The
/// end of the response does not count: the client may be faster than the record of its last byte.
fn follows(one: &RecordedRequest, next: &RecordedRequest) -> bool {
    let started = one.exchange().response_started.or(one.exchange().closed);
    let is_after =
        started.is_some_and(|instants| instants.elapsed <= next.exchange().opened.elapsed);
    next.part() >= one.part() && is_after
}

/// Returns the exchanges of `requests` and those that `reason` names, in order and without
/// duplicates.
fn with_named(requests: &RecordedRequests, reason: Option<&Reason>) -> Vec<Arc<Exchange>> {
    let mut shown: BTreeSet<u64> = requests.iter().map(|it| it.exchange().index).collect();
    shown.extend(reason.map(Reason::exchanges).into_iter().flatten());
    shown.iter().filter_map(|index| requests.all().by_number(*index).cloned()).collect()
}

fn no_such_upload(state_view: StateView<'_>, path_or_id: &str) -> Box<AssertionFailure> {
    let uploads = state_view.storage.uploads().iter();
    let seen: Vec<_> = uploads.map(|upload| state_view.absolute(&upload.path)).collect();
    let found = match seen.as_slice() {
        [] => "no uploads".to_owned(),
        some => format!("uploads to {}", listed(some)),
    };
    let creates = RecordedRequests::new(state_view.journal).op(Op::create());
    AssertionFailure::new(
        format!("upload {path_or_id} exists"),
        "an upload with this path or multipart id",
        found,
    )
    .showing(creates.iter().map(RecordedRequest::shared), Exchange::is_rejected)
    .lacking(state_view.journal.dropped())
}
