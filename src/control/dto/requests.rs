//! The bodies of requests. Start with [`read`].

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::fault::config::{Members, Seconds, Syntax, Table, from_json, present};

/// Parses the body of a request.
pub(in crate::control) fn read<T: DeserializeOwned + Syntax>(body: &str) -> Result<T, String> {
    let Table(value) = from_json(filled(body, T::SYNTAX)?, "the body")?;
    Ok(value)
}

/// Returns the body, or an error if it is empty.
pub(in crate::control) fn filled<'a>(body: &'a str, syntax: &str) -> Result<&'a str, String> {
    if body.trim().is_empty() { Err(format!("empty body; expected {syntax}")) } else { Ok(body) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::control) struct Advance {
    pub(in crate::control) advance: Seconds,
}

impl Syntax for Advance {
    const SYNTAX: &'static str = r#"{"advance": SECONDS}"#;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::control) struct NewUpload {
    pub(in crate::control) path: String,
    #[serde(default, deserialize_with = "present")]
    pub(in crate::control) user: Option<String>,
}

impl Syntax for NewUpload {
    const SYNTAX: &'static str = r#"{"path": PATH, "user": NAME}"#;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::control) struct NewNote {
    pub(in crate::control) note: String,
}

impl Syntax for NewNote {
    const SYNTAX: &'static str = r#"{"note": TEXT}"#;
}

/// One token, or all tokens of a user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::control) struct ExpireTokens {
    #[serde(default, deserialize_with = "present")]
    pub(in crate::control) token: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(in crate::control) user: Option<String>,
}

impl Syntax for ExpireTokens {
    const SYNTAX: &'static str = r#"{"token": TOKEN} or {"user": NAME}"#;
}

/// Options and limits by name, each with its value as `--set` takes it, or as a number.
pub(in crate::control) type OptionValues = Members<OptionValue>;

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a number")]
pub(in crate::control) enum OptionValue {
    Text(String),
    Number(serde_json::Number),
}

impl Syntax for OptionValues {
    const SYNTAX: &'static str = r#"{"NAME": VALUE}"#;
}
