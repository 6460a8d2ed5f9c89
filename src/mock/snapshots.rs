//! Snapshots of the storage and of the journal, on a thread and in async code. Start with
//! [`MockOrigin::file`].

use crate::assertions::{
    AssertionFailure, DirectorySnapshot, FileSnapshot, RecordedRequests, StateView, UploadSnapshot,
    check_path,
};
use crate::journal::Journal;
use crate::report::Timeline;
use crate::server::state_guard::StateGuard;

use crate::mock::mock_origin::MockOrigin;
use crate::mock::panic_at_await::PanicAtAwait;

impl MockOrigin {
    /// Returns a snapshot of the file at `path`, `/videos/a.mp4` or with the account,
    /// `/acme/videos/a.mp4`. The file may be absent.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`file_async`](Self::file_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().file("/a.txt", "text").start();
    /// origin.file("/a.txt").assert_content("text");
    /// ```
    ///
    /// # Panics
    ///
    /// If `path` is invalid.
    #[track_caller]
    pub fn file(&self, path: &str) -> FileSnapshot {
        FileSnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// Does the same as [`file`](Self::file) without blocking the thread. Dropping the future ends
    /// the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// origin.file_async("/a.txt").await.assert_content("text");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `path` is invalid, before the future is polled.
    #[track_caller]
    pub fn file_async(&self, path: &str) -> impl Future<Output = FileSnapshot> + Send {
        check_path(path);
        async move { FileSnapshot::take(self.shared.wait_idle_async().await.state_view(), path) }
    }

    /// Returns a snapshot of the directory at `path`, `/videos` or with the account,
    /// `/acme/videos`. The directory may be absent.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`directory_async`](Self::directory_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().directory("/videos").start();
    /// origin.directory("/videos").assert_exists();
    /// ```
    ///
    /// # Panics
    ///
    /// If `path` is invalid.
    #[track_caller]
    pub fn directory(&self, path: &str) -> DirectorySnapshot {
        DirectorySnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// Does the same as [`directory`](Self::directory) without blocking the thread. Dropping the
    /// future ends the wait and changes nothing.
    ///
    /// # Panics
    ///
    /// If `path` is invalid, before the future is polled.
    #[track_caller]
    pub fn directory_async(&self, path: &str) -> impl Future<Output = DirectorySnapshot> + Send {
        check_path(path);
        async move { DirectorySnapshot::take(self.shared.wait_idle_async().await.state_view(), path) }
    }

    /// Returns a snapshot of the upload with that multipart identifier, or else of the latest
    /// upload to that path, with or without the account.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`upload_async`](Self::upload_async).
    ///
    /// ```
    /// use mock_origin::{InProgressUpload, MockOrigin};
    ///
    /// let upload = InProgressUpload::new("/a.txt").piece(1, "text");
    /// let origin = MockOrigin::builder().upload(upload).start();
    /// origin.upload("/a.txt").assert_pieces([1]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn upload(&self, path_or_id: &str) -> UploadSnapshot {
        match self.try_upload(path_or_id) {
            Ok(upload) => upload,
            Err(failure) => failure.raise(),
        }
    }

    /// Does the same as [`upload`](Self::upload) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// origin.upload_async("/videos/a.mp4").await.assert_completed();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none, at the line that awaits the future.
    #[track_caller]
    pub fn upload_async(&self, path_or_id: &str) -> impl Future<Output = UploadSnapshot> + Send {
        PanicAtAwait::new(self.try_upload_async(path_or_id))
    }

    /// Does the same as [`upload`](Self::upload), but returns the error.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the existing uploads.
    ///
    /// # Panics
    ///
    /// If `path_or_id` is neither an identifier nor a valid path.
    #[track_caller]
    pub fn try_upload(&self, path_or_id: &str) -> Result<UploadSnapshot, Box<AssertionFailure>> {
        UploadSnapshot::take(self.shared.wait_idle().state_view(), path_or_id)
    }

    /// Does the same as [`try_upload`](Self::try_upload) without blocking the thread. Dropping the
    /// future ends the wait and changes nothing.
    ///
    /// # Errors
    ///
    /// Returns a failure that lists the existing uploads.
    ///
    /// # Panics
    ///
    /// If `path_or_id` is neither an identifier nor a valid path, before the future is polled.
    #[track_caller]
    pub fn try_upload_async(
        &self,
        path_or_id: &str,
    ) -> impl Future<Output = Result<UploadSnapshot, Box<AssertionFailure>>> + Send {
        // An identifier is a valid path too.
        check_path(path_or_id);
        async move { UploadSnapshot::take(self.shared.wait_idle_async().await.state_view(), path_or_id) }
    }

    /// Returns every upload, in the order of creation.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`uploads_async`](Self::uploads_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.uploads().is_empty());
    /// ```
    pub fn uploads(&self) -> Vec<UploadSnapshot> {
        all_uploads(self.shared.wait_idle())
    }

    /// Does the same as [`uploads`](Self::uploads) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    pub async fn uploads_async(&self) -> Vec<UploadSnapshot> {
        all_uploads(self.shared.wait_idle_async().await)
    }

    /// Returns every request so far, for filters:
    /// `origin.requests().op(Op::piece(2)).status(400)`.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`requests_async`](Self::requests_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.requests().assert_count(0);
    /// ```
    pub fn requests(&self) -> RecordedRequests {
        RecordedRequests::new(&self.shared.wait_idle().journal)
    }

    /// Does the same as [`requests`](Self::requests) without blocking the thread. Dropping the
    /// future ends the wait and changes nothing.
    ///
    /// ```no_run
    /// # async fn test(origin: mock_origin::MockOrigin) {
    /// origin.requests_async().await.assert_count(0);
    /// # }
    /// ```
    pub async fn requests_async(&self) -> RecordedRequests {
        RecordedRequests::new(&self.shared.wait_idle_async().await.journal)
    }

    /// Returns a copy of the journal.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`journal_async`](Self::journal_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.journal().connections().is_empty());
    /// ```
    pub fn journal(&self) -> Journal {
        self.shared.wait_idle().journal.clone()
    }

    /// Does the same as [`journal`](Self::journal) without blocking the thread. Dropping the future
    /// ends the wait and changes nothing.
    pub async fn journal_async(&self) -> Journal {
        self.shared.wait_idle_async().await.journal.clone()
    }

    /// Returns the timeline as text: a line with the URLs and the seed, a line of headings, a line per
    /// exchange, and a line per finding. It never contains colours.
    ///
    /// Waits up to 1 s for responses that are being written; async code uses
    /// [`timeline_async`](Self::timeline_async).
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.timeline().starts_with("timeline of http://127.0.0.1:"));
    /// ```
    pub fn timeline(&self) -> String {
        self.titled(&Timeline(&self.recorded_run(self.shared.wait_idle())))
    }

    /// Does the same as [`timeline`](Self::timeline) without blocking the thread. Dropping the
    /// future ends the wait and changes nothing.
    pub async fn timeline_async(&self) -> String {
        self.titled(&Timeline(&self.recorded_run(self.shared.wait_idle_async().await)))
    }
}

/// Returns a snapshot of every upload. Unlocks the state first, because uploads may be many.
fn all_uploads(state: StateGuard<'_>) -> Vec<UploadSnapshot> {
    let (storage, journal) = (state.storage.clone(), state.journal.clone());
    drop(state);
    UploadSnapshot::all(StateView { storage: &storage, journal: &journal })
}
