//! The initial data of an origin: users, directories, files and uploads in progress. Start with
//! [`Fixtures::populate`].

use std::fmt;

use bytes::Bytes;

use crate::blob::{Blob, Digest};
#[cfg(feature = "check")]
use crate::fault::bytes_code;
use crate::protocol::{ErrorKind, LIMITS, Limit, RESERVED_PREFIXES};
use crate::storage::{
    Change, MissingParents, NewPiece, NewUpload, Path, PathEncoding, Storage, Timestamp, UserId,
    UserRecord,
};

/// The id of the first user. The next users get the next free ids.
const FIRST_UID: u32 = 1001;

/// A user with more than a name and a password.
///
/// ```
/// use mock_origin::{MockOrigin, User};
///
/// let jane = User::new("jane", "secret").root("/home/jane").ids(2001, 2001);
/// let origin = MockOrigin::builder().user_with(jane).start();
/// origin.directory("/home/jane").assert_exists();
/// ```
#[derive(Clone)]
pub struct User {
    name: String,
    password: String,
    root: String,
    ids: Option<(u32, u32)>,
}

impl User {
    /// Creates a user with the account's root and the next free ids.
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            root: "/".to_owned(),
            ids: None,
        }
    }

    /// Sets the directory that the user sees as `/` (§2.1) and creates it. Default: the account's
    /// root.
    #[must_use]
    pub fn root(self, path: &str) -> Self {
        Self { root: path.to_owned(), ..self }
    }

    /// Sets the uid and the gid, both greater than 0 (§2.1). Default: 1001, 1002, … for both.
    #[must_use]
    pub fn ids(self, uid: u32, gid: u32) -> Self {
        Self { ids: Some((uid, gid)), ..self }
    }

    /// Returns whether the user has only a name and a password.
    pub(crate) fn is_plain(&self) -> bool {
        self.root == "/" && self.ids.is_none()
    }

    fn user(&self, account: &str, (uid, gid): (u32, u32)) -> UserRecord {
        let root =
            Path::parse(self.root.as_bytes(), PathEncoding::Raw, u64::MAX).unwrap_or_default();
        let root = root.without_account(account);
        UserRecord {
            name: self.name.as_str().into(),
            password: self.password.clone(),
            uid,
            gid,
            root,
        }
    }
}

impl fmt::Debug for User {
    /// Omits the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, root, ids, .. } = self;
        f.debug_struct("User")
            .field("name", name)
            .field("root", root)
            .field("ids", ids)
            .finish_non_exhaustive()
    }
}

/// An upload that is in progress when the origin starts, for tests of clients that resume.
///
/// ```
/// use mock_origin::{InProgressUpload, MockOrigin};
///
/// let begun = InProgressUpload::new("/videos/film.mp4").piece(1, "first half");
/// let origin = MockOrigin::builder().upload(begun).start();
/// origin.upload("/videos/film.mp4").assert_pieces([1]);
/// ```
#[derive(Clone, Debug)]
pub struct InProgressUpload {
    path: String,
    owner: Option<String>,
    pieces: Vec<(u32, Bytes)>,
}

impl InProgressUpload {
    /// Creates an upload to `path`, which may start with the account. It belongs to the first user
    /// and has no pieces.
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), owner: None, pieces: Vec::new() }
    }

    /// Sets the owner by name. Default: the first user.
    #[must_use]
    pub fn owner(self, user: &str) -> Self {
        Self { owner: Some(user.to_owned()), ..self }
    }

    /// Adds a stored piece with a part number from 1 to 2147483647. A repeated number replaces the
    /// piece.
    #[must_use]
    pub fn piece(mut self, number: u32, content: impl Into<Bytes>) -> Self {
        self.pieces.push((number, content.into()));
        self
    }
}

/// The initial data that a builder collects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixtures {
    users: Vec<User>,
    directories: Vec<Path>,
    files: Vec<(Path, Bytes)>,
    uploads: Vec<(Path, InProgressUpload)>,
}

impl Fixtures {
    /// Adds a user, or returns why it is invalid.
    pub(crate) fn add_user(&mut self, user: User) -> Result<(), String> {
        // HTTP strips the whitespace at the ends of a header value.
        let is_sendable = |text: &str| {
            !text.is_empty()
                && text.trim() == text
                && !text.contains(|c: char| c.is_ascii_control())
        };
        let name = &user.name;
        if !is_sendable(name) || !is_sendable(&user.password) {
            return Err(format!(
                "invalid user {name:?}: the name and the password must be valid header values, and \
                 not empty"
            ));
        }
        if self.users.iter().any(|other| other.name == *name) {
            return Err(format!("duplicate user {name:?}"));
        }
        if user.ids.is_some_and(|(uid, gid)| uid == 0 || gid == 0) {
            return Err(format!("invalid ids of user {name:?}: expected numbers above 0"));
        }
        parse_path(&user.root)?;
        self.users.push(user);
        Ok(())
    }

    /// Adds a directory, or returns why its path is invalid.
    pub(crate) fn add_directory(&mut self, path: &str) -> Result<(), String> {
        self.directories.push(parse_path(path)?);
        Ok(())
    }

    /// Adds a file, or returns why its path is invalid.
    pub(crate) fn add_file(&mut self, path: &str, content: Bytes) -> Result<(), String> {
        self.files.push((parse_file_path(path)?, content));
        Ok(())
    }

    /// Adds an upload in progress, or returns why it is invalid.
    pub(crate) fn add_upload(&mut self, upload: InProgressUpload) -> Result<(), String> {
        let last = LIMITS[Limit::PartNumber as usize].default;
        let mut numbers = upload.pieces.iter().map(|(number, _)| *number);
        if let Some(number) = numbers.find(|number| !(1..=last).contains(&u64::from(*number))) {
            return Err(format!("invalid part number {number}: expected 1 to {last}"));
        }
        self.uploads.push((parse_file_path(&upload.path)?, upload));
        Ok(())
    }

