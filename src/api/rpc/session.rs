//! The methods for sessions (§7.4).

use crate::protocol::{ErrorKind, LOGIN_METHOD, Limit, TOKEN_LIFE_SECS, result_code_for};
use crate::storage::{Path, PathEncoding, TokenLifetime, TokenSource};

use super::json::Json;
use super::method_context::{MethodContext, MethodError};

/// Executes `login`. Wrong credentials are not an error here; the result consists of nulls.
pub(super) fn login(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let given = context.args.text("username")?.zip(context.args.text("password")?);
    let (name, password) = given.ok_or(ErrorKind::NoNameOrPassword)?;
    let wants_detail = context.args.boolean("detail")?.unwrap_or(false);
    if name.is_empty() {
        return Err(ErrorKind::EmptyName.into());
    }
    if password.is_empty() {
        return Err(ErrorKind::EmptyPassword.into());
    }
    let Ok(user) = context.storage.sessions().check(&name, &password) else {
        context.call.result_code = result_code_for(LOGIN_METHOD.results, ErrorKind::WrongPassword);
        return Ok(Json::Array(vec![Json::Null, Json::Null]));
    };
    context.call.user = Some(name.into());
    let (token, principal) = context.storage.grant(
        context.change,
        user,
        Path::root(),
        TokenLifetime::default(),
        TokenSource::RpcLogin,
    )?;
    let user = context.storage.sessions().user(principal.user);
    let mut facts = vec![("uid", Json::int(user.uid)), ("gid", Json::int(user.gid))];
    if wants_detail {
        facts.push(("path", Json::text(principal.root.absolute(context.storage.account()))));
    }
    Ok(Json::Array(vec![Json::text(token), Json::Object(facts)]))
}

/// Executes `logout`.
pub(super) fn logout(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let token = context.token()?;
    context.storage.revoke(context.change, &token)?;
    Ok(Json::int(0))
}

/// Executes `noop` and `ping`: returns the given JSON.
#[allow(clippy::unnecessary_wraps)] // handlers return `Result`, and others can fail
pub(super) fn echo(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let operation = context.args.json("operation").unwrap_or("\"pong\"");
    Ok(Json::Object(vec![("code", Json::int(0)), ("operation", Json::Echo(operation.to_owned()))]))
}

/// Executes `authenticate`. Unlike `login` it takes an expiry and a subdirectory.
pub(super) fn authenticate(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let name = context.args.text("username")?;
    let password = context.args.text("password")?;
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(ErrorKind::EmptyName.into());
    }
    if password.as_ref().is_some_and(String::is_empty) {
        return Err(ErrorKind::EmptyPassword.into());
    }
    let (name, password) = name.zip(password).ok_or(ErrorKind::NoNameOrPassword)?;
    let user = context.storage.sessions().check(&name, &password)?;
    context.call.user = Some(name.into());
    let longest = i128::from(context.storage.limits().get(Limit::AuthenticateExpiry));
    let default = longest.min(i128::from(TOKEN_LIFE_SECS));
    let expiry = context.args.integer("expiry")?.unwrap_or(default);
    let seconds = Some(expiry).filter(|expiry| (1..=longest).contains(expiry));
    let seconds = seconds.and_then(|expiry| u64::try_from(expiry).ok()).ok_or(ErrorKind::Expiry)?;
    let subdir = context.args.text("subdir")?.unwrap_or_default();
    let max = context.storage.limits().get(Limit::PathBytes);
    let subdir = Path::parse(subdir.as_bytes(), PathEncoding::Raw, max);
    let subdir = subdir.map_err(|_| ErrorKind::NoSubdirectory)?;
    let life = TokenLifetime::Seconds(seconds);
    let (token, principal) =
        context.storage.grant(context.change, user, subdir, life, TokenSource::Authenticate)?;
    let user = context.storage.sessions().user(principal.user);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("token", Json::text(token)),
        ("uid", Json::int(user.uid)),
        ("gid", Json::int(user.gid)),
        ("path", Json::text(principal.root.absolute(context.storage.account()))),
    ]))
}

/// Executes `checkToken`.
pub(super) fn check_token(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let token = context.token()?;
    let session = context.storage.sessions().session(context.change.at, &token)?;
    let user = context.storage.sessions().user(session.principal.user);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("age", Json::Float(context.change.at.since(session.issued.at).as_secs_f64())),
        ("uid", Json::int(user.uid)),
        ("gid", Json::int(user.gid)),
        ("path", Json::text(session.principal.root.absolute(context.storage.account()))),
        ("username", Json::text(&*user.name)),
    ]))
}

/// Executes `updateSession`.
pub(super) fn update_session(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let token = context.token()?;
    let seconds = context.args.integer("expire")?.unwrap_or(0);
    let seconds = u64::try_from(seconds).map_err(|_| ErrorKind::Expiry)?;
    context.storage.update_session(context.change, &token, seconds)?;
    Ok(Json::int(0))
}

/// Executes `initKeyPair`.
pub(super) fn init_key_pair(context: &mut MethodContext<'_>) -> Result<Json, MethodError> {
    let principal = context.principal()?;
    let keys = context.storage.create_keys(principal);
    Ok(Json::Object(vec![
        ("code", Json::int(0)),
        ("access_key", Json::text(keys.access_key)),
        ("secret_key", Json::text(keys.secret_key)),
    ]))
}
