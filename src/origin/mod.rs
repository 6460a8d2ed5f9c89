//! The storage origin itself: deterministic, without I/O, without a clock.
//!
//! It is given the time with every call, and with every change who makes it; it decides, and
//! remembers. Refusals are
//! [causes](crate::spec::Cause); what a cause is called on an endpoint is not known here.

mod change;
mod clock;
mod collector;
mod directories;
mod due;
mod history;
mod ids;
mod join;
mod mishap;
mod multipart;
mod path;
mod post;
mod rate;
mod recent;
mod session;
mod tree;
mod upload;

pub use change::{Actor, CallId, Change};
pub use clock::{Clock, END_OF_YEAR_9999, Pace, Timestamp};
pub use directories::{Making, Parents};
pub use history::{ByteSource, FileHistory, JoinFailure, Obstacle, Removal, RemovalKind};
use ids::{Ids, Kind};
pub use mishap::{Mishap, Victim};
pub use multipart::{NewUpload, Uploads};
pub use path::{Path, Spelling, last_component};
pub use post::NewFile;
pub use recent::REMEMBERED;
pub use session::{Caller, GivenBy, KeyPair, Life, Session, SessionId, Sessions, User, UserId};
pub use tree::{Directory, File, Node, Stat, Tree};
pub use upload::{NewPiece, Piece, StateChange, Upload, check_digest};

use std::time::Duration;

use crate::content::Content;
use crate::spec::{Cause, Limits, Switches, Tolerance};

use due::Due;
use rate::Rate;

/// What an origin is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The account's name.
    pub account: String,
    /// Who may log in; at least one.
    pub users: Vec<User>,
    /// How it behaves where that can be chosen.
    pub switches: Switches,
    /// What decides its tokens and identifiers.
    pub seed: u64,
}

/// One account of the storage service, with all that it holds.
#[derive(Clone, Debug)]
pub struct Origin {
    account: String,
    switches: Switches,
    due: Due,
    ids: Ids,
    sessions: Sessions,
    tree: Tree,
    uploads: Uploads,
    /// When the collector last ran.
    collected: Option<Timestamp>,
    rate: Rate,
}

impl Origin {
    /// A new account with a root that belongs to the first user, and every user's root in it.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let (uid, gid) = setup.users.first().map_or((1, 1), |user| (user.uid, user.gid));
        let mut origin = Self {
            account: setup.account,
            switches: setup.switches,
            due: Due::default(),
            ids: Ids::new(setup.seed),
            sessions: Sessions::new(setup.users),
            tree: Tree::new(Stat { uid, gid, ctime: now, mtime: now }),
            uploads: Uploads::default(),
            collected: None,
            rate: Rate::default(),
        };
        for (index, user) in origin.sessions.users().to_vec().iter().enumerate() {
            // Only a file could be in the way, and there are none yet.
            let _ = origin.make_directory(
                Change::by_test(now),
                UserId(index),
                &user.root,
                Parents::Made,
            );
        }
        origin
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The figures it goes by.
    pub fn limits(&self) -> &Limits {
        &self.switches.limits
    }

