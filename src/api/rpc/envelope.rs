//! The JSON-RPC envelope: parses requests and frames responses (§7.1). It knows no methods. Start
//! with [`Incoming`] and [`Message`].

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::api::parameters::{Quoting, parameter};
use crate::protocol::{ErrorKind, ResultCode};

use super::json::Json;

/// The endpoint that received a body, and its charset.
#[derive(Clone, Copy, Debug)]
pub(super) struct RpcEndpoint {
    /// Whether it is `/jsonrpc2`, which takes only version 2.0, also in batches (§7.1.1).
    pub(super) is_2: bool,
    pub(super) charset: Charset,
}

/// The charset of a body (§7.1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Charset {
    #[default]
    Utf8,
    Latin1,
}

/// Returns the charset of a content type. Every charset except ISO-8859-1 is read as UTF-8.
pub(super) fn charset(content_type: &str) -> Charset {
    const LATIN_1: [&str; 4] = ["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1"];
    let parameters = content_type.split_once(';').map_or("", |(_, parameters)| parameters);
    let named = parameter(parameters, "charset", Quoting::Http);
    let is_latin_1 = named.is_some_and(|name| LATIN_1.contains(&&*name.to_ascii_lowercase()));
    if is_latin_1 { Charset::Latin1 } else { Charset::Utf8 }
}

/// The version of a request and of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// Whether the body is one request or a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Single,
    Batch,
}

/// The requests in a body.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) payload: Payload,
    pub(super) messages: Vec<Message>,
}

/// A request, or an invalid element in its place.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) version: Version,
    /// The id as received (§7.1.5).
    pub(super) id: String,
    /// The call, or the reason why there is none.
    pub(super) rpc_call: Result<RpcCall, ErrorKind>,
}

/// A method and its unparsed parameters.
#[derive(Clone, Debug)]
pub(super) struct RpcCall {
    pub(super) method: String,
    pub(super) params: Option<Box<RawValue>>,
}

type Raw = Box<RawValue>;

impl Incoming {
    pub(super) fn single(message: Message) -> Self {
        Self { payload: Payload::Single, messages: vec![message] }
    }
}

impl Message {
    /// Creates a message for something that is not a request and therefore has no id.
    pub(super) fn broken(endpoint: RpcEndpoint, cause: ErrorKind) -> Self {
        let version = if endpoint.is_2 { Version::Two } else { Version::One };
        Self { version, id: "null".to_owned(), rpc_call: Err(cause) }
    }

    /// Returns the response with a result.
    pub(super) fn result(&self, result: &Json) -> String {
        match self.version {
            Version::One => {
                format!("{{\"id\": {}, \"result\": {result}, \"error\": null}}", self.id)
            }
            Version::Two => {
                format!("{{\"jsonrpc\": \"2.0\", \"id\": {}, \"result\": {result}}}", self.id)
            }
        }
    }

    /// Returns the response with an error object.
    pub(super) fn error(&self, result_code: &ResultCode) -> String {
        let error = Json::Object(vec![
            ("code", Json::int(result_code.code)),
            ("message", Json::text(result_code.phrase)),
        ]);
        match self.version {
            Version::One => {
                format!("{{\"id\": {}, \"result\": null, \"error\": {error}}}", self.id)
            }
            Version::Two => {
                format!("{{\"jsonrpc\": \"2.0\", \"id\": {}, \"error\": {error}}}", self.id)
            }
        }
    }
}

/// Parses a body.
pub(super) fn read(endpoint: RpcEndpoint, bytes: &[u8], max_batch: u64) -> Incoming {
    let parsed =
        decoded(bytes, endpoint.charset).and_then(|text| serde_json::from_str::<Raw>(&text).ok());
    let Some(json) = parsed else {
        return Incoming::single(Message::broken(endpoint, ErrorKind::NotJson));
    };
    match json.get().as_bytes()[0] {
        b'[' if endpoint.is_2 => batch(endpoint, &json, max_batch),
        b'[' => Incoming::single(Message::broken(endpoint, ErrorKind::NotARequest)),
        _ => Incoming::single(message(endpoint, &json)),
    }
}

fn decoded(bytes: &[u8], charset: Charset) -> Option<String> {
    match charset {
        Charset::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
        Charset::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// Parses a batch (§7.1.9). An error of the whole batch gets one error response.
fn batch(endpoint: RpcEndpoint, json: &RawValue, max: u64) -> Incoming {
    let one = |cause| Incoming::single(Message::broken(endpoint, cause));
    let elements: Vec<Raw> = serde_json::from_str(json.get()).unwrap_or_default();
    if elements.is_empty() {
        return one(ErrorKind::NotJson);
    }
    if elements.len() as u64 > max {
        return one(ErrorKind::Batch);
    }
    // An element of a batch that is not a request has no id, even if it has a member `id`.
    let in_its_place = |message: Message| match message.rpc_call {
        Ok(_) => message,
        Err(cause) => Message::broken(endpoint, cause),
    };
    let messages: Vec<_> =
        elements.iter().map(|element| in_its_place(message(endpoint, element))).collect();
    let mut ids: Vec<_> = messages
        .iter()
        .filter(|message| message.rpc_call.is_ok())
        .map(|message| &message.id)
        .collect();
    ids.sort_unstable();
    let distinct =
        ids.windows(2).all(|pair| pair[0] != pair[1]) && ids.iter().all(|id| *id != "null");
    if !distinct {
        return one(ErrorKind::Batch);
    }
    Incoming { payload: Payload::Batch, messages }
}

fn message(endpoint: RpcEndpoint, json: &RawValue) -> Message {
    let Ok(mut members) = serde_json::from_str::<BTreeMap<String, Raw>>(json.get()) else {
        return Message::broken(endpoint, ErrorKind::NotARequest);
    };
    let version = version(endpoint, members.get("jsonrpc").map(|raw| raw.get()));
    let method =
        members.get("method").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let rpc_call = match (version, method) {
        (Ok(_), Some(method)) => Ok(RpcCall { method, params: members.remove("params") }),
        _ => Err(ErrorKind::NotARequest),
    };
    let id = members.get("id").map_or("null", |raw| raw.get()).to_owned();
    let version = version.unwrap_or_else(|of_error| of_error);
    Message { version, id, rpc_call }
}

/// Returns the version of a request. If the endpoint does not take it, the error is the version of
/// the error response.
fn version(endpoint: RpcEndpoint, member: Option<&str>) -> Result<Version, Version> {
    // A text can be escaped in several ways.
    let text: Option<String> = member.map(|raw| serde_json::from_str(raw).unwrap_or_default());
    match (text.as_deref(), endpoint.is_2) {
        (Some("2.0"), _) => Ok(Version::Two),
        (None | Some("1.0"), false) => Ok(Version::One),
        (_, _) => Err(Version::Two),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_charset_except_iso_8859_1_is_utf_8() {
        for given in ["text/json; Charset=ISO-8859-1", "a/b;charset=\"latin1\""] {
            assert_eq!(charset(given), Charset::Latin1, "{given}");
        }
        let utf_8 = ["application/json", "a/b;charset=utf-8", "a/b;charset=koi8-r", ""];
        let quoted = ["a/b; c=\"d; charset=latin1\"", "a/b; c=\"\\\"; charset=latin1\""];
        for given in utf_8.into_iter().chain(quoted) {
            assert_eq!(charset(given), Charset::Utf8, "{given}");
        }
    }
}
