//! Describing an origin before it starts.
//!
//! Nonsense is refused where it is written: at the caller's line, with the right call in the text.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::blob::{BlobStore, DEFAULT_BUDGET};
use crate::fault::Fault;
use crate::protocol::{LIMITS, Limit, Options, RESERVED_PREFIXES};
use crate::storage::{Clock, ClockMode, KeyPair, Setup, Storage, Timestamp};

use crate::mock::fault_api;
use crate::mock::fixtures::{Fixtures, InProgressUpload, User, file_path, path};
use crate::mock::mock_origin::MockOrigin;
use crate::server::listener::{StartError, bind};
use crate::server::ports::Ports;
use crate::server::state::Shared;

/// Describes an origin; [`Builder::start`] starts it.
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
            faults: Vec::new(),
        }
    }
}

impl Builder {
    /// The account's name, under which everything is stored. Default: `acme`.
    ///
    /// # Panics
    ///
    /// If it is no plain segment of a path, or one of the endpoints' first segments.
    #[track_caller]
    pub fn account(self, name: &str) -> Self {
        match self.try_account(name) {
            Ok(builder) => builder,
            Err(why) => panic!("{why}: .account(\"acme\")"),
        }
    }

    /// As [`Builder::account`], without the panic.
    ///
    /// # Errors
    ///
    /// Why that is no name for an account, in one line.
    pub fn try_account(self, name: &str) -> Result<Self, String> {
        check_account(name).map(|()| Self { account: name.to_owned(), ..self })
    }

