//! Lets the control endpoint read and change stored files, uploads and tokens while the origin
//! runs. Start with [`ProvisionError`].

use std::sync::Arc;

use crate::blob::{Blob, BlobWriter};
use crate::protocol::{ErrorKind, Limit};
use crate::storage::{
    Change, MissingParents, NewPiece, NewUpload, Node, Path, PathEncoding, Storage, Upload, UserId,
};

use crate::mock::mock_origin::MockOrigin;
use crate::server::state::State;

/// Why an operation failed, in one line.
#[derive(Debug)]
pub(crate) enum ProvisionError {
    /// An argument is not a valid path, part number or user.
    Invalid(String),
    /// The object does not exist.
    NotFound(String),
    /// The operation conflicts with the current state.
    Conflict(String),
}

use ProvisionError::{Conflict, Invalid, NotFound};

/// An upload, with the names of its path and its owner.
#[derive(Clone, Debug)]
pub(crate) struct NamedUpload {
    pub(crate) upload: Arc<Upload>,
    /// Its path, with the account.
    pub(crate) path: String,
    /// The name of its owner.
    pub(crate) user: String,
}

impl MockOrigin {
    /// Returns a writer for a body that may be large.
    pub(crate) fn body_writer(&self, declared: Option<u64>) -> BlobWriter {
        self.shared.store.writer(declared)
    }

