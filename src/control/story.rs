//! What happened, and whether it was right.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::fault::{interface_word, operation_word};
use crate::journal::{AnswerHead, Call, Exchange, Framing, Moment, Struck, redacted, shown_target};
use crate::server::MockOrigin;

use super::router::{Refused, Request, Said};

pub(super) fn timeline(origin: &MockOrigin) -> Said {
    Said::Text(origin.timeline())
}

pub(super) fn verdict(origin: &MockOrigin) -> Said {
    Said::Json(match origin.verdict() {
        Ok(()) => json!({ "ok": true }),
        Err(verdict) => {
            let failures: Vec<_> = verdict.failures().iter().map(ToString::to_string).collect();
            json!({ "ok": false, "failures": failures, "omitted": verdict.omitted() })
        }
    })
}

pub(super) fn journal(origin: &MockOrigin, request: &Request<'_>) -> Result<Said, Refused> {
    let after = request.query.map(number).transpose()?;
    let journal = origin.journal();
    let is_new = |exchange: &Exchange| after.is_none_or(|after| exchange.index > after);
    let exchanges = journal.exchanges().iter().filter(|exchange| is_new(exchange));
    let exchanges: Vec<_> = exchanges.map(|exchange| told(exchange)).collect();
    Ok(Said::Json(json!({ "exchanges": exchanges })))
}

fn number(text: &str) -> Result<u64, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain);
    number.ok_or_else(|| format!("after takes the number of an exchange, not {text:?}"))
}

fn told(exchange: &Exchange) -> Value {
    let (framing, declared) = match exchange.framing {
        Framing::None => ("none", None),
        Framing::Length(length) => ("length", Some(length)),
        Framing::Chunked => ("chunked", None),
    };
    json!({
        "index": exchange.index,
        "connection": exchange.connection,
        "calls": exchange.calls.iter().map(call).collect::<Vec<_>>(),
        "method": lossy(exchange.head.method()),
        "target": shown_target(exchange.head.target()),
        "headers": headers(exchange.head.headers()),
        "framing": framing,
        "declared": declared,
        "received": exchange.received,
        "digest": exchange.digest.map(|digest| digest.to_string()),
        "status": exchange.status(),
        "answer_headers": exchange.answer.as_deref().map(answer_headers),
        "written": exchange.written,
        "outcome": snake(&format!("{:?}", exchange.outcome)),
        "faults": exchange.faults.iter().map(struck).collect::<Vec<_>>(),
        "opened": seconds(&exchange.opened),
        "committed": exchange.committed.as_ref().map(seconds),
        "answered": exchange.answered.as_ref().map(seconds),
        "closed": exchange.closed.as_ref().map(seconds),
    })
}

fn call(call: &Call) -> Value {
    let operation = operation_word(call.operation)
        .map_or_else(|| snake(&format!("{:?}", call.operation)), str::to_owned);
    json!({
        "operation": operation,
        "interface": interface_word(call.interface),
        "name": call.name,
        "user": call.user,
        "path": call.path,
        "upload": call.upload,
        "part": call.part,
        "code": call.row.map(|row| row.code),
    })
}

fn struck(struck: &Struck) -> Value {
    json!({ "id": struck.fault, "name": &*struck.name })
}

fn answer_headers(head: &AnswerHead) -> Value {
    headers(head.headers.iter().map(|(name, value)| (name.as_bytes(), &**value)))
}

/// Headers in their order, as pairs: a name may come twice.
fn headers<'a>(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Value {
    let pair = |(name, value): (&[u8], &[u8])| {
        let name = lossy(name);
        json!([name, redacted(&name, value)])
    };
    headers.map(pair).collect()
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Real time since the origin started, as the timeline has it.
fn seconds(moment: &Moment) -> f64 {
    moment.elapsed.as_secs_f64()
}

/// The name of a variant as words are written in JSON: `HeldBack` is `held_back`.
fn snake(name: &str) -> String {
    let mut word = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(char.to_lowercase());
    }
    word
}