    /// Adds a user with the account's root. Default, if none is added: `jane` with `secret`.
    ///
    /// # Panics
    ///
    /// If the name or the password is empty or cannot be sent in a header, or the name is taken.
    #[track_caller]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.user_with(User::new(name, password))
    }

    /// As [`Builder::user`], without the panic.
    ///
    /// # Errors
    ///
    /// Why there can be no such user, in one line.
    pub fn try_user(mut self, name: &str, password: &str) -> Result<Self, String> {
        let user = User::new(name, password);
        self.check_user(&user)?;
        self.given.users.push(user);
        Ok(self)
    }

    /// Adds a user with a root or numbers of its own.
    ///
    /// # Panics
    ///
    /// As [`Builder::user`], and if a number is 0 or the root cannot be a path.
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

    /// Adds a directory, and the parents that it needs: `/videos`, or with the account in front,
    /// `/acme/videos`.
    ///
    /// # Panics
    ///
    /// If it cannot be a path.
    #[track_caller]
    pub fn directory(mut self, at: &str) -> Self {
        self.given.directories.push(path(".directory", at, "\"/videos\""));
        self
    }

    /// Adds a file, and the directories that it needs. It belongs to the first user. The account may
    /// be in front of the path.
    ///
    /// # Panics
    ///
    /// If it cannot be a path.
    #[track_caller]
    pub fn file(self, at: &str, content: impl Into<Bytes>) -> Self {
        match self.try_file(at, content) {
            Ok(builder) => builder,
            Err(why) => panic!("{why}: .file(\"/videos/a.mp4\", content)"),
        }
    }

    /// As [`Builder::file`], without the panic.
    ///
    /// # Errors
    ///
    /// Why that is no path of a file, in one line.
    pub fn try_file(mut self, at: &str, content: impl Into<Bytes>) -> Result<Self, String> {
        self.given.files.push((file_path(at)?, content.into()));
        Ok(self)
    }

    /// Adds an open upload, and the directories that it needs.
    ///
    /// # Panics
    ///
    /// If its path cannot be one, or a part number is out of range.
    #[track_caller]
    pub fn upload(self, upload: InProgressUpload) -> Self {
        match self.try_upload(upload) {
            Ok(builder) => builder,
            Err(why) => panic!("{why}: OpenUpload::new(\"/videos/a.mp4\").piece(1, content)"),
        }
    }

    /// As [`Builder::upload`], without the panic.
    ///
    /// # Errors
    ///
    /// Why there can be no such upload, in one line.
    pub fn try_upload(mut self, upload: InProgressUpload) -> Result<Self, String> {
        let most = LIMITS[Limit::PartNumber as usize].default;
        let numbered =
            upload.pieces.iter().all(|(number, _)| (1..=most).contains(&u64::from(*number)));
        if !numbered {
            return Err("part numbers go from 1 to 2147483647".to_owned());
        }
        self.given.uploads.push((file_path(&upload.path)?, upload));
        Ok(self)
    }

    /// Listens on that port of 127.0.0.1 instead of a free one. Given several times, one origin
    /// listens on all of them (§1.1).
    pub fn port(self, port: u16) -> Self {
        self.listen_at(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// Listens on that address, as in `.listen("127.0.0.1:0")`. Given several times, one origin
    /// listens on all of them (§1.1). Default: a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If it is not an IP address and a port, or is not loopback and [`Builder::allow_non_loopback`] was not
    /// called before.
    #[track_caller]
    pub fn listen(self, address: &str) -> Self {
        let Ok(address) = address.parse::<SocketAddr>() else {
            panic!("{address:?} is no address to listen on: .listen(\"127.0.0.1:0\")")
        };
        assert!(
            self.exposed || address.ip().is_loopback(),
            "{address} can be reached from outside: if that is meant, .expose().listen(\"{address}\")"
        );
        self.listen_at(address)
    }

    /// Allows addresses that can be reached from outside.
    pub fn allow_non_loopback(self) -> Self {
        Self { exposed: true, ..self }
    }

    /// Sets a limit to a small figure, so that a test can reach it. Default: the real ones
    /// ([`crate::protocol::LIMITS`]).
    ///
    /// # Panics
    ///
    /// If the figure is 0.
    #[track_caller]
    pub fn limit(mut self, limit: Limit, figure: u64) -> Self {
        assert!(figure > 0, "a limit is 1 or more: .limit(Limit::{limit:?}, 1)");
        self.options.limits.set(limit, figure);
        self
    }

    /// Gives the account a key pair for signed requests (§9); it acts as the first user. Default:
    /// none, until a client calls `initKeyPair`.
    pub fn key_pair(self, access_key: &str, secret_key: &str) -> Self {
        let (access_key, secret_key) = (access_key.to_owned(), secret_key.to_owned());
        Self { keys: Some(KeyPair { access_key, secret_key }), ..self }
    }

    /// Decides tokens and multipart identifiers. Default: random, and shown with every timeline.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Starts protocol time at that moment. Default: the wall clock's.
    pub fn clock_at(self, time: SystemTime) -> Self {
        Self { clock: Some(time), ..self }
    }

    /// Lets protocol time stand still, but for [`MockOrigin::advance`]. Default: it runs.
    pub fn clock_stopped(self) -> Self {
        Self { pace: ClockMode::Stopped, ..self }
    }

    /// Bytes of content that are held in memory before more goes to an unlinked temporary file.
    /// Default: 16 MiB.
    pub fn memory_budget(self, bytes: u64) -> Self {
        Self { memory_budget: bytes, ..self }
    }

    /// Keeps the whole body of every request in the journal. Default: its first 512 bytes.
    pub fn record_bodies(self) -> Self {
        Self { records_bodies: true, ..self }
    }

    /// How long a fault may keep a client waiting that nothing else would let go, in real time: held
    /// answers, connections that are stalled, silent or closed by half. Default: 30 s, after which
    /// the answer is given, or the connection closed. What is only slow or late ends by itself, and
    /// has no limit. A client that leaves is not waited for.
    ///
    /// # Panics
    ///
    /// If that is no time at all.
    #[track_caller]
    pub fn hold_limit(self, limit: Duration) -> Self {
        assert!(
            !limit.is_zero(),
            "nothing is held for no time: .hold_limit(Duration::from_secs(1))"
        );
        Self { hold_limit: limit, ..self }
    }

    /// Adds faults that may have been read from text, and that no connection is too early for. Users
    /// that they name come before them.
    ///
    /// # Errors
    ///
    /// Why there can be no such fault, in one line, with its number in front, from 1.
    pub fn try_faults(mut self, faults: Vec<Fault>) -> Result<Self, String> {
        fault_api::check(&faults, &self.given.users(&self.account))
            .map_err(|wrong| wrong.to_string())?;
        self.faults.extend(faults);
        Ok(self)
    }

    /// Starts the origin. It is listening when this returns.
    ///
    /// # Panics
    ///
    /// If it cannot start ([`Builder::try_start`]).
    #[track_caller]
    pub fn start(self) -> MockOrigin {
        match self.try_start() {
            Ok(origin) => origin,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the origin. It is listening when this returns.
    ///
    /// # Errors
    ///
    /// If a port is taken, the runtime cannot be started, or what the origin is to hold contradicts
    /// itself: a file where a directory is to be, an unknown owner of an upload.
    pub fn try_start(self) -> Result<MockOrigin, StartError> {
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
            StartError::new("hold what it is given".to_owned(), std::io::Error::other(why))
        })?;
        if let Some(keys) = &self.keys {
            origin.give_keys(keys.clone());
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
        Ok(MockOrigin::new(shared, ports, self.account, seed))
    }

    /// Whether its tokens and identifiers are decided already.
    pub(crate) fn has_seed(&self) -> bool {
        self.seed.is_some()
    }

    fn check_user(&self, user: &User) -> Result<(), String> {
        // A header loses the blanks at its ends.
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

/// A seed that differs from run to run. The standard library's hash keys are random enough.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
