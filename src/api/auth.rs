//! Authenticates requests (§2.3). It changes nothing except the record of used signatures. Start
//! with [`authenticate`].

use std::borrow::Cow;

use crate::journal::Head;
use crate::protocol::{ErrorKind, LegacyHeaders, Operation};
use crate::storage::{EndedToken, Principal, Storage, Timestamp};

use super::router::Route;
use super::signature::signer;
use super::url::{lossy, query_value};

/// Checks the credentials of a request. The first kind that is present decides alone: a token in a
/// header, a signature, or on `/post/file` a token in the query.
///
/// # Errors
///
/// [`ErrorKind::NoCredentials`] or [`ErrorKind::BadCredentials`].
pub(super) fn authenticate(
    storage: &mut Storage,
    now: Timestamp,
    head: &Head,
    route: &Route<'_>,
) -> Result<Principal, ErrorKind> {
    if let Some(token) = header_token(storage, head) {
        return storage.sessions().principal(now, &token);
    }
    if let Some(signature) = header_text(head, "X-Agile-Signature") {
        let (principal, expires) = signer(storage, now, head, &route.path, &signature)?;
        storage.use_signature(now, &signature, expires)?;
        return Ok(principal);
    }
    match query_token(head, route) {
        Some(token) => storage.sessions().principal(now, &token),
        None => Err(ErrorKind::NoCredentials),
    }
}

/// Returns the end of the token of a request, if the token was valid before.
pub(super) fn ended_token(
    storage: &Storage,
    now: Timestamp,
    head: &Head,
    route: &Route<'_>,
) -> Option<EndedToken> {
    let token = header_token(storage, head).or_else(|| query_token(head, route))?;
    storage.sessions().ended(now, &token)
}

fn header_token<'a>(storage: &Storage, head: &'a Head) -> Option<Cow<'a, str>> {
    let legacy = || {
        let on = storage.options().legacy_headers == LegacyHeaders::On;
        on.then(|| header_text(head, "X-LLNW-Authorization")).flatten()
    };
    header_text(head, "X-Agile-Authorization").or_else(legacy)
}

fn header_text<'a>(head: &'a Head, name: &str) -> Option<Cow<'a, str>> {
    head.header(name).filter(|value| !value.is_empty()).map(lossy)
}

fn query_token(head: &Head, route: &Route<'_>) -> Option<Cow<'static, str>> {
    route.endpoint.filter(|endpoint| endpoint.operation == Operation::PostFile)?;
    query_value(head.target(), "token").filter(|token| !token.is_empty()).map(Cow::Owned)
}
