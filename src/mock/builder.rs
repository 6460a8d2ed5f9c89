//! Describes an origin before it starts.
//!
//! Invalid values are rejected at the caller's line, with the correct call in the text. Start with
//! [`Builder`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::blob::{BlobStore, DEFAULT_BUDGET};
use crate::error::Error;
use crate::fault::Fault;
use crate::protocol::{LIMITS, Limit, Options, RESERVED_PREFIXES};
use crate::storage::{Clock, ClockMode, KeyPair, Setup, Storage, Timestamp};

use crate::mock::fault_check;
use crate::mock::fixtures::{Fixtures, InProgressUpload, User, file_path, path};
use crate::mock::mock_origin::MockOrigin;
use crate::server::listener::bind;
use crate::server::ports::Ports;
use crate::server::shared::Shared;

/// Describes an origin. [`Builder::start`] starts it.
///
/// ```
/// use mock_origin::MockOrigin;
///
/// let origin = MockOrigin::builder()
///     .account("acme")
///     .user("jane", "secret")
///     .directory("/videos")
///     .file("/videos/old.mp4", "not really a film")
///     .start();
/// assert!(origin.url().starts_with("http://127.0.0.1:"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "an origin does not start before `.start()`"]
pub struct Builder {
    account: String,
    given: Fixtures,
    listeners: Vec<SocketAddr>,
    exposed: bool,
    pub(crate) options: Options,
    keys: Option<KeyPair>,
    seed: Option<u64>,
    clock: Option<SystemTime>,
    pace: ClockMode,
    memory_budget: u64,
    records_bodies: bool,
    hold_limit: Duration,
    verifies_on_drop: bool,
    faults: Vec<Fault>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            account: "acme".to_owned(),
            given: Fixtures::default(),
            listeners: Vec::new(),
            exposed: false,
            options: Options::default(),
            keys: None,
            seed: None,
            clock: None,
            pace: ClockMode::Running,
            memory_budget: DEFAULT_BUDGET,
            records_bodies: false,
            hold_limit: Duration::from_secs(30),
            verifies_on_drop: true,
            faults: Vec::new(),
        }
    }
}

impl MockOrigin {
    /// Describes an origin.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts an origin with account `acme` and user `jane` with password `secret`, on a free
    /// port.
    ///
    /// # Panics
    ///
    /// If it cannot start.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }
}

impl Builder {
    /// Sets the account's name, under which everything is stored. Default: `acme`.
    ///
    /// # Panics
    ///
    /// If the name is not a single path segment, or is reserved for an endpoint.
    #[track_caller]
    pub fn account(self, name: &str) -> Self {
        match self.try_account(name) {
            Ok(builder) => builder,
            Err(error) => panic!("{error}: .account(\"acme\")"),
        }
    }

    /// Does the same as [`Builder::account`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the name is invalid ([`Error::is_invalid_argument`]).
    pub fn try_account(self, name: &str) -> Result<Self, Error> {
        check_account(name).map_err(Error::invalid_argument)?;
        Ok(Self { account: name.to_owned(), ..self })
    }

