//! Users and their tokens (§2). This module does not parse requests. Start with [`Sessions`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::blob::Digest;
use crate::protocol::{ErrorKind, TOKEN_LIFE_SECS};

use super::ids::{Ids, Kind};
use super::recent::Recent;
use super::{Actor, CallId, Change, Path, Timestamp};

/// A user that may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The name.
    pub name: Arc<str>,
    /// The password.
    pub password: String,
    /// The number of the user, above 0.
    pub uid: u32,
    /// The number of the group, above 0.
    pub gid: u32,
    /// The directory that the user sees as `/`.
    pub root: Path,
}

impl fmt::Debug for UserRecord {
    /// Shows everything except the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, uid, gid, root, .. } = self;
        write!(f, "User({name:?} {uid}:{gid} {root})")
    }
}

/// The index of a user in the list of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub(super) usize);

impl UserId {
    /// Returns the first user, which always exists.
    pub const FIRST: Self = Self(0);
}

/// The number of a session, in the order of creation. Unlike the token it is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// The authenticated sender of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: UserId,
    /// The directory that the user sees as `/`: the root of the user and the subdirectory of the
    /// token (§2.7).
    pub root: Path,
    /// The session of the token; `None` for a signature.
    pub session: Option<SessionId>,
}

/// The lifetime of a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLifetime {
    /// This number of seconds.
    Seconds(u64),
    /// None: login gives such a token if it could not read the subdirectory (§2.6).
    None,
}

impl Default for TokenLifetime {
    fn default() -> Self {
        Self::Seconds(TOKEN_LIFE_SECS)
    }
}

/// The source of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `/account/login`, or a test.
    Http,
    /// JSON-RPC `login`. A later `authenticate` of the same user ends these tokens (§2.8).
    RpcLogin,
    /// JSON-RPC `authenticate`.
    Authenticate,
}

/// A token and its data, valid or expired.
#[derive(Clone, Debug)]
pub struct Session {
    /// The user of the token.
    pub principal: Principal,
    /// The change that created it.
    pub issued: Change,
    source: TokenSource,
    /// `None` means no end.
    expires: Option<Timestamp>,
    /// The call that set the end; `None` for the test.
    lifetime_set_by: Option<CallId>,
    is_updated: bool,
}

impl Session {
    /// Returns its end by its lifetime, if that has come.
    fn expiry(&self, now: Timestamp) -> Option<Change> {
        let at = self.expires.filter(|expires| *expires <= now)?;
        Some(Change { at, by: Actor::Expiry { set_by: self.lifetime_set_by } })
    }
}

/// A token that was valid before, and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedToken {
    /// The session that the token had.
    pub session: SessionId,
    /// The change that ended it.
    pub change: Change,
}

/// A key pair with which requests can be signed (§9).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The public key, which identifies the pair.
    pub access_key: String,
    /// The secret key, which is never sent.
    pub secret_key: String,
}

impl fmt::Debug for KeyPair {
    /// Shows only the public key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({:?})", self.access_key)
    }
}

/// The users of an account and their tokens. A clone shares them until they change.
#[derive(Clone)]
pub struct Sessions {
    users: Arc<[UserRecord]>,
    by_token: Arc<HashMap<String, Session>>,
    /// The tokens of the sessions, the oldest first: faults that end old ones search only these.
    by_age: Arc<BTreeMap<SessionId, String>>,
    /// The sessions of each user that JSON-RPC `login` began, which `authenticate` ends.
    rpc_logins: Arc<BTreeSet<(UserId, SessionId)>>,
    /// The number of tokens at which expired ones are removed next.
    forget_tokens_at: usize,
    keys: Option<(KeyPair, Principal)>,
    /// The digests of used signatures that may still be valid, with their expiry in seconds.
    used_signatures: Arc<HashMap<Digest, u64>>,
    /// The number of signatures at which expired ones are removed next.
    forget_signatures_at: usize,
    given: u64,
    /// The tokens that were ended early, and the changes that ended them.
    ended: Arc<Recent<String, EndedToken>>,
}

/// The number of expired tokens or signatures that may be kept before they are removed.
const LEAST_TO_FORGET: usize = 256;

/// Returns the next size at which to remove expired entries: twice the current one, so that the
/// cost per entry is constant.
fn twice(len: usize) -> usize {
    (2 * len).max(LEAST_TO_FORGET)
}

