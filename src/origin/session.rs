//! Users, and the tokens they hold (§2).

use std::collections::HashMap;
use std::time::Duration;

use crate::spec::{Cause, TOKEN_LIFE_SECS};

use super::ids::{Ids, Kind};
use super::{Path, Timestamp};

/// Someone who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The user's number, above 0.
    pub uid: u32,
    /// The group's number, above 0.
    pub gid: u32,
    /// The directory that the user sees as `/`.
    pub root: Path,
}

/// A user's place in the list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub(super) usize);

impl UserId {
    /// The first user; there always is one.
    pub const FIRST: Self = Self(0);
}

/// Who asks, once the credentials have been judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// What the user sees as `/`: the user's root and the token's subdirectory (§2.7).
    pub root: Path,
}

/// How long a new token works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// For that many seconds.
    Seconds(u64),
    /// Not at all: login gives such a token when it could not read the subdirectory (§2.6).
    None,
}

impl Default for Life {
    fn default() -> Self {
        Self::Seconds(TOKEN_LIFE_SECS)
    }
}

#[derive(Clone, Debug)]
struct Session {
    caller: Caller,
    /// `None` is never.
    expires: Option<Timestamp>,
}

/// The users of an account and the tokens that have been given to them.
#[derive(Clone, Debug)]
pub struct Sessions {
    users: Vec<User>,
    by_token: HashMap<String, Session>,
}

impl Sessions {
    pub(super) fn new(users: Vec<User>) -> Self {
        Self { users, by_token: HashMap::new() }
    }

    /// A user.
    pub fn user(&self, id: UserId) -> &User {
        &self.users[id.0]
    }

    /// The user of that name.
    pub fn user_named(&self, name: &str) -> Option<UserId> {
        self.users.iter().position(|user| user.name == name).map(UserId)
    }

    /// Every user, in the order in which they were given.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user with that name and that password.
    ///
    /// # Errors
    ///
    /// [`Cause::WrongPassword`], whichever of the two is wrong.
    pub fn check(&self, name: &str, password: &str) -> Result<UserId, Cause> {
        self.user_named(name)
            .filter(|id| self.user(*id).password == password)
            .ok_or(Cause::WrongPassword)
    }

    /// Gives `user` a new token that sees `root` as `/`.
    pub(super) fn grant(
        &mut self,
        now: Timestamp,
        ids: &mut Ids,
        caller: Caller,
        life: Life,
    ) -> String {
        let name = &self.users[caller.user.0].name;
        let token = ids.next(Kind::Token, name, &caller.root.to_string()).hyphenated().to_string();
        if let Life::Seconds(secs) = life {
            let expires = now.after(Duration::from_secs(secs));
            self.by_token.insert(token.clone(), Session { caller, expires });
        }
        token
    }

    /// Who holds `token`.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`] if it is unknown, expired or logged out (§2.3).
    pub fn caller(&self, now: Timestamp, token: &str) -> Result<Caller, Cause> {
        self.by_token
            .get(token)
            .filter(|session| session.expires.is_none_or(|expires| now < expires))
            .map(|session| session.caller.clone())
            .ok_or(Cause::BadCredentials)
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// [`Cause::BadCredentials`] if it does not work any more, or never did.
    pub fn revoke(&mut self, now: Timestamp, token: &str) -> Result<(), Cause> {
        self.caller(now, token)?;
        self.by_token.remove(token);
        Ok(())
    }
}
