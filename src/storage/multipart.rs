//! The operations on uploads: create, store a piece, complete, abort, restart (§4). Start with
//! [`Uploads`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::protocol::{
    ErrorKind, Join, Limit, OCTET_STREAM, Operation, PieceEvent, UploadEvent, derive_from_name,
    essence, is_known, permit,
};

use super::ids::Kind;
use super::join::begin_join;
use super::records::{Records, RecordsIter};
use super::upload::{NewPiece, check_digest};
use super::{Actor, Change, Path, Storage, Upload, UserId};

/// The parameters of a new upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// The directory of the destination.
    pub directory: Path,
    /// The name in the directory. If it is `None`, the origin generates one.
    pub name: Option<String>,
    /// The declared content type.
    pub content_type: Option<String>,
    /// The declared modification time, in seconds since the epoch.
    pub mtime: Option<u64>,
}

/// Every upload of the account, in the order of creation. An upload stays listed in every state
/// (§7.3), so the list grows with every new upload. A clone shares the uploads until they change.
#[derive(Clone, Debug, Default)]
pub struct Uploads {
    list: Records<Arc<Upload>>,
    by_id: Arc<HashMap<Arc<str>, u64>>,
    /// The latest upload to each path.
    latest_to: Arc<HashMap<Arc<Path>, u64>>,
    /// The number of open uploads. It is updated with each change, so that creating an upload needs
    /// no search.
    open: u64,
    /// The bytes in pieces that may become files. It is updated with each change, because every
    /// request checks the quota.
    waiting: u64,
}

impl Uploads {
    /// Returns the uploads in the order of creation.
    pub fn iter(&self) -> RecordsIter<'_, Arc<Upload>> {
        self.list.iter()
    }

    /// Returns the upload with that identifier, of any owner.
    pub fn get(&self, id: &str) -> Option<&Arc<Upload>> {
        self.list.by_number(*self.by_id.get(id)?)
    }

    /// Returns the latest upload to a path.
    pub fn latest_to(&self, path: &Path) -> Option<&Arc<Upload>> {
        self.list.by_number(*self.latest_to.get(path)?)
    }

    /// Returns the bytes in pieces that may become files.
    pub(super) fn pending_bytes(&self) -> u64 {
        self.waiting
    }

    fn add(&mut self, upload: Upload) {
        let (id, path) = (Arc::clone(&upload.id), Arc::new(upload.path.clone()));
        let number = self.list.push(Arc::new(upload));
        Arc::make_mut(&mut self.by_id).insert(id, number);
        Arc::make_mut(&mut self.latest_to).insert(path, number);
        self.open += 1;
    }

    /// Changes one upload by `change`, and updates the counts.
    pub(super) fn change<T>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Upload) -> T,
    ) -> Option<T> {
        let at = *self.by_id.get(id)?;
        let upload = Arc::make_mut(self.list.by_number_mut(at)?);
        let (was_open, waited) = (upload.is_open(), upload.pending_bytes());
        let done = change(upload);
        self.waiting = self.waiting - waited + upload.pending_bytes();
        match (was_open, upload.is_open()) {
            (true, false) => self.open -= 1,
            (false, true) => self.open += 1,
            _ => {}
        }
        Some(done)
    }
}

impl Storage {
    /// Checks whether an upload can be created. It changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoParent`], [`ErrorKind::FileInPath`], [`ErrorKind::IsDirectory`] or
    /// [`ErrorKind::TooManyUploads`].
    pub fn check_create(&self, new: &NewUpload) -> Result<(), ErrorKind> {
        self.tree.directory(&new.directory).map_err(|cause| match cause {
            ErrorKind::IsFile => ErrorKind::FileInPath,
            ErrorKind::NotFound => ErrorKind::NoParent,
            other => other,
        })?;
        let destination = new.name.as_deref().map(|name| new.directory.child(name));
        if destination.is_some_and(|path| self.tree.directory(&path).is_ok()) {
            return Err(ErrorKind::IsDirectory);
        }
        let full = self.uploads.open >= self.options.limits.get(Limit::OpenUploads);
        if full { Err(ErrorKind::TooManyUploads) } else { Ok(()) }
    }

