//! Assertions that wait until they hold, on a thread and in async code. Start with
//! [`MockOrigin::upload_within`].

use std::time::Duration;

use crate::assertions::{
    AssertionFailure, RecordedRequests, StateView, UploadSnapshot, check_path,
};

use crate::mock::mock_origin::MockOrigin;
use crate::mock::panic_at_await::PanicAtAwait;
use crate::mock::wait::Waiting;
use crate::server::state_guard::StateGuard;

type Checked<T> = Result<T, Box<AssertionFailure>>;

impl MockOrigin {
    /// Waits until the assertions of `check` hold for the upload with that multipart identifier, or
    /// else for the latest upload to that path, and returns its snapshot. Checks again after every
    /// change; the upload may not exist yet.
    ///
    /// Blocks its thread; async code uses [`upload_within_async`](Self::upload_within_async).
    ///
    /// ```no_run
    /// # let origin = mock_origin::MockOrigin::start();
    /// // Start the client under test, then:
    /// let timeout = std::time::Duration::from_secs(10);
    /// origin.upload_within("/videos/a.mp4", timeout, |upload| {
    ///     upload.try_completed()?.try_acknowledged_once()
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If they do not hold before `timeout`, with the last failure and how far the client got. If
    /// `path_or_id` is neither an identifier nor a valid path.
    #[track_caller]
    pub fn upload_within(
        &self,
        path_or_id: &str,
        timeout: Duration,
        check: impl Fn(&UploadSnapshot) -> Checked<&UploadSnapshot>,
    ) -> UploadSnapshot {
        self.try_upload_within(path_or_id, timeout, check).unwrap_or_else(|failure| failure.raise())
    }

    /// Does the same as [`upload_within`](Self::upload_within), but returns the failure.
    ///
    /// # Errors
    ///
    /// Returns the last failure, and how far the client got.
    ///
    /// # Panics
    ///
    /// If `path_or_id` is neither an identifier nor a valid path.
    #[track_caller]
    pub fn try_upload_within(
        &self,
        path_or_id: &str,
        timeout: Duration,
        check: impl Fn(&UploadSnapshot) -> Checked<&UploadSnapshot>,
    ) -> Checked<UploadSnapshot> {
        check_path(path_or_id);
        self.within(timeout, |view| checked_upload(view, path_or_id, &check))
    }

    /// Does the same as [`upload_within`](Self::upload_within) without blocking the thread. Dropping
    /// the future ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// let timeout = std::time::Duration::from_secs(10);
    /// origin.upload_within_async("/a.mp4", timeout, |upload| upload.try_aborted()).await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If they do not hold before `timeout`, at the line that awaits the future. If `path_or_id` is
    /// neither an identifier nor a valid path, before the future is polled.
    #[track_caller]
    pub fn upload_within_async(
        &self,
        path_or_id: &str,
        timeout: Duration,
        check: impl Fn(&UploadSnapshot) -> Checked<&UploadSnapshot> + Send + Sync,
    ) -> impl Future<Output = UploadSnapshot> + Send {
        PanicAtAwait::new(self.try_upload_within_async(path_or_id, timeout, check))
    }

    /// Does the same as [`try_upload_within`](Self::try_upload_within) without blocking the thread.
    /// Dropping the future ends the wait and changes nothing.
    ///
    /// # Errors
    ///
    /// Returns the last failure, and how far the client got.
    ///
    /// # Panics
    ///
    /// If `path_or_id` is neither an identifier nor a valid path, before the future is polled.
    #[track_caller]
    pub fn try_upload_within_async(
        &self,
        path_or_id: &str,
        timeout: Duration,
        check: impl Fn(&UploadSnapshot) -> Checked<&UploadSnapshot> + Send + Sync,
    ) -> impl Future<Output = Checked<UploadSnapshot>> + Send {
        check_path(path_or_id);
        self.within_async(timeout, move |view| checked_upload(view, path_or_id, &check))
    }