    /// How it behaves where that can be chosen.
    pub fn switches(&self) -> &Switches {
        &self.switches
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
    /// [`Cause::NoSubdirectory`] if there is no such directory.
    pub fn grant(
        &mut self,
        change: Change,
        user: UserId,
        subdir: Path,
        life: Life,
        given_by: GivenBy,
    ) -> Result<(String, Caller), Cause> {
        let root = subdir.under(&self.sessions.user(user).root);
        if life != Life::None {
            self.tree.directory(&root).map_err(|_| Cause::NoSubdirectory)?;
        }
        let caller = Caller { user, root, session: None };
        let token = self.sessions.grant(change, &mut self.ids, caller.clone(), life, given_by);
        Ok((token, caller))
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`] if it does not work any more, or never did.
    pub fn revoke(&mut self, change: Change, token: &str) -> Result<(), Cause> {
        self.sessions.revoke(change, token)
    }

    /// Gives a token a new end, counted from now; 0 seconds are for ever. Works once for a token.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`], or [`Cause::UpdatedAlready`].
    pub fn update_session(&mut self, now: Timestamp, token: &str, secs: u64) -> Result<(), Cause> {
        self.sessions.update(now, token, secs)
    }

    /// Notes that a signature was used that is valid until `expires`, in seconds; whether it may be, at
    /// its first use or by the switch.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`] if it was used before.
    pub fn use_signature(
        &mut self,
        now: Timestamp,
        signature: &str,
        expires: u64,
    ) -> Result<(), Cause> {
        let is_new = self.sessions.use_signature(now, signature, expires);
        let accepted = is_new || self.switches.signature_reuse == Tolerance::Accept;
        if accepted { Ok(()) } else { Err(Cause::BadCredentials) }
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
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    /// The origin as it was, with the sessions of now: what somebody sees who looks at old data.
    #[must_use]
    pub fn as_of(&self, past: &Self) -> Self {
        let switches = self.switches.clone();
        Self { sessions: self.sessions.clone(), switches, ..past.clone() }
    }

    /// Makes `keys` the account's pair; it acts as the first user.
    pub fn give_keys(&mut self, keys: KeyPair) {
        let root = self.sessions.user(UserId::FIRST).root.clone();
        self.sessions.set_keys(keys, Caller { user: UserId::FIRST, root, session: None });
    }

    /// Makes a key pair that acts as `caller`, in place of the account's earlier one (§9).
    pub fn make_keys(&mut self, caller: Caller) -> KeyPair {
        let name = self.sessions.user(caller.user).name.clone();
        let mut key = |half: &str| self.ids.next(Kind::Key, &name, half).simple().to_string();
        let keys = KeyPair { access_key: key("access"), secret_key: key("secret") };
        self.sessions.set_keys(keys.clone(), caller);
        keys
    }

    /// Puts a file where a test wants one, with the parents it needs. It belongs to `user`.
    ///
    /// # Errors
    ///
    /// [`Cause::FileInPath`] or [`Cause::IsDirectory`] if something is in the way.
    pub fn plant(
        &mut self,
        change: Change,
        user: UserId,
        path: &Path,
        content: Content,
    ) -> Result<(), Cause> {
        let (parent, name) = path.split_last().ok_or(Cause::IsDirectory)?;
        self.make_directory(change, user, &parent, Parents::Made).map_err(|_| Cause::FileInPath)?;
        let owner = self.sessions.user(user);
        let file = File {
            stat: Stat { uid: owner.uid, gid: owner.gid, ctime: change.at, mtime: change.at },
            content,
            content_type: crate::spec::of_name(name).map(str::to_owned),
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
    use crate::content::Digest;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const CHANGE: Change = Change::by_test(NOW);

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes(), Spelling::Plain, 100).unwrap()
    }

    fn origin() -> Origin {
        let (name, password, root) = ("jane".to_owned(), "secret".to_owned(), Path::root());
        let users = vec![User { name, password, uid: 1, gid: 1, root }];
        let (account, switches) = ("acme".to_owned(), Switches::default());
        Origin::new(Setup { account, users, switches, seed: 1 }, NOW)
    }

    fn plant(origin: &mut Origin, at: &str) {
        origin.plant(CHANGE, UserId::FIRST, &path(at), Content::from_bytes("x")).unwrap();
    }

    fn create(origin: &mut Origin, name: &str) -> String {
        let (directory, name) = (Path::root(), Some(name.to_owned()));
        let new = NewUpload { directory, name, content_type: None, mtime: None };
        origin.create(CHANGE, UserId::FIRST, new).unwrap().id.clone()
    }

    #[test]
    fn a_clone_shares_all_that_does_not_change() {
        let mut origin = origin();
        for at in ["/a/x", "/b/y"] {
            plant(&mut origin, at);
        }
        let (left, changed) = (create(&mut origin, "left"), create(&mut origin, "changed"));
        let root = Path::root();
        let (token, _) =
            origin.grant(CHANGE, UserId::FIRST, root, Life::default(), GivenBy::Http).unwrap();

        let mut clone = origin.clone();
        plant(&mut clone, "/b/z");
        let (content, digest) = (Content::from_bytes("1"), Digest::of(b"1"));
        let piece = NewPiece { number: 1, content, digest, checksum: None };
        clone.store_piece(CHANGE, UserId::FIRST, &changed, piece).unwrap();

        let is_shared = |at: &str| {
            let find = |origin: &'_ Origin| ptr::from_ref(origin.tree().get(&path(at)).unwrap());
            find(&origin) == find(&clone)
        };
        assert!(["/a", "/a/x", "/b/y"].into_iter().all(is_shared));
        let upload = |origin: &Origin, id: &str| ptr::from_ref(origin.uploads().get(id).unwrap());
        assert_eq!(upload(&origin, &left), upload(&clone, &left));
        let session =
            |origin: &Origin| ptr::from_ref(origin.sessions().session(NOW, &token).unwrap());
        assert_eq!(session(&origin), session(&clone));

        assert!(origin.tree().get(&path("/b/z")).is_err());
        assert!(origin.uploads().get(&changed).unwrap().pieces.is_empty());
    }
}
