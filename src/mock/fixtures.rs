//! The initial data of an origin: users, directories, files and uploads in progress. Start with
//! [`Fixtures::populate`].

use std::fmt;

use bytes::Bytes;

use crate::blob::{Blob, Digest};
use crate::protocol::ErrorKind;
use crate::storage::{
    Change, MissingParents, NewPiece, NewUpload, Path, PathEncoding, Storage, Timestamp, UserId,
    UserRecord,
};

/// The id of the first user. The next users get the next free ids.
const FIRST_UID: u32 = 1001;

/// A user with more than a name and a password.
#[derive(Clone)]
pub struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) root: String,
    pub(crate) ids: Option<(u32, u32)>,
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

    fn user(&self, account: &str, (uid, gid): (u32, u32)) -> UserRecord {
        let root =
            Path::parse(self.root.as_bytes(), PathEncoding::Raw, u64::MAX).unwrap_or_default();
        let root = root.as_written(account, |_| false);
        UserRecord { name: self.name.clone(), password: self.password.clone(), uid, gid, root }
    }
}

impl fmt::Debug for User {
    /// Omits the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, root, ids, .. } = self;
        f.debug_struct("UserSpec")
            .field("name", name)
            .field("root", root)
            .field("ids", ids)
            .finish_non_exhaustive()
    }
}

/// An upload that is in progress when the origin starts, for tests of clients that resume.
#[derive(Clone, Debug)]
pub struct InProgressUpload {
    pub(crate) path: String,
    owner: Option<String>,
    pub(crate) pieces: Vec<(u32, Bytes)>,
}

impl InProgressUpload {
    /// Creates an upload to `path`, which is parsed by [`Path::as_written`]. It belongs to the
    /// first user and has no pieces.
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), owner: None, pieces: Vec::new() }
    }

    /// Sets the owner.
    #[must_use]
    pub fn owner(self, user: &str) -> Self {
        Self { owner: Some(user.to_owned()), ..self }
    }

    /// Adds a stored piece.
    #[must_use]
    pub fn piece(mut self, number: u32, content: impl Into<Bytes>) -> Self {
        self.pieces.push((number, content.into()));
        self
    }
}

/// The initial data that a builder collects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixtures {
    pub(crate) users: Vec<User>,
    pub(crate) directories: Vec<Path>,
    pub(crate) files: Vec<(Path, Bytes)>,
    pub(crate) uploads: Vec<(Path, InProgressUpload)>,
}

impl Fixtures {
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

    /// Stores the initial data.
    ///
    /// # Errors
    ///
    /// Returns the first contradiction, in one line.
    pub(crate) fn populate(&self, origin: &mut Storage, now: Timestamp) -> Result<(), String> {
        let (first, change) = (UserId::FIRST, Change::by_test(now));
        let account = origin.account().to_owned();
        for path in &self.directories {
            let path = &path.clone().as_written(&account, |_| false);
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
        format!("there is no user {name:?}: add it with .user({name:?}, password)")
    })?;
    let begun = path.split_last().ok_or(ErrorKind::IsRoot).and_then(|(directory, name)| {
        origin.make_directory(change, owner, &directory, MissingParents::Create)?;
        let name = Some(name.to_owned());
        let new = NewUpload { directory, name, content_type: None, mtime: None };
        origin.create(change, owner, new).map(|upload| upload.id.clone())
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

/// Parses a path that a test passed to `call`.
#[track_caller]
pub(crate) fn path(call: &str, text: &str, example: &str) -> Path {
    let Ok(path) = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX) else {
        panic!("{text:?} cannot be a path, which has no \".\" and no \"..\": {call}({example})")
    };
    path
}

/// Parses the path of a file.
pub(crate) fn file_path(text: &str) -> Result<Path, String> {
    match Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX) {
        Ok(path) if path.is_root() => Err(format!("a file needs a name, which {text:?} has not")),
        Ok(path) => Ok(path),
        Err(_) => Err(format!("{text:?} cannot be a path, which has no \".\" and no \"..\"")),
    }
}