    /// Waits until the assertions of `check` hold for the requests so far, and returns these. Checks
    /// again after every change.
    ///
    /// Blocks its thread; async code uses [`requests_within_async`](Self::requests_within_async).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let origin = mock_origin::MockOrigin::start();
    /// let requests = origin.requests_within(Duration::from_secs(10), |all| all.try_count(0));
    /// assert!(requests.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If they do not hold before `timeout`, with the last failure and how far the client got.
    #[track_caller]
    pub fn requests_within(
        &self,
        timeout: Duration,
        check: impl Fn(&RecordedRequests) -> Checked<&RecordedRequests>,
    ) -> RecordedRequests {
        self.try_requests_within(timeout, check).unwrap_or_else(|failure| failure.raise())
    }

    /// Does the same as [`requests_within`](Self::requests_within), but returns the failure.
    ///
    /// # Errors
    ///
    /// Returns the last failure, and how far the client got.
    pub fn try_requests_within(
        &self,
        timeout: Duration,
        check: impl Fn(&RecordedRequests) -> Checked<&RecordedRequests>,
    ) -> Checked<RecordedRequests> {
        self.within(timeout, |view| checked_requests(view, &check))
    }

    /// Does the same as [`requests_within`](Self::requests_within) without blocking the thread.
    /// Dropping the future ends the wait and changes nothing.
    ///
    /// # Panics
    ///
    /// If they do not hold before `timeout`, at the line that awaits the future.
    pub fn requests_within_async(
        &self,
        timeout: Duration,
        check: impl Fn(&RecordedRequests) -> Checked<&RecordedRequests> + Send + Sync,
    ) -> impl Future<Output = RecordedRequests> + Send {
        PanicAtAwait::new(self.try_requests_within_async(timeout, check))
    }

    /// Does the same as [`try_requests_within`](Self::try_requests_within) without blocking the
    /// thread. Dropping the future ends the wait and changes nothing.
    ///
    /// # Errors
    ///
    /// Returns the last failure, and how far the client got.
    pub async fn try_requests_within_async(
        &self,
        timeout: Duration,
        check: impl Fn(&RecordedRequests) -> Checked<&RecordedRequests> + Send + Sync,
    ) -> Checked<RecordedRequests> {
        self.within_async(timeout, move |view| checked_requests(view, &check)).await
    }

    /// Asserts that every upload was completed or aborted, or has expired.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`assert_no_open_uploads_async`](Self::assert_no_open_uploads_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.assert_no_open_uploads();
    /// ```
    ///
    /// # Panics
    ///
    /// If there is an open upload, with the reason for each.
    #[track_caller]
    pub fn assert_no_open_uploads(&self) {
        self.try_no_open_uploads().unwrap_or_else(|failure| failure.raise());
    }

    /// Does the same as [`assert_no_open_uploads`](Self::assert_no_open_uploads), but returns the
    /// failure.
    ///
    /// # Errors
    ///
    /// Returns a failure with the reason for each open upload.
    pub fn try_no_open_uploads(&self) -> Checked<()> {
        none_open(self.shared.wait_idle())
    }

    /// Does the same as [`assert_no_open_uploads`](Self::assert_no_open_uploads) without blocking the
    /// thread.
    ///
    /// # Panics
    ///
    /// If there is an open upload, at the line that awaits the future.
    pub fn assert_no_open_uploads_async(&self) -> impl Future<Output = ()> + Send {
        PanicAtAwait::new(self.try_no_open_uploads_async())
    }

    /// Does the same as [`try_no_open_uploads`](Self::try_no_open_uploads) without blocking the thread.
    ///
    /// # Errors
    ///
    /// Returns a failure with the reason for each open upload.
    pub async fn try_no_open_uploads_async(&self) -> Checked<()> {
        none_open(self.shared.wait_idle_async().await)
    }

    /// Waits until every upload was completed or aborted, or has expired.
    ///
    /// Blocks its thread; async code uses
    /// [`assert_no_open_uploads_within_async`](Self::assert_no_open_uploads_within_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// // Stop the client under test, which aborts its uploads, then:
    /// origin.assert_no_open_uploads_within(std::time::Duration::from_secs(10));
    /// ```
    ///
    /// # Panics
    ///
    /// If there still is an open upload after `timeout`, with the reason for each.
    #[track_caller]
    pub fn assert_no_open_uploads_within(&self, timeout: Duration) {
        self.try_no_open_uploads_within(timeout).unwrap_or_else(|failure| failure.raise());
    }

