//! Requests and answers as this protocol writes them.
//!
//! An exchange is walked in two steps. [`open`] decides from the head alone: it refuses, or says
//! what is to be done with the body. [`commit`] is given the body's facts, decides again what may
//! have changed meanwhile, does what was asked and answers. Nothing is stored before that.

mod auth;
mod call_override;
mod conditions;
mod content_type;
mod context;
mod download;
mod endpoints;
mod http_rules;
mod multipart_form;
mod parameters;
mod response;
mod router;
mod rpc;
mod signature;
mod signed_url;

pub use call_override::{CallOverride, InjectedError, refuse};
pub use multipart_form::{FilledForm, FormFile, FormReader};
pub use response::{Body, Response};

use crate::blob::{Blob, Digest};
use crate::journal::{Call, Head, Instants};
use crate::protocol::{Endpoint, ErrorKind, LegacyHeaders};
use crate::storage::{Change, Storage, Timestamp};

use context::RequestContext;
use response::ResponseBuilder;
use router::Route;

/// What is to be done with a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPolicy {
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
    Complete,
    /// The client stopped sending before that.
    Truncated,
    /// The framing made no sense.
    Malformed,
    /// There was more than the plan allows; the rest was not read.
    TooLarge,
}

/// What came of a body.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// How it ended.
    pub end: BodyEnd,
    /// Bytes that were read.
    pub length: u64,
    /// The digest of what was read.
    pub digest: Digest,
    /// Its first bytes, at most [`START_BYTES`].
    pub start: Vec<u8>,
    /// What was kept, as the plan said.
    pub kept: BodyData,
}

/// What was kept of a body.
#[derive(Clone, Debug)]
pub enum BodyData {
    /// Nothing.
    Nothing,
    /// A content.
    Stored(Blob),
    /// All its bytes.
    Whole(Vec<u8>),
    /// What a form had in it.
    Form(FilledForm),
}

/// How many of a body's first bytes are looked at to find its type.
pub const START_BYTES: usize = 4096;

impl RequestBody {
    /// An empty body.
    pub fn nothing() -> Self {
        let digest = Digest::compute(b"");
        Self {
            end: BodyEnd::Complete,
            length: 0,
            digest,
            start: Vec::new(),
            kept: BodyData::Nothing,
        }
    }
}

/// What an accepted request is about to do.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    body_policy: BodyPolicy,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Handler,
    /// Whether nobody reads the answer: then no digest is worth computing for it.
    is_unanswered: bool,
}

#[derive(Clone, Debug)]
enum Handler {
    Preflight,
    Login(endpoints::login::Login),
    Create(endpoints::create::Create),
    Piece(endpoints::piece::Piece),
    Raw(endpoints::raw::Raw),
    File(endpoints::file::File),
    Complete(endpoints::complete::Complete),
    Directory(endpoints::directory::MakeDirectory),
    Rpc(rpc::RpcRequest),
    Read(download::Read),
}

/// What a commit came to.
#[derive(Debug)]
pub enum CommitResult {
    /// The answer.
    Response(Box<Response>),
    /// The digest of that content is needed first. Have it computed, which may take long, without
    /// holding the origin, and commit the same plan again: nothing has been changed twice.
    NeedsDigest(Blob),
}

impl PendingRequest {
    /// What is to be done with the body.
    pub fn body_policy(&self) -> &BodyPolicy {
        &self.body_policy
    }

    /// What is known so far of what is asked for.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whether the body tells more of what is asked for: JSON-RPC, and files in forms.
    pub fn is_told_by_body(&self) -> bool {
        matches!(self.action, Handler::Rpc(_) | Handler::File(_))
    }

    /// What is asked for, as far as head and body tell it before anything is done.
    pub fn classify(&mut self, storage: &Storage, now: Timestamp, body: &RequestBody) -> Vec<Call> {
        match &mut self.action {
            Handler::Rpc(talk) => talk.classify(storage, now, body),
            Handler::File(file) => {
                let path =
                    file.classify(storage, body).map(|path| path.absolute(storage.account()));
                vec![Call { path, ..self.call.clone() }]
            }
            _ => vec![self.call.clone()],
        }
    }

