//! The values of keys: words, figures, times, and the small objects that effects take.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use crate::fault::{Alter, Cut, Garble, Later, Listing, Lose, Reject};
use crate::origin::Mishap;
use crate::spec::{Join, Switches};

pub(super) const CUTS: &[(&str, Cut)] = &[
    ("reset", Cut::Reset),
    ("close", Cut::Close),
    ("half_close", Cut::HalfClose),
    ("stall", Cut::Stall),
];

pub(super) const LOSSES: &[(&str, Lose)] = &[
    ("reset", Lose::Reset),
    ("close", Lose::Close),
    ("half_close", Lose::HalfClose),
    ("stall", Lose::Stall),
];

pub(super) const MISHAPS: &[(&str, Mishap)] = &[
    ("abort_upload", Mishap::AbortUpload),
    ("expire_upload", Mishap::ExpireUpload),
    ("delete_upload", Mishap::DeleteUpload),
    ("remove_directory", Mishap::RemoveDirectory),
    ("expire_token", Mishap::ExpireToken),
];

pub(super) const LISTINGS: &[(&str, Listing)] =
    &[("drops", Listing::Drops), ("repeats", Listing::Repeats), ("never_ends", Listing::NeverEnds)];

pub(super) const ALTERATIONS: &[(&str, Alter)] = &[
    ("wrong_checksum", Alter::WrongChecksum),
    ("upper_case_checksum", Alter::UpperCaseChecksum),
    ("wrong_size", Alter::WrongSize),
];

pub(super) const GARBLINGS: &[(&str, Garble)] =
    &[("status_line", Garble::StatusLine), ("chunk", Garble::Chunk)];

/// What the word means.
pub(super) fn named<T: Clone>(words: &[(&str, T)], value: &Value) -> Option<T> {
    let text = value.as_str()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone())
}

/// The word for that.
pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], meant: &T) -> Option<&'static str> {
    words.iter().find(|(_, meaning)| meaning == meant).map(|(word, _)| *word)
}

/// What `true` means; nothing else does.
pub(super) fn flag<T>(value: &Value, meaning: T) -> Option<T> {
    (*value == Value::Bool(true)).then_some(meaning)
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// A number that need not be large.
pub(super) fn whole<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    number(value)?.try_into().ok()
}

fn code(value: &Value) -> Option<i32> {
    value.as_i64()?.try_into().ok()
}

/// A range as Rust writes it: `"2..=4"`.
pub(super) fn range(value: &Value) -> Option<RangeInclusive<u32>> {
    let (from, to) = value.as_str()?.split_once("..=")?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (plain(from) && plain(to)).then(|| Some(from.parse().ok()?..=to.parse().ok()?))?
}

/// Seconds, with a fraction if need be.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    // Whole ones do not go by way of a float, which has no figures for the largest.
    let whole = number(value).map(Duration::from_secs);
    whole.or_else(|| Duration::try_from_secs_f64(value.as_f64()?).ok())
}

/// The members of an object by those names; nothing if it has another one.
fn members<'a, const N: usize>(
    value: &'a Value,
    names: [&str; N],
) -> Option<[Option<&'a Value>; N]> {
    let object = value.as_object()?;
    let all_known = object.keys().all(|key| names.contains(&key.as_str()));
    all_known.then(|| names.map(|name| object.get(name)))
}

pub(super) fn reject(value: &Value) -> Option<Reject> {
    if let Some(status) = whole(value) {
        return Some(Reject::status(status));
    }
    let names = ["status", "raw", "code", "reason", "headers", "retry_after"];
    let [status, raw, of, reason, headers, retry_after] = members(value, names)?;
    let mut reject = match (status, raw, of) {
        (Some(status), None, None) => Reject::status(whole(status)?),
        (Some(status), None, Some(of)) => Reject::row(whole(status)?, code(of)?),
        (None, None, Some(of)) => Reject::code(code(of)?),
        (None, Some(status), None) => Reject::raw(whole(status)?),
        (None, Some(status), Some(of)) => Reject::raw(whole(status)?).with_code(code(of)?),
        _ => return None,
    };
    if let Some(reason) = reason {
        reject = reject.reason(reason.as_str()?);
    }
    if let Some(wait) = retry_after {
        reject = reject.retry_after(seconds(wait)?);
    }
    let headers = headers.map_or(Some(Vec::new()), pairs)?;
    Some(headers.iter().fold(reject, |reject, (name, value)| reject.header(name, value)))
}

/// Headers: an object, or pairs in a list where a name comes twice or the order matters.
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

pub(super) fn reject_after(value: &Value) -> Option<(u64, Reject)> {
    let [bytes, with] = members(value, ["bytes", "reject"])?;
    Some((number(bytes?)?, reject(with?)?))
}

pub(super) fn cut(value: &Value) -> Option<(u64, Cut)> {
    let [bytes, how] = members(value, ["bytes", "how"])?;
    Some((number(bytes?)?, named(CUTS, how?)?))
}

pub(super) fn lose(value: &Value) -> Option<Lose> {
    named(LOSSES, value).or_else(|| whole(value).map(Lose::Status))
}

pub(super) fn later(value: &Value) -> Option<Later> {
    if let Some(after) = seconds(value) {
        return Some(Later::after(after));
    }
    let [after, then] = members(value, ["seconds", "then"])?;
    let later = Later::after(seconds(after?)?);
    then.map_or(Some(later), |then| Some(later.then(lose(then)?)))
}

/// A join as the switch of that name takes it.
pub(super) fn join(value: &Value) -> Option<Join> {
    let mut switches = Switches::default();
    switches.set("join", value.as_str()?).ok()?;
    Some(switches.join)
}

pub(super) fn alter(value: &Value) -> Option<Alter> {
    if value.is_string() {
        return named(ALTERATIONS, value);
    }
    match members(value, ["code", "without", "twice", "with", "value"])? {
        [Some(of), None, None, None, None] => code(of).map(Alter::Code),
        [None, Some(name), None, None, None] => text(name).map(Alter::Without),
        [None, None, Some(name), None, None] => text(name).map(Alter::Twice),
        [None, None, None, Some(name), Some(value)] => Some(Alter::With(text(name)?, text(value)?)),
        _ => None,
    }
}

pub(super) fn garble(value: &Value) -> Option<Garble> {
    if value.is_string() {
        return named(GARBLINGS, value);
    }
    match members(value, ["content_length", "truncate", "garbage"])? {
        [Some(bytes), None, None] => number(bytes).map(Garble::ContentLength),
        [None, Some(bytes), None] => number(bytes).map(Garble::Truncate),
        [None, None, Some(garbage)] => bytes(garbage).map(Garble::Garbage),
        _ => None,
    }
}

/// Bytes: a text, or a list of numbers where they are none.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(list) => list.iter().map(whole).collect(),
        _ => None,
    }
}
