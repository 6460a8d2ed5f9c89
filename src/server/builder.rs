//! Describing an origin before it starts.
//!
//! Nonsense is refused where it is written: at the caller's line, with the right call in the text.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use bytes::Bytes;

use crate::content::{Content, DEFAULT_BUDGET, Digest, Store};
use crate::origin::{
    Clock, NewPiece, NewUpload, Origin, Pace, Path, Setup, Spelling, Timestamp, User, UserId,
};
use crate::spec::{Limit, Limits};

use super::accept::{StartError, bind, listen};
use super::mock_origin::MockOrigin;
use super::shared::Shared;

/// The first user's number; those after it count on.
const FIRST_UID: u32 = 1001;

/// A user beyond name and password.
#[derive(Clone, Debug)]
pub struct UserSpec {
    name: String,
    password: String,
    root: String,
    ids: Option<(u32, u32)>,
}

impl UserSpec {
    /// A user with that name and password, the account's root, and the next free numbers.
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            root: "/".to_owned(),
            ids: None,
        }
    }

    /// The directory that the user sees as `/` (§2.1); it is made. Default: the account's root.
    #[must_use]
    pub fn root(self, path: &str) -> Self {
        Self { root: path.to_owned(), ..self }
    }

    /// The user's and the group's number, both above 0 (§2.1). Default: 1001, 1002, … for both.
    #[must_use]
    pub fn ids(self, uid: u32, gid: u32) -> Self {
        Self { ids: Some((uid, gid)), ..self }
    }
}

/// An upload that is open when the origin starts, for tests of clients that resume.
#[derive(Clone, Debug)]
pub struct OpenUpload {
    path: String,
    owner: Option<String>,
    pieces: Vec<(u32, Bytes)>,
}

impl OpenUpload {
    /// An upload to that path, as seen from the account's root; it belongs to the first user and
    /// has no pieces yet.
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), owner: None, pieces: Vec::new() }
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(self, user: &str) -> Self {
        Self { owner: Some(user.to_owned()), ..self }
    }

    /// Adds a piece that is stored already.
    #[must_use]
    pub fn piece(mut self, number: u32, content: impl Into<Bytes>) -> Self {
        self.pieces.push((number, content.into()));
        self
    }
}

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
    users: Vec<UserSpec>,
    directories: Vec<Path>,
    files: Vec<(Path, Bytes)>,
    uploads: Vec<(Path, OpenUpload)>,
    listeners: Vec<SocketAddr>,
    exposed: bool,
    limits: Limits,
    seed: Option<u64>,
    clock: Option<SystemTime>,
    pace: Pace,
    memory_budget: u64,
    keeps_bodies: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            account: "acme".to_owned(),
            users: Vec::new(),
            directories: Vec::new(),
            files: Vec::new(),
            uploads: Vec::new(),
            listeners: Vec::new(),
            exposed: false,
            limits: Limits::default(),
            seed: None,
            clock: None,
            pace: Pace::Running,
            memory_budget: DEFAULT_BUDGET,
            keeps_bodies: false,
        }
    }
}

impl Builder {
    /// The account's name, under which everything is stored. Default: `acme`.
    ///
    /// # Panics
    ///
    /// If it is empty or holds a slash.
    #[track_caller]
    pub fn account(self, name: &str) -> Self {
        let is_one_segment = path(".account", name, "\"acme\"").segments().len() == 1;
        assert!(is_one_segment, "an account's name is one segment of a path: .account(\"acme\")");
        Self { account: name.trim_matches('/').to_owned(), ..self }
    }