    /// Does the same as [`assert_no_open_uploads_within`](Self::assert_no_open_uploads_within), but
    /// returns the failure.
    ///
    /// # Errors
    ///
    /// Returns a failure with the reason for each open upload.
    pub fn try_no_open_uploads_within(&self, timeout: Duration) -> Checked<()> {
        self.within(timeout, no_open_uploads)
    }

    /// Does the same as [`assert_no_open_uploads_within`](Self::assert_no_open_uploads_within) without
    /// blocking the thread. Dropping the future ends the wait and changes nothing.
    ///
    /// # Panics
    ///
    /// If there still is an open upload after `timeout`, at the line that awaits the future.
    pub fn assert_no_open_uploads_within_async(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = ()> + Send {
        PanicAtAwait::new(self.try_no_open_uploads_within_async(timeout))
    }

    /// Does the same as [`try_no_open_uploads_within`](Self::try_no_open_uploads_within) without
    /// blocking the thread. Dropping the future ends the wait and changes nothing.
    ///
    /// # Errors
    ///
    /// Returns a failure with the reason for each open upload.
    pub async fn try_no_open_uploads_within_async(&self, timeout: Duration) -> Checked<()> {
        self.within_async(timeout, no_open_uploads).await
    }

    fn within<T>(
        &self,
        timeout: Duration,
        check: impl Fn(StateView<'_>) -> Result<T, Unmet>,
    ) -> Checked<T> {
        let mut waiting = Waiting::begin(self, timeout);
        loop {
            let unmet = match check(waiting.view()) {
                Ok(found) => return Ok(found),
                Err(unmet) => unmet,
            };
            if !waiting.next(self) {
                return Err(unmet.after(timeout));
            }
        }
    }

    async fn within_async<T>(
        &self,
        timeout: Duration,
        check: impl Fn(StateView<'_>) -> Result<T, Unmet>,
    ) -> Checked<T> {
        let mut waiting = Waiting::begin(self, timeout);
        loop {
            let unmet = match check(waiting.view()) {
                Ok(found) => return Ok(found),
                Err(unmet) => unmet,
            };
            if !waiting.next_async(self).await {
                return Err(unmet.after(timeout));
            }
        }
    }
}

/// An assertion that still fails, and how far the client got.
struct Unmet {
    failure: Box<AssertionFailure>,
    /// Asked for only when the time is over.
    progress: Box<dyn FnOnce() -> String + Send>,
}

impl Unmet {
    fn new(
        failure: Box<AssertionFailure>,
        progress: impl FnOnce() -> String + Send + 'static,
    ) -> Self {
        Self { failure, progress: Box::new(progress) }
    }

    fn after(self, timeout: Duration) -> Box<AssertionFailure> {
        self.failure.after_waiting(timeout, &(self.progress)())
    }
}

/// Unlocks the state first, because uploads may be many.
fn none_open(state: StateGuard<'_>) -> Checked<()> {
    let (storage, journal) = (state.storage.clone(), state.journal.clone());
    drop(state);
    UploadSnapshot::none_open(StateView { storage: &storage, journal: &journal })
}

fn checked_upload(
    view: StateView<'_>,
    path_or_id: &str,
    check: impl Fn(&UploadSnapshot) -> Checked<&UploadSnapshot>,
) -> Result<UploadSnapshot, Unmet> {
    let upload = UploadSnapshot::take(view, path_or_id).map_err(|failure| {
        let requests = RecordedRequests::new(view.journal);
        Unmet::new(failure, move || requests.progress())
    })?;
    match check(&upload) {
        Ok(_) => Ok(upload),
        Err(failure) => Err(Unmet::new(failure, move || upload.progress())),
    }
}

fn checked_requests(
    view: StateView<'_>,
    check: impl Fn(&RecordedRequests) -> Checked<&RecordedRequests>,
) -> Result<RecordedRequests, Unmet> {
    let requests = RecordedRequests::new(view.journal);
    match check(&requests) {
        Ok(_) => Ok(requests),
        Err(failure) => Err(Unmet::new(failure, move || requests.progress())),
    }
}

fn no_open_uploads(view: StateView<'_>) -> Result<(), Unmet> {
    let requests = RecordedRequests::new(view.journal);
    UploadSnapshot::none_open(view)
        .map_err(|failure| Unmet::new(failure, move || requests.progress()))
}
