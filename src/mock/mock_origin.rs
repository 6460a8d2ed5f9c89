//! The origin as a test holds it. Start with [`MockOrigin`].

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::assertions::RecordedRequests;
use crate::assertions::{
    AssertionFailure, DirectorySnapshot, FileSnapshot, StateView, UploadSnapshot,
    VerificationError, verify,
};
use crate::journal::{Journal, MarkEvent, escape_lines};
use crate::report::{Timeline, TimelineExcerpt};
use crate::storage::{Change, Path, TokenLifetime, TokenSource};

use crate::server::listener::reachable;
use crate::server::ports::Ports;
use crate::server::shared::Shared;

/// An origin that is listening.
///
/// It works with and without an async runtime, because it has its own threads. Dropping it closes
/// its ports and deletes its data.
///
/// # Verification on drop
///
/// An origin that is dropped without [`finish`](Self::finish) or [`verify`](Self::verify) verifies
/// the run itself, as `finish` does, and panics if that fails. It waits up to 1 s for responses
/// that are being written, which blocks its thread; async code calls
/// [`finish_async`](Self::finish_async) instead. [`Builder::verify_on_drop`](crate::Builder::verify_on_drop) turns this off.
///
/// ```should_panic
/// let origin = mock_origin::MockOrigin::start();
/// origin.on(mock_origin::Op::piece(2)).reject(503);
/// // No client sends piece 2, so dropping the origin panics: "fault was never injected".
/// ```
///
/// * A call of `verify` counts, whatever it returned: the test has seen the result.
/// * A test that returns an error drops the origin. If the run fails verification too, the panic
///   hides that error; the panic says so.
/// * If the thread is panicking, the drop does not verify. It prints the timeline and the injected
///   chaos to standard error. Of more than 200 exchanges it prints the first, the last, and those
///   that failed, had a fault or have no complete response.
/// * The last owner of an `Arc<MockOrigin>` verifies. If that is another thread or a task, join it:
///   only its own thread or task panics.
/// * An origin in a `static` is never dropped, so it is never verified: call `verify`. Rust aborts
///   the process if the destructor of a `thread_local!` value panics: turn verification on drop off
///   there, and call `verify`.
pub struct MockOrigin {
    // The order of the fields matters: ports are closed before the state is dropped.
    pub(crate) ports: Ports,
    pub(crate) shared: Arc<Shared>,
    account: String,
    seed: u64,
    /// Where the test started the origin.
    location: &'static Location<'static>,
    verifies_on_drop: bool,
    /// Whether the test has seen a result of the verification.
    verified: AtomicBool,
    finished: bool,
}

impl MockOrigin {
    /// The caller is where the test started the origin.
    #[track_caller]
    pub(crate) fn new(
        shared: Arc<Shared>,
        ports: Ports,
        account: String,
        seed: u64,
        verifies_on_drop: bool,
    ) -> Self {
        Self {
            ports,
            shared,
            account,
            seed,
            location: Location::caller(),
            verifies_on_drop,
            verified: AtomicBool::new(false),
            finished: false,
        }
    }

    /// Returns the address to connect to. With several listeners, it is the address of the first
    /// one. A listener on all interfaces (`0.0.0.0`) is reached by its loopback address.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert!(origin.addr().ip().is_loopback());
    /// ```
    pub fn addr(&self) -> SocketAddr {
        reachable(self.ports.addresses()[0])
    }

    /// Returns the port of the first listener.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert_eq!(origin.port(), origin.addr().port());
    /// ```
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// Returns the base URL of the first listener, without a slash at the end.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert_eq!(origin.url(), format!("http://127.0.0.1:{}", origin.port()));
    /// ```
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Returns the URL of a path at the first listener. A missing slash at the start of `path` is
    /// added. The path is not percent-encoded: write it as the client should send it.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// let login = origin.url_for("/account/login");
    /// assert_eq!(login, format!("{}/account/login", origin.url()));
    /// assert_eq!(origin.url_for("account/login"), login);
    /// ```
    pub fn url_for(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{}{slash}{path}", self.url())
    }

    /// Returns the base URL of every listener, in the order in which the builder named them.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().port(0).port(0).start();
    /// assert_eq!(origin.urls().len(), 2);
    /// ```
    pub fn urls(&self) -> Vec<String> {
        let url = |address: &SocketAddr| format!("http://{}", reachable(*address));
        self.ports.addresses().iter().map(url).collect()
    }