    /// Adds a user with the account's root. Default, if none is added: `jane` with `secret`.
    ///
    /// # Panics
    ///
    /// If the name or the password is empty or cannot be sent in a header, or the name is taken.
    #[track_caller]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.user_with(UserSpec::new(name, password))
    }

    /// Adds a user with a root or numbers of its own.
    ///
    /// # Panics
    ///
    /// As [`Builder::user`], and if a number is 0 or the root cannot be a path.
    #[track_caller]
    pub fn user_with(mut self, user: UserSpec) -> Self {
        let sendable =
            |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_ascii_control());
        assert!(
            sendable(&user.name) && sendable(&user.password),
            "a user has a name and a password that a header can hold: .user(\"jane\", \"secret\")"
        );
        assert!(
            self.users.iter().all(|other| other.name != user.name),
            "there is a user {:?} already: each .user(name, password) needs a name of its own",
            user.name
        );
        assert!(
            user.ids.is_none_or(|(uid, gid)| uid > 0 && gid > 0),
            "the numbers of a user are above 0: .ids(1001, 1001)"
        );
        path(".root", &user.root, "\"/home/jane\"");
        self.users.push(user);
        self
    }

    /// Adds a directory, and the parents that it needs.
    ///
    /// # Panics
    ///
    /// If it cannot be a path.
    #[track_caller]
    pub fn directory(mut self, at: &str) -> Self {
        self.directories.push(path(".directory", at, "\"/videos\""));
        self
    }

    /// Adds a file, and the directories that it needs. It belongs to the first user.
    ///
    /// # Panics
    ///
    /// If it cannot be a path.
    #[track_caller]
    pub fn file(mut self, at: &str, content: impl Into<Bytes>) -> Self {
        self.files.push((file_path(".file", at), content.into()));
        self
    }

    /// Adds an open upload, and the directories that it needs.
    ///
    /// # Panics
    ///
    /// If its path cannot be one, or a part number is 0.
    #[track_caller]
    pub fn upload(mut self, upload: OpenUpload) -> Self {
        let numbered = upload.pieces.iter().all(|(number, _)| *number > 0);
        assert!(
            numbered,
            "part numbers begin at 1: OpenUpload::new(\"/videos/a.mp4\").piece(1, content)"
        );
        self.uploads.push((file_path("OpenUpload::new", &upload.path), upload));
        self
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
    /// If it is not an IP address and a port, or is not loopback and [`Builder::expose`] was not
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
    pub fn expose(self) -> Self {
        Self { exposed: true, ..self }
    }

    /// Sets a limit to a small figure, so that a test can reach it. Default: the real ones
    /// ([`crate::spec::LIMITS`]).
    pub fn limit(mut self, limit: Limit, figure: u64) -> Self {
        self.limits.set(limit, figure);
        self
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
        Self { pace: Pace::Stopped, ..self }
    }

    /// Bytes of content that are held in memory before more goes to an unlinked temporary file.
    /// Default: 16 MiB.
    pub fn memory_budget(self, bytes: u64) -> Self {
        Self { memory_budget: bytes, ..self }
    }

    /// Keeps the whole body of every request in the journal. Default: its first 512 bytes.
    pub fn keep_bodies(self) -> Self {
        Self { keeps_bodies: true, ..self }
    }

    /// Starts the origin. It is listening when this returns.
    ///
    /// # Panics
    ///
    /// If it cannot start ([`Builder::try_start`]), or what it is to hold contradicts itself.
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
    /// If a port is taken or the runtime cannot be started.
    ///
    /// # Panics
    ///
    /// If what it is to hold contradicts itself: a file where a directory is to be, an unknown
    /// owner of an upload.
    #[track_caller]
    pub fn try_start(self) -> Result<MockOrigin, StartError> {
        let start = Timestamp::from(self.clock.unwrap_or_else(SystemTime::now));
        let seed = self.seed.unwrap_or_else(random_seed);
        let setup = Setup {
            account: self.account.clone(),
            users: users(&self.users),
            limits: self.limits.clone(),
            seed,
        };
        let store = Store::new(self.memory_budget);
        let origin = self.furnished(Origin::new(setup, start), start);
        let addresses = match self.listeners.as_slice() {
            [] => &[SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)],
            given => given,
        };
        let bound: Vec<_> =
            addresses.iter().map(|address| bind(*address)).collect::<Result<_, _>>()?;
        let shared = Shared::new(origin, Clock::new(start, self.pace), store, self.keeps_bodies);
        let listening =
            bound.into_iter().map(|bound| listen(bound, &shared)).collect::<Result<_, _>>()?;
        Ok(MockOrigin::new(shared, listening, self.account, seed))
    }

    fn listen_at(mut self, address: SocketAddr) -> Self {
        self.listeners.push(address);
        self
    }

    /// Puts in what the test wants there from the start.
    #[track_caller]
    fn furnished(&self, mut origin: Origin, now: Timestamp) -> Origin {
        let first = UserId::FIRST;
        for path in &self.directories {
            let made = origin.make_directory(now, first, path, crate::origin::Parents::Made);
            assert!(made.is_ok(), ".directory(\"{path}\") is in the way of a .file(..), or in one");
        }
        for (path, content) in &self.files {
            let planted = origin.plant(now, first, path, Content::from_bytes(content.clone()));
            assert!(
                planted.is_ok(),
                ".file(\"{path}\", ..) lies in another file, or is a .directory(..)"
            );
        }
        for (path, upload) in &self.uploads {
            begin(&mut origin, now, path, upload);
        }
        origin
    }
}