    /// Creates an upload. The destination is not visible before the join (§4.1).
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::check_create`].
    pub fn create(
        &mut self,
        change: Change,
        user: UserId,
        new: NewUpload,
    ) -> Result<&Upload, ErrorKind> {
        self.check_create(&new)?;
        let owner = self.sessions.user(user).name.clone();
        let directory = new.directory.to_string();
        let name = new.name.unwrap_or_else(|| {
            format!("mpart-{}", self.ids.next(Kind::Basename, &owner, &directory).simple())
        });
        let path = new.directory.child(&name);
        let id =
            self.ids.next(Kind::Multipart, &owner, &path.to_string()).simple().to_string().into();
        let content_type = content_type(new.content_type.as_deref(), &name);
        self.uploads.add(Upload::new(
            id,
            user,
            (path, self.account()),
            content_type,
            new.mtime,
            change,
        ));
        self.uploads.list.last().map(AsRef::as_ref).ok_or(ErrorKind::UnknownUpload)
    }

    /// Returns the upload `id` if it belongs to `user` and its state allows `operation`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownUpload`], and the errors of [`permit`].
    pub fn upload_for(
        &self,
        user: UserId,
        id: &str,
        operation: Operation,
    ) -> Result<&Upload, ErrorKind> {
        permitted(self.uploads.get(id).map(AsRef::as_ref), user, operation)
    }

    /// Stores a piece after its whole body was received.
    ///
    /// # Errors
    ///
    /// The errors of the received size, even if the state has changed since the head was accepted,
    /// and then of the checksum (§1.14).
    pub fn store_piece(
        &mut self,
        change: Change,
        user: UserId,
        id: &str,
        new: NewPiece,
    ) -> Result<(), ErrorKind> {
        let upload = self.uploads.get(id).ok_or(ErrorKind::UnknownUpload)?;
        upload.check_size(new.number, new.content.len(), &self.options.limits)?;
        permitted(Some(upload), user, Operation::Piece)?
            .check_count(new.number, &self.options.limits)?;
        check_digest(new.checksum.as_deref(), new.digest)?;
        self.uploads.change(id, |upload| upload.store(change, new));
        Ok(())
    }

    /// Checks whether an upload can be completed. It changes nothing.
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::upload_for`], and [`ErrorKind::Gaps`].
    pub fn check_complete(&self, user: UserId, id: &str) -> Result<&Upload, ErrorKind> {
        let upload = self.upload_for(user, id, Operation::Complete)?;
        upload.check_numbers()?;
        Ok(upload)
    }

    /// Completes an upload and returns its number of pieces. The join follows (§4.4), according to
    /// `join` and its actor, or else to the option `join`.
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::check_complete`].
    pub fn complete(
        &mut self,
        change: Change,
        user: UserId,
        id: &str,
        join: Option<(Join, Actor)>,
    ) -> Result<usize, ErrorKind> {
        let parts = self.check_complete(user, id)?.numpieces();
        self.uploads.change(id, |upload| upload.step(change, UploadEvent::Completed));
        let join = join.unwrap_or((self.options.join, Actor::Test));
        begin_join(self, change, id, join);
        Ok(parts)
    }

    /// Aborts an upload and its pieces.
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::upload_for`].
    pub fn abort(&mut self, change: Change, user: UserId, id: &str) -> Result<(), ErrorKind> {
        self.upload_for(user, id, Operation::Abort)?;
        self.uploads.change(id, |upload| {
            upload.step(change, UploadEvent::Aborted);
            upload.step_pieces(PieceEvent::Aborted, Some(PieceEvent::Aborted));
        });
        Ok(())
    }

    /// Reopens a failed upload. Its pieces are as if they had just been stored (§4.4).
    ///
    /// # Errors
    ///
    /// The errors of [`Storage::upload_for`], and [`ErrorKind::NotRestartable`] if the collector
    /// has run since the upload was created.
    pub fn restart(&mut self, change: Change, user: UserId, id: &str) -> Result<(), ErrorKind> {
        let created = self.upload_for(user, id, Operation::Restart)?.created;
        if self.collected.is_some_and(|collected| created < collected) {
            return Err(ErrorKind::NotRestartable);
        }
        self.uploads.change(id, |upload| {
            upload.step(change, UploadEvent::Restarted);
            upload.step_pieces(PieceEvent::Restarted, None);
            upload.error = 0;
            upload.failure = None;
        });
        Ok(())
    }
}

/// Returns an upload if there is one, it belongs to `user`, and its state allows `operation`.
///
/// # Errors
///
/// [`ErrorKind::UnknownUpload`], and the errors of [`permit`].
pub(crate) fn permitted(
    upload: Option<&Upload>,
    user: UserId,
    operation: Operation,
) -> Result<&Upload, ErrorKind> {
    match upload {
        Some(upload) if upload.owner == user => permit(operation, upload.state).map(|()| upload),
        _ => Err(ErrorKind::UnknownUpload),
    }
}

/// Returns the type of a file: the declared type, unless that asks for derivation, else the type
/// derived from its name (§3.9).
pub(super) fn content_type(given: Option<&str>, name: &str) -> Option<String> {
    let says = |given: &&str| is_known(given) && !essence(given).eq_ignore_ascii_case(OCTET_STREAM);
    given.filter(says).or_else(|| derive_from_name(name)).map(str::to_owned)
}
