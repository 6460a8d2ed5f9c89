//! Requests and answers as this protocol writes them.
//!
//! An exchange is walked in two steps. [`open`] decides from the head alone: it refuses, or says
//! what is to be done with the body. [`commit`] is given the body's facts, decides again what may
//! have changed meanwhile, does what was asked and answers. Nothing is stored before that.

mod answer;
mod ask;
mod conditions;
mod credentials;
mod detect;
mod egress;
mod endpoints;
mod form;
mod http_rules;
mod parameters;
mod route;
mod rpc;
mod signature;
mod twist;
mod vault;

pub use answer::{Answer, Body};
pub use form::{FilledForm, FormFile, FormReader};
pub use twist::{Refusal, Twist, refuse};

use crate::content::{Content, Digest};
use crate::journal::{Call, Head, Moment};
use crate::origin::{Change, Origin, Timestamp};
use crate::spec::{Cause, Endpoint, LegacyHeaders};

use answer::Draft;
use ask::Ask;
use route::Route;

/// What is to be done with a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Read it, count it, throw it away (§4.1).
    Discard,
    /// Read it into a content; stop when there is more than that many bytes.
    Store(u64),
    /// Read it as a form with that boundary.
    Form(String),
    /// Read it into one block of memory; stop when there is more than that many bytes.
    Whole(u64),
}

/// How a body came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// As announced.
    Whole,
    /// The client stopped sending before that.
    Short,
    /// The framing made no sense.
    Garbled,
    /// There was more than the plan allows; the rest was not read.
    TooLong,
}

/// What came of a body.
#[derive(Clone, Debug)]
pub struct Received {
    /// How it ended.
    pub end: BodyEnd,
    /// Bytes that were read.
    pub length: u64,
    /// The digest of what was read.
    pub digest: Digest,
    /// Its first bytes, at most [`START_BYTES`].
    pub start: Vec<u8>,
    /// What was kept, as the plan said.
    pub kept: Kept,
}

/// What was kept of a body.
#[derive(Clone, Debug)]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// A content.
    Stored(Content),
    /// All its bytes.
    Whole(Vec<u8>),
    /// What a form had in it.
    Form(FilledForm),
}

/// How many of a body's first bytes are looked at to find its type.
pub const START_BYTES: usize = 4096;

impl Received {
    /// An empty body.
    pub fn nothing() -> Self {
        let digest = Digest::of(b"");
        Self { end: BodyEnd::Whole, length: 0, digest, start: Vec::new(), kept: Kept::Nothing }
    }
}

/// What an accepted request is about to do.
#[derive(Clone, Debug)]
pub struct Plan {
    intake: Intake,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Action,
    /// Whether nobody reads the answer: then no digest is worth computing for it.
    is_unanswered: bool,
}

#[derive(Clone, Debug)]
enum Action {
    Preflight,
    Login(endpoints::login::Login),
    Create(endpoints::create::Create),
    Piece(endpoints::piece::Piece),
    Raw(endpoints::raw::Raw),
    File(endpoints::file::File),
    Complete(endpoints::complete::Complete),
    Directory(endpoints::directory::MakeDirectory),
    Rpc(rpc::Conversation),
    Read(egress::Read),
}

/// What a commit came to.
#[derive(Debug)]
pub enum Committed {
    /// The answer.
    Answer(Box<Answer>),
    /// The digest of that content is needed first. Have it computed, which may take long, without
    /// holding the origin, and commit the same plan again: nothing has been changed twice.
    NeedsDigest(Content),
}

impl Plan {
    /// What is to be done with the body.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// What is known so far of what is asked for.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whether the body tells more of what is asked for: JSON-RPC, and files in forms.
    pub fn is_told_by_body(&self) -> bool {
        matches!(self.action, Action::Rpc(_) | Action::File(_))
    }

    /// What is asked for, as far as head and body tell it before anything is done.
    pub fn foresee(&mut self, origin: &Origin, now: Timestamp, body: &Received) -> Vec<Call> {
        match &mut self.action {
            Action::Rpc(talk) => talk.foresee(origin, now, body),
            Action::File(file) => {
                let path = file.foresee(origin, body).map(|path| path.absolute(origin.account()));
                vec![Call { path, ..self.call.clone() }]
            }
            _ => vec![self.call.clone()],
        }
    }

