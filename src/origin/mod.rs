//! The storage origin itself: deterministic, without I/O, without a clock.
//!
//! It is given the time with every call, decides, and remembers. Refusals are
//! [causes](crate::spec::Cause); what a cause is called on an endpoint is not known here.

mod clock;
mod collector;
mod directories;
mod ids;
mod join;
mod multipart;
mod path;
mod session;
mod tree;
mod upload;

pub use clock::{Clock, Pace, Timestamp};
pub use directories::{Making, Parents};
pub use ids::Ids;
pub use multipart::{NewUpload, Uploads};
pub use path::{Path, Spelling, last_component};
pub use session::{Caller, Life, Sessions, User, UserId};
pub use tree::{Directory, File, Node, Stat, Tree};
pub use upload::{NewPiece, Piece, Upload};

use crate::content::Content;
use crate::spec::{Cause, Limits};

/// What an origin is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The account's name.
    pub account: String,
    /// Who may log in; at least one.
    pub users: Vec<User>,
    /// The figures it goes by.
    pub limits: Limits,
    /// What decides its tokens and identifiers.
    pub seed: u64,
}

/// One account of the storage service, with all that it holds.
#[derive(Clone, Debug)]
pub struct Origin {
    account: String,
    limits: Limits,
    ids: Ids,
    sessions: Sessions,
    tree: Tree,
    uploads: Uploads,
}

impl Origin {
    /// A new account with a root that belongs to the first user, and every user's root in it.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let (uid, gid) = setup.users.first().map_or((1, 1), |user| (user.uid, user.gid));
        let mut origin = Self {
            account: setup.account,
            limits: setup.limits,
            ids: Ids::new(setup.seed),
            sessions: Sessions::new(setup.users),
            tree: Tree::new(Stat { uid, gid, ctime: now, mtime: now }),
            uploads: Uploads::default(),
        };
        for (index, user) in origin.sessions.users().to_vec().iter().enumerate() {
            // Only a file could be in the way, and there are none yet.
            let _ = origin.make_directory(now, UserId(index), &user.root, Parents::Made);
        }
        origin
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The figures it goes by.
    pub fn limits(&self) -> &Limits {
        &self.limits
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
        now: Timestamp,
        user: UserId,
        subdir: Path,
        life: Life,
    ) -> Result<(String, Caller), Cause> {
        let root = subdir.under(&self.sessions.user(user).root);
        if life != Life::None {
            self.tree.directory(&root).map_err(|_| Cause::NoSubdirectory)?;
        }
        let caller = Caller { user, root };
        let token = self.sessions.grant(now, &mut self.ids, caller.clone(), life);
        Ok((token, caller))
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`] if it does not work any more, or never did.
    pub fn revoke(&mut self, now: Timestamp, token: &str) -> Result<(), Cause> {
        self.sessions.revoke(now, token)
    }

    /// Puts a file where a test wants one, with the parents it needs. It belongs to `user`.
    ///
    /// # Errors
    ///
    /// [`Cause::FileInPath`] or [`Cause::IsDirectory`] if something is in the way.
    pub fn plant(
        &mut self,
        now: Timestamp,
        user: UserId,
        path: &Path,
        content: Content,
    ) -> Result<(), Cause> {
        let (parent, name) = path.split_last().ok_or(Cause::IsDirectory)?;
        self.make_directory(now, user, &parent, Parents::Made).map_err(|_| Cause::FileInPath)?;
        let owner = self.sessions.user(user);
        let file = File {
            stat: Stat { uid: owner.uid, gid: owner.gid, ctime: now, mtime: now },
            content,
            content_type: crate::spec::of_name(name).map(str::to_owned),
        };
        self.tree.put(path, Node::File(file), now)
    }
}