    /// Has something done to the call with that number, which [`PendingRequest::classify`] gave it; outside
    /// JSON-RPC there is only call 0, and only its join can be changed.
    pub fn call_override(&mut self, call: usize, call_override: CallOverride) {
        match (&mut self.action, call_override) {
            (Handler::Rpc(talk), call_override) => talk.call_override(call, call_override),
            (Handler::Complete(complete), CallOverride::Join(join, by)) => {
                complete.join_as(join, by);
            }
            _ => {}
        }
    }

    /// Whether a [`CallOverride`] of the call with that number has changed its answer.
    pub fn is_overridden(&self, call: usize) -> bool {
        matches!(&self.action, Handler::Rpc(talk) if talk.is_overridden(call))
    }

    /// Judges credentials now, however late the plan is carried out. A head's were judged when it
    /// came; this is about those in a body that [`PendingRequest::classify`] has looked into.
    pub fn authenticate(&mut self, storage: &Storage, now: Timestamp) {
        if let Handler::Rpc(talk) = &mut self.action {
            talk.authenticate(storage, now);
        }
    }

    /// What the origin would answer now, with nothing done. It is a copy of the origin that does
    /// it, which shares with the origin all that this does not change.
    pub fn dry_run(&self, storage: &Storage, now: Timestamp, body: &RequestBody) -> Box<Response> {
        let change = Change::by_test(now); // it is made on a copy, which nobody sees
        commit_unanswered(&mut storage.clone(), change, &mut self.clone(), body)
    }
}

/// Decides from the head alone; does nothing but what has become due.
///
/// # Errors
///
/// The answer to a request that is refused whatever its body is.
pub fn open(
    storage: &mut Storage,
    instants: Instants,
    head: &Head,
) -> Result<Box<PendingRequest>, Box<Response>> {
    let now = instants.protocol;
    storage.run_due(now);
    let routed = router::find(storage, head);
    let routed = match http_rules::violation(head) {
        Some(status) => Err(Box::new(match routed {
            Ok(route) => ResponseBuilder::plain(status).about(route.call()),
            Err(refusal) => refusal.replaced_by(status),
        })),
        None => routed,
    };
    let route = routed.map_err(|answer| answer.stamped(storage, now))?;
    let mut call = route.call();
    let Some(endpoint) = route.endpoint else {
        let (body_policy, action) = (BodyPolicy::Discard, Handler::Preflight);
        return Ok(plan(body_policy, None, call, action));
    };
    match authenticate(storage, instants, head, &route, endpoint, &mut call) {
        Ok((body_policy, action)) => Ok(plan(body_policy, Some(endpoint), call, action)),
        Err(cause) => {
            let refusal = ResponseBuilder::refusal(endpoint, cause).about(call);
            Err(in_dialect(storage, refusal).stamped(storage, now))
        }
    }
}

fn plan(
    body_policy: BodyPolicy,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Handler,
) -> Box<PendingRequest> {
    Box::new(PendingRequest { body_policy, endpoint, call, action, is_unanswered: false })
}

/// Rate, credentials, and then what the endpoint itself minds (§1.14).
fn authenticate(
    storage: &mut Storage,
    instants: Instants,
    head: &Head,
    route: &Route,
    endpoint: &'static Endpoint,
    call: &mut Call,
) -> Result<(BodyPolicy, Handler), ErrorKind> {
    let is_counted = ["/multipart/", "/post/"].iter().any(|begin| endpoint.path.starts_with(begin));
    if is_counted {
        storage.count_request(instants.elapsed)?;
    }
    let principal = &if is_counted {
        auth::judge(storage, instants.protocol, head, route)
    } else {
        Err(ErrorKind::NoCredentials)
    };
    if *principal == Err(ErrorKind::BadCredentials) {
        call.token_ended_by = auth::token_ended_by(storage, instants.protocol, head, route);
    }
    begin(&RequestContext { storage, head, route, principal }, endpoint, call)
}

/// The answer as clients of the chosen dialect want it (§10).
fn in_dialect(storage: &Storage, answer: ResponseBuilder) -> ResponseBuilder {
    match storage.options().legacy_headers {
        LegacyHeaders::CallFaultBuilder => answer.with_legacy_status(),
        LegacyHeaders::Off => answer,
    }
}