    /// Returns the node of every stored file with its path as in responses, in the order of paths. Reads
    /// a copy of the storage, because files may be many.
    pub(crate) fn stored_files(&self) -> Vec<(String, Arc<Node>)> {
        let storage = self.shared.wait_idle().storage.clone();
        let (tree, account) = (storage.tree(), storage.account());
        let mut found = Vec::new();
        // Without recursion: clients may create directories of any depth.
        let mut left = vec![Path::root()];
        while let Some(at) = left.pop() {
            let Ok(directory) = tree.directory(&at) else { continue };
            let parent = at.absolute(account);
            for (name, node) in directory.entries(tree) {
                match **node {
                    Node::Directory(_) => left.push(at.child(name)),
                    Node::File(_) => found.push((format!("{parent}/{name}"), Arc::clone(node))),
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    /// Returns the content of the file at `path`.
    pub(crate) fn stored_content(&self, path: &str) -> Result<Blob, ProvisionError> {
        let state = self.shared.wait_idle();
        let at = read_path(&state, path)?;
        let file = state.storage.tree().file(&at);
        file.map(|file| file.content.clone()).map_err(|cause| match cause {
            ErrorKind::IsDirectory => NotFound(format!("{path:?} is a directory")),
            _ => NotFound(format!("no file at {path:?}")),
        })
    }

    /// Stores a file as [`Builder::file`](super::Builder::file) does, and replaces an existing
    /// one. Returns its path as in responses.
    pub(crate) fn put_file(
        &self,
        path: &str,
        user: Option<&str>,
        content: Blob,
    ) -> Result<String, ProvisionError> {
        let mut state = self.shared.lock();
        let (at, user) = (read_file_path(&state, path)?, find_user(&state, user)?);
        let change = Change::by_test(state.now());
        let stored = state.storage.plant(change, user, &at, content);
        stored.map_err(|cause| in_the_way(path, cause))?;
        Ok(at.absolute(state.storage.account()))
    }

    /// Returns every upload, in the order of creation.
    pub(crate) fn named_uploads(&self) -> impl Iterator<Item = NamedUpload> + Send + use<> {
        let storage = self.shared.wait_idle().storage.clone();
        let uploads: Vec<_> = storage.uploads().iter().cloned().collect();
        uploads.into_iter().map(move |upload| named(&storage, &upload))
    }

    /// Returns the upload with that multipart identifier.
    pub(crate) fn named_upload(&self, id: &str) -> Result<NamedUpload, ProvisionError> {
        let state = self.shared.wait_idle();
        let upload = state.storage.uploads().get(id).ok_or_else(|| no_upload(id))?;
        Ok(named(&state.storage, upload))
    }

    /// Starts an upload as [`Builder::upload`](super::Builder::upload) does. Returns its
    /// identifier.
    pub(crate) fn begin_upload(
        &self,
        path: &str,
        user: Option<&str>,
    ) -> Result<String, ProvisionError> {
        let mut state = self.shared.lock();
        let (at, user) = (read_file_path(&state, path)?, find_user(&state, user)?);
        let change = Change::by_test(state.now());
        let Some((directory, name)) = at.split_last() else {
            return Err(Invalid(format!("invalid path {path:?}; a file needs a name")));
        };
        let new = NewUpload {
            directory: directory.clone(),
            name: Some(name.to_owned()),
            content_type: None,
            mtime: None,
        };
        let made = state
            .storage
            .make_directory(change, user, &directory, MissingParents::Create)
            .map(|_| ());
        let begun = made.and_then(|()| state.storage.create(change, user, new));
        begun.map(|upload| upload.id.to_string()).map_err(|cause| match cause {
            ErrorKind::TooManyUploads => {
                Conflict("as many uploads are open as the limit open_uploads allows".to_owned())
            }
            cause => in_the_way(path, cause),
        })
    }

    /// Stores a piece of an upload in progress.
    pub(crate) fn put_piece(
        &self,
        id: &str,
        number: u32,
        content: Blob,
    ) -> Result<(), ProvisionError> {
        // Already computed while the bytes were read.
        let digest = content.digest().map_err(|error| Conflict(error.to_string()))?;
        let mut state = self.shared.lock();
        let most = state.storage.limits().get(Limit::PartNumber);
        if !(1..=most).contains(&u64::from(number)) {
            return Err(Invalid(format!("invalid part number {number}; expected 1 to {most}")));
        }
        let upload = state.storage.uploads().get(id).ok_or_else(|| no_upload(id))?;
        let (owner, at) = (upload.owner, upload.state);
        if !upload.is_open() {
            return Err(Conflict(format!("upload {id} accepts no pieces in state {at}")));
        }
        let change = Change::by_test(state.now());
        let piece = NewPiece { number, content, digest, checksum: None };
        let stored = state.storage.store_piece(change, owner, id, piece);
        stored.map_err(|_| Conflict(format!("piece {number} is beyond a limit of the upload")))
    }

    /// Checks that a user exists.
    pub(crate) fn check_user(&self, name: &str) -> Result<(), ProvisionError> {
        find_user(&self.shared.lock(), Some(name)).map(|_| ())
    }

    /// Expires a token.
    pub(crate) fn try_expire_token(&self, token: &str) -> Result<(), ProvisionError> {
        let mut state = self.shared.lock();
        let change = Change::by_test(state.now());
        let ended = state.storage.revoke(change, token);
        ended.map_err(|_| NotFound("that token is unknown, expired or logged out".to_owned()))
    }

    /// Expires every token of a user. Returns their number.
    pub(crate) fn expire_tokens_of(&self, user: &str) -> Result<u64, ProvisionError> {
        let mut state = self.shared.lock();
        find_user(&state, Some(user))?;
        let change = Change::by_test(state.now());
        Ok(state.storage.end_sessions_of_age(change, Some(user), std::time::Duration::ZERO))
    }
}

/// Parses a path as [`Path::as_written`] does.
fn read_path(state: &State, text: &str) -> Result<Path, ProvisionError> {
    let path = Path::parse(text.as_bytes(), PathEncoding::Raw, u64::MAX).map_err(|_| {
        Invalid(format!("invalid path {text:?}: no name is \".\" or has \"..\" in it"))
    })?;
    let is_there = |path: &Path| state.storage.tree().get(path).is_ok();
    Ok(path.as_written(state.storage.account(), is_there))
}

fn read_file_path(state: &State, text: &str) -> Result<Path, ProvisionError> {
    let path = read_path(state, text)?;
    if path.is_root() {
        Err(Invalid(format!("invalid path {text:?}; a file needs a name")))
    } else {
        Ok(path)
    }
}

/// Returns the user of that name, or the first user.
fn find_user(state: &State, name: Option<&str>) -> Result<UserId, ProvisionError> {
    let Some(name) = name else { return Ok(UserId::FIRST) };
    let sessions = state.storage.sessions();
    sessions.find_user(name).ok_or_else(|| {
        let known: Vec<_> = sessions.users().iter().map(|user| &*user.name).collect();
        Invalid(format!("unknown user {name:?}; known users: {known:?}"))
    })
}

fn named(storage: &Storage, upload: &Arc<Upload>) -> NamedUpload {
    let path = upload.path.absolute(storage.account());
    let user = storage.sessions().user(upload.owner).name.to_string();
    NamedUpload { upload: Arc::clone(upload), path, user }
}

fn no_upload(id: &str) -> ProvisionError {
    NotFound(format!("no upload {id}"))
}

fn in_the_way(path: &str, cause: ErrorKind) -> ProvisionError {
    let why = if cause == ErrorKind::IsDirectory {
        "a directory is there"
    } else {
        "a file is in its path"
    };
    Conflict(format!("{path:?} cannot be stored: {why}"))
}
