//! Who asks (§2.3).

use crate::journal::Head;
use crate::origin::{Actor, Caller, Origin, Timestamp};
use crate::spec::{Cause, LegacyHeaders, Operation};

use super::route::Route;
use super::signature::signer;

/// Judges the credentials of a request. Of the kinds that are present the first decides alone: a
/// token in a header, a signature, and on `/post/file` a token in the query.
///
/// # Errors
///
/// [`Cause::NoCredentials`] or [`Cause::BadCredentials`].
pub(super) fn judge(
    origin: &mut Origin,
    now: Timestamp,
    head: &Head,
    route: &Route,
) -> Result<Caller, Cause> {
    if let Some(token) = token_in_header(origin, head) {
        return origin.sessions().caller(now, &token);
    }
    if let Some(signature) = given(head, "X-Agile-Signature") {
        let (caller, expires) = signer(origin, now, head, &route.path, &signature)?;
        origin.use_signature(now, &signature, expires)?;
        return Ok(caller);
    }
    match query_token(head, route) {
        Some(token) => origin.sessions().caller(now, &token),
        None => Err(Cause::NoCredentials),
    }
}

/// Returns who ended the token that a request came with, if it was good once.
pub(super) fn token_ended_by(
    origin: &Origin,
    now: Timestamp,
    head: &Head,
    route: &Route,
) -> Option<Actor> {
    let token = token_in_header(origin, head).or_else(|| query_token(head, route))?;
    origin.sessions().ended(now, &token).map(|change| change.by)
}

fn token_in_header(origin: &Origin, head: &Head) -> Option<String> {
    let legacy = || {
        let on = origin.switches().legacy_headers == LegacyHeaders::On;
        on.then(|| given(head, "X-LLNW-Authorization")).flatten()
    };
    given(head, "X-Agile-Authorization").or_else(legacy)
}

fn given(head: &Head, name: &str) -> Option<String> {
    let value = head.header(name).filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn query_token(head: &Head, route: &Route) -> Option<String> {
    route.endpoint.filter(|endpoint| endpoint.operation == Operation::PostFile)?;
    let target = String::from_utf8_lossy(head.target());
    let (_, query) = target.split_once('?')?;
    let token = query.split('&').find_map(|term| term.strip_prefix("token="));
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}