    /// Has something done to the call with that number, which [`Plan::foresee`] gave it; outside
    /// JSON-RPC there is only call 0, and only its join can be changed.
    pub fn twist(&mut self, call: usize, twist: Twist) {
        match (&mut self.action, twist) {
            (Action::Rpc(talk), twist) => talk.twist(call, twist),
            (Action::Complete(complete), Twist::Join(join, by)) => complete.join_as(join, by),
            _ => {}
        }
    }

    /// Whether a [`Twist`] of the call with that number has changed its answer.
    pub fn is_twisted(&self, call: usize) -> bool {
        matches!(&self.action, Action::Rpc(talk) if talk.is_twisted(call))
    }

    /// Judges credentials now, however late the plan is carried out. A head's were judged when it
    /// came; this is about those in a body that [`Plan::foresee`] has looked into.
    pub fn admit(&mut self, origin: &Origin, now: Timestamp) {
        if let Action::Rpc(talk) = &mut self.action {
            talk.admit(origin, now);
        }
    }

    /// What the origin would answer now, with nothing done. It is a copy of the origin that does
    /// it, which shares with the origin all that this does not change.
    pub fn rehearse(&self, origin: &Origin, now: Timestamp, body: &Received) -> Box<Answer> {
        let change = Change::by_test(now); // it is made on a copy, which nobody sees
        commit_unanswered(&mut origin.clone(), change, &mut self.clone(), body)
    }
}

/// Decides from the head alone; does nothing but what has become due.
///
/// # Errors
///
/// The answer to a request that is refused whatever its body is.
pub fn open(origin: &mut Origin, moment: Moment, head: &Head) -> Result<Box<Plan>, Box<Answer>> {
    let now = moment.protocol;
    origin.settle(now);
    let routed = route::find(origin, head);
    let routed = match http_rules::violation(head) {
        Some(status) => Err(Box::new(match routed {
            Ok(route) => Draft::plain(status).about(route.call()),
            Err(refusal) => refusal.replaced_by(status),
        })),
        None => routed,
    };
    let route = routed.map_err(|answer| answer.stamped(origin, now))?;
    let mut call = route.call();
    let Some(endpoint) = route.endpoint else {
        let (intake, action) = (Intake::Discard, Action::Preflight);
        return Ok(plan(intake, None, call, action));
    };
    match admit(origin, moment, head, &route, endpoint, &mut call) {
        Ok((intake, action)) => Ok(plan(intake, Some(endpoint), call, action)),
        Err(cause) => {
            let refusal = Draft::refusal(endpoint, cause).about(call);
            Err(in_dialect(origin, refusal).stamped(origin, now))
        }
    }
}

fn plan(
    intake: Intake,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Action,
) -> Box<Plan> {
    Box::new(Plan { intake, endpoint, call, action, is_unanswered: false })
}

/// Rate, credentials, and then what the endpoint itself minds (§1.14).
fn admit(
    origin: &mut Origin,
    moment: Moment,
    head: &Head,
    route: &Route,
    endpoint: &'static Endpoint,
    call: &mut Call,
) -> Result<(Intake, Action), Cause> {
    let is_counted = ["/multipart/", "/post/"].iter().any(|begin| endpoint.path.starts_with(begin));
    if is_counted {
        origin.count_request(moment.elapsed)?;
    }
    let caller = &if is_counted {
        credentials::judge(origin, moment.protocol, head, route)
    } else {
        Err(Cause::NoCredentials)
    };
    if *caller == Err(Cause::BadCredentials) {
        call.token_ended_by = credentials::token_ended_by(origin, moment.protocol, head, route);
    }
    begin(&Ask { origin, head, route, caller }, endpoint, call)
}

/// The answer as clients of the chosen dialect want it (§10).
fn in_dialect(origin: &Origin, answer: Draft) -> Draft {
    match origin.switches().legacy_headers {
        LegacyHeaders::On => answer.with_legacy_status(),
        LegacyHeaders::Off => answer,
    }
}

