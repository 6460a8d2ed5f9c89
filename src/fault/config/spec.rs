//! All keys of a fault, and the conversions from and to a [`Fault`].

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::validate::check_matcher;
use crate::fault::{
    CallMatcher, ConnectionAction, DeferredCommit, Disconnect, ErrorResponse, Fault, FaultAction,
    HeaderMutation, InterimResponse, InvalidCertificate, Kind, ListingFault, MalformedResponse,
    PathGlob, Repeat, ResponseLoss, TokenExpiry,
};
use crate::journal::Op;
use crate::protocol::{Interface, method_named};
use crate::storage::Interference;

use super::actions::{CutTable, GarbageTable, RejectAfterTable};
use super::json::from_value;
use super::values::{
    Bytes, Count, Flag, JoinText, OperationName, Parts, Range, Seconds, Syntax, Table, Word, table,
    written_as,
};

written_as! {
    Fault => Table<FaultSpec>,
}

/// What a fault is injected into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    #[default]
    Calls,
    Connections,
    Tokens,
}

table! {
    /// A fault: any selectors, and exactly one action.
    FaultSpec {
        /// What the fault is injected into; default: calls.
        on: Word<Subject>,
        /// The operation, over any interface.
        op: OperationName,
        /// The JSON-RPC method, instead of `op`.
        method: String,
        /// With `op = "piece"`: the part number, or a range of part numbers.
        part: Parts,
        /// Only calls over this interface.
        interface: Word<Interface>,
        /// Only calls about a path that matches this pattern.
        path: String,
        /// Only calls or tokens of this user.
        user: String,
        /// Only calls about the upload with this multipart identifier.
        upload: String,
        /// Only this attempt, from 1.
        attempt: u32,
        /// Only these attempts, from 1.
        attempts: Range,
        /// Only the n-th selected call or connection.
        nth: Count,
        /// Only the first N selected calls or connections.
        times: Count,
        /// Only the first selected call or connection.
        first: Flag,
        /// Every selected call or connection.
        always: Flag,
        /// The name of the fault in messages.
        name: String,

        /// Rejects the call before its body.
        reject: ErrorResponse,
        /// Sends an interim response first.
        send_interim: InterimResponse,
        /// Never sends `100 Continue`.
        withhold_continue: Flag,
        /// Delays `100 Continue`.
        delay_continue: Seconds,
        /// Sends these bytes in place of `100 Continue`.
        garble_continue: Table<GarbageTable>,
        /// Rejects the call after some bytes of its body.
        reject_after: Table<RejectAfterTable>,
        /// Disconnects after some bytes of the body.
        cut_after: Table<CutTable>,
        /// Stops reading and responding after this many bytes of the body.
        stall_after: u64,
        /// Reads the body at no more than this many bytes per second.
        read_slowly: Count,
        /// Changes nothing, and loses the response or sends this status.
        lose: ResponseLoss,
        /// Interferes while the body is being sent.
        interfere_before: Word<Interference>,
        /// Responds with the state of the origin when the fault was added.
        stale: Flag,
        /// Changes the returned list.
        list: Word<ListingFault>,
        /// Sets the course of the join.
        join: JoinText,
        /// Carries out the operation, and loses the response or sends this status.
        commit_then: ResponseLoss,
        /// Loses the response, and carries out the operation later, in protocol time.
        commit_later: DeferredCommit,
        /// Carries out the operation, responds, and then interferes.
        interfere_after: Word<Interference>,
        /// Delays the response, in real time.
        delay: Seconds,
        /// Holds the response until it is released.
        hold: Flag,
        /// Changes the response head.
        alter: HeaderMutation,
        /// Writes the response at no more than this many bytes per second.
        respond_slowly: Count,
        /// Disconnects after some bytes of the response, head included.
        cut_response: Table<CutTable>,
        /// Sends a malformed response.
        garble: MalformedResponse,

        /// Accepts the connection and resets it at once.
        reset: Flag,
        /// Accepts the connection, then neither reads nor responds.
        silence: Flag,
        /// Closes the connection after this many responses.
        close_after: Count,
        /// Presents an invalid certificate. Only for origins with TLS.
        present_certificate: Word<InvalidCertificate>,

        /// Tokens expire after this many calls.
        expire_after_requests: Count,
        /// Tokens expire when this many body bytes have been read.
        expire_after_bytes: Count,
        /// Tokens expire after this protocol time.
        expire_after: Seconds,
    }
}

