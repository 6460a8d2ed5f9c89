//! Why a fault never struck: what came near it.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::{Call, Exchange, Journal, Numbers};

use super::plan::FaultRecord;
use super::{Count, Kind, Trigger};

/// What came nearest to a fault that never struck, in words.
pub fn near_misses(record: &FaultRecord, journal: &Journal) -> String {
    match &record.fault.kind {
        Kind::Call(trigger, _) => near_call(record, trigger, journal),
        Kind::Connection(count, _) => near_connection(record, *count, journal),
        Kind::Token(..) if record.matched > 0 => {
            format!("{} calls came with such a token, and it was not used up", record.matched)
        }
        Kind::Token(..) => "no call came with such a token".to_owned(),
    }
}

fn near_connection(record: &FaultRecord, count: Count, journal: &Journal) -> String {
    let came = match record.matched {
        0 => {
            format!("no connection came since it was added, {} before", journal.connections().len())
        }
        1 => "1 connection came since it was added".to_owned(),
        many => format!("{many} connections came since it was added"),
    };
    match (&record.spared, count) {
        (Some(why), _) => format!("{came}; {why}"),
        (None, Count::Nth(nth)) => format!("{came}, the {} never", ordinal(nth)),
        (None, _) => came,
    }
}

fn near_call(record: &FaultRecord, trigger: &Trigger, journal: &Journal) -> String {
    if let Some(why) = &record.spared {
        return format!("{} call{} came, but {why}", record.matched, plural(record.matched));
    }
    let calls: Vec<&Call> = journal.exchanges().iter().flat_map(calls).collect();
    for step in STEPS {
        let left: Vec<&Call> =
            calls.iter().copied().filter(|call| (step.before)(trigger, call)).collect();
        if !left.iter().any(|call| (step.holds)(trigger, call)) {
            return (step.say)(trigger, &left);
        }
    }
    never_that_often(record, trigger)
}

fn calls(exchange: &std::sync::Arc<Exchange>) -> impl Iterator<Item = &Call> {
    exchange.calls.iter()
}

/// One thing that a trigger asks for, in the order in which they are looked at.
struct Step {
    /// Whether a call has all that was looked at before.
    before: fn(&Trigger, &Call) -> bool,
    /// Whether it has this too.
    holds: fn(&Trigger, &Call) -> bool,
    /// What to say when no call has.
    say: fn(&Trigger, &[&Call]) -> String,
}

const STEPS: &[Step] = &[
    Step { before: |_, _| true, holds: is_op, say: no_such_operation },
    Step { before: is_op, holds: is_part, say: no_such_part },
    Step { before: is_part, holds: is_path, say: no_such_path },
    Step { before: is_path, holds: is_user, say: no_such_user },
    Step { before: is_user, holds: |trigger, call| trigger.selects(call), say: no_such_upload },
];

fn is_op(trigger: &Trigger, call: &Call) -> bool {
    trigger.op.matches_but_for_parts(call)
}

fn is_part(trigger: &Trigger, call: &Call) -> bool {
    trigger.op.matches(call)
}

fn is_path(trigger: &Trigger, call: &Call) -> bool {
    is_part(trigger, call) && trigger.selects_path(call)
}

fn is_user(trigger: &Trigger, call: &Call) -> bool {
    is_path(trigger, call)
        && trigger.user.as_ref().is_none_or(|user| Some(user) == call.user.as_ref())
}

fn no_such_operation(trigger: &Trigger, calls: &[&Call]) -> String {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for call in calls {
        *seen.entry(&call.name).or_default() += 1;
    }
    let seen: Vec<_> =
        seen.iter().take(MOST).map(|(name, count)| format!("{name} ×{count}")).collect();
    let asked = trigger.op.describe();
    match seen.as_slice() {
        [] => format!("no {asked} was asked for, nor anything else"),
        seen => format!("no {asked} was asked for; seen: {}", seen.join(", ")),
    }
}

fn no_such_part(trigger: &Trigger, calls: &[&Call]) -> String {
    let parts: BTreeSet<u32> = calls.iter().filter_map(|call| call.part).collect();
    format!("{} was never sent; parts seen: {}", trigger.op.describe(), Numbers::of(parts))
}

fn no_such_path(trigger: &Trigger, calls: &[&Call]) -> String {
    let path = trigger.path.as_ref().map(ToString::to_string).unwrap_or_default();
    let what = trigger.op.describe();
    format!(
        "no {what} was about {path}; paths seen: {}",
        listed(calls, |call| call.path.as_deref())
    )
}

fn no_such_user(trigger: &Trigger, calls: &[&Call]) -> String {
    let (what, user) = (trigger.op.describe(), trigger.user.as_deref().unwrap_or_default());
    format!("no {what} was {user}'s; users seen: {}", listed(calls, |call| call.user.as_deref()))
}

fn no_such_upload(trigger: &Trigger, calls: &[&Call]) -> String {
    let (what, id) = (trigger.op.describe(), trigger.upload.as_deref().unwrap_or_default());
    let seen = listed(calls, |call| call.upload.as_deref());
    format!("no {what} was about upload {id}; uploads seen: {seen}")
}

fn never_that_often(record: &FaultRecord, trigger: &Trigger) -> String {
    let what = trigger.op.describe();
    match (&trigger.attempts, record.matched) {
        (Some(meant), 0) if meant.start() == meant.end() => {
            format!("{what} came, but never an attempt {}", meant.start())
        }
        (Some(meant), 0) => {
            format!("{what} came, but none of attempts {}..={}", meant.start(), meant.end())
        }
        (_, 0) => format!("{what} came only before it was added"),
        (_, matched) => format!("{what} came {matched} time{}", plural(matched)),
    }
}

/// More than so many names would hide the one that matters.
const MOST: usize = 8;

fn listed<'a>(calls: &[&'a Call], name: impl Fn(&'a Call) -> Option<&'a str>) -> String {
    let names: BTreeSet<&str> = calls.iter().filter_map(|call| name(call)).collect();
    let shown: Vec<_> = names.iter().take(MOST).copied().collect();
    let more = names.len().saturating_sub(MOST);
    match (shown.as_slice(), more) {
        ([], _) => "none".to_owned(),
        (shown, 0) => shown.join(", "),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn ordinal(number: u64) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        other => format!("{other}th"),
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