    /// Returns the account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Returns the seed of tokens and identifiers. Pass it to [`Builder::seed`](crate::Builder::seed) to repeat them.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns protocol time.
    pub fn now(&self) -> SystemTime {
        self.shared.lock().now().to_system_time()
    }

    /// Issues a token for `user`, as a login does: valid for 3600 s, with the user's root.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[track_caller]
    pub fn issue_token(&self, user: &str) -> String {
        let mut state = self.shared.lock();
        state.run_due();
        let now = state.now();
        let Some(id) = state.storage.sessions().find_user(user) else {
            let known: Vec<_> =
                state.storage.sessions().users().iter().map(|user| user.name.clone()).collect();
            drop(state);
            panic!(
                "there is no user {user:?}, but {known:?}: add it with .user({user:?}, password)"
            )
        };
        let change = Change::by_test(now);
        let granted = state.storage.grant(
            change,
            id,
            Path::root(),
            TokenLifetime::default(),
            TokenSource::Http,
        );
        drop(state);
        let Ok((token, _)) = granted else {
            panic!("the root of {user:?} has been removed: no token can be given")
        };
        token
    }

    /// Expires a token: the client that uses it gets 403 / −10001 from now on (§2.3).
    ///
    /// # Panics
    ///
    /// If the token is not valid.
    #[track_caller]
    pub fn expire_token(&self, token: &str) {
        let mut state = self.shared.lock();
        let now = state.now();
        let revoked = state.storage.revoke(Change::by_test(now), token);
        drop(state);
        assert!(
            revoked.is_ok(),
            "that token does not work anyway: it is unknown, expired or logged out"
        );
    }

    /// Advances protocol time. Tokens expire and stale uploads are removed (§4.4).
    pub fn advance(&self, by: Duration) {
        let mut state = self.shared.lock();
        let from = state.now();
        state.clock.advance(by);
        let mark = state.mark(MarkEvent::Advanced { from, by });
        state.run_due();
        let now = state.now();
        state.storage.collect(now, mark);
    }