impl fmt::Debug for Sessions {
    /// Shows tokens as a few digits of their digests, which is enough to tell them apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |token: &str| Digest::compute(token.as_bytes()).to_string()[..8].to_owned();
        let tokens = self.by_token.iter().map(|(token, session)| (sign(token), session));
        f.debug_struct("Sessions")
            .field("users", &self.users)
            .field("tokens", &tokens.collect::<BTreeMap<_, _>>())
            .field("keys", &self.keys)
            .field("used_signatures", &self.used_signatures.len())
            .finish_non_exhaustive()
    }
}

impl Sessions {
    pub(super) fn new(users: Vec<UserRecord>) -> Self {
        Self {
            users: users.into(),
            by_token: Arc::default(),
            by_age: Arc::default(),
            rpc_logins: Arc::default(),
            forget_tokens_at: LEAST_TO_FORGET,
            keys: None,
            used_signatures: Arc::default(),
            forget_signatures_at: LEAST_TO_FORGET,
            given: 0,
            ended: Arc::default(),
        }
    }

    /// Returns a user.
    pub fn user(&self, id: UserId) -> &UserRecord {
        &self.users[id.0]
    }

    /// Returns the user of that name.
    pub fn find_user(&self, name: &str) -> Option<UserId> {
        self.users.iter().position(|user| *user.name == *name).map(UserId)
    }

    /// Returns every user, in the configured order.
    pub fn users(&self) -> &[UserRecord] {
        &self.users
    }

    /// Returns the user with that name and password.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongPassword`] if the name or the password is wrong.
    pub fn check(&self, name: &str, password: &str) -> Result<UserId, ErrorKind> {
        self.find_user(name)
            .filter(|id| self.user(*id).password == password)
            .ok_or(ErrorKind::WrongPassword)
    }

    /// Creates a token for the caller.
    pub(super) fn grant(
        &mut self,
        change: Change,
        ids: &mut Ids,
        principal: Principal,
        life: TokenLifetime,
        source: TokenSource,
    ) -> String {
        if source == TokenSource::Authenticate {
            let of_user = |session| (principal.user, SessionId(session));
            let ended = self.rpc_logins.range(of_user(0)..=of_user(u64::MAX));
            for session in ended.map(|(_, session)| *session).collect::<Vec<_>>() {
                self.end(change, session);
            }
        }
        let name = &self.users[principal.user.0].name;
        let token =
            ids.next(Kind::Token, name, &principal.root.to_string()).hyphenated().to_string();
        if let TokenLifetime::Seconds(secs) = life {
            let expires = change.at.after(Duration::from_secs(secs));
            let (user, id) = (principal.user, SessionId(self.given));
            let principal = Principal { session: Some(id), ..principal };
            self.given += 1;
            if self.by_token.len() >= self.forget_tokens_at {
                self.forget_expired(change.at);
            }
            let session = Session {
                principal,
                issued: change,
                source,
                expires,
                lifetime_set_by: change.by.call(),
                is_updated: false,
            };
            Arc::make_mut(&mut self.by_token).insert(token.clone(), session);
            Arc::make_mut(&mut self.by_age).insert(id, token.clone());
            if source == TokenSource::RpcLogin {
                Arc::make_mut(&mut self.rpc_logins).insert((user, id));
            }
        }
        token
    }

    /// Returns the session of a valid token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if it is unknown, expired or logged out (§2.3).
    pub fn session(&self, now: Timestamp, token: &str) -> Result<&Session, ErrorKind> {
        let Some(session) = self.by_token.get(token) else { return Err(ErrorKind::BadCredentials) };
        match session.expires {
            Some(expires) if expires <= now => Err(ErrorKind::BadCredentials),
            _ => Ok(session),
        }
    }

    /// Sets a new lifetime of a session, counted from now; 0 means no end. It works once per
    /// session (§7.4).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`], or [`ErrorKind::UpdatedAlready`].
    pub(super) fn update(
        &mut self,
        change: Change,
        token: &str,
        secs: u64,
    ) -> Result<(), ErrorKind> {
        self.session(change.at, token)?;
        let by_token = Arc::make_mut(&mut self.by_token);
        let session = by_token.get_mut(token).ok_or(ErrorKind::BadCredentials)?;
        if session.is_updated {
            return Err(ErrorKind::UpdatedAlready);
        }
        session.is_updated = true;
        session.lifetime_set_by = change.by.call();
        session.expires = if secs == 0 { None } else { change.at.after(Duration::from_secs(secs)) };
        Ok(())
    }

