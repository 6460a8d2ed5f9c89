//! Faults that make no sense, and calls on which a fault can do nothing.

use std::time::Duration;

use crate::journal::{Call, Op};
use crate::origin::Mishap;
use crate::spec::{
    ENDPOINTS, Interface, LIMITS, Limit, METHODS, Operation, PING, Row, method_named,
};

use super::plan::Circumstances;
use super::trigger::Trigger;
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
                check_effect(trigger, effect)
            }
            Kind::Connection(count, effect) => {
                check_count(*count)?;
                match effect {
                    ConnectionEffect::CloseAfter(0) => {
                        Err("a connection is closed after 1 answer or more; reset it to have none"
                            .to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Kind::Token(_, TokenLife::Requests(0) | TokenLife::Bytes(0)) => {
                Err("a token works for 1 request or byte or more".to_owned())
            }
            Kind::Token(_, TokenLife::Time(Duration::ZERO)) => {
                Err("a token works for some time; afterwards(Mishap::ExpireToken) ends it at once"
                    .to_owned())
            }
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
            let given = match (parts.start(), parts.end()) {
                (from, to) if from == to => format!("{from} is none"),
                (from, to) => format!("{from}..={to} is no range of them"),
            };
            return Err(format!("part numbers go from 1 to {most}, and {given}"));
        }
    }
    if targets(&trigger.op).is_empty() {
        return Err(format!("nothing is selected by {}", trigger.op.code()));
    }
    if trigger.attempts.as_ref().is_some_and(|range| range.is_empty() || *range.start() == 0) {
        return Err(
            "attempts count from 1, and a range of them goes up: attempts(1..=2)".to_owned()
        );
    }
    if let Some(path) = trigger.path.as_ref().filter(|path| !path.as_str().starts_with(['/', '*']))
    {
        return Err(format!("a path begins with a slash: {:?}", format!("/{path}")));
    }
    trigger.count.map_or(Ok(()), check_count)
}

fn check_count(count: Which) -> Result<(), String> {
    match count {
        Which::Nth(0) => Err("the first is nth(1)".to_owned()),
        Which::Times(0) => Err("a fault that strikes 0 times is none: times(1) or more".to_owned()),
        _ => Ok(()),
    }
}

/// A call of everything that `op` selects.
fn targets(op: &Op) -> Vec<Call> {
    let endpoints = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.interface != Interface::JsonRpc)
        .map(|endpoint| Call::new(endpoint.operation, endpoint.interface, endpoint.path));
    let methods =
        METHODS.iter().map(|method| Call::new(method.operation, Interface::JsonRpc, method.name));
    let part = op.parts().map(|parts| *parts.start());
    endpoints
        .chain(methods)
        .map(|call| Call { part, ..call })
        .filter(|call| op.matches(call))
        .collect()
}

fn check_effect(trigger: &Trigger, effect: &Effect) -> Result<(), String> {
    check_figures(effect)?;
    let targets = targets(&trigger.op);
    if let Effect::Reject(reject) | Effect::RejectAfter(_, reject) = effect {
        check_rows(trigger, &targets, reject)?;
    }
    // What needs the path of a form is decided behind its body.
    let at = |call: &Call| {
        let is_late = call.interface == Interface::JsonRpc
            || (call.operation == Operation::PostFile && trigger.path.is_some());
        if is_late { Stage::Commit } else { Stage::Head }
    };
    let tried = targets.iter().map(|call| {
        let there = Circumstances { at: at(call), refused: None, declared: None };
        effect.can_strike(call, there)
    });
    let mut refusals = Vec::new();
    for tried in tried {
        match tried {
            Ok(()) => return Ok(()),
            Err(why) => refusals.push(why),
        }
    }
    Err(format!("that cannot happen to {}: {}", trigger.op.code(), refusals[0]))
}

fn check_figures(effect: &Effect) -> Result<(), String> {
    let most = LIMITS[Limit::PieceBytes as usize].default;
    match effect {
        Effect::ReadSlowly(0) | Effect::AnswerSlowly(0) => {
            Err("0 bytes a second is a stall: stall_after(0), or cut_answer(0, Cut::Stall)"
                .to_owned())
        }
        Effect::CutAfter(bytes, _) | Effect::RejectAfter(bytes, _) if *bytes > most => {
            Err(format!("no body has {bytes} bytes: the largest piece has {most} (§4.2)"))
        }
        Effect::Reject(reject) | Effect::RejectAfter(_, reject) => check_reject(reject),
        Effect::Lose(lose) | Effect::CommitThen(lose) => check_lose(*lose),
        Effect::CommitLater(later) => check_lose(later.lose),
        Effect::Alter(Alter::Without(name) | Alter::Twice(name)) => check_header(name, ""),
        Effect::Alter(Alter::With(name, value)) => check_header(name, value),
        Effect::Garble(Garble::Garbage(bytes)) if bytes.is_empty() => {
            Err("garbage of no bytes is a close: cut_answer(0, Cut::Close)".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_reject(reject: &Reject) -> Result<(), String> {
    if let super::reject::By::Status(status) | super::reject::By::Raw(status, _) = reject.by {
        check_status(status)?;
    }
    let reason = reject.own_reason().unwrap_or_default();
    if reason.chars().any(char::is_control) {
        return Err("a reason phrase is one line".to_owned());
    }
    let is_framing = |name: &str| FRAMING_HEADERS.iter().any(|it| it.eq_ignore_ascii_case(name));
    if let Some((name, _)) = reject.own_headers().iter().find(|(name, _)| is_framing(name)) {
        return Err(format!(
            "a refusal tells its own length, and {name} belongs to that: to lie about it, \
             garble(Garble::ContentLength(7))"
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
    let (asked, op) = (reject.asked(), trigger.op.code());
    if rows.is_empty() {
        return Err(format!("{op} has no row {asked}, nor any other: Reject::status(503)"));
    }
    let rows: Vec<_> = rows.iter().map(|(http, code)| format!("{http}/{code}")).collect();
    Err(format!("{op} has no row {asked}, but {}", rows.join(", ")))
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
            Self::Alter(Alter::WrongChecksum | Alter::UpperCaseChecksum) => is(
                &[Op::Piece, Op::PostRaw, Op::PostFile, Op::Read],
                "answers without X-Agile-Checksum",
            ),
            Self::Alter(Alter::WrongSize) => {
                is(&[Op::Piece, Op::PostRaw, Op::PostFile], "answers without X-Agile-Size")
            }
            Self::Meanwhile(mishap) | Self::Afterwards(mishap) => can_befall(*mishap, call),
            _ => Ok(()),
        }
    }
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
            let has_none = of_sessions.contains(operation) || of_no_path.contains(operation);
            (!has_none, "is about no path")
        }
        Mishap::ExpireToken => {
            let has_none = matches!(operation, Op::Login | Op::Read) || call.name == PING.name;
            (!has_none, "comes without a token")
        }
    };
    if has { Ok(()) } else { Err(format!("{} {what}", call.shown_name())) }
}