    /// Adds a user whose root is the account's root. Default, if no user is added: `jane` with
    /// `secret`.
    ///
    /// # Panics
    ///
    /// If the name or the password is empty or cannot be sent in a header, or if the name is
    /// taken.
    #[track_caller]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.user_with(User::new(name, password))
    }

    /// Does the same as [`Builder::user`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the user is invalid ([`Error::is_invalid_argument`]).
    pub fn try_user(mut self, name: &str, password: &str) -> Result<Self, Error> {
        let user = User::new(name, password);
        self.check_user(&user).map_err(Error::invalid_argument)?;
        self.given.users.push(user);
        Ok(self)
    }

    /// Adds a user with its own root or ids.
    ///
    /// # Panics
    ///
    /// In the same cases as [`Builder::user`], and if an id is 0 or the root is an invalid path.
    #[track_caller]
    pub fn user_with(mut self, user: User) -> Self {
        if let Err(why) = self.check_user(&user) {
            panic!("{why}: .user(\"jane\", \"secret\")");
        }
        assert!(
            user.ids.is_none_or(|(uid, gid)| uid > 0 && gid > 0),
            "the numbers of a user are above 0: .ids(1001, 1001)"
        );
        path(".root", &user.root, "\"/home/jane\"");
        self.given.users.push(user);
        self
    }

    /// Adds a directory and its missing parents. The path is relative to the account, `/videos`,
    /// or starts with it, `/acme/videos`.
    ///
    /// # Panics
    ///
    /// If the path is invalid.
    #[track_caller]
    pub fn directory(mut self, at: &str) -> Self {
        self.given.directories.push(path(".directory", at, "\"/videos\""));
        self
    }

    /// Adds a file and its missing directories. It belongs to the first user. The path may start
    /// with the account.
    ///
    /// # Panics
    ///
    /// If the path is invalid.
    #[track_caller]
    pub fn file(self, at: &str, content: impl Into<Bytes>) -> Self {
        match self.try_file(at, content) {
            Ok(builder) => builder,
            Err(error) => panic!("{error}: .file(\"/videos/a.mp4\", content)"),
        }
    }

    /// Does the same as [`Builder::file`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the path is invalid ([`Error::is_invalid_argument`]).
    pub fn try_file(mut self, at: &str, content: impl Into<Bytes>) -> Result<Self, Error> {
        let path = file_path(at).map_err(Error::invalid_argument)?;
        self.given.files.push((path, content.into()));
        Ok(self)
    }

    /// Adds an upload in progress and its missing directories.
    ///
    /// # Panics
    ///
    /// If its path is invalid or a part number is out of range.
    #[track_caller]
    pub fn upload(self, upload: InProgressUpload) -> Self {
        match self.try_upload(upload) {
            Ok(builder) => builder,
            Err(error) => {
                panic!("{error}: InProgressUpload::new(\"/videos/a.mp4\").piece(1, content)")
            }
        }
    }

    /// Does the same as [`Builder::upload`], but returns the error.
    ///
    /// # Errors
    ///
    /// If the upload is invalid ([`Error::is_invalid_argument`]).
    pub fn try_upload(mut self, upload: InProgressUpload) -> Result<Self, Error> {
        let most = LIMITS[Limit::PartNumber as usize].default;
        let numbered =
            upload.pieces.iter().all(|(number, _)| (1..=most).contains(&u64::from(*number)));
        if !numbered {
            let message = "part numbers go from 1 to 2147483647".to_owned();
            return Err(Error::invalid_argument(message));
        }
        let path = file_path(&upload.path).map_err(Error::invalid_argument)?;
        self.given.uploads.push((path, upload));
        Ok(self)
    }

    /// Listens on `port` of 127.0.0.1 instead of a free port. Several calls make one origin listen
    /// on several ports (§1.1).
    pub fn port(self, port: u16) -> Self {
        self.listen_at(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// Listens on an address, as in `.listen("127.0.0.1:0")`. Several calls make one origin listen
    /// on several addresses (§1.1). Default: a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If the address is not an IP address and a port, or if it is not loopback and
    /// [`Builder::allow_non_loopback`] was not called before.
    #[track_caller]
    pub fn listen(self, address: &str) -> Self {
        let Ok(address) = address.parse::<SocketAddr>() else {
            panic!("{address:?} is no address to listen on: .listen(\"127.0.0.1:0\")")
        };
        assert!(
            self.exposed || address.ip().is_loopback(),
            "{address} can be reached from outside: if that is meant, .allow_non_loopback().listen(\"{address}\")"
        );
        self.listen_at(address)
    }

    /// Allows addresses that other machines can reach.
    pub fn allow_non_loopback(self) -> Self {
        Self { exposed: true, ..self }
    }

    /// Sets a protocol limit, so that a test can reach it with small data. Default: the documented
    /// limits ([`crate::protocol::LIMITS`]).
    ///
    /// # Panics
    ///
    /// If the limit is 0.
    #[track_caller]
    pub fn limit(mut self, limit: Limit, figure: u64) -> Self {
        assert!(figure > 0, "a limit is 1 or more: .limit(Limit::{limit:?}, 1)");
        self.options.limits.set(limit, figure);
        self
    }

    /// Sets the account's key pair for signed requests (§9), which acts as the first user.
    /// Default: none until a client calls `initKeyPair`.
    pub fn key_pair(self, access_key: &str, secret_key: &str) -> Self {
        let (access_key, secret_key) = (access_key.to_owned(), secret_key.to_owned());
        Self { keys: Some(KeyPair { access_key, secret_key }), ..self }
    }

    /// Sets the seed of tokens and multipart identifiers. Default: random, and printed with every
    /// timeline.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Starts protocol time at `time`. Default: the current time.
    pub fn clock_at(self, time: SystemTime) -> Self {
        Self { clock: Some(time), ..self }
    }

    /// Stops protocol time, so that only [`MockOrigin::advance`] moves it. Default: it runs.
    pub fn clock_stopped(self) -> Self {
        Self { pace: ClockMode::Stopped, ..self }
    }

    /// Sets how many bytes of content are kept in memory before more goes to an unlinked temporary
    /// file. Default: 16 MiB.
    pub fn memory_budget(self, bytes: u64) -> Self {
        Self { memory_budget: bytes, ..self }
    }

    /// Records the whole body of every request in the journal. Default: the first 512 bytes.
    pub fn record_bodies(self) -> Self {
        Self { records_bodies: true, ..self }
    }

    /// Sets the longest time, in real time, that a fault may hold a response or keep a connection
    /// stalled, silent or half closed. Default: 30 s. When it expires, a held response is sent and
    /// a stalled connection is closed; `finish()` then names the fault. Delays and rate limits end
    /// by themselves and are not affected. A client that leaves ends the wait at once.
    ///
    /// # Panics
    ///
    /// If the limit is zero.
    #[track_caller]
    pub fn hold_limit(self, limit: Duration) -> Self {
        assert!(
            !limit.is_zero(),
            "nothing is held for no time: .hold_limit(Duration::from_secs(1))"
        );
        Self { hold_limit: limit, ..self }
    }

    /// Sets whether an origin that is dropped without [`MockOrigin::finish`] or
    /// [`MockOrigin::verify`] verifies itself and panics if the run failed. Default: it does.
    ///
    /// Turn it off for an origin whose client is meant to misbehave, or to see the error that a test
    /// returned before it called `finish`.
    ///
    /// ```
    /// use mock_origin::{MockOrigin, Op};
    ///
    /// let origin = MockOrigin::builder().verify_on_drop(false).start();
    /// origin.on(Op::piece(2)).reject(503);
    /// drop(origin); // Does not panic, although the fault was never injected.
    /// ```
    pub fn verify_on_drop(self, verify: bool) -> Self {
        Self { verifies_on_drop: verify, ..self }
    }

    /// Adds faults, for example faults read from a file, before the first connection. Add the
    /// users that they name first.
    ///
    /// # Errors
    ///
    /// If a fault is invalid ([`Error::is_invalid_fault`]). The message starts with its number,
    /// counted from 1.
    pub fn try_faults(mut self, faults: Vec<Fault>) -> Result<Self, Error> {
        fault_check::check(&faults, &self.given.users(&self.account))
            .map_err(|wrong| Error::invalid_fault(wrong.to_string()))?;
        self.faults.extend(faults);
        Ok(self)
    }

    /// Starts the origin. When this returns, it is listening.
    ///
    /// # Panics
    ///
    /// If it cannot start; see [`Builder::try_start`].
    #[track_caller]
    pub fn start(self) -> MockOrigin {
        match self.try_start() {
            Ok(origin) => origin,
            Err(error) => panic!("{error:#}"),
        }
    }

    /// Starts the origin. When this returns, it is listening.
    ///
    /// # Errors
    ///
    /// If a port is taken, the runtime cannot start, or the fixtures contradict each other: a file
    /// where a directory must be, or an unknown owner of an upload.
    #[track_caller]
    pub fn try_start(self) -> Result<MockOrigin, Error> {
        let start = Timestamp::from(self.clock.unwrap_or_else(SystemTime::now));
        let seed = self.seed.unwrap_or_else(random_seed);
        let setup = Setup {
            account: self.account.clone(),
            users: self.given.users(&self.account),
            options: self.options.clone(),
            seed,
        };
        let store = BlobStore::new(self.memory_budget);
        let mut origin = Storage::new(setup, start);
        self.given.populate(&mut origin, start).map_err(|why| {
            Error::invalid_argument(format!("the origin cannot hold what it is given: {why}"))
        })?;
        if let Some(keys) = &self.keys {
            origin.set_keys(keys.clone());
        }
        let addresses = match self.listeners.as_slice() {
            [] => &[SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)],
            given => given,
        };
        let bound: Vec<_> =
            addresses.iter().map(|address| bind(*address)).collect::<Result<_, _>>()?;
        let clock = Clock::new(start, self.pace);
        let shared = Shared::new(origin, clock, store, self.records_bodies, self.hold_limit);
        for fault in self.faults {
            shared.lock().add_fault(fault, None);
        }
        let ports = Ports::open(bound, &shared)?;
        Ok(MockOrigin::new(shared, ports, self.account, seed, self.verifies_on_drop))
    }

    /// Returns whether the seed was set.
    pub(crate) fn has_seed(&self) -> bool {
        self.seed.is_some()
    }

    fn check_user(&self, user: &User) -> Result<(), String> {
        // HTTP strips the whitespace at the ends of a header value.
        let sendable = |text: &str| {
            !text.is_empty()
                && text.trim() == text
                && !text.contains(|c: char| c.is_ascii_control())
        };
        if !sendable(&user.name) || !sendable(&user.password) {
            return Err("a user has a name and a password that a header can hold".to_owned());
        }
        if self.given.users.iter().any(|other| other.name == user.name) {
            return Err(format!(
                "there is a user {:?} already, and each has a name of its own",
                user.name
            ));
        }
        Ok(())
    }

    fn listen_at(mut self, address: SocketAddr) -> Self {
        self.listeners.push(address);
        self
    }
}

fn check_account(name: &str) -> Result<(), String> {
    let is_plain = !name.is_empty()
        && name != "."
        && !name.contains("..")
        && !name.contains(['/', '?', '#', '%'])
        && !name.contains(|char: char| char.is_control() || char.is_whitespace());
    if !is_plain {
        return Err(format!("{name:?} is no plain segment of a path, as an account's name is"));
    }
    if RESERVED_PREFIXES.contains(&name) {
        return Err(format!("the origin's own endpoints lie below /{name}"));
    }
    Ok(())
}

/// Returns a seed that differs from run to run. The standard library's hash keys are random
/// enough.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
