//! The storage service: deterministic, without I/O and without a clock.
//!
//! Every call passes the time, and every change passes its actor; the storage decides and stores
//! the result. Errors are of an [`ErrorKind`]. The number of an error
//! on an endpoint is unknown here. Start with [`Storage`] and [`Tree`].

mod change;
mod clock;
mod directories;
mod entries;
mod expiry;
mod history;
mod ids;
mod interference;
mod jobs;
mod join;
mod multipart;
mod path;
mod post;
mod rate_limit;
mod recent;
mod records;
mod schedule;
mod session;
mod slots;
mod tree;
mod upload;

pub use change::{Actor, CallId, Change};
pub(crate) use clock::END_OF_YEAR_9999;
pub use clock::{Clock, ClockMode, Timestamp};
pub use directories::MissingParents;
pub(crate) use directories::MkdirOutcome;
pub use history::ByteRange;
pub(crate) use history::{
    ByteSource, FileHistory, JoinFailure, JoinedPiece, Obstacle, Removal, RemovalKind,
};
use ids::{Ids, Kind};
pub use interference::Interference;
pub(crate) use interference::InterferenceTarget;
pub(crate) use multipart::{NewUpload, Uploads, permitted};
pub(crate) use path::last_component;
pub use path::{Path, PathEncoding};
pub(crate) use post::NewFile;
pub(crate) use records::BLOCK;
pub use records::{Records, RecordsIter};
pub use session::{EndedToken, KeyPair, SessionId, TokenLifetime, TokenSource, UserRecord};
pub(crate) use session::{Principal, Sessions, UserId};
pub(crate) use slots::Pack;
pub(crate) use tree::{Directory, File, Node, Stat, Tree};
pub(crate) use upload::NewPiece;
pub(crate) use upload::check_digest;
pub use upload::{Piece, StateChange, Upload};

use std::time::Duration;

use crate::blob::Blob;
use crate::protocol::{ErrorKind, Limit, Limits, Options, Policy};

use rate_limit::Rate;
use schedule::{Job, Schedule};

/// The configuration of a storage.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The account's name.
    pub account: String,
    /// The users that may log in; at least one.
    pub users: Vec<UserRecord>,
    /// The configurable behaviour.
    pub options: Options,
    /// The seed of its tokens and identifiers.
    pub seed: u64,
}

/// An account of the storage service with all its data.
#[derive(Clone, Debug)]
pub struct Storage {
    account: String,
    options: Options,
    due: Schedule,
    ids: Ids,
    sessions: Sessions,
    tree: Tree,
    uploads: Uploads,
    /// The time of the last run of the collector.
    collected: Option<Timestamp>,
    rate: Rate,
    /// The scheme of its URLs.
    scheme: &'static str,
}

