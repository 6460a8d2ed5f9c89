//! Describes an origin before it starts. Start with [`Builder`].
//!
//! Every step that can fail goes through `Builder::apply`, which panics at the caller's line or records
//! the error.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::blob::{BlobStore, DEFAULT_BUDGET};
use crate::error::Error;
use crate::fault::Fault;
use crate::protocol::{Limit, Options};
use crate::referee::RefereeOptions;
use crate::storage::{Clock, ClockMode, KeyPair, Setup, Storage, Timestamp};

use crate::mock::fault_check;
use crate::mock::fixtures::{Fixtures, InProgressUpload, User, check_account};
use crate::mock::journal_options::JournalOptions;
use crate::mock::mock_origin::MockOrigin;
use crate::server::{listener::bind, ports::Ports, runtime::Worker, shared::Shared};

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
///
/// # Invalid values
///
/// A step with an invalid value panics at its line, and the message shows a valid call. No step of
/// this builder, or of the fault builders that begin with [`MockOrigin::on`], has a `try_` variant:
///
/// * If the values come from elsewhere, such as a command line, call [`Builder::defer_errors`] first.
///   [`Builder::validate`] and [`Builder::try_start`] then return the first error.
/// * A fault that comes from elsewhere is a [`Fault`]: pass it to [`Builder::faults`] or to
///   [`MockOrigin::try_add_fault`].
#[derive(Clone, Debug)]
#[must_use = "`.start()` starts the origin"]
pub struct Builder {
    account: String,
    pub(super) given: Fixtures,
    listeners: Vec<SocketAddr>,
    exposed: bool,
    /// The names in the certificate, if connections use TLS.
    pub(super) tls: Option<Vec<String>>,
    pub(crate) options: Options,
    keys: Option<KeyPair>,
    seed: Option<u64>,
    clock: Option<SystemTime>,
    pace: ClockMode,
    memory_budget: u64,
    records_bodies: bool,
    pub(super) hold_limit: Duration,
    verifies_on_drop: bool,
    pub(super) referee: RefereeOptions,
    pub(super) journal: JournalOptions,
    faults: Vec<Fault>,
    errors: Errors,
}

/// What happens if a step has an invalid value.
#[derive(Clone, Debug)]
enum Errors {
    Panic,
    /// The kind and the message of the first error, because [`Error`] cannot be cloned.
    Defer(Option<(ErrorKind, String)>),
}

/// Creates an [`Error`] of a certain kind from its message.
type ErrorKind = fn(String) -> Error;

