//! Parses the values of keys: names, numbers, times, and the nested objects of actions.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::fault::validate::invalid_status;
use crate::fault::{
    DeferredCommit, Disconnect, ErrorResponse, HeaderMutation, InterimResponse, ListingFault,
    MalformedResponse, ResponseLoss,
};
use crate::protocol::{Join, Options};
use crate::storage::Interference;

use super::json::{Object, check_keys, invalid_value, member, needed, shown};

pub(super) use super::json::seconds;

pub(super) const CUTS: &[(&str, Disconnect)] = &[
    ("reset", Disconnect::Reset),
    ("close", Disconnect::Close),
    ("half_close", Disconnect::HalfClose),
    ("stall", Disconnect::Stall),
];

pub(super) const LOSSES: &[(&str, ResponseLoss)] = &[
    ("reset", ResponseLoss::Reset),
    ("close", ResponseLoss::Close),
    ("half_close", ResponseLoss::HalfClose),
    ("stall", ResponseLoss::Stall),
];

pub(super) const INTERFERENCES: &[(&str, Interference)] = &[
    ("abort_upload", Interference::AbortUpload),
    ("expire_upload", Interference::ExpireUpload),
    ("delete_upload", Interference::DeleteUpload),
    ("remove_directory", Interference::RemoveDirectory),
    ("expire_token", Interference::ExpireToken),
];

pub(super) const LISTINGS: &[(&str, ListingFault)] = &[
    ("drops", ListingFault::Drops),
    ("repeats", ListingFault::Repeats),
    ("never_ends", ListingFault::NeverEnds),
];

pub(super) const ALTERATIONS: &[(&str, HeaderMutation)] = &[
    ("wrong_checksum", HeaderMutation::WrongChecksum),
    ("upper_case_checksum", HeaderMutation::UpperCaseChecksum),
    ("wrong_size", HeaderMutation::WrongSize),
];

pub(super) const MALFORMED_RESPONSES: &[(&str, MalformedResponse)] =
    &[("status_line", MalformedResponse::StatusLine), ("chunk", MalformedResponse::Chunk)];

/// An error in a value.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The value itself is invalid.
    Itself,
    /// A nested value is invalid, as the line says.
    Within(String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self::Within(why)
    }
}

impl Wrong {
    /// Returns the error message for `key`.
    pub(super) fn message(self, key: &str, values: &str, value: &Value) -> String {
        match self {
            Self::Itself => invalid_value(key, values, value),
            Self::Within(why) => format!("{key}: {why}"),
        }
    }
}

/// The result of parsing a value.
pub(super) type Read<T> = Result<T, Wrong>;

/// Converts an option: `None` means that the value itself is invalid.
pub(super) fn plain<T>(read: Option<T>) -> Read<T> {
    read.ok_or(Wrong::Itself)
}

/// Returns the meaning of a name.
pub(super) fn named<T: Clone>(words: &[(&str, T)], value: &Value) -> Option<T> {
    let text = value.as_str()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone())
}

/// Returns the name of a meaning.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], meant: &T) -> Option<&'static str> {
    words.iter().find(|(_, meaning)| meaning == meant).map(|(word, _)| *word)
}

/// Returns `meaning` for `true`, and `None` for everything else.
pub(super) fn flag<T>(value: &Value, meaning: T) -> Option<T> {
    (*value == Value::Bool(true)).then_some(meaning)
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// Parses a number of 1 or more.
pub(super) fn from_1(value: &Value) -> Option<u64> {
    number(value).filter(|number| *number > 0)
}

/// Parses a number of any unsigned type.
pub(super) fn whole<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    number(value)?.try_into().ok()
}

fn code(value: &Value) -> Option<i32> {
    value.as_i64()?.try_into().ok()
}

/// Parses a range in Rust syntax: `"2..=4"`.
pub(super) fn range(value: &Value) -> Option<RangeInclusive<u32>> {
    let (from, to) = value.as_str()?.split_once("..=")?;
    let bound = |text: &str| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain)
    };
    Some(bound(from)?..=bound(to)?)
}

