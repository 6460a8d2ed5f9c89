//! Diagnosis of a fault that was never injected: the closest calls, and what they lacked.
//!
//! Start with [`near_misses`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::journal::{Call, Escaped, Exchange, Journal, RangeList};
use crate::protocol::Operation;
use crate::wording::{counted, ordinal};

use super::attempts::Attempts;
use super::record::FaultRecord;
use super::{CallMatcher, Kind, Repeat, TokenExpiry};

/// Returns the nearest misses of a fault that was never injected, as text.
pub(crate) fn near_misses(record: &FaultRecord, journal: &Journal) -> String {
    match &record.fault.kind {
        Kind::Call(matcher, _) => near_call(record, matcher, journal),
        Kind::Connection(count, _) => near_connection(record, *count, journal),
        Kind::Token(_, life) => near_token(record.matched, *life),
    }
}

fn near_token(uses: u64, life: TokenExpiry) -> String {
    let came = format!("{} used a matching token", counted(uses, "call"));
    match (uses, life) {
        (0, _) => "no call used a matching token".to_owned(),
        (_, TokenExpiry::Time(_)) => format!("{came}, but it did not reach that age"),
        _ => format!("{came}, but it did not reach the limit"),
    }
}

fn near_connection(record: &FaultRecord, count: Repeat, journal: &Journal) -> String {
    let came = match record.matched {
        0 => {
            let before = journal.connections().len() as u64 + journal.dropped().connections;
            let before = counted(before, "connection");
            format!("no connections since the fault was added, {before} before")
        }
        some => format!("{} since the fault was added", counted(some, "connection")),
    };
    match (&record.skip_reason, count) {
        (Some(why), _) => format!("{came}; {why}"),
        (None, Repeat::Nth(nth)) => format!("{came}, so there was no {} one", ordinal(nth)),
        (None, _) => came,
    }
}

fn near_call(record: &FaultRecord, matcher: &CallMatcher, journal: &Journal) -> String {
    if let Some(why) = &record.skip_reason {
        return format!("{} matched, but {why}", counted(record.matched, "call"));
    }
    let calls = || journal.exchanges().iter().flat_map(|exchange| &exchange.calls);
    let named = calls().filter(|call| call.is_named_by_origin);
    let named: Vec<_> = named.map(Call::as_asked).collect();
    let calls = calls().filter(|call| !call.is_named_by_origin);
    let calls: Vec<&Call> = calls.chain(named.iter().map(AsRef::as_ref)).collect();
    for step in STEPS {
        let left: Vec<&Call> =
            calls.iter().copied().filter(|call| (step.before)(matcher, call)).collect();
        if !left.iter().any(|call| (step.holds)(matcher, call)) {
            return (step.explain)(matcher, &left);
        }
    }
    too_few_calls(record, matcher, journal)
}

fn calls(exchange: &Arc<Exchange>) -> impl Iterator<Item = Cow<'_, Call>> {
    exchange.calls.iter().map(Call::as_asked)
}

/// One condition of a matcher. Conditions are checked in order.
struct MismatchCheck {
    /// Returns whether a call meets all earlier conditions.
    before: fn(&CallMatcher, &Call) -> bool,
    /// Returns whether it meets this condition too.
    holds: fn(&CallMatcher, &Call) -> bool,
    /// Returns the text if no call meets it.
    explain: fn(&CallMatcher, &[&Call]) -> String,
}

const STEPS: &[MismatchCheck] = &[
    MismatchCheck { before: |_, _| true, holds: is_op, explain: no_such_operation },
    MismatchCheck { before: is_op, holds: is_part, explain: no_such_part },
    MismatchCheck { before: is_part, holds: is_path, explain: no_such_path },
    MismatchCheck { before: is_path, holds: is_user, explain: no_such_user },
    MismatchCheck {
        before: is_user,
        holds: |matcher, call| matcher.selects(call),
        explain: no_such_upload,
    },
];

fn is_op(matcher: &CallMatcher, call: &Call) -> bool {
    matcher.op.matches_but_for_parts(call)
}

fn is_part(matcher: &CallMatcher, call: &Call) -> bool {
    matcher.op.matches(call)
}

fn is_path(matcher: &CallMatcher, call: &Call) -> bool {
    is_part(matcher, call) && matcher.selects_path(call)
}

fn is_user(matcher: &CallMatcher, call: &Call) -> bool {
    is_path(matcher, call)
        && matcher.user.as_ref().is_none_or(|user| Some(user.as_str()) == call.user.as_deref())
}

fn no_such_operation(matcher: &CallMatcher, calls: &[&Call]) -> String {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for call in calls {
        *seen.entry(call.display_name()).or_default() += 1;
    }
    let seen: Vec<_> =
        seen.iter().take(MAX_LISTED).map(|(name, count)| format!("{name} ×{count}")).collect();
    let asked = matcher.op.describe();
    match seen.as_slice() {
        [] => format!("no {asked} was called; the client called nothing"),
        seen => format!("no {asked} was called; called: {}", seen.join(", ")),
    }
}

