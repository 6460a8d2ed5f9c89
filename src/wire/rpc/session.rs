//! The methods about sessions (§7.4).

use crate::origin::{GivenBy, Life, Path, Spelling};
use crate::spec::{Cause, LOGIN_METHOD, Limit, TOKEN_LIFE_SECS, row_for};

use super::json::Json;
use super::method::{Stop, Turn};

/// `login`. Wrong credentials are no error here: they are answered with nulls.
pub(super) fn login(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let given = turn.args.text("username")?.zip(turn.args.text("password")?);
    let (name, password) = given.ok_or(Cause::NoNameOrPassword)?;
    let wants_detail = turn.args.boolean("detail")?.unwrap_or(false);
    if name.is_empty() {
        return Err(Cause::EmptyName.into());
    }
    if password.is_empty() {
        return Err(Cause::EmptyPassword.into());
    }
    let Ok(user) = turn.origin.sessions().check(&name, &password) else {
        turn.call.row = row_for(LOGIN_METHOD.rows, Cause::WrongPassword);
        return Ok(Json::Array(vec![Json::Null, Json::Null]));
    };
    turn.call.user = Some(name);
    let (token, caller) =
        turn.origin.grant(turn.change, user, Path::root(), Life::default(), GivenBy::RpcLogin)?;
    let user = turn.origin.sessions().user(caller.user);
    let mut facts = vec![("uid", Json::int(user.uid)), ("gid", Json::int(user.gid))];
    if wants_detail {
        facts.push(("path", Json::text(caller.root.absolute(turn.origin.account()))));
    }
    Ok(Json::Array(vec![Json::text(token), Json::Object(facts)]))
}

/// `logout`.
pub(super) fn logout(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let token = turn.token()?;
    turn.origin.revoke(turn.change, &token)?;
    Ok(Json::int(0))
}

/// `noop` and `ping`: what came goes back, any JSON.
#[allow(clippy::unnecessary_wraps)] // it stands in the table of methods, and they can fail
pub(super) fn echo(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let operation = turn.args.json("operation").unwrap_or("\"pong\"");
    Ok(Json::Object(vec![("code", Json::int(0)), ("operation", Json::Echo(operation.to_owned()))]))
}

/// `authenticate`. Unlike `login` it knows an expiry and a subdirectory.
pub(super) fn authenticate(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let name = turn.args.text("username")?;
    let password = turn.args.text("password")?;
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(Cause::EmptyName.into());
    }
    if password.as_ref().is_some_and(String::is_empty) {
        return Err(Cause::EmptyPassword.into());
    }
    let (name, password) = name.zip(password).ok_or(Cause::NoNameOrPassword)?;
    let user = turn.origin.sessions().check(&name, &password)?;
    turn.call.user = Some(name);
    let longest = i128::from(turn.origin.limits().of(Limit::AuthenticateExpiry));
    let default = longest.min(i128::from(TOKEN_LIFE_SECS));
    let expiry = turn.args.integer("expiry")?.unwrap_or(default);
    let seconds = Some(expiry).filter(|expiry| (1..=longest).contains(expiry));
    let seconds = seconds.and_then(|expiry| u64::try_from(expiry).ok()).ok_or(Cause::Expiry)?;
    let subdir = turn.args.text("subdir")?.unwrap_or_default();
    let max = turn.origin.limits().of(Limit::PathBytes);
    let subdir = Path::parse(subdir.as_bytes(), Spelling::Plain, max);
    let subdir = subdir.map_err(|_| Cause::NoSubdirectory)?;
    let life = Life::Seconds(seconds);
    let (token, caller) =
        turn.origin.grant(turn.change, user, subdir, life, GivenBy::Authenticate)?;
    let user = turn.origin.sessions().user(caller.user);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("token", Json::text(token)),
        ("uid", Json::int(user.uid)),
        ("gid", Json::int(user.gid)),
        ("path", Json::text(caller.root.absolute(turn.origin.account()))),
    ]))
}

/// `checkToken`.
pub(super) fn check_token(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let token = turn.token()?;
    let session = turn.origin.sessions().session(turn.change.at, &token)?;
    let user = turn.origin.sessions().user(session.caller.user);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("age", Json::Float(turn.change.at.since(session.issued.at).as_secs_f64())),
        ("uid", Json::int(user.uid)),
        ("gid", Json::int(user.gid)),
        ("path", Json::text(session.caller.root.absolute(turn.origin.account()))),
        ("username", Json::text(&user.name)),
    ]))
}

/// `updateSession`.
pub(super) fn update_session(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let token = turn.token()?;
    let seconds = turn.args.integer("expire")?.unwrap_or(0);
    let seconds = u64::try_from(seconds).map_err(|_| Cause::Expiry)?;
    turn.origin.update_session(turn.change.at, &token, seconds)?;
    Ok(Json::int(0))
}

/// `initKeyPair`.
pub(super) fn init_key_pair(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let caller = turn.caller()?;
    let keys = turn.origin.make_keys(caller);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("access_key", Json::text(keys.access_key)),
        ("secret_key", Json::text(keys.secret_key)),
    ]))
}