fn begin(
    ask: &RequestContext<'_>,
    endpoint: &Endpoint,
    call: &mut Call,
) -> Result<(BodyPolicy, Handler), ErrorKind> {
    use crate::protocol::Operation as Op;
    let ignored = |action| (BodyPolicy::Discard, action);
    match endpoint.operation {
        Op::Login => endpoints::login::open(ask, call).map(Handler::Login).map(ignored),
        Op::Create => endpoints::create::open(ask, call).map(Handler::Create).map(ignored),
        Op::Piece => endpoints::piece::open(ask, call)
            .map(|piece| (BodyPolicy::Store(piece.room()), Handler::Piece(piece))),
        Op::PostRaw => endpoints::raw::open(ask, call)
            .map(|raw| (BodyPolicy::Store(u64::MAX), Handler::Raw(raw))),
        Op::PostFile => endpoints::file::open(ask, call)
            .map(|file| (BodyPolicy::Form(file.boundary().to_owned()), Handler::File(file))),
        Op::Complete => endpoints::complete::open(ask, call).map(Handler::Complete).map(ignored),
        Op::MakeDirectory => {
            endpoints::directory::open(ask, call).map(Handler::Directory).map(ignored)
        }
        Op::Read => Ok(ignored(Handler::Read(download::open(ask, call)))),
        _ => {
            let talk = rpc::open(ask);
            Ok((BodyPolicy::Whole(talk.max_bytes()), Handler::Rpc(talk)))
        }
    }
}

/// Does what was asked, if it still can be done, and answers.
/// The changes are those of `change`: the exchange that asked for them, or what it has become.
pub fn commit(
    storage: &mut Storage,
    change: Change,
    plan: &mut PendingRequest,
    body: &RequestBody,
) -> CommitResult {
    let now = change.at;
    storage.run_due(now);
    match answer(storage, change, plan, body) {
        Ok(answer) if body.end == BodyEnd::Complete => {
            CommitResult::Response(answer.stamped(storage, now))
        }
        Ok(answer) => CommitResult::Response(answer.closing().stamped(storage, now)),
        Err(content) => CommitResult::NeedsDigest(content),
    }
}

/// As [`commit`], where nobody reads the answer: it says what was done, and lacks the digests that
/// are not known. So no content is read.
pub fn commit_unanswered(
    storage: &mut Storage,
    change: Change,
    plan: &mut PendingRequest,
    body: &RequestBody,
) -> Box<Response> {
    plan.is_unanswered = true;
    match commit(storage, change, plan, body) {
        CommitResult::Response(answer) => answer,
        // Only an answer that is read needs one.
        CommitResult::NeedsDigest(_) => {
            Response::internal_error_response(storage, plan.call.clone(), change.at)
        }
    }
}

fn answer(
    storage: &mut Storage,
    change: Change,
    plan: &mut PendingRequest,
    body: &RequestBody,
) -> Result<ResponseBuilder, Blob> {
    let PendingRequest { endpoint, call, action, is_unanswered, .. } = plan;
    let has_words_for_it = match body.end {
        BodyEnd::Complete => true,
        BodyEnd::Truncated => matches!(action, Handler::Piece(_)),
        BodyEnd::TooLarge => matches!(action, Handler::Piece(_) | Handler::Rpc(_)),
        BodyEnd::Malformed => false,
    };
    if !has_words_for_it {
        return Ok(ResponseBuilder::plain(400).about(call.clone()));
    }
    let done = match action {
        Handler::Preflight => Ok(ResponseBuilder::success(&crate::protocol::PREFLIGHT_RESULT)),
        Handler::Login(login) => login.commit(storage, change),
        Handler::Create(create) => create.commit(storage, change, call),
        Handler::Piece(piece) => piece.commit(storage, change, body),
        Handler::Raw(raw) => raw.commit(storage, change, call, body),
        Handler::File(file) => file.commit(storage, change, call, body),
        Handler::Complete(complete) => complete.commit(storage, change),
        Handler::Directory(directory) => directory.commit(storage, change),
        Handler::Rpc(talk) => return talk.commit(storage, change, body, *is_unanswered),
        Handler::Read(read) => {
            return Ok(read.commit(storage, change.at, *is_unanswered)?.about(call.clone()));
        }
    };
    let answer = match (done, endpoint) {
        (Ok(answer), _) => answer,
        (Err(cause), Some(endpoint)) => ResponseBuilder::refusal(endpoint, cause),
        (Err(_), None) => ResponseBuilder::plain(500),
    };
    Ok(in_dialect(storage, answer.about(call.clone())))
}