    /// Ends a session by its number, and returns whether it existed.
    pub(super) fn end(&mut self, change: Change, id: SessionId) -> bool {
        let token = self.by_age.get(&id).cloned();
        token.is_some_and(|token| self.remove(&token, change))
    }

    /// Removes a session, records its end, and returns whether there was one.
    fn remove(&mut self, token: &str, change: Change) -> bool {
        let Some(removed) = Arc::make_mut(&mut self.by_token).remove(token) else { return false };
        if let Some(session) = removed.principal.session {
            Arc::make_mut(&mut self.by_age).remove(&session);
            if removed.source == TokenSource::RpcLogin {
                Arc::make_mut(&mut self.rpc_logins).remove(&(removed.principal.user, session));
            }
            let ended = Arc::make_mut(&mut self.ended);
            ended.record(token.to_owned(), EndedToken { session, change });
        }
        true
    }

    /// Returns the end of a formerly valid token. Returns `None` if the token is valid, never
    /// existed, or was dropped from the [`REMEMBERED`](super::REMEMBERED) tokens that were ended
    /// early.
    pub fn ended(&self, now: Timestamp, token: &str) -> Option<EndedToken> {
        let expired = self.by_token.get(token).and_then(|session| {
            Some(EndedToken { session: session.principal.session?, change: session.expiry(now)? })
        });
        expired.or_else(|| self.ended.get(token).copied())
    }

    /// Ends every session of `user`, or of all users, that is at least `age` old. Returns how many
    /// of them would have lived longer.
    pub(super) fn end_older(&mut self, change: Change, user: Option<UserId>, age: Duration) -> u64 {
        let sessions = self.by_age.values().map(|token| (token, self.by_token.get(token)));
        let due = sessions.map_while(|(token, session)| {
            let due = session?.issued.at.after(age).filter(|due| *due <= change.at)?;
            Some((token, session?, due))
        });
        let is_meant = |session: &Session| user.is_none_or(|it| session.principal.user == it);
        let ends = due.filter(|(_, session, _)| is_meant(session)).map(|(token, session, due)| {
            let outlives = session.expires.is_none_or(|expires| due < expires);
            let expiry = Actor::Expiry { set_by: session.lifetime_set_by };
            (token.clone(), outlives, if outlives { change.by } else { expiry })
        });
        let ends: Vec<_> = ends.collect();
        for (token, _, by) in &ends {
            self.remove(token, Change { by: *by, ..change });
        }
        ends.iter().filter(|(_, outlives, _)| *outlives).count() as u64
    }