fn no_such_part(matcher: &CallMatcher, calls: &[&Call]) -> String {
    let parts: BTreeSet<u32> = calls.iter().filter_map(|call| call.part).collect();
    let (asked, seen) = (matcher.op.describe(), RangeList::from_numbers(parts));
    let unread = unread(calls, &|call| call.part.is_some());
    format!("{asked} was never sent; parts sent: {seen}{unread}")
}

fn no_such_path(matcher: &CallMatcher, calls: &[&Call]) -> String {
    let path = matcher.path.as_ref().map(ToString::to_string).unwrap_or_default();
    let what = matcher.op.describe();
    format!("no {what} had the path {path}; paths: {}", listed(calls, &|call| call.path.as_deref()))
}

fn no_such_user(matcher: &CallMatcher, calls: &[&Call]) -> String {
    let (what, user) = (matcher.op.describe(), matcher.user.as_deref().unwrap_or_default());
    format!(
        "no {what} was sent by user {user}; users: {}",
        listed(calls, &|call| call.user.as_deref())
    )
}

fn no_such_upload(matcher: &CallMatcher, calls: &[&Call]) -> String {
    let (what, id) = (matcher.op.describe(), matcher.upload.as_deref().unwrap_or_default());
    let seen = listed(calls, &|call| call.upload.as_deref());
    format!("no {what} had the multipart id {id}; multipart ids: {seen}")
}

fn too_few_calls(record: &FaultRecord, matcher: &CallMatcher, journal: &Journal) -> String {
    let what = matcher.op.describe();
    match (&matcher.attempts, record.matched) {
        (Some(meant), 0) => {
            let meant = RangeList::from_numbers(meant.clone());
            let (before, since) = attempts_seen(record.before, matcher, journal);
            let numbers = |seen: &BTreeSet<u32>| RangeList::from_numbers(seen.iter().copied());
            match (numbers(&before), numbers(&since)) {
                (seen, _) if since.is_empty() => {
                    format!("{what} was called only before the fault was added; attempts: {seen}")
                }
                (_, seen) if before.is_empty() => {
                    format!("{what} was called, but never as attempt {meant}; attempts: {seen}")
                }
                (before, since) => format!(
                    "{what} was called, but never as attempt {meant} since the fault was added; \
                     attempts since: {since}, before: {before}"
                ),
            }
        }
        (None, 0) => format!("{what} was called only before the fault was added"),
        (_, count) => {
            let came =
                format!("{what} was called {} since the fault was added", counted(count, "time"));
            match matcher.count() {
                Repeat::Nth(nth) => format!("{came}, so there was no {} one", ordinal(nth)),
                _ => came,
            }
        }
    }
}

/// Returns the attempt numbers of the calls that `matcher` selects: those of exchanges below the number
/// `before`, and those of later ones.
fn attempts_seen(
    before: u64,
    matcher: &CallMatcher,
    journal: &Journal,
) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let mut attempts = Attempts::default();
    let mut seen = (BTreeSet::new(), BTreeSet::new());
    for exchange in journal.exchanges() {
        for call in calls(exchange) {
            // A form is counted at its head, without its path, unless the matcher has a path.
            let is_pathless = call.operation == Operation::PostFile && matcher.path.is_none();
            let counted = if is_pathless { Cow::Owned(call.without_path()) } else { call.clone() };
            let number = attempts.count(&counted).for_matcher(matcher);
            if matcher.selects(&call) {
                let of = if exchange.index < before { &mut seen.0 } else { &mut seen.1 };
                of.insert(number);
            }
        }
    }
    seen
}

/// The maximum number of names in a message.
const MAX_LISTED: usize = 8;

fn listed(calls: &[&Call], name: &dyn Fn(&Call) -> Option<&str>) -> String {
    let names: BTreeSet<&str> = calls.iter().filter_map(|call| name(call)).collect();
    let shown: Vec<_> =
        names.iter().take(MAX_LISTED).map(|name| Escaped::new(*name).to_string()).collect();
    let unread = unread(calls, &|call| name(call).is_some());
    match (shown.as_slice(), names.len().saturating_sub(MAX_LISTED)) {
        ([], _) => format!("none{unread}"),
        (shown, 0) => shown.join(", ") + &unread,
        (shown, more) => format!("{} and {more} more{unread}", shown.join(", ")),
    }
}

/// Returns how many calls lack the value, and their results. Most were rejected before it was read.
fn unread(calls: &[&Call], tells: &dyn Fn(&Call) -> bool) -> String {
    let (named, silent): (Vec<&Call>, Vec<&Call>) =
        calls.iter().filter(|call| !tells(call)).partition(|call| call.is_named_by_origin);
    let named = match named.len() {
        0 => String::new(),
        count => format!(", and {count} chosen by the origin"),
    };
    let results: BTreeSet<(u16, i32)> =
        silent.iter().filter_map(|call| call.result_code).map(|row| (row.http, row.code)).collect();
    let results: Vec<_> = results.iter().map(|(http, code)| format!("{http} {code}")).collect();
    match (silent.len(), results.as_slice()) {
        (0, _) => named,
        (count, []) => format!("{named}, and {count} unknown"),
        (count, results) => {
            format!("{named}, and {count} unknown, rejected with {}", results.join(", "))
        }
    }
}