/// Returns the object, if it has no other keys than `names`.
fn members<'a>(value: &'a Value, names: &[&str]) -> Read<&'a Object> {
    let object = value.as_object().ok_or(Wrong::Itself)?;
    check_keys(object, names)?;
    Ok(object)
}

const REJECT_KEYS: &[&str] =
    &["status", "raw", "code", "reason", "headers", "retry_after", "content_type", "body"];
const STATUS: &str = "a status from 300 to 599";
const RAW: &str = "a status from 200 to 599";
const CODE: &str = "a number from -2147483648 to 2147483647";
const BYTES: &str = "a number of bytes";
const HEADERS: &str = "{ NAME = VALUE }, or [[NAME, VALUE]] if the order matters";
const BODY: &str = "a text or a list of bytes";
const HEADER: &str = "the name of a header";
const SECONDS: &str = "SECONDS up to 18446744073709551615";
const LATER: &str = "SECONDS up to 253402300799";
const HOW: &str = r#""reset"|"close"|"half_close"|"stall""#;
const LOSE: &str = r#""reset"|"close"|"half_close"|"stall"|STATUS from 300 to 599"#;

pub(super) fn reject(value: &Value) -> Read<ErrorResponse> {
    if value.is_number() {
        return status(value).map(ErrorResponse::status);
    }
    let of = members(value, REJECT_KEYS)?;
    let status = member(of, "status", STATUS, whole)?;
    let raw = member(of, "raw", RAW, whole)?;
    let mut reject = match (status, raw, member(of, "code", CODE, code)?) {
        (Some(status), None, None) => ErrorResponse::status(status),
        (Some(status), None, Some(code)) => ErrorResponse::row(status, code),
        (None, None, Some(code)) => ErrorResponse::code(code),
        (None, Some(status), None) => ErrorResponse::raw(status),
        (None, Some(status), Some(code)) => ErrorResponse::raw(status).with_code(code),
        (Some(_), Some(_), _) => {
            return Err("conflicting keys status and raw; expected one of them".to_owned().into());
        }
        (None, None, None) => {
            return Err("missing key; expected status, code or raw".to_owned().into());
        }
    };
    if let Some(reason) = member(of, "reason", "any text", text)? {
        reject = reject.reason(&reason);
    }
    if let Some(wait) = member(of, "retry_after", SECONDS, seconds)? {
        reject = reject.retry_after(wait);
    }
    let content_type = member(of, "content_type", "the value of the header", text)?;
    reject = match (content_type, member(of, "body", BODY, bytes)?) {
        (Some(content_type), Some(body)) => reject.body(&content_type, body),
        (None, None) => reject,
        _ => return Err("body and content_type must be given together".to_owned().into()),
    };
    let headers = member(of, "headers", HEADERS, pairs)?.unwrap_or_default();
    Ok(headers.iter().fold(reject, |reject, (name, value)| reject.header(name, value)))
}

/// Parses headers: an object, or a list of pairs if a name is repeated or the order matters.
fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    if let Some(object) = value.as_object() {
        return object.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect();
    }
    let pair = |pair: &Value| match pair.as_array()?.as_slice() {
        [name, value] => Some((text(name)?, text(value)?)),
        _ => None,
    };
    value.as_array()?.iter().map(pair).collect()
}

pub(super) fn interim(value: &Value) -> Read<InterimResponse> {
    const STATUS: &str = "a status from 100 to 199, except 101";
    if value.is_number() {
        return plain(whole(value).map(InterimResponse::status));
    }
    let of = members(value, &["status", "reason", "headers"])?;
    let status = needed(member(of, "status", STATUS, whole)?, "status", STATUS)?;
    let mut response = InterimResponse::status(status);
    if let Some(reason) = member(of, "reason", "any text", text)? {
        response = response.reason(&reason);
    }
    let headers = member(of, "headers", HEADERS, pairs)?.unwrap_or_default();
    Ok(headers.iter().fold(response, |response, (name, value)| response.header(name, value)))
}