    /// Returns a snapshot of the file at `path`, `/videos/a.mp4` or with the account,
    /// `/acme/videos/a.mp4`. The file may be absent. Waits up to 1 s for responses that are being
    /// written.
    ///
    /// # Panics
    ///
    /// If `path` is invalid.
    #[track_caller]
    pub fn file(&self, path: &str) -> FileSnapshot {
        FileSnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// Returns a snapshot of the directory at `path`, `/videos` or with the account,
    /// `/acme/videos`. The directory may be absent. Waits up to 1 s for responses that are being
    /// written.
    ///
    /// # Panics
    ///
    /// If `path` is invalid.
    #[track_caller]
    pub fn directory(&self, path: &str) -> DirectorySnapshot {
        DirectorySnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// Returns a snapshot of the upload with that multipart identifier, or else of the latest
    /// upload to that path, with or without the account. Waits up to 1 s for responses that are
    /// being written.
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

    /// Does the same as [`MockOrigin::upload`], but returns the error.
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

    /// Returns every upload, in the order of creation. Waits up to 1 s for responses that are being
    /// written.
    pub fn uploads(&self) -> Vec<UploadSnapshot> {
        let (origin, journal) = {
            let state = self.shared.wait_idle();
            (state.storage.clone(), state.journal.clone())
        };
        UploadSnapshot::all(StateView { storage: &origin, journal: &journal })
    }

    /// Returns every request so far, for filters:
    /// `origin.requests().op(Op::piece(2)).status(400)`. Waits up to 1 s for responses that are being
    /// written.
    pub fn requests(&self) -> RecordedRequests {
        RecordedRequests::new(self.shared.wait_idle().journal.exchanges())
    }

    /// Returns a copy of the journal. Waits up to 1 s for responses that are being written.
    pub fn journal(&self) -> Journal {
        self.shared.wait_idle().journal.clone()
    }

    /// Returns the timeline as text: a line with the URLs and the seed, a line of headings, and a
    /// line per exchange. Waits up to 1 s for responses that are being written.
    pub fn timeline(&self) -> String {
        self.titled(&Timeline(&self.journal()))
    }

    /// Returns the timeline without its uneventful middle, as a failing test prints it.
    pub(crate) fn timeline_excerpt(&self) -> String {
        let journal = self.shared.lock().journal.clone();
        self.titled(&TimelineExcerpt(&journal))
    }

    fn titled(&self, timeline: &dyn fmt::Display) -> String {
        let urls = self.urls().join(", ");
        format!("timeline of {urls} (seed {}):\n{timeline}", self.seed)
    }

    /// Verifies the run so far. Waits up to 1 s for responses that are being written.
    ///
    /// It fails because of bytes that are not a request, such as a TLS `ClientHello` or more body
    /// than announced; a POST to an unknown path; a method that an endpoint does not support; and
    /// an unknown JSON-RPC method. It does not fail because of an incomplete head, as its client
    /// may have been stopped. A GET or HEAD of any other path asks for a stored file and may get
    /// 404, unless the path is almost that of an endpoint.
    ///
    /// After this call the origin does not verify itself when it is dropped, whatever the result.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// origin.on(mock_origin::Op::piece(2)).reject(503);
    /// let error = origin.verify().unwrap_err();
    /// assert!(error.to_string().contains("fault was never injected"));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the failures: requests without an endpoint, faults that were never injected or
    /// never released, and internal errors.
    pub fn verify(&self) -> Result<(), VerificationError> {
        let (journal, faults) = {
            let state = self.shared.wait_idle();
            (state.journal.clone(), state.faults.records().to_vec())
        };
        self.verified.store(true, Ordering::Relaxed);
        verify(&journal, &faults)
    }

    /// Verifies the run as if the origin stopped now: responses that are still held and commits
    /// that are still deferred count as never released or committed, and their faults are named.
    ///
    /// # Errors
    ///
    /// Returns the same failures as [`MockOrigin::verify`].
    pub fn verify_at_end(&self) -> Result<(), VerificationError> {
        drop(self.shared.wait_idle());
        self.shared.record_unreleased();
        self.verify()
    }

    /// Stops the origin and verifies the run. Waits up to 1 s for responses that are being written;
    /// async code uses [`finish_async`](Self::finish_async).
    ///
    /// # Panics
    ///
    /// If [`MockOrigin::verify`] fails, with its report and the timeline.
    #[track_caller]
    pub fn finish(mut self) {
        drop(self.shared.wait_idle());
        self.finish_idle();
    }

    /// Does the same as [`finish`](Self::finish), but blocks no thread while it waits. Dropping the
    /// future drops the origin.
    ///
    /// ```no_run
    /// # async fn test() {
    /// let origin = mock_origin::MockOrigin::start();
    /// // Upload with the client under test, then:
    /// origin.finish_async().await;
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If [`MockOrigin::verify`] fails, with its report and the timeline.
    pub async fn finish_async(mut self) {
        self.shared.wait_idle_async().await;
        self.finish_idle();
    }

    #[track_caller]
    fn finish_idle(&mut self) {
        self.finished = true;
        if let Err(error) = self.stop_and_verify() {
            panic!("{error}\n\n{}", self.account_of_events());
        }
    }

    /// Stops an origin that has completed its responses, so that nothing happens afterwards, and
    /// verifies it.
    fn stop_and_verify(&mut self) -> Result<(), VerificationError> {
        self.shared.record_unreleased();
        self.shared.stop();
        self.ports.close();
        self.verify()
    }

    fn account_of_events(&self) -> String {
        let chaos = self.shared.lock().faults.render_chaos();
        escape_lines(&chaos) + &self.timeline_excerpt()
    }
}

impl fmt::Debug for MockOrigin {
    /// Writes what identifies the origin. [`MockOrigin::timeline`] shows what it recorded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockOrigin")
            .field("url", &self.url())
            .field("account", &self.account)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Drop for MockOrigin {
    fn drop(&mut self) {
        // A panic during unwinding would abort the process.
        let is_panicking = std::thread::panicking();
        if self.verifies_on_drop && !is_panicking && !self.verified.load(Ordering::Relaxed) {
            drop(self.shared.wait_idle());
            if let Err(error) = self.stop_and_verify() {
                panic!(
                    "the origin was dropped without `finish()` (started at {}:{}), and the run \
                     fails verification.\nIf the test returned an error, this panic hides it; \
                     `.verify_on_drop(false)` on the builder shows it.\n\n{error}\n\n{}",
                    self.location.file(),
                    self.location.line(),
                    self.account_of_events(),
                );
            }
            return;
        }
        self.shared.stop();
        self.ports.close();
        if is_panicking && !self.finished {
            // A closed standard error must not turn a failing test into an abort.
            let _ = catch_unwind(AssertUnwindSafe(|| print_to_stderr(&self.account_of_events())));
        }
    }
}

/// The test is failing already: this is what its author needs.
#[allow(clippy::print_stderr)]
fn print_to_stderr(text: &str) {
    eprintln!("{text}");
}