impl Storage {
    /// Creates an account. The root belongs to the first user; the root directory of every user
    /// exists.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let (uid, gid) = setup.users.first().map_or((1, 1), |user| (user.uid, user.gid));
        let mut storage = Self {
            account: setup.account,
            options: setup.options,
            due: Schedule::default(),
            ids: Ids::new(setup.seed),
            sessions: Sessions::new(setup.users),
            tree: Tree::new(Stat { uid, gid, ctime: now, mtime: now }),
            uploads: Uploads::default(),
            collected: None,
            rate: Rate::default(),
            scheme: "http",
        };
        for (index, user) in storage.sessions.users().to_vec().iter().enumerate() {
            // Only a file could block a directory, and there are none yet.
            let _ = storage.make_directory(
                Change::by_test(now),
                UserId(index),
                &user.root,
                MissingParents::Create,
            );
        }
        storage
    }

    /// Returns the name of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Returns the scheme of URLs that it gives to clients.
    pub(crate) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Returns the limits.
    pub fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the seed of the tokens and identifiers.
    pub fn seed(&self) -> u64 {
        self.ids.seed()
    }

    /// Returns the users and their tokens.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Returns every upload.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Returns the directories and files.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Gives `user` a token that sees `subdir` of the root of the user as `/` (§2.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSubdirectory`] if the directory does not exist.
    pub fn grant(
        &mut self,
        change: Change,
        user: UserId,
        subdir: Path,
        life: TokenLifetime,
        source: TokenSource,
    ) -> Result<(String, Principal), ErrorKind> {
        let root = subdir.under(&self.sessions.user(user).root);
        if life != TokenLifetime::None {
            self.tree.directory(&root).map_err(|_| ErrorKind::NoSubdirectory)?;
        }
        let principal = Principal { user, root, session: None };
        let token = self.sessions.grant(change, &mut self.ids, principal.clone(), life, source);
        Ok((token, principal))
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if the token is not valid.
    pub fn revoke(&mut self, change: Change, token: &str) -> Result<(), ErrorKind> {
        self.sessions.revoke(change, token)
    }

    /// Sets a new lifetime of a token, counted from now; 0 seconds mean no end. It works once per
    /// token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`], or [`ErrorKind::UpdatedAlready`].
    pub fn update_session(
        &mut self,
        change: Change,
        token: &str,
        secs: u64,
    ) -> Result<(), ErrorKind> {
        self.sessions.update(change, token, secs)
    }

    /// Records the use of a signature that is valid until `expires`, in seconds. A second use is
    /// allowed only by the option `signature_reuse`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if the signature was used before and the option does not allow
    /// it.
    pub fn use_signature(
        &mut self,
        now: Timestamp,
        signature: &str,
        expires: u64,
    ) -> Result<(), ErrorKind> {
        let is_new = self.sessions.use_signature(now, signature, expires);
        let accepted = is_new || self.options.signature_reuse == Policy::Accept;
        if accepted { Ok(()) } else { Err(ErrorKind::BadCredentials) }
    }

    /// Ends a session by its number, and returns whether it existed.
    pub fn end_session(&mut self, change: Change, id: SessionId) -> bool {
        self.sessions.end(change, id)
    }

    /// Ends the sessions of the user of that name, or of all users, that are at least `age` old.
    /// Returns how many of them would have lived longer.
    pub fn end_sessions_of_age(
        &mut self,
        change: Change,
        user: Option<&str>,
        age: Duration,
    ) -> u64 {
        match user.map(|name| self.sessions.find_user(name)) {
            Some(None) => 0,
            Some(Some(user)) => self.sessions.end_older(change, Some(user), age),
            None => self.sessions.end_older(change, None, age),
        }
    }

    /// Removes expired sessions. No later actor is recorded as having ended them.
    pub fn forget_expired_sessions(&mut self, now: Timestamp) {
        self.sessions.forget_expired(now);
    }

    /// Returns the options for changes.
    pub fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    /// Returns a copy of the past storage `past` with the current sessions, for responses from old
    /// data.
    #[must_use]
    pub fn as_of(&self, past: &Self) -> Self {
        let options = self.options.clone();
        Self { sessions: self.sessions.clone(), options, ..past.clone() }
    }

    /// Sets the scheme of URLs that it gives to clients. Default: `http`.
    #[cfg(feature = "tls")]
    pub(crate) fn set_scheme(&mut self, scheme: &'static str) {
        self.scheme = scheme;
    }

    /// Sets the key pair of the account. It acts as the first user.
    pub fn set_keys(&mut self, keys: KeyPair) {
        let root = self.sessions.user(UserId::FIRST).root.clone();
        self.sessions.set_keys(keys, Principal { user: UserId::FIRST, root, session: None });
    }

    /// Creates a key pair that acts as `principal`, and replaces the earlier one of the account
    /// (§9).
    pub fn create_keys(&mut self, principal: Principal) -> KeyPair {
        let name = self.sessions.user(principal.user).name.clone();
        let mut key = |half: &str| self.ids.next(Kind::Key, &name, half).simple().to_string();
        let keys = KeyPair { access_key: key("access"), secret_key: key("secret") };
        self.sessions.set_keys(keys.clone(), principal);
        keys
    }

    /// Returns the time of the next job.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.next_due()
    }

    /// Runs the due jobs. Call it before every other call.
    pub fn run_due(&mut self, now: Timestamp) {
        if self.has_jobs() {
            jobs::run_due(self, now);
        }
    }

    /// Returns whether jobs wait for their time.
    pub(crate) fn has_jobs(&self) -> bool {
        !self.due.is_empty()
    }

    /// Schedules a copy of a file of this account (§7.2). It is made before the next call.
    pub fn fetch_later(
        &mut self,
        change: Change,
        user: UserId,
        from: Path,
        to: Path,
        parents: MissingParents,
    ) {
        let by = change.by.job();
        self.due.set(change.at, Job::Fetch { user, from, to, parents, by });
    }

    /// Runs the collector. Every `advance` ends with it; `mark` is the number of its mark in the
    /// journal.
    ///
    /// Pieces and uploads that have been in NEW or FAILED for more than a day (the limit
    /// [`Limit::CollectAfter`]) expire. The pieces of a READY upload stay.
    pub fn collect(&mut self, now: Timestamp, mark: u64) {
        self.collected = Some(now);
        let change = Change { at: now, by: Actor::Collector { mark } };
        let after = Duration::from_secs(self.options.limits.get(Limit::CollectAfter));
        expiry::expire(&mut self.uploads, change, after);
    }

    /// Counts a request that arrives `elapsed` after the start of the origin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RateLimited`] if the last second already has the number of requests that the
    /// option `rate_limit` allows. The rejected request does not count.
    pub fn count_request(&mut self, elapsed: Duration) -> Result<(), ErrorKind> {
        self.options.rate_limit.map_or(Ok(()), |limit| self.rate.count(limit, elapsed))
    }

    /// Counts a status request for an upload. Some joins end after a number of them.
    pub fn record_status_poll(&mut self, change: Change, id: &str) {
        join::record_status_poll(self, change, id);
    }

    /// Applies an interference to its target.
    ///
    /// # Errors
    ///
    /// Returns the reason if the target does not allow it.
    pub fn interfere(
        &mut self,
        change: Change,
        interference: Interference,
        target: InterferenceTarget<'_>,
    ) -> Result<(), String> {
        interference::interfere(self, change, interference, target)
    }

    /// Stores a file for a test, with missing parents. It belongs to `user`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::FileInPath`] or [`ErrorKind::IsDirectory`] if another entry is in the way.
    pub fn plant(
        &mut self,
        change: Change,
        user: UserId,
        path: &Path,
        content: Blob,
    ) -> Result<(), ErrorKind> {
        let (parent, name) = path.split_last().ok_or(ErrorKind::IsDirectory)?;
        self.make_directory(change, user, &parent, MissingParents::Create)
            .map_err(|_| ErrorKind::FileInPath)?;
        let owner = self.sessions.user(user);
        let file = File {
            stat: Stat { uid: owner.uid, gid: owner.gid, ctime: change.at, mtime: change.at },
            content,
            content_type: crate::protocol::derive_from_name(name).map(str::to_owned),
            visible: Some(change.at),
            history: Box::new(FileHistory::posted(change)),
        };
        self.tree.put(path, Node::File(file), change)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ptr;
    use std::sync::Arc;

    use super::*;
    use crate::blob::Digest;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const CHANGE: Change = Change::by_test(NOW);

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes(), PathEncoding::Raw, 100).unwrap()
    }

    fn storage() -> Storage {
        let (name, password, root) = ("jane".into(), "secret".to_owned(), Path::root());
        let users = vec![UserRecord { name, password, uid: 1, gid: 1, root }];
        let (account, options) = ("acme".to_owned(), Options::default());
        Storage::new(Setup { account, users, options, seed: 1 }, NOW)
    }

    fn plant(storage: &mut Storage, at: &str) {
        storage.plant(CHANGE, UserId::FIRST, &path(at), Blob::from_bytes("x")).unwrap();
    }

    fn create(storage: &mut Storage, name: &str) -> String {
        let (directory, name) = (Path::root(), Some(name.to_owned()));
        let new = NewUpload { directory, name, content_type: None, mtime: None };
        storage.create(CHANGE, UserId::FIRST, new).unwrap().id.to_string()
    }

    #[test]
    fn a_clone_shares_everything_that_does_not_change() {
        let mut storage = storage();
        for at in ["/a/x", "/b/y"] {
            plant(&mut storage, at);
        }
        let (left, changed) = (create(&mut storage, "left"), create(&mut storage, "changed"));
        let root = Path::root();
        let (token, _) = storage
            .grant(CHANGE, UserId::FIRST, root, TokenLifetime::default(), TokenSource::Http)
            .unwrap();

        let mut clone = storage.clone();
        plant(&mut clone, "/b/z");
        let (content, digest) = (Blob::from_bytes("1"), Digest::compute(b"1"));
        let piece = NewPiece { number: 1, content, digest, checksum: None };
        clone.store_piece(CHANGE, UserId::FIRST, &changed, piece).unwrap();

        let is_shared = |at: &str| {
            let find = |storage: &'_ Storage| ptr::from_ref(storage.tree().get(&path(at)).unwrap());
            find(&storage) == find(&clone)
        };
        assert!(["/a", "/a/x", "/b/y"].into_iter().all(is_shared));
        let upload = |storage: &Storage, id: &str| Arc::as_ptr(storage.uploads().get(id).unwrap());
        assert_eq!(upload(&storage, &left), upload(&clone, &left));
        let session =
            |storage: &Storage| ptr::from_ref(storage.sessions().session(NOW, &token).unwrap());
        assert_eq!(session(&storage), session(&clone));

        assert!(storage.tree().get(&path("/b/z")).is_err());
        assert!(storage.uploads().get(&changed).unwrap().pieces.is_empty());
    }
}
