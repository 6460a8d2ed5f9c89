//! Faults that make no sense, and calls on which a fault can do nothing.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::journal::{Call, Op};
use crate::origin::{END_OF_YEAR_9999, Mishap};
use crate::spec::{Interface, LIMITS, Limit, METHODS, Operation, PING, Row, method_named};

use super::plan::Circumstances;
use super::reject::By;
use super::targets::{calls_of, is_nameless, targets};
use super::trigger::Trigger;
use super::words::{effect_key, interface_word, op_in_words};
use super::{
    Alter, ConnectionEffect, Effect, FRAMING_HEADERS, Fault, Garble, Kind, Lose, Reject, Stage,
    TokenLife, Which,
};

impl Fault {
    /// Whether it could ever do what it says.
    ///
    /// # Errors
    ///
    /// What contradicts itself or does not exist, and what is allowed, in one line.
    pub fn check(&self) -> Result<(), String> {
        check_name(self.name.as_deref())?;
        match &self.kind {
            Kind::Call(trigger, effect) => {
                check_trigger(trigger)?;
                let (key, targets) = (effect_key(effect), targets(trigger)?);
                check_effect(trigger, &targets, effect).map_err(|why| format!("{key}: {why}"))
            }
            Kind::Connection(count, effect) => {
                check_count(*count)?;
                match effect {
                    ConnectionEffect::CloseAfter(0) => {
                        Err("close_after takes 1 answer or more: reset has none".to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Kind::Token(_, TokenLife::Requests(0)) => {
                Err("die_after_requests takes 1 request or more, not 0".to_owned())
            }
            Kind::Token(_, TokenLife::Bytes(0)) => {
                Err("die_after_bytes takes 1 byte or more, not 0".to_owned())
            }
            Kind::Token(_, TokenLife::Time(Duration::ZERO)) => Err(
                "die_after takes more than 0 seconds: afterwards, with expire_token, ends one at \
                     once"
                    .to_owned(),
            ),
            Kind::Token(..) => Ok(()),
        }
    }
}

/// A name stands in lines of its own, in tables and verdicts.
fn check_name(name: Option<&str>) -> Result<(), String> {
    match name {
        Some("") => {
            Err("a fault without a name is called by its sentence: leave it out".to_owned())
        }
        Some(name) if name.contains(char::is_control) => {
            Err(format!("a name is one line of text, and this is {name:?}"))
        }
        _ => Ok(()),
    }
}

fn check_trigger(trigger: &Trigger) -> Result<(), String> {
    if let Some(name) = trigger.op.method_name().filter(|name| method_named(name).is_none()) {
        let names: Vec<_> = METHODS.iter().map(|method| method.name).collect();
        return Err(format!("there is no method {name:?}, but {}", names.join(", ")));
    }
    let most = LIMITS[Limit::PartNumber as usize].default;
    if let Some(parts) = trigger.op.parts() {
        let fits = !parts.is_empty() && *parts.start() > 0 && u64::from(*parts.end()) <= most;
        if !fits {
            let given = shown_range(parts);
            return Err(format!("part: numbers go from 1 to {most}, and {given}"));
        }
    }
    check_interface(&trigger.op)?;
    if let Some(range) = &trigger.attempts
        && (range.is_empty() || *range.start() == 0)
    {
        let given = shown_range(range);
        return Err(format!("attempts go from 1 up, and {given}"));
    }
    if let Some(path) = &trigger.path {
        check_path(path.as_str())?;
    }
    if trigger.upload.as_deref() == Some("") {
        return Err("upload: no multipart identifier is empty".to_owned());
    }
    trigger.count.map_or(Ok(()), check_count)
}

/// Numbers of which there are none.
fn shown_range(range: &RangeInclusive<u32>) -> String {
    match (range.start(), range.end()) {
        (from, to) if from == to => format!("{from} is none"),
        (from, to) => format!("{from}..={to} is no range of them"),
    }
}

fn check_interface(op: &Op) -> Result<(), String> {
    if !calls_of(op).is_empty() {
        return Ok(());
    }
    let asked = op_in_words(op);
    let others = [Interface::Http, Interface::JsonRpc, Interface::Egress]
        .into_iter()
        .filter(|interface| !calls_of(&op.clone().over(*interface)).is_empty());
    let others: Vec<_> = others.filter_map(interface_word).collect();
    Err(format!("there is no {asked}, but over {}", others.join(", ")))
}

fn check_path(pattern: &str) -> Result<(), String> {
    if !pattern.starts_with(['/', '*']) {
        return Err(format!("path: it begins with a slash: {:?}", format!("/{pattern}")));
    }
    // The root itself is a path.
    if pattern.contains("//") || (pattern.len() > 1 && pattern.ends_with('/')) {
        return Err(format!(
            "path: it has no empty names, and no slash at its end, and this is {pattern:?}"
        ));
    }
    Ok(())
}

fn check_count(count: Which) -> Result<(), String> {
    match count {
        Which::Nth(0) => Err("nth takes 1 or more, and the first is 1".to_owned()),
        Which::Times(0) => Err("times takes 1 or more: what acts 0 times is no fault".to_owned()),
        _ => Ok(()),
    }
}

fn check_effect(trigger: &Trigger, targets: &[Call], effect: &Effect) -> Result<(), String> {
    check_figures(effect)?;
    if let Effect::Reject(reject) | Effect::RejectAfter(_, reject) = effect {
        check_rows(trigger, targets, reject)?;
    }
    // What needs the path of a form is decided behind its body.
    let at = |call: &Call| {
        let is_late = call.interface == Interface::JsonRpc
            || (call.operation == Operation::PostFile && trigger.path.is_some());
        if is_late { Stage::Commit } else { Stage::Head }
    };
    let tried = targets.iter().map(|call| {
        let refused = refused_always(call.operation);
        let there = Circumstances { at: at(call), refused, declared: None };
        effect.can_strike(call, there)
    });
    let mut refusals = Vec::new();
    for tried in tried {
        match tried {
            Ok(()) => return Ok(()),
            Err(why) => refusals.push(why),
        }
    }
    Err(format!("that cannot happen to {}: {}", op_in_words(&trigger.op), refusals[0]))
}

fn check_figures(effect: &Effect) -> Result<(), String> {
    let most = LIMITS[Limit::PieceBytes as usize].default;
    match effect {
        Effect::ReadSlowly(0) => Err("0 bytes a second are a stall: stall_after".to_owned()),
        Effect::AnswerSlowly(0) => {
            Err("0 bytes a second are a stall: cut_answer, which can stall".to_owned())
        }
        Effect::Delay(Duration::ZERO) => Err("no time at all is no delay".to_owned()),
        Effect::CutAfter(bytes, _) | Effect::RejectAfter(bytes, _) if *bytes > most => {
            Err(format!("no body has {bytes} bytes: the largest piece has {most} (§4.2)"))
        }
        Effect::Reject(reject) | Effect::RejectAfter(_, reject) => check_reject(reject),
        Effect::Lose(lose) | Effect::CommitThen(lose) => check_lose(*lose),
        Effect::CommitLater(later) if later.after.as_secs() > END_OF_YEAR_9999.as_secs() => {
            let (after, most) = (later.after.as_secs(), END_OF_YEAR_9999.as_secs());
            Err(format!(
                "{after} seconds never come: at most {most}, all there are from 1970 to 9999"
            ))
        }
        Effect::CommitLater(later) => check_lose(later.lose),
        Effect::Alter(Alter::Without(name) | Alter::Twice(name)) => check_header(name, ""),
        Effect::Alter(Alter::With(name, value)) => check_header(name, value),
        Effect::Garble(Garble::Garbage(bytes)) if bytes.is_empty() => {
            Err("garbage of no bytes is a close: cut_answer, after 0 bytes".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_reject(reject: &Reject) -> Result<(), String> {
    match reject.by {
        By::Status(status) => check_status(status)?,
        By::Raw(status, _) => check_raw(status)?,
        By::Row(..) => {}
    }
    let reason = reject.own_reason().unwrap_or_default();
    if reason.chars().any(char::is_control) {
        return Err("a reason phrase is one line".to_owned());
    }
    let is_framing = |name: &str| FRAMING_HEADERS.iter().any(|it| it.eq_ignore_ascii_case(name));
    if let Some((name, _)) = reject.own_headers().iter().find(|(name, _)| is_framing(name)) {
        return Err(format!(
            "a refusal tells its own length, and {name} belongs to that: garble lies about it"
        ));
    }
    reject.own_headers().iter().try_for_each(|(name, value)| check_header(name, value))
}

fn check_lose(lose: Lose) -> Result<(), String> {
    match lose {
        Lose::Status(status) => check_status(status),
        _ => Ok(()),
    }
}

fn check_status(status: u16) -> Result<(), String> {
    if (300..=599).contains(&status) {
        return Ok(());
    }
    Err(no_status(status))
}

/// What is said of a number that is no status of a refusal.
pub(super) fn no_status(number: impl Display) -> String {
    format!("{number} is no status of a refusal: 300 to 599")
}

/// What is raw may be anything, even a success.
fn check_raw(status: u16) -> Result<(), String> {
    if (200..=599).contains(&status) {
        return Ok(());
    }
    Err(format!("{status} is no status of a final answer: 200 to 599"))
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("{name:?} is no name of a header"));
    }
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(format!("{value:?} is no value of a header"));
    }
    Ok(())
}

fn check_rows(trigger: &Trigger, targets: &[Call], reject: &Reject) -> Result<(), String> {
    if targets.iter().any(|call| reject.choose(call).is_some()) {
        return Ok(());
    }
    let mut rows: Vec<(u16, i32)> = targets
        .iter()
        .flat_map(Call::rows)
        .filter(|row| !row.is_success())
        .map(|row: &Row| (row.http, row.code))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let (asked, op) = (reject.asked(), op_in_words(&trigger.op));
    if rows.is_empty() {
        return Err(format!("{op} has no row {asked}, nor any other, but takes any status"));
    }
    let rows: Vec<_> = rows.iter().map(|(http, code)| format!("{http}/{code}")).collect();
    Err(format!("{op} has no row {asked}, but {}", rows.join(", ")))
}

/// The status of what is refused whatever else it says.
fn refused_always(operation: Operation) -> Option<u16> {
    match operation {
        Operation::Unmatched => Some(404),
        Operation::UnknownMethod => Some(200),
        _ => None,
    }
}

/// Why a strike that needs the call to be done came to nothing.
pub fn refused_by_origin(status: u16, row: Option<&Row>) -> String {
    let row = row.map(|row| format!(" {} {}", row.code, row.phrase)).unwrap_or_default();
    format!("the origin itself refused it: {status}{row}")
}

impl Effect {
    /// Whether it can do anything to `call`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn can_strike(
        &self,
        call: &Call,
        circumstances: Circumstances,
    ) -> Result<(), String> {
        let Circumstances { at, refused, declared } = circumstances;
        if self.stage() == Stage::Body && at > Stage::Body {
            return Err(
                "what it asks for is in its body, and known when that has been read".to_owned()
            );
        }
        if let (Some(bytes), Some(declared)) = (self.body_bytes(), declared)
            && declared < bytes
        {
            return Err(format!("its body has only {declared} bytes"));
        }
        let waits = self.stage() == Stage::Body && self.body_bytes() != Some(0);
        if let Some(status) = refused.filter(|_| waits || self.needs_commit()) {
            return Err(refused_by_origin(status, call.row));
        }
        self.can_mean(call)
    }

    /// Whether the operation has what the effect changes.
    fn can_mean(&self, call: &Call) -> Result<(), String> {
        use Operation as Op;
        let is = |operations: &[Op], what: &str| {
            let fits = operations.contains(&call.operation);
            if fits { Ok(()) } else { Err(format!("{} {what}", call.shown_name())) }
        };
        match self {
            Self::Reject(reject) | Self::RejectAfter(_, reject)
                if reject.choose(call).is_none() =>
            {
                Err(format!("{} has no row {}", call.shown_name(), reject.asked()))
            }
            Self::Join(_) => is(&[Op::Complete], "begins no join"),
            Self::Listing(_) => is(&[Op::List, Op::ListUploads, Op::ListPieces], "gives no list"),
            Self::Stale => is(
                &[Op::List, Op::ListUploads, Op::ListPieces, Op::Stat, Op::Status, Op::Read],
                "reads nothing that could be stale",
            ),
            Self::Alter(alter) => can_alter(alter, call),
            Self::ReadSlowly(_) => {
                is(&[Op::Piece, Op::PostRaw, Op::PostFile], "has no body that could be read slowly")
            }
            Self::CommitLater(_) => {
                let reads = [
                    Op::Read,
                    Op::Stat,
                    Op::List,
                    Op::ListUploads,
                    Op::ListPieces,
                    Op::StatusMap,
                    Op::CheckToken,
                    Op::Echo,
                ];
                let name = call.shown_name();
                let does = !reads.contains(&call.operation) && !is_nameless(call.operation);
                if does { Ok(()) } else { Err(format!("{name} does nothing that could be late")) }
            }
            // What is completed or aborted is not aborted any more (§4.4).
            Self::Afterwards(Mishap::AbortUpload)
                if matches!(call.operation, Op::Complete | Op::Abort) =>
            {
                Err(format!("{} leaves no upload that could be aborted", call.shown_name()))
            }
            Self::Meanwhile(mishap) | Self::Afterwards(mishap) => can_befall(*mishap, call),
            _ => Ok(()),
        }
    }
}

/// Whether the answer has the header that is changed: these three are known, of others nothing is.
fn can_alter(alter: &Alter, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let name = match alter {
        Alter::WrongChecksum | Alter::UpperCaseChecksum => "X-Agile-Checksum",
        Alter::WrongSize => "X-Agile-Size",
        Alter::Code(_) => "X-Agile-Status",
        Alter::Without(name) | Alter::Twice(name) => name,
        Alter::With(..) => return Ok(()),
    };
    let stored = matches!(call.operation, Op::Piece | Op::PostRaw | Op::PostFile);
    let has = match name.to_ascii_lowercase().as_str() {
        "x-agile-checksum" => stored || call.operation == Op::Read,
        "x-agile-size" => stored,
        "x-agile-status" => call.interface == Interface::Http && !is_nameless(call.operation),
        _ => true,
    };
    if has { Ok(()) } else { Err(format!("{} answers without {name}", call.shown_name())) }
}

fn can_befall(mishap: Mishap, call: &Call) -> Result<(), String> {
    use Operation as Op;
    let of_uploads =
        [Op::Create, Op::Piece, Op::Complete, Op::Status, Op::ListPieces, Op::Abort, Op::Restart];
    let of_sessions = [Op::Login, Op::CheckToken, Op::UpdateSession, Op::InitKeyPair, Op::Logout];
    let of_no_path = [Op::Echo, Op::StatusMap, Op::ListUploads];
    let operation = &call.operation;
    let (has, what) = match mishap {
        Mishap::AbortUpload | Mishap::ExpireUpload | Mishap::DeleteUpload => {
            (of_uploads.contains(operation), "is about no upload")
        }
        Mishap::RemoveDirectory => {
            let has_none = of_sessions.contains(operation)
                || of_no_path.contains(operation)
                || is_nameless(*operation);
            (!has_none, "is about no path")
        }
        Mishap::ExpireToken if *operation == Op::Login => (
            false,
            "comes without a token: the one that it gives is ended by a fault on tokens, or by \
             expire_token in the test",
        ),
        Mishap::ExpireToken => {
            let has_none =
                *operation == Op::Read || call.name == PING.name || is_nameless(*operation);
            (!has_none, "comes without a token")
        }
    };
    if has { Ok(()) } else { Err(format!("{} {what}", call.shown_name())) }
}
