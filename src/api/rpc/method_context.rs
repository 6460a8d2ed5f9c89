//! The input of a method handler, and the reasons why it returns no result. Start with
//! [`MethodContext`].

use crate::blob::Blob;
use crate::journal::Call;
use crate::protocol::{ErrorKind, Join, Limit};
use crate::storage::{Actor, Change, File, Path, PathEncoding, Principal, Storage};

use super::params::Params;

/// The input of a method handler.
pub(super) struct MethodContext<'a> {
    pub(super) storage: &'a mut Storage,
    /// The time and the actor of its changes.
    pub(super) change: Change,
    pub(super) args: &'a Params,
    pub(super) call: &'a mut Call,
    /// The host name by which the client called this origin.
    pub(super) host: &'a str,
    /// The join, if it differs from the option `join`, and the actor that wants it.
    pub(super) join: Option<(Join, Actor)>,
    /// Whether the response is never read.
    pub(super) is_response_unread: bool,
    /// The token and its principal, after authentication.
    pub(super) token: Option<(String, Principal)>,
}

/// The reason why a method returned no result.
pub(super) enum MethodError {
    /// The call is rejected.
    Rejected(ErrorKind),
    /// The digests of these blobs are needed first. Nothing has changed.
    NeedsDigests(Vec<Blob>),
}

impl From<ErrorKind> for MethodError {
    fn from(cause: ErrorKind) -> Self {
        Self::Rejected(cause)
    }
}

impl MethodContext<'_> {
    /// Returns the authenticated principal.
    pub(super) fn principal(&self) -> Result<Principal, ErrorKind> {
        self.token.as_ref().map(|(_, principal)| principal.clone()).ok_or(ErrorKind::BadCredentials)
    }

    /// Returns the token after authentication.
    pub(super) fn token(&self) -> Result<String, ErrorKind> {
        self.token.as_ref().map(|(token, _)| token.clone()).ok_or(ErrorKind::BadCredentials)
    }

    /// Returns the parameter `path` as the caller means it.
    pub(super) fn path(&mut self) -> Result<Path, ErrorKind> {
        let text = self.args.text("path")?.ok_or(ErrorKind::EmptyPath)?;
        let max = self.storage.limits().get(Limit::PathBytes);
        let path =
            Path::parse(text.as_bytes(), PathEncoding::Raw, max)?.under(&self.principal()?.root);
        self.record_path(&path);
        Ok(path)
    }

    /// Returns the page size in the parameter `name`, within the limit. The default is 100, or the
    /// limit if that is smaller.
    pub(super) fn page_size(&self, name: &str) -> Result<usize, ErrorKind> {
        let max = i128::from(self.storage.limits().get(Limit::PageSize));
        let size = self.args.integer(name)?.unwrap_or(max.min(100));
        let size = Some(size).filter(|size| (1..=max).contains(size));
        size.and_then(|size| usize::try_from(size).ok()).ok_or(ErrorKind::PageSize)
    }

    /// Returns the checksum of a file. It is empty if it is unknown and the response is not read.
    pub(super) fn checksum(&self, file: &File) -> Result<String, MethodError> {
        match file.content.known_digest() {
            Some(digest) => Ok(digest.to_string()),
            None if self.is_response_unread => Ok(String::new()),
            None => Err(MethodError::NeedsDigests(vec![file.content.clone()])),
        }
    }

    /// Records the path of the call.
    pub(super) fn record_path(&mut self, path: &Path) {
        self.call.path = Some(path.absolute(self.storage.account()).into());
    }

    /// Records the user and the session of the call.
    pub(super) fn record_user(&mut self) {
        let user =
            self.token.as_ref().map(|(_, principal)| self.storage.sessions().user(principal.user));
        self.call.user = user.map(|user| user.name.clone());
        self.call.session = self.token.as_ref().and_then(|(_, principal)| principal.session);
    }
}
