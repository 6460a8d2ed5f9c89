//! Expires tokens.

use serde_json::{Value, json};

use crate::fault::config::json::{check_keys, member};
use crate::mock::MockOrigin;

use crate::control::dto::object;
use crate::control::message::{ApiError, Request, Response};

pub(in crate::control) const TAKES: &str = r#"{"token": TOKEN} or {"user": NAME}"#;

/// Expires one token, or all tokens of a user.
pub(in crate::control) fn expire(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let object = object(request.body, TAKES)?;
    check_keys(&object, &["token", "user"])?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let token = member(&object, "token", "a token", text)?;
    let user = member(&object, "user", "the name of a user", text)?;
    let expired = match (token, user) {
        (Some(token), None) => origin.try_expire_token(&token).map(|()| 1)?,
        (None, Some(user)) => origin.expire_tokens_of(&user)?,
        _ => return Err(format!("the body takes one of token and user: {TAKES}").into()),
    };
    Ok(Response::Json(json!({ "expired": expired })))
}