    /// Returns the users; `jane` with `secret` if none was added.
    pub(crate) fn users(&self, account: &str) -> Vec<UserRecord> {
        let jane = [User::new("jane", "secret")];
        let given = if self.users.is_empty() { &jane[..] } else { &self.users };
        let taken: Vec<u32> =
            given.iter().filter_map(|spec| spec.ids).map(|(uid, _)| uid).collect();
        let mut free = (FIRST_UID..).filter(|number| !taken.contains(number));
        let mut users = Vec::new();
        for spec in given {
            let ids = spec.ids.or_else(|| free.next().map(|number| (number, number)));
            users.push(spec.user(account, ids.unwrap_or((FIRST_UID, FIRST_UID))));
        }
        users
    }

    /// Returns the steps of the builder that add directories and files, as Rust code.
    #[cfg(feature = "check")]
    pub(super) fn steps(&self) -> impl Iterator<Item = String> {
        let directories = self.directories.iter();
        let directories = directories.map(|path| format!(".directory({:?})", path.to_string()));
        let files = self.files.iter().map(|(path, content)| {
            format!(".file({:?}, {})", path.to_string(), bytes_code(content))
        });
        directories.chain(files)
    }

    /// Returns the paths of the directories.
    #[cfg(feature = "check")]
    pub(super) fn directories(&self) -> impl Iterator<Item = String> {
        self.directories.iter().map(ToString::to_string)
    }

    /// Returns the paths of the files, with their contents.
    #[cfg(feature = "check")]
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.files.iter().map(|(path, content)| (path.to_string(), &**content))
    }

    /// Stores the initial data.
    ///
    /// # Errors
    ///
    /// Returns the first contradiction, in one line.
    pub(crate) fn populate(&self, origin: &mut Storage, now: Timestamp) -> Result<(), String> {
        let (first, change) = (UserId::FIRST, Change::by_test(now));
        let account = origin.account().to_owned();
        for path in &self.directories {
            let path = &path.clone().without_account(&account);
            let made = origin.make_directory(change, first, path, MissingParents::Create);
            made.map_err(|_| format!("directory {path}: a file is there, or in its path"))?;
        }
        for (path, content) in &self.files {
            let path = &file_in(&account, path);
            let planted = origin.plant(change, first, path, Blob::from_bytes(content.clone()));
            planted.map_err(|_| {
                format!("file {path}: a directory is there, or another file is in its path")
            })?;
        }
        self.uploads.iter().try_for_each(|(path, upload)| {
            let path = &file_in(&account, path);
            begin(origin, change, path, upload).map_err(|why| format!("upload to {path}: {why}"))
        })
    }
}

/// Returns the path of a file as a test wrote it. A path that is only the account's name is a file
/// of that name.
fn file_in(account: &str, path: &Path) -> Path {
    path.clone().as_written(account, |path| path.segments().len() == 1)
}

fn begin(
    origin: &mut Storage,
    change: Change,
    path: &Path,
    upload: &InProgressUpload,
) -> Result<(), String> {
    let name = upload.owner.as_deref();
    let owner = name.map_or(Some(UserId::FIRST), |name| origin.sessions().find_user(name));
    let owner = owner.ok_or_else(|| {
        let name = name.unwrap_or_default();
        format!("unknown user {name:?}; add it with .user({name:?}, password)")
    })?;
    let begun = path.split_last().ok_or(ErrorKind::IsRoot).and_then(|(directory, name)| {
        origin.make_directory(change, owner, &directory, MissingParents::Create)?;
        let name = Some(name.to_owned());
        let new = NewUpload { directory, name, content_type: None, mtime: None };
        origin.create(change, owner, new).map(|upload| upload.id.to_string())
    });
    let id = begun.map_err(|cause| match cause {
        ErrorKind::TooManyUploads => "it is one more than the limit open_uploads allows",
        _ => "a directory is there, or a file is in its path",
    })?;
    for (number, content) in &upload.pieces {
        let digest = Digest::compute(content);
        let content = Blob::from_bytes(content.clone());
        let piece = NewPiece { number: *number, content, digest, checksum: None };
        let stored = origin.store_piece(change, owner, &id, piece);
        stored.map_err(|_| format!("piece {number} is beyond a limit"))?;
    }
    Ok(())
}

/// Parses the path of a directory.
fn parse_path(text: &str) -> Result<Path, String> {
    Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX)
        .map_err(|_| format!("invalid path {text:?}: no name may be \".\" or contain \"..\""))
}

/// Parses the path of a file.
fn parse_file_path(text: &str) -> Result<Path, String> {
    let path = parse_path(text)?;
    let error = || format!("invalid path {text:?}: a file needs a name");
    if path.is_root() { Err(error()) } else { Ok(path) }
}

/// Checks the name of an account: one path segment that is not reserved for an endpoint.
pub(super) fn check_account(name: &str) -> Result<(), String> {
    let is_plain = !name.is_empty()
        && name != "."
        && !name.contains("..")
        && !name.contains(['/', '?', '#', '%'])
        && !name.contains(|char: char| char.is_control() || char.is_whitespace());
    if !is_plain {
        return Err(format!(
            "invalid account {name:?}: expected one segment of a path, without whitespace and `%`"
        ));
    }
    if RESERVED_PREFIXES.contains(&name) {
        return Err(format!("invalid account {name:?}: the name is reserved for endpoints"));
    }
    Ok(())
}