pub(super) fn reject_after(value: &Value) -> Read<(u64, ErrorResponse)> {
    let of = members(value, &["bytes", "reject"])?;
    let bytes = needed(member(of, "bytes", BYTES, number)?, "bytes", BYTES)?;
    let with = needed(of.get("reject"), "reject", "a value as for the key reject")?;
    let with = reject(with)
        .map_err(|wrong| wrong.message("reject", "a value as for the key reject", with))?;
    Ok((bytes, with))
}

pub(super) fn cut(value: &Value) -> Read<(u64, Disconnect)> {
    let of = members(value, &["bytes", "how"])?;
    let bytes = needed(member(of, "bytes", BYTES, number)?, "bytes", BYTES)?;
    let how = member(of, "how", HOW, |how| named(CUTS, how))?;
    Ok((bytes, needed(how, "how", HOW)?))
}

pub(super) fn lose(value: &Value) -> Read<ResponseLoss> {
    if value.is_number() {
        return status(value).map(ResponseLoss::Status);
    }
    plain(named(LOSSES, value))
}

/// Parses a status that stands alone. A number that does not fit gets the same message as any other
/// invalid status.
fn status(value: &Value) -> Read<u16> {
    whole(value).ok_or_else(|| invalid_status(shown(value)).into())
}

pub(super) fn later(value: &Value) -> Read<DeferredCommit> {
    if let Some(after) = seconds(value) {
        return Ok(DeferredCommit::after(after));
    }
    let of = members(value, &["seconds", "then"])?;
    let after = needed(member(of, "seconds", LATER, seconds)?, "seconds", LATER)?;
    let later = DeferredCommit::after(after);
    Ok(member(of, "then", LOSE, |then| lose(then).ok())?.map_or(later, |then| later.then(then)))
}

/// Parses a join in the syntax of the option `join`.
pub(super) fn join(value: &Value) -> Option<Join> {
    let mut options = Options::default();
    options.set("join", value.as_str()?).ok()?;
    Some(options.join)
}

pub(super) fn alter(value: &Value) -> Read<HeaderMutation> {
    if value.is_string() {
        return plain(named(ALTERATIONS, value));
    }
    let of = members(value, &["code", "without", "twice", "with", "value"])?;
    let header = |key| member(of, key, HEADER, text);
    let code = member(of, "code", CODE, code)?;
    let value = member(of, "value", "the value of the header", text)?;
    match (code, header("without")?, header("twice")?, header("with")?, value) {
        (Some(code), None, None, None, None) => Ok(HeaderMutation::Code(code)),
        (None, Some(name), None, None, None) => Ok(HeaderMutation::Without(name)),
        (None, None, Some(name), None, None) => Ok(HeaderMutation::Twice(name)),
        (None, None, None, Some(name), value) => {
            Ok(HeaderMutation::With(name, needed(value, "value", "the value of the header")?))
        }
        _ => Err("expected exactly one of code, without, twice and with".to_owned().into()),
    }
}

/// Parses the bytes that are sent in place of `100 Continue`.
pub(super) fn garbage(value: &Value) -> Read<Vec<u8>> {
    let of = members(value, &["garbage"])?;
    Ok(needed(member(of, "garbage", BODY, bytes)?, "garbage", BODY)?)
}

pub(super) fn garble(value: &Value) -> Read<MalformedResponse> {
    if value.is_string() {
        return plain(named(MALFORMED_RESPONSES, value));
    }
    let of = members(value, &["content_length", "truncate", "garbage"])?;
    let figure = |key| member(of, key, BYTES, number);
    let garbage = member(of, "garbage", BODY, bytes)?;
    match (figure("content_length")?, figure("truncate")?, garbage) {
        (Some(bytes), None, None) => Ok(MalformedResponse::ContentLength(bytes)),
        (None, Some(bytes), None) => Ok(MalformedResponse::Truncate(bytes)),
        (None, None, Some(bytes)) => Ok(MalformedResponse::Garbage(bytes)),
        _ => Err("expected exactly one of content_length, truncate and garbage".to_owned().into()),
    }
}

/// Parses bytes: a text, or a list of numbers.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(list) => list.iter().map(whole).collect(),
        _ => None,
    }
}