impl Default for Builder {
    fn default() -> Self {
        Self {
            account: "acme".to_owned(),
            given: Fixtures::default(),
            listeners: Vec::new(),
            exposed: false,
            tls: None,
            options: Options::default(),
            keys: None,
            seed: None,
            clock: None,
            pace: ClockMode::Running,
            memory_budget: DEFAULT_BUDGET,
            records_bodies: false,
            hold_limit: Duration::from_secs(30),
            verifies_on_drop: true,
            referee: RefereeOptions::default(),
            journal: JournalOptions::default(),
            faults: Vec::new(),
            errors: Errors::Panic,
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
        self.apply(".account(\"acme\")", |builder| {
            check_account(name)?;
            name.clone_into(&mut builder.account);
            Ok(())
        })
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

    /// Adds a user with its own root or ids.
    ///
    /// # Panics
    ///
    /// In the same cases as [`Builder::user`], and if an id is 0 or the root is an invalid path.
    #[track_caller]
    pub fn user_with(self, user: User) -> Self {
        let call = "User::new(\"jane\", \"secret\").root(\"/home/jane\").ids(1001, 1001)";
        let example = if user.is_plain() { ".user(\"jane\", \"secret\")" } else { call };
        self.apply(example, |builder| builder.given.add_user(user))
    }

    /// Adds a directory and its missing parents. The path is relative to the account, `/videos`,
    /// or starts with it, `/acme/videos`.
    ///
    /// # Panics
    ///
    /// If the path is invalid.
    #[track_caller]
    pub fn directory(self, at: &str) -> Self {
        self.apply(".directory(\"/videos\")", |builder| builder.given.add_directory(at))
    }

    /// Adds a file and its missing directories. It belongs to the first user. The path may start
    /// with the account.
    ///
    /// # Panics
    ///
    /// If the path is invalid.
    #[track_caller]
    pub fn file(self, at: &str, content: impl Into<Bytes>) -> Self {
        let example = ".file(\"/videos/a.mp4\", content)";
        self.apply(example, |builder| builder.given.add_file(at, content.into()))
    }

    /// Adds an upload in progress and its missing directories.
    ///
    /// # Panics
    ///
    /// If its path is invalid or a part number is out of range.
    #[track_caller]
    pub fn upload(self, upload: InProgressUpload) -> Self {
        let example = "InProgressUpload::new(\"/videos/a.mp4\").piece(1, content)";
        self.apply(example, |builder| builder.given.add_upload(upload))
    }

    /// Listens on `port` of 127.0.0.1 instead of a free port. Several calls make one origin listen
    /// on several ports (§1.1).
    pub fn port(mut self, port: u16) -> Self {
        self.listeners.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        self
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
        let parsed = address.parse::<SocketAddr>();
        let example = match parsed {
            Ok(_) => format!(".allow_non_loopback().listen(\"{address}\")"),
            Err(_) => ".listen(\"127.0.0.1:0\")".to_owned(),
        };
        self.apply(&example, |builder| {
            let Ok(parsed) = parsed else {
                return Err(format!(
                    "invalid address {address:?}: expected an IP address and a port"
                ));
            };
            if !builder.exposed && !parsed.ip().is_loopback() {
                return Err(format!("other machines can reach {address}, which must be allowed"));
            }
            builder.listeners.push(parsed);
            Ok(())
        })
    }

    /// Allows addresses that other machines can reach.
    pub fn allow_non_loopback(self) -> Self {
        Self { exposed: true, ..self }
    }

    /// Sets a protocol limit, so that a test can reach it with small data. Default: the documented
    /// limits ([`LIMITS`](crate::options::LIMITS)).
    ///
    /// # Panics
    ///
    /// If the limit is 0.
    #[track_caller]
    pub fn limit(self, limit: Limit, figure: u64) -> Self {
        self.apply(&format!(".limit(Limit::{limit:?}, 1)"), |builder| {
            if figure == 0 {
                return Err(format!("invalid value 0 for Limit::{limit:?}: expected 1 or more"));
            }
            builder.options.limits.set(limit, figure);
            Ok(())
        })
    }

    /// Sets the account's key pair for signed requests (§9), which acts as the first user.
    /// Default: none until a client calls `initKeyPair`.
    ///
    /// # Panics
    ///
    /// If a key is empty, or if the access key has whitespace, control characters, `&` or `=`.
    #[track_caller]
    pub fn key_pair(self, access_key: &str, secret_key: &str) -> Self {
        self.apply(".key_pair(\"access\", \"secret\")", |builder| {
            // These characters would end the key in a signature (§9).
            let ends = |c: char| c.is_control() || c.is_whitespace() || "&=".contains(c);
            if access_key.is_empty() || access_key.contains(ends) || secret_key.is_empty() {
                return Err(format!(
                    "invalid key pair with access key {access_key:?}: expected two keys that are \
                     not empty, the access key without whitespace, `&` and `=`"
                ));
            }
            let (access_key, secret_key) = (access_key.to_owned(), secret_key.to_owned());
            builder.keys = Some(KeyPair { access_key, secret_key });
            Ok(())
        })
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
        self.apply(".hold_limit(Duration::from_secs(1))", |builder| {
            builder.hold_limit = limit;
            let error = || "invalid hold limit 0 s: expected more than zero".to_owned();
            if limit.is_zero() { Err(error()) } else { Ok(()) }
        })
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
    /// users that they name, and TLS, first.
    ///
    /// # Panics
    ///
    /// If a fault is invalid. The message starts with its number, from 1.
    #[track_caller]
    pub fn faults(self, faults: Vec<Fault>) -> Self {
        let example =
            ".faults(vec![Fault::from_json(r#\"{\"op\": \"login\", \"reject\": 503}\"#)?])";
        self.apply_as(Error::invalid_fault, example, |builder| {
            let users = builder.given.users(&builder.account);
            fault_check::check(&faults, &users, builder.tls.is_some())
                .map_err(|wrong| wrong.to_string())?;
            builder.faults.extend(faults);
            Ok(())
        })
    }

    /// Records the first error of the steps that follow instead of panicking. [`Builder::validate`]
    /// and [`Builder::try_start`] return it.
    ///
    /// ```
    /// use mock_origin::MockOrigin;
    ///
    /// let account = "not/valid"; // for example from a command line
    /// let builder = MockOrigin::builder().defer_errors().account(account);
    /// assert!(builder.try_start().unwrap_err().is_invalid_argument());
    /// ```
    pub fn defer_errors(self) -> Self {
        match self.errors {
            Errors::Panic => Self { errors: Errors::Defer(None), ..self },
            Errors::Defer(_) => self,
        }
    }

    /// Checks the steps so far and that the fixtures fit together, without starting anything.
    ///
    /// # Errors
    ///
    /// If a step failed after [`Builder::defer_errors`] (without it, the step panicked), or the fixtures
    /// contradict each other: a file where a directory must be, or an unknown owner of an upload.
    ///
    /// ```
    /// let builder = mock_origin::MockOrigin::builder().defer_errors().set("jion", "fail");
    /// assert!(builder.validate().unwrap_err().is_invalid_option());
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.storage(self.clock.unwrap_or_else(SystemTime::now).into(), 0).map(drop)
    }

    /// Returns the storage with everything that was given.
    fn storage(&self, start: Timestamp, seed: u64) -> Result<Storage, Error> {
        if let Errors::Defer(Some((kind, message))) = &self.errors {
            return Err(kind(message.clone()));
        }
        let setup = Setup {
            account: self.account.clone(),
            users: self.given.users(&self.account),
            options: self.options.clone(),
            seed,
        };
        let mut storage = Storage::new(setup, start);
        let populated = self.given.populate(&mut storage, start);
        populated.map_err(|why| Error::invalid_argument(format!("invalid fixtures: {why}")))?;
        if let Some(keys) = &self.keys {
            storage.set_keys(keys.clone());
        }
        #[cfg(feature = "tls")]
        self.tls.iter().for_each(|_| storage.set_scheme("https"));
        Ok(storage)
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
    /// If [`Builder::validate`] fails, a port is taken, or the runtime cannot start.
    #[track_caller]
    pub fn try_start(self) -> Result<MockOrigin, Error> {
        Worker::start_early()?;
        let start = Timestamp::from(self.clock.unwrap_or_else(SystemTime::now));
        let seed = self.seed.unwrap_or_else(random_seed);
        let addresses = match self.listeners.as_slice() {
            [] => &[SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)],
            given => given,
        };
        let storage = self.storage(start, seed)?;
        let bound: Vec<_> =
            addresses.iter().map(|address| bind(*address)).collect::<Result<_, _>>()?;
        let store = BlobStore::new(self.memory_budget);
        let clock = Clock::new(start, self.pace);
        let shared = Shared::new(
            storage,
            clock,
            store,
            self.records_bodies,
            self.hold_limit,
            #[cfg(feature = "tls")]
            self.make_certificates(addresses)?,
        );
        self.journal.apply(&mut shared.lock());
        for fault in self.faults {
            shared.lock().add_fault(fault, None);
        }
        let ports = Ports::open(bound, &shared);
        let (verifies, referee) = (self.verifies_on_drop, self.referee);
        Ok(MockOrigin::new(shared, ports, self.account, seed, verifies, referee))
    }

    /// Returns whether the seed was set.
    pub(crate) fn has_seed(&self) -> bool {
        self.seed.is_some()
    }

    /// Applies a step with an argument that may be invalid, for which `example` is a valid call.
    #[track_caller]
    pub(super) fn apply(
        self,
        example: &str,
        step: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Self {
        self.apply_as(Error::invalid_argument, example, step)
    }

    /// Applies a step with errors of that kind: panics at the caller's line, or records the first.
    #[track_caller]
    pub(crate) fn apply_as(
        mut self,
        kind: ErrorKind,
        example: &str,
        step: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Self {
        if let Err(message) = step(&mut self) {
            match &mut self.errors {
                Errors::Panic => panic!("{message}: {example}"),
                Errors::Defer(first) => drop(first.get_or_insert((kind, message))),
            }
        }
        self
    }
}

/// Returns a random seed: the standard library's hash keys are random enough.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
