//! The storage origin itself: deterministic, without I/O, without a clock.
//!
//! It is given the time with every call, and with every change who makes it; it decides, and
//! remembers. Refusals are
//! [causes](crate::protocol::ErrorKind); what a cause is called on an endpoint is not known here.

mod change;
mod clock;
mod directories;
mod expiry;
mod history;
mod ids;
mod interference;
mod join;
mod multipart;
mod path;
mod post;
mod rate_limit;
mod recent;
mod schedule;
mod session;
mod tree;
mod upload;

pub use change::{Actor, CallId, Change};
pub use clock::{Clock, ClockMode, END_OF_YEAR_9999, Timestamp};
pub use directories::{MissingParents, MkdirOutcome};
pub use history::{ByteSource, FileHistory, JoinFailure, Obstacle, Removal, RemovalKind};
use ids::{Ids, Kind};
pub use interference::{Interference, InterferenceTarget};
pub use multipart::{NewUpload, Uploads};
pub use path::{Path, PathEncoding, last_component};
pub use post::NewFile;
pub use recent::REMEMBERED;
pub use session::{
    KeyPair, Principal, Session, SessionId, Sessions, TokenLifetime, TokenSource, UserId,
    UserRecord,
};
pub use tree::{Directory, File, Node, Stat, Tree};
pub use upload::{NewPiece, Piece, StateChange, Upload, check_digest};

use std::time::Duration;

use crate::blob::Blob;
use crate::protocol::{ErrorKind, Limits, Options, Policy};

use rate_limit::Rate;
use schedule::Schedule;

/// What an origin is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The account's name.
    pub account: String,
    /// Who may log in; at least one.
    pub users: Vec<UserRecord>,
    /// How it behaves where that can be chosen.
    pub options: Options,
    /// What decides its tokens and identifiers.
    pub seed: u64,
}

/// One account of the storage service, with all that it holds.
#[derive(Clone, Debug)]
pub struct Storage {
    account: String,
    options: Options,
    due: Schedule,
    ids: Ids,
    sessions: Sessions,
    tree: Tree,
    uploads: Uploads,
    /// When the collector last ran.
    collected: Option<Timestamp>,
    rate: Rate,
}

impl Storage {
    /// A new account with a root that belongs to the first user, and every user's root in it.
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
        };
        for (index, user) in storage.sessions.users().to_vec().iter().enumerate() {
            // Only a file could be in the way, and there are none yet.
            let _ = storage.make_directory(
                Change::by_test(now),
                UserId(index),
                &user.root,
                MissingParents::Create,
            );
        }
        storage
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The figures it goes by.
    pub fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// How it behaves where that can be chosen.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What decides its tokens and identifiers.
    pub fn seed(&self) -> u64 {
        self.ids.seed()
    }

    /// The users and their tokens.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Every upload.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// The directories and files.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Gives `user` a token that sees `subdir` of the user's root as `/` (§2.7).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSubdirectory`] if there is no such directory.
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
    /// [`ErrorKind::BadCredentials`] if it does not work any more, or never did.
    pub fn revoke(&mut self, change: Change, token: &str) -> Result<(), ErrorKind> {
        self.sessions.revoke(change, token)
    }

    /// Gives a token a new end, counted from now; 0 seconds are for ever. Works once for a token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`], or [`ErrorKind::UpdatedAlready`].
    pub fn update_session(
        &mut self,
        now: Timestamp,
        token: &str,
        secs: u64,
    ) -> Result<(), ErrorKind> {
        self.sessions.update(now, token, secs)
    }

    /// Notes that a signature was used that is valid until `expires`, in seconds; whether it may be, at
    /// its first use or by the switch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if it was used before.
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

    /// Ends a session by its number, and says whether there was one.
    pub fn end_session(&mut self, change: Change, id: SessionId) -> bool {
        self.sessions.end(change, id)
    }

    /// Ends the sessions of the user of that name, or of everyone, that are as old as `age`, and
    /// says how many of those would have lived longer.
    pub fn end_sessions_of_age(
        &mut self,
        change: Change,
        user: Option<&str>,
        age: Duration,
    ) -> u64 {
        match user.map(|name| self.sessions.user_named(name)) {
            Some(None) => 0,
            Some(Some(user)) => self.sessions.end_older(change, Some(user), age),
            None => self.sessions.end_older(change, None, age),
        }
    }

    /// Forgets the sessions that have expired: nothing that comes later has ended them.
    pub fn forget_expired_sessions(&mut self, now: Timestamp) {
        self.sessions.forget_expired(now);
    }

    /// Changes how it behaves, from here on.
    pub fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    /// The origin as it was, with the sessions of now: what somebody sees who looks at old data.
    #[must_use]
    pub fn as_of(&self, past: &Self) -> Self {
        let options = self.options.clone();
        Self { sessions: self.sessions.clone(), options, ..past.clone() }
    }

    /// Makes `keys` the account's pair; it acts as the first user.
    pub fn give_keys(&mut self, keys: KeyPair) {
        let root = self.sessions.user(UserId::FIRST).root.clone();
        self.sessions.set_keys(keys, Principal { user: UserId::FIRST, root, session: None });
    }

    /// Makes a key pair that acts as `principal`, in place of the account's earlier one (§9).
    pub fn make_keys(&mut self, principal: Principal) -> KeyPair {
        let name = self.sessions.user(principal.user).name.clone();
        let mut key = |half: &str| self.ids.next(Kind::Key, &name, half).simple().to_string();
        let keys = KeyPair { access_key: key("access"), secret_key: key("secret") };
        self.sessions.set_keys(keys.clone(), principal);
        keys
    }

    /// Puts a file where a test wants one, with the parents it needs. It belongs to `user`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::FileInPath`] or [`ErrorKind::IsDirectory`] if something is in the way.
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
            content_type: crate::protocol::of_name(name).map(str::to_owned),
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

    use super::*;
    use crate::blob::Digest;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const CHANGE: Change = Change::by_test(NOW);

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes(), PathEncoding::Raw, 100).unwrap()
    }

    fn storage() -> Storage {
        let (name, password, root) = ("jane".to_owned(), "secret".to_owned(), Path::root());
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
        storage.create(CHANGE, UserId::FIRST, new).unwrap().id.clone()
    }

    #[test]
    fn a_clone_shares_all_that_does_not_change() {
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
        let upload =
            |storage: &Storage, id: &str| ptr::from_ref(storage.uploads().get(id).unwrap());
        assert_eq!(upload(&storage, &left), upload(&clone, &left));
        let session =
            |storage: &Storage| ptr::from_ref(storage.sessions().session(NOW, &token).unwrap());
        assert_eq!(session(&storage), session(&clone));

        assert!(storage.tree().get(&path("/b/z")).is_err());
        assert!(storage.uploads().get(&changed).unwrap().pieces.is_empty());
    }
}