impl Syntax for FaultSpec {
    const SYNTAX: &'static str = "a table or an object";
}

/// Converts both ways between the keys of actions and actions, by pairs of equal values.
macro_rules! actions {
    ($action:ident, $keys:ident, $take:ident, $put:ident: $($key:ident { $($left:tt)* } = { $($right:tt)* })*) => {
        const $keys: &[&str] = &[$(stringify!($key)),*];

        /// Returns the action of the key that has a value.
        fn $take(spec: FaultSpec) -> Option<$action> {
            $(if let Some($($left)*) = spec.$key { return Some($($right)*); })*
            None
        }

        /// Sets the key of the action.
        fn $put(spec: &mut FaultSpec, action: $action) {
            match action { $($($right)* => spec.$key = Some($($left)*),)* }
        }
    };
}

actions! { FaultAction, CALL_ACTIONS, take_action, put_action:
    reject { reject } = { FaultAction::Reject(reject) }
    send_interim { response } = { FaultAction::SendInterim(response) }
    withhold_continue { Flag(()) } = { FaultAction::WithholdContinue }
    delay_continue { Seconds(by) } = { FaultAction::DelayContinue(by) }
    reject_after { Table(RejectAfterTable { bytes, reject }) } = { FaultAction::RejectAfter(bytes, reject) }
    stall_after { bytes } = { FaultAction::CutAfter(bytes, Disconnect::Stall) }
    cut_after { Table(CutTable { bytes, how: Word(how) }) } = { FaultAction::CutAfter(bytes, how) }
    read_slowly { Count(rate) } = { FaultAction::ReadSlowly(rate) }
    lose { lose } = { FaultAction::Lose(lose) }
    interfere_before { Word(change) } = { FaultAction::InterfereBefore(change) }
    stale { Flag(()) } = { FaultAction::Stale }
    list { Word(listing) } = { FaultAction::Listing(listing) }
    join { JoinText(join) } = { FaultAction::Join(join) }
    commit_then { lose } = { FaultAction::CommitThen(lose) }
    commit_later { later } = { FaultAction::CommitLater(later) }
    interfere_after { Word(change) } = { FaultAction::InterfereAfter(change) }
    delay { Seconds(by) } = { FaultAction::Delay(by) }
    hold { Flag(()) } = { FaultAction::Hold }
    alter { alter } = { FaultAction::Alter(alter) }
    respond_slowly { Count(rate) } = { FaultAction::RespondSlowly(rate) }
    cut_response { Table(CutTable { bytes, how: Word(how) }) } = { FaultAction::CutResponse(bytes, how) }
    garble { garble } = { FaultAction::Garble(garble) }
    garble_continue { Table(GarbageTable { garbage: Bytes(bytes) }) } = { FaultAction::GarbleContinue(bytes) }
}

actions! { ConnectionAction, CONNECTION_ACTIONS, take_connection_action, put_connection_action:
    reset { Flag(()) } = { ConnectionAction::Reset }
    silence { Flag(()) } = { ConnectionAction::Silence }
    close_after { Count(responses) } = { ConnectionAction::CloseAfter(responses) }
    present_certificate { Word(certificate) } = { ConnectionAction::PresentCertificate(certificate) }
}

actions! { TokenExpiry, TOKEN_ACTIONS, take_expiry, put_expiry:
    expire_after_requests { Count(requests) } = { TokenExpiry::Requests(requests) }
    expire_after_bytes { Count(bytes) } = { TokenExpiry::Bytes(bytes) }
    expire_after { Seconds(time) } = { TokenExpiry::Time(time) }
}

/// Keys that exclude each other: a fault has at most one of each line.
const ALTERNATIVES: &[&[&str]] =
    &[&["op", "method"], &["attempt", "attempts"], &["nth", "times", "first", "always"]];

