//! A running origin: its addresses, its tokens and its clock. Start with [`MockOrigin`].

use std::fmt;
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::journal::MarkEvent;
use crate::referee::RefereeOptions;
use crate::report::TimelineExcerpt;
use crate::storage::{Change, Path, TokenLifetime, TokenSource};

use crate::server::listener::reachable;
use crate::server::ports::Ports;
use crate::server::shared::Shared;

use crate::mock::reporting::Reporting;

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
/// [`finish_async`](Self::finish_async) instead.
/// [`Builder::verify_on_drop`](crate::Builder::verify_on_drop) turns this off.
///
/// ```should_panic
/// let origin = mock_origin::MockOrigin::start();
/// origin.on(mock_origin::Op::piece(2)).reject(503);
/// // No client sends piece 2, so dropping the origin panics: "fault was never injected".
/// ```
///
/// * A call of `verify` counts, whatever it returned: the test has seen the result. A
///   [`reset`](Self::reset) begins a new run, which has to be verified again.
/// * A test that returns an error drops the origin. If the run fails verification too, the panic
///   hides that error; the text of the panic states this.
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
    pub(super) location: &'static Location<'static>,
    pub(super) verifies_on_drop: bool,
    /// Which findings fail the verification.
    pub(super) referee: RefereeOptions,
    /// Whether the test has seen a result of the verification.
    pub(super) verified: AtomicBool,
    pub(super) finished: bool,
    pub(super) reporting: Mutex<Reporting>,
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
        referee: RefereeOptions,
    ) -> Self {
        Self {
            ports,
            shared,
            account,
            seed,
            location: Location::caller(),
            verifies_on_drop,
            referee,
            verified: AtomicBool::new(false),
            finished: false,
            reporting: Mutex::default(),
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

    /// Returns the base URL of the first listener, without a slash at the end. It begins with
    /// `https://` if the origin uses TLS.
    ///
    /// ```
    /// let origin = mock_origin::MockOrigin::start();
    /// assert_eq!(origin.url(), format!("http://127.0.0.1:{}", origin.port()));
    /// ```
    pub fn url(&self) -> String {
        format!("{}://{}", self.shared.scheme(), self.addr())
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
        let scheme = self.shared.scheme();
        let url = |address: &SocketAddr| format!("{scheme}://{}", reachable(*address));
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
    /// ```
    /// let origin = mock_origin::MockOrigin::builder().user("jane", "secret").start();
    /// let token = origin.issue_token("jane");
    /// assert_eq!(token.len(), 36);
    /// origin.expire_token(&token);
    /// ```
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
                "unknown user {user:?}; known users: {known:?}; add it with .user({user:?}, password)"
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
            panic!("no token for user {user:?}: its root directory was removed")
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
        assert!(revoked.is_ok(), "invalid token: it is unknown, expired or logged out");
    }

    /// Advances protocol time. Tokens expire and stale uploads are removed (§4.4).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mock_origin::MockOrigin;
    ///
    /// let origin = MockOrigin::builder().clock_stopped().start();
    /// let before = origin.now();
    /// origin.advance(Duration::from_secs(60));
    /// assert_eq!(origin.now(), before + Duration::from_secs(60));
    /// ```
    pub fn advance(&self, by: Duration) {
        let mut state = self.shared.lock();
        let from = state.now();
        state.clock.advance(by);
        let mark = state.mark(MarkEvent::Advanced { from, by });
        state.run_due();
        let now = state.now();
        state.storage.collect(now, mark);
    }

    /// Returns the timeline without its uneventful middle, as a failing test prints it.
    pub(crate) fn timeline_excerpt(&self) -> String {
        self.titled(&TimelineExcerpt(&self.recorded_run(self.shared.lock())))
    }

    pub(super) fn titled(&self, timeline: &dyn fmt::Display) -> String {
        let urls = self.urls().join(", ");
        format!("timeline of {urls} (seed {}):\n{timeline}", self.seed)
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