    /// Removes the expired sessions.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        let sessions = self.by_token.iter();
        let expired = sessions.filter_map(|(token, it)| Some((token.clone(), it.expiry(now)?)));
        for (token, change) in expired.collect::<Vec<_>>() {
            self.remove(&token, change);
        }
        self.forget_tokens_at = twice(self.by_token.len());
    }

    /// Sets the key pair of the account, which acts as `principal`. An earlier pair and all
    /// signatures made with it become invalid.
    pub(super) fn set_keys(&mut self, keys: KeyPair, principal: Principal) {
        if self.keys.as_ref().is_none_or(|(earlier, _)| *earlier != keys) {
            Arc::make_mut(&mut self.used_signatures).clear();
        }
        self.keys = Some((keys, principal));
    }

    /// Records the use of a signature that is valid until `expires`, in seconds, and returns
    /// whether it is the first use. Expired signatures are rejected in any case and are removed.
    pub(super) fn use_signature(&mut self, now: Timestamp, signature: &str, expires: u64) -> bool {
        let used = Arc::make_mut(&mut self.used_signatures);
        if used.len() >= self.forget_signatures_at {
            used.retain(|_, expires| now.secs() < *expires);
            self.forget_signatures_at = twice(used.len());
        }
        used.insert(Digest::compute(signature.as_bytes()), expires).is_none()
    }

    /// Returns the key pair of the account, and the principal that it acts as.
    pub fn keys(&self) -> Option<&(KeyPair, Principal)> {
        self.keys.as_ref()
    }

    /// Returns the holder of `token`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if it is unknown, expired or logged out (§2.3).
    pub fn principal(&self, now: Timestamp, token: &str) -> Result<Principal, ErrorKind> {
        Ok(self.session(now, token)?.principal.clone())
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadCredentials`] if the token is not valid.
    pub fn revoke(&mut self, change: Change, token: &str) -> Result<(), ErrorKind> {
        self.session(change.at, token)?;
        self.remove(token, change);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sessions() -> Sessions {
        let user = |name: &str| UserRecord {
            name: name.into(),
            password: "secret".to_owned(),
            uid: 1,
            gid: 1,
            root: Path::root(),
        };
        Sessions::new(vec![user("jane"), user("joe")])
    }

    fn grant(
        (sessions, ids): (&mut Sessions, &mut Ids),
        at: u64,
        user: usize,
        source: TokenSource,
    ) -> String {
        let principal = Principal { user: UserId(user), root: Path::root(), session: None };
        let change = Change::by_test(Timestamp::from_secs(at));
        sessions.grant(change, ids, principal, TokenLifetime::Seconds(10), source)
    }

    #[test]
    fn authenticate_ends_only_the_rpc_logins_of_the_user() {
        use TokenSource::{Authenticate, Http, RpcLogin};
        let (mut sessions, mut ids) = (sessions(), Ids::new(1));
        let mut given = |user, source| grant((&mut sessions, &mut ids), 1, user, source);
        let ended = [given(0, RpcLogin), given(0, RpcLogin)];
        let kept = [given(0, Http), given(1, RpcLogin), given(0, Authenticate)];
        let later = given(0, RpcLogin);
        let is_valid = |token: &String| sessions.session(Timestamp::from_secs(1), token).is_ok();
        assert!(!ended.iter().any(is_valid) && kept.iter().chain([&later]).all(is_valid));
        assert_eq!(sessions.rpc_logins.len(), 2);
        sessions.forget_expired(Timestamp::from_secs(500));
        assert!(sessions.rpc_logins.is_empty());
    }

    #[test]
    fn expired_tokens_are_removed() {
        let (mut sessions, mut ids) = (sessions(), Ids::new(1));
        for at in 0..100_000 {
            let token = grant((&mut sessions, &mut ids), at, 0, TokenSource::Http);
            assert!(sessions.session(Timestamp::from_secs(at + 9), &token).is_ok());
        }
        assert!(sessions.by_token.len() <= LEAST_TO_FORGET, "{}", sessions.by_token.len());
    }

    #[test]
    fn a_removed_token_ended_when_it_expired() {
        let (mut sessions, mut ids) = (sessions(), Ids::new(1));
        let token = grant((&mut sessions, &mut ids), 1, 0, TokenSource::Http);
        sessions.forget_expired(Timestamp::from_secs(500));
        let ended = sessions.ended(Timestamp::from_secs(500), &token);
        assert_eq!(ended.map(|ended| ended.change.at), Some(Timestamp::from_secs(11)));
    }

    #[test]
    fn used_signatures_are_remembered_until_they_expire() {
        let mut sessions = sessions();
        for at in 0..100_000 {
            let (now, signature) = (Timestamp::from_secs(at), format!("signature {at}"));
            assert!(sessions.use_signature(now, &signature, at + 10));
            let earlier = at.saturating_sub(9);
            let signature = format!("signature {earlier}");
            assert!(!sessions.use_signature(now, &signature, earlier + 10), "{earlier} at {at}");
        }
        assert!(sessions.used_signatures.len() <= LEAST_TO_FORGET);
    }

    #[test]
    fn new_keys_invalidate_the_signatures_of_earlier_ones() {
        let mut sessions = sessions();
        let principal = Principal { user: UserId::FIRST, root: Path::root(), session: None };
        let keys =
            |secret: &str| KeyPair { access_key: "a".to_owned(), secret_key: secret.to_owned() };
        let now = Timestamp::from_secs(1);
        sessions.set_keys(keys("one"), principal.clone());
        assert!(sessions.use_signature(now, "signature", u64::MAX));
        sessions.set_keys(keys("one"), principal.clone());
        assert!(!sessions.use_signature(now, "signature", u64::MAX));
        sessions.set_keys(keys("two"), principal);
        assert!(sessions.used_signatures.is_empty());
    }
}