/// Returns the subjects of the faults that may have `key`.
fn subjects(key: &str) -> &'static [Subject] {
    match key {
        "on" | "name" => &[Subject::Calls, Subject::Connections, Subject::Tokens],
        "nth" | "times" | "first" | "always" => &[Subject::Calls, Subject::Connections],
        "user" => &[Subject::Calls, Subject::Tokens],
        key if CONNECTION_ACTIONS.contains(&key) => &[Subject::Connections],
        key if TOKEN_ACTIONS.contains(&key) => &[Subject::Tokens],
        _ => &[Subject::Calls],
    }
}

/// Returns the keys that have a value.
fn given(spec: &FaultSpec) -> Vec<String> {
    match serde_json::to_value(spec) {
        Ok(Value::Object(keys)) => keys.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Checks the combination of keys.
fn check_keys(given: &[String], on: Subject) -> Result<(), String> {
    let given: Vec<_> = given.iter().map(String::as_str).collect();
    let list = |keys: &[&str], between: &str| {
        keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(between)
    };
    let plural = |on: &Subject| format!("{on:?}").to_lowercase();
    if let Some(key) = given.iter().find(|key| !subjects(key).contains(&on)) {
        let others: Vec<_> = subjects(key).iter().map(plural).collect();
        let (on, others) = (plural(&on), others.join(" and "));
        return Err(format!("key `{key}` is not allowed on {on}; it is allowed on {others}"));
    }
    for keys in ALTERNATIVES {
        let found: Vec<_> = given.iter().filter(|key| keys.contains(key)).copied().collect();
        if found.len() > 1 {
            let (found, keys) = (list(&found, " and "), list(keys, ", "));
            return Err(format!("conflicting keys {found}; expected at most one of {keys}"));
        }
    }
    let actions = match on {
        Subject::Calls => CALL_ACTIONS,
        Subject::Connections => CONNECTION_ACTIONS,
        Subject::Tokens => TOKEN_ACTIONS,
    };
    let found: Vec<_> = given.iter().filter(|key| actions.contains(key)).copied().collect();
    match found.as_slice() {
        [_] => Ok(()),
        [] => Err(format!("missing action; expected one of {}", list(actions, ", "))),
        several => {
            Err(format!("conflicting actions {}; expected exactly one", list(several, " and ")))
        }
    }
}

impl TryFrom<Table<FaultSpec>> for Fault {
    type Error = String;

    fn try_from(Table(mut spec): Table<FaultSpec>) -> Result<Self, String> {
        const MISSING: &str = "missing action";
        let on = spec.on.map(|Word(on)| on).unwrap_or_default();
        check_keys(&given(&spec), on)?;
        let name = spec.name.take();
        let kind = match on {
            Subject::Calls => {
                Kind::Call(take_matcher(&mut spec)?, take_action(spec).ok_or(MISSING)?)
            }
            Subject::Connections => {
                let repeat = take_repeat(&mut spec).unwrap_or(CallMatcher::default_repeat(false));
                Kind::Connection(repeat, take_connection_action(spec).ok_or(MISSING)?)
            }
            Subject::Tokens => Kind::Token(spec.user.take(), take_expiry(spec).ok_or(MISSING)?),
        };
        let fault = Self { name, ..Self::new(kind) };
        fault.validate()?;
        Ok(fault)
    }
}

fn take_matcher(spec: &mut FaultSpec) -> Result<CallMatcher, String> {
    let op = match (spec.method.take(), &spec.op, &spec.part) {
        (Some(method), ..) => Op::method(&method),
        (None, Some(OperationName(operation)), _) => operation.map_or(Op::any(), Op::operation),
        (None, None, _) => {
            let why = "missing key `op` or `method`; a fault on calls requires one of them";
            return Err(why.to_owned());
        }
    };
    let op = match spec.part.take() {
        None => op,
        Some(_) if op != Op::any_piece() => {
            return Err("key `part` requires op = \"piece\"".to_owned());
        }
        Some(Parts::One(part)) => Op::piece(part),
        Some(Parts::Several(Range(parts))) => Op::piece(parts),
    };
    let interface = spec.interface.map(|Word(interface)| interface);
    if op.method_name().is_some() && interface.is_some_and(|it| it != Interface::JsonRpc) {
        return Err("key `method` requires interface = \"jsonrpc\", or none".to_owned());
    }
    let attempt = spec.attempt.map(|attempt| attempt..=attempt);
    Ok(CallMatcher {
        op: interface.map_or(op.clone(), |interface| op.over(interface)),
        path: spec.path.take().map(PathGlob::new),
        user: spec.user.take(),
        upload: spec.upload.take(),
        attempts: attempt.or(spec.attempts.take().map(|Range(attempts)| attempts)),
        count: take_repeat(spec),
    })
}

fn take_repeat(spec: &mut FaultSpec) -> Option<Repeat> {
    let first = spec.first.as_ref().map(|_| Repeat::Times(1));
    let always = spec.always.as_ref().map(|_| Repeat::Always);
    let nth = spec.nth.as_ref().map(|Count(nth)| Repeat::Nth(*nth));
    let times = spec.times.as_ref().map(|Count(times)| Repeat::Times(*times));
    nth.or(times).or(first).or(always)
}

fn put_matcher(spec: &mut FaultSpec, matcher: &CallMatcher) {
    spec.method = matcher.op.method_name().map(str::to_owned);
    if spec.method.is_none() {
        spec.op = Some(OperationName(matcher.op.selected_operation()));
        spec.interface = matcher.op.interface().map(Word);
    }
    let single = |range: &RangeInclusive<u32>| range.start() == range.end();
    spec.part = matcher.op.parts().map(|parts| {
        if single(parts) {
            Parts::One(*parts.start())
        } else {
            Parts::Several(Range(parts.clone()))
        }
    });
    spec.path = matcher.path.as_ref().map(|path| path.as_str().to_owned());
    spec.user.clone_from(&matcher.user);
    spec.upload.clone_from(&matcher.upload);
    match &matcher.attempts {
        Some(attempts) if single(attempts) => spec.attempt = Some(*attempts.start()),
        attempts => spec.attempts = attempts.clone().map(Range),
    }
}

fn put_repeat(spec: &mut FaultSpec, repeat: Repeat) {
    match repeat {
        Repeat::Times(1) => spec.first = Some(Flag(())),
        Repeat::Times(times) => spec.times = Some(Count(times)),
        Repeat::Nth(nth) => spec.nth = Some(Count(nth)),
        Repeat::Always => spec.always = Some(Flag(())),
    }
}

impl From<&Fault> for Table<FaultSpec> {
    fn from(fault: &Fault) -> Self {
        let mut spec = FaultSpec { name: fault.name.clone(), ..FaultSpec::default() };
        match fault.kind.clone() {
            Kind::Call(matcher, action) => {
                put_matcher(&mut spec, &matcher);
                matcher.count.into_iter().for_each(|count| put_repeat(&mut spec, count));
                put_action(&mut spec, action);
            }
            Kind::Connection(repeat, action) => {
                spec.on = Some(Word(Subject::Connections));
                put_repeat(&mut spec, repeat);
                put_connection_action(&mut spec, action);
            }
            Kind::Token(user, expiry) => {
                (spec.on, spec.user) = (Some(Word(Subject::Tokens)), user);
                put_expiry(&mut spec, expiry);
            }
        }
        Self(spec)
    }
}

/// Parses a selection of calls, with the selectors that concern the request alone. Without keys, it
/// selects every call.
pub(crate) fn selection(mut keys: Map<String, Value>) -> Result<CallMatcher, String> {
    if !keys.contains_key("op") && !keys.contains_key("method") {
        let op = if keys.contains_key("part") { "piece" } else { "any" };
        keys.insert("op".to_owned(), op.into());
    }
    let Table(mut spec) = from_value::<Table<FaultSpec>>(&keys.into())?;
    let mut given = given(&spec);
    given.push("hold".to_owned());
    check_keys(&given, Subject::Calls)?;
    let matcher = take_matcher(&mut spec)?;
    // A client may call a method that does not exist.
    let is_known = matcher.op.method_name().is_none_or(|name| method_named(name).is_some());
    let op = if is_known { matcher.op.clone() } else { Op::any() };
    check_matcher(&CallMatcher { op, ..matcher.clone() })?;
    Ok(matcher)
}