#[track_caller]
fn begin(origin: &mut Origin, now: Timestamp, path: &Path, upload: &OpenUpload) {
    let owner = upload
        .owner
        .as_deref()
        .map_or(Some(UserId::FIRST), |name| origin.sessions().user_named(name));
    let Some(owner) = owner else {
        panic!(
            "there is no user {:?} to own the upload to {path}: add it with .user(..)",
            upload.owner
        )
    };
    let begun = path.split_last().and_then(|(directory, name)| {
        origin.make_directory(now, owner, &directory, crate::origin::Parents::Made).ok()?;
        let name = Some(name.to_owned());
        let new = NewUpload { directory, name, content_type: None, mtime: None };
        origin.create(now, owner, new).ok().map(|upload| upload.id.clone())
    });
    let Some(id) = begun else {
        panic!("the upload to {path} has no place: a file or a directory is in its way")
    };
    for (number, content) in &upload.pieces {
        let digest = Digest::of(content);
        let content = Content::from_bytes(content.clone());
        let piece = NewPiece { number: *number, content, digest, checksum: None };
        let stored = origin.store_piece(now, owner, &id, piece);
        assert!(stored.is_ok(), "piece {number} of the upload to {path} is beyond a .limit(..)");
    }
}

fn users(given: &[UserSpec]) -> Vec<User> {
    let jane = [UserSpec::new("jane", "secret")];
    let given = if given.is_empty() { &jane[..] } else { given };
    let user = |(spec, number): (&UserSpec, u32)| {
        let (uid, gid) = spec.ids.unwrap_or((number, number));
        let root = Path::parse(spec.root.as_bytes(), Spelling::Plain, u64::MAX).unwrap_or_default();
        User { name: spec.name.clone(), password: spec.password.clone(), uid, gid, root }
    };
    given.iter().zip(FIRST_UID..).map(user).collect()
}

#[track_caller]
fn path(call: &str, text: &str, example: &str) -> Path {
    match Path::parse(text.as_bytes(), Spelling::Plain, u64::MAX) {
        Ok(path) => path,
        Err(_) => {
            panic!("{text:?} cannot be a path, which has no \".\" and no \"..\": {call}({example})")
        }
    }
}

#[track_caller]
fn file_path(call: &str, text: &str) -> Path {
    let path = path(call, text, "\"/videos/a.mp4\"");
    assert!(!path.is_root(), "a file needs a name: {call}(\"/videos/a.mp4\")");
    path
}

/// A seed that differs from run to run. The standard library's hash keys are random enough.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}
