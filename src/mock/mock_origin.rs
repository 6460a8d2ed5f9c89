//! The origin as a test holds it.

use std::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::assertions::{
    AssertionFailure, DirectorySnapshot, FileSnapshot, StateView, UploadSnapshot,
    VerificationError, verify,
};
use crate::journal::{Journal, RecordedRequests, escape_lines};
use crate::report::{Timeline, TimelineExcerpt};
use crate::storage::{Change, Path, TokenLifetime, TokenSource};

use crate::mock::builder::Builder;
use crate::server::listener::reachable;
use crate::server::ports::Ports;
use crate::server::state::Shared;

/// An origin that is listening.
///
/// It works inside an async runtime and without one: it has threads of its own. Dropping it closes
/// its ports at once and forgets everything; it never panics. If the test is panicking, it prints
/// the timeline to standard error, and what chaos has done; a test that returns an error panics
/// nowhere, and sees neither. Of more than 200 exchanges it prints the first, the last, and those
/// that were refused, struck by a fault or not answered whole.
pub struct MockOrigin {
    // In this order: ports are closed before the state goes.
    pub(crate) ports: Ports,
    pub(crate) shared: Arc<Shared>,
    account: String,
    seed: u64,
    finished: bool,
}

impl MockOrigin {
    /// Describes an origin.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts an origin with account `acme` and user `jane` with password `secret`, on a free port.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    pub(crate) fn new(shared: Arc<Shared>, ports: Ports, account: String, seed: u64) -> Self {
        Self { ports, shared, account, seed, finished: false }
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

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// What decided tokens and identifiers; give it to [`Builder::seed`] to have them again.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Protocol time.
    pub fn now(&self) -> SystemTime {
        self.shared.lock().now().to_system_time()
    }

    /// A new token of `user`, as a login would give it: good for 3600 s, from the user's root.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[track_caller]
    pub fn issue_token(&self, user: &str) -> String {
        let mut state = self.shared.lock();
        state.run_due();
        let now = state.now();
        let Some(id) = state.storage.sessions().user_named(user) else {
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

    /// Lets a token expire now: the client that holds it gets 403 / −10001 from here on (§2.3).
    ///
    /// # Panics
    ///
    /// If it does not work anyway.
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

    /// Lets protocol time jump ahead. Tokens expire, and the collector runs (§4.4).
    pub fn advance(&self, by: Duration) {
        let mut state = self.shared.lock();
        state.clock.advance(by);
        state.run_due();
        let now = state.now();
        state.storage.collect(now);
    }

    /// What lies at `path`, `/videos/a.mp4` or with the account in front, `/acme/videos/a.mp4`: a
    /// file, or none.
    ///
    /// # Panics
    ///
    /// If `path` cannot be a path.
    #[track_caller]
    pub fn file(&self, path: &str) -> FileSnapshot {
        FileSnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// What lies at `path`, `/videos` or with the account in front, `/acme/videos`: a directory, or
    /// none.
    ///
    /// # Panics
    ///
    /// If `path` cannot be a path.
    #[track_caller]
    pub fn directory(&self, path: &str) -> DirectorySnapshot {
        DirectorySnapshot::take(self.shared.wait_idle().state_view(), path)
    }

    /// The upload with that multipart identifier, else the latest one to that path, with the account
    /// in front or without.
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

    /// As [`MockOrigin::upload`], without the panic.
    ///
    /// # Errors
    ///
    /// A failure that names the uploads there are.
    ///
    /// # Panics
    ///
    /// If `path_or_id` is neither an identifier nor a possible path.
    #[track_caller]
    pub fn try_upload(&self, path_or_id: &str) -> Result<UploadSnapshot, Box<AssertionFailure>> {
        UploadSnapshot::take(self.shared.wait_idle().state_view(), path_or_id)
    }

    /// Every upload, in the order of creation.
    pub fn uploads(&self) -> Vec<UploadSnapshot> {
        let (origin, journal) = {
            let state = self.shared.wait_idle();
            (state.storage.clone(), state.journal.clone())
        };
        UploadSnapshot::all(StateView { storage: &origin, journal: &journal })
    }

    /// Every request so far, to be narrowed: `origin.requests().op(Op::piece(2)).status(400)`.
    pub fn requests(&self) -> RecordedRequests {
        RecordedRequests::new(self.shared.wait_idle().journal.exchanges())
    }

    /// A copy of the whole record.
    pub fn journal(&self) -> Journal {
        self.shared.wait_idle().journal.clone()
    }

    /// The whole timeline as text: a line that names the origin by its URLs and its seed, a line of
    /// headings, and a line for each exchange.
    pub fn timeline(&self) -> String {
        self.titled(&Timeline(&self.journal()))
    }

    /// The timeline without its quiet middle, as a failing test prints it.
    pub(crate) fn timeline_excerpt(&self) -> String {
        let journal = self.shared.lock().journal.clone();
        self.titled(&TimelineExcerpt(&journal))
    }

    fn titled(&self, timeline: &dyn fmt::Display) -> String {
        let urls = self.urls().join(", ");
        format!("timeline of {urls} (seed {}):\n{timeline}", self.seed)
    }

    /// The verdict so far.
    ///
    /// Bytes from which no request could be read, such as a TLS `ClientHello` or more of a body than was
    /// announced, speak against a run; a head that never ended does not, as its client may have been
    /// stopped. A POST to a path that is no endpoint's, a method that an endpoint does not take, and a JSON-RPC
    /// method that there is not speak against a run. A GET or HEAD of any other path asks for a stored
    /// file, and 404 is an answer to that, unless the path is almost an endpoint's.
    ///
    /// # Errors
    ///
    /// What speaks against the run: requests that found no endpoint, faults that never acted or were
    /// never released, and what went wrong in the origin itself.
    pub fn verify(&self) -> Result<(), VerificationError> {
        let (journal, faults) = {
            let state = self.shared.wait_idle();
            (state.journal.clone(), state.faults.records().to_vec())
        };
        verify(&journal, &faults)
    }

    /// The verdict if the origin ends now: what is held or put off by then counts as never let go or
    /// done, from here on, and the faults that did that are named.
    ///
    /// # Errors
    ///
    /// As [`MockOrigin::verify`].
    pub fn verify_at_end(&self) -> Result<(), VerificationError> {
        drop(self.shared.lock_at_end());
        self.verify()
    }

    /// Stops the origin and judges.
    ///
    /// # Panics
    ///
    /// With the [verdict](MockOrigin::verify), if there is one, and the timeline.
    #[track_caller]
    pub fn finish(mut self) {
        // Answers that are just being written are let finish, and then nothing more can happen.
        drop(self.shared.lock_at_end());
        self.shared.stop();
        self.ports.close();
        let verdict = self.verify();
        self.finished = true;
        if let Err(verdict) = verdict {
            panic!("{verdict}\n\n{}", self.account_of_events());
        }
    }

    fn account_of_events(&self) -> String {
        let chaos = self.shared.lock().faults.tell_of_chaos();
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
        self.shared.stop();
        self.ports.close();
        if std::thread::panicking() && !self.finished {
            // A standard error that is gone must not turn a failing test into an abort.
            let _ = catch_unwind(AssertUnwindSafe(|| notify_waiters(&self.account_of_events())));
        }
    }
}

/// Where the test is failing anyway: this is what it needs to see.
#[allow(clippy::print_stderr)]
fn notify_waiters(text: &str) {
    eprintln!("{text}");
}
