//! The methods about sessions (§7.4).

use crate::origin::{Life, Path};
use crate::spec::{Cause, LOGIN_METHOD, row_for};

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
    let (token, caller) = turn.origin.grant(turn.now, user, Path::root(), Life::default())?;
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
    turn.origin.revoke(turn.now, &token)?;
    Ok(Json::int(0))
}

/// `noop` and `ping`: what came goes back, any JSON.
#[allow(clippy::unnecessary_wraps)] // it stands in the table of methods, and they can fail
pub(super) fn echo(turn: &mut Turn<'_>) -> Result<Json, Stop> {
    let operation = turn.args.json("operation").unwrap_or("\"pong\"");
    Ok(Json::Object(vec![("code", Json::int(0)), ("operation", Json::Echo(operation.to_owned()))]))
}