fn begin(ask: &Ask<'_>, endpoint: &Endpoint, call: &mut Call) -> Result<(Intake, Action), Cause> {
    use crate::spec::Operation as Op;
    let ignored = |action| (Intake::Discard, action);
    match endpoint.operation {
        Op::Login => endpoints::login::open(ask, call).map(Action::Login).map(ignored),
        Op::Create => endpoints::create::open(ask, call).map(Action::Create).map(ignored),
        Op::Piece => endpoints::piece::open(ask, call)
            .map(|piece| (Intake::Store(piece.room()), Action::Piece(piece))),
        Op::PostRaw => {
            endpoints::raw::open(ask, call).map(|raw| (Intake::Store(u64::MAX), Action::Raw(raw)))
        }
        Op::PostFile => endpoints::file::open(ask, call)
            .map(|file| (Intake::Form(file.boundary().to_owned()), Action::File(file))),
        Op::Complete => endpoints::complete::open(ask, call).map(Action::Complete).map(ignored),
        Op::MakeDirectory => {
            endpoints::directory::open(ask, call).map(Action::Directory).map(ignored)
        }
        Op::Read => Ok(ignored(Action::Read(egress::open(ask, call)))),
        _ => {
            let talk = rpc::open(ask);
            Ok((Intake::Whole(talk.max_bytes()), Action::Rpc(talk)))
        }
    }
}

/// Does what was asked, if it still can be done, and answers.
/// The changes are those of `change`: the exchange that asked for them, or what it has become.
pub fn commit(origin: &mut Origin, change: Change, plan: &mut Plan, body: &Received) -> Committed {
    let now = change.at;
    origin.settle(now);
    match answer(origin, change, plan, body) {
        Ok(answer) if body.end == BodyEnd::Whole => Committed::Answer(answer.stamped(origin, now)),
        Ok(answer) => Committed::Answer(answer.closing().stamped(origin, now)),
        Err(content) => Committed::NeedsDigest(content),
    }
}

/// As [`commit`], where nobody reads the answer: it says what was done, and lacks the digests that
/// are not known. So no content is read.
pub fn commit_unanswered(
    origin: &mut Origin,
    change: Change,
    plan: &mut Plan,
    body: &Received,
) -> Box<Answer> {
    plan.is_unanswered = true;
    match commit(origin, change, plan, body) {
        Committed::Answer(answer) => answer,
        // Only an answer that is read needs one.
        Committed::NeedsDigest(_) => Answer::our_fault(origin, plan.call.clone(), change.at),
    }
}

fn answer(
    origin: &mut Origin,
    change: Change,
    plan: &mut Plan,
    body: &Received,
) -> Result<Draft, Content> {
    let Plan { endpoint, call, action, is_unanswered, .. } = plan;
    let has_words_for_it = match body.end {
        BodyEnd::Whole => true,
        BodyEnd::Short => matches!(action, Action::Piece(_)),
        BodyEnd::TooLong => matches!(action, Action::Piece(_) | Action::Rpc(_)),
        BodyEnd::Garbled => false,
    };
    if !has_words_for_it {
        return Ok(Draft::plain(400).about(call.clone()));
    }
    let done = match action {
        Action::Preflight => Ok(Draft::success(&crate::spec::OPTIONS_ROW)),
        Action::Login(login) => login.commit(origin, change),
        Action::Create(create) => create.commit(origin, change, call),
        Action::Piece(piece) => piece.commit(origin, change, body),
        Action::Raw(raw) => raw.commit(origin, change, call, body),
        Action::File(file) => file.commit(origin, change, call, body),
        Action::Complete(complete) => complete.commit(origin, change),
        Action::Directory(directory) => directory.commit(origin, change),
        Action::Rpc(talk) => return talk.commit(origin, change, body, *is_unanswered),
        Action::Read(read) => {
            return Ok(read.commit(origin, change.at, *is_unanswered)?.about(call.clone()));
        }
    };
    let answer = match (done, endpoint) {
        (Ok(answer), _) => answer,
        (Err(cause), Some(endpoint)) => Draft::refusal(endpoint, cause),
        (Err(_), None) => Draft::plain(500),
    };
    Ok(in_dialect(origin, answer.about(call.clone())))
}
