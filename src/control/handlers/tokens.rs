//! Expires tokens.

use serde_json::json;

use crate::fault::config::Syntax;
use crate::mock::MockOrigin;

use crate::control::dto::requests::{ExpireTokens, read};
use crate::control::message::{ApiError, Request, Response};

/// Expires one token, or all tokens of a user.
pub(in crate::control) fn expire(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let ExpireTokens { token, user } = read(request.body)?;
    let expired = match (token, user) {
        (Some(token), None) => origin.try_expire_token(&token).map(|()| 1)?,
        (None, Some(user)) => origin.expire_tokens_of(&user)?,
        _ => return Err(format!("invalid body; expected {}", ExpireTokens::SYNTAX).into()),
    };
    Ok(Response::Json(json!({ "expired": expired })))
}
