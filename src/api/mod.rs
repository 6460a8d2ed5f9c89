//! The HTTP endpoints and the JSON-RPC methods: from requests to responses.
//!
//! A request is processed in two steps. [`open`] decides from the head alone: it rejects the
//! request, or returns a [`PendingRequest`] that states what to do with the body. [`commit`] takes
//! the facts of the body, checks again what may have changed meanwhile, executes the request and
//! returns a [`Response`]. Nothing is stored before that. This module does no I/O.

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
mod url;

pub use crate::journal::BodyEnd;
pub(crate) use call_override::{CallOverride, InjectedError, build_error_response};
pub use multipart_form::{FilledForm, FormReader};
pub use response::{Body, Response};

use crate::blob::{Blob, Digest};
use crate::journal::{Call, Head, Instants};
use crate::protocol::{Endpoint, ErrorKind, LegacyHeaders};
use crate::storage::{Change, Storage, Timestamp};

use context::RequestContext;
use response::ResponseBuilder;
use router::Route;

/// The handling of the body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPolicy {
    /// Read, count and discard it (§4.1).
    Discard,
    /// Store it as a blob; stop after this number of bytes.
    Store(u64),
    /// Read it as a form with this boundary.
    Form(String),
    /// Read it into one block of memory; stop after this number of bytes.
    Whole(u64),
}

/// The facts of a received body.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// How it ended.
    pub end: BodyEnd,
    /// The number of bytes that were read.
    pub length: u64,
    /// The digest of the bytes that were read.
    pub digest: Digest,
    /// The first bytes, at most [`START_BYTES`].
    pub start: Vec<u8>,
    /// The data that was kept according to the policy.
    pub kept: BodyData,
}

/// The kept data of a body.
#[derive(Clone, Debug)]
pub enum BodyData {
    /// Nothing.
    Nothing,
    /// A blob.
    Stored(Blob),
    /// All bytes.
    Whole(Vec<u8>),
    /// The parts of a form.
    Form(FilledForm),
}

/// The number of first bytes of a body from which its type is detected.
pub const START_BYTES: usize = 4096;

impl RequestBody {
    /// Returns an empty body.
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

/// An accepted request before its execution.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    body_policy: BodyPolicy,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Handler,
    /// Whether no response will be read, so that no digest is computed for it.
    is_response_unread: bool,
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
    Download(download::Download),
}

/// The result of a commit.
#[derive(Debug)]
pub enum CommitResult {
    /// The response.
    Response(Box<Response>),
    /// The response needs the digests of these blobs. Compute them, which may take long, without
    /// holding the lock of the storage, and commit the same request again. Nothing is changed twice.
    NeedsDigests(Vec<Blob>),
}

impl PendingRequest {
    /// Returns how to handle the body.
    pub fn body_policy(&self) -> &BodyPolicy {
        &self.body_policy
    }

    /// Returns what is known of the call so far.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Returns whether the body contains more facts about the calls, as in JSON-RPC and in forms.
    pub fn needs_body(&self) -> bool {
        matches!(self.action, Handler::Rpc(_) | Handler::File(_))
    }

    /// Returns the calls as far as head and body determine them, before anything is executed.
    pub fn classify(&mut self, storage: &Storage, now: Timestamp, body: &RequestBody) -> Vec<Call> {
        match &mut self.action {
            Handler::Rpc(rpc) => rpc.classify(storage, now, body),
            Handler::File(file) => {
                let path = file
                    .classify(storage, body)
                    .map(|path| path.absolute(storage.account()).into());
                vec![Call { path, ..self.call.clone() }]
            }
            _ => vec![self.call.clone()],
        }
    }

    /// Overrides the call with this index, as returned by [`PendingRequest::classify`]. A request
    /// other than JSON-RPC has only call 0, and only its join can be overridden.
    pub fn call_override(&mut self, call: usize, call_override: CallOverride) {
        match (&mut self.action, call_override) {
            (Handler::Rpc(rpc), call_override) => rpc.call_override(call, call_override),
            (Handler::Complete(complete), CallOverride::Join(join, by)) => {
                complete.join_as(join, by);
            }
            _ => {}
        }
    }

    /// Returns whether a [`CallOverride`] of the call with this index has changed its result.
    pub fn is_overridden(&self, call: usize) -> bool {
        matches!(&self.action, Handler::Rpc(rpc) if rpc.is_overridden(call))
    }

    /// Checks credentials now, for a request that is executed later. Those in the head were checked
    /// by [`open`]; this checks those in a body that [`PendingRequest::classify`] has read.
    pub fn authenticate(&mut self, storage: &Storage, now: Timestamp) {
        if let Handler::Rpc(rpc) = &mut self.action {
            rpc.authenticate(storage, now);
        }
    }

    /// Returns the response that the request would get now, without changing the storage. It runs
    /// on a copy, which shares all unchanged data with the storage.
    pub fn dry_run(&self, storage: &Storage, now: Timestamp, body: &RequestBody) -> Box<Response> {
        let change = Change::by_test(now); // changes a copy only
        commit_without_response(&mut storage.clone(), change, &mut self.clone(), body)
    }
}

/// Decides from the head alone. It only runs due jobs.
///
/// # Errors
///
/// The response to a request that is rejected regardless of its body.
pub fn open(
    storage: &mut Storage,
    instants: Instants,
    head: &Head,
) -> Result<Box<PendingRequest>, Box<Response>> {
    let now = instants.protocol;
    storage.run_due(now);
    let routed = router::find(storage, head);
    let routed = match http_rules::find_violation(head) {
        Some((status, error)) => {
            let response = match routed {
                Ok(route) => ResponseBuilder::from_status(status).with_call(route.call()),
                Err(error) => error.replace_with_status(status),
            };
            Err(Box::new(response.with_head_error(error)))
        }
        None => routed,
    };
    let route = routed.map_err(|response| response.build(storage, now))?;
    let mut call = route.call();
    let Some(endpoint) = route.endpoint else {
        let (body_policy, action) = (BodyPolicy::Discard, Handler::Preflight);
        return Ok(new_pending(body_policy, None, call, action));
    };
    match authenticate(storage, instants, head, &route, endpoint, &mut call) {
        Ok((body_policy, action)) => Ok(new_pending(body_policy, Some(endpoint), call, action)),
        Err(cause) => {
            let error = ResponseBuilder::error(endpoint, cause).with_call(call);
            Err(adapt_to_dialect(storage, error).build(storage, now))
        }
    }
}

fn new_pending(
    body_policy: BodyPolicy,
    endpoint: Option<&'static Endpoint>,
    call: Call,
    action: Handler,
) -> Box<PendingRequest> {
    Box::new(PendingRequest { body_policy, endpoint, call, action, is_response_unread: false })
}

/// Checks the rate, then the credentials, and then the rules of the endpoint (§1.14).
fn authenticate(
    storage: &mut Storage,
    instants: Instants,
    head: &Head,
    route: &Route<'_>,
    endpoint: &'static Endpoint,
    call: &mut Call,
) -> Result<(BodyPolicy, Handler), ErrorKind> {
    let is_counted = ["/multipart/", "/post/"].iter().any(|begin| endpoint.path.starts_with(begin));
    if is_counted {
        storage.count_request(instants.elapsed)?;
    }
    let principal = &if is_counted {
        auth::authenticate(storage, instants.protocol, head, route)
    } else {
        Err(ErrorKind::NoCredentials)
    };
    if *principal == Err(ErrorKind::BadCredentials) {
        call.ended_token = auth::ended_token(storage, instants.protocol, head, route).map(Box::new);
    }
    begin(&RequestContext { storage, head, route, principal }, endpoint, call)
}

/// Adapts the response to the chosen dialect (§10).
fn adapt_to_dialect(storage: &Storage, response: ResponseBuilder) -> ResponseBuilder {
    match storage.options().legacy_headers {
        LegacyHeaders::On => response.with_legacy_status(),
        LegacyHeaders::Off => response,
    }
}

fn begin(
    context: &RequestContext<'_>,
    endpoint: &Endpoint,
    call: &mut Call,
) -> Result<(BodyPolicy, Handler), ErrorKind> {
    use crate::protocol::Operation as Op;
    let ignored = |action| (BodyPolicy::Discard, action);
    match endpoint.operation {
        Op::Login => endpoints::login::open(context, call).map(Handler::Login).map(ignored),
        Op::Create => endpoints::create::open(context, call).map(Handler::Create).map(ignored),
        Op::Piece => endpoints::piece::open(context, call)
            .map(|piece| (BodyPolicy::Store(piece.room()), Handler::Piece(piece))),
        Op::PostRaw => endpoints::raw::open(context, call)
            .map(|raw| (BodyPolicy::Store(u64::MAX), Handler::Raw(raw))),
        Op::PostFile => endpoints::file::open(context, call)
            .map(|file| (BodyPolicy::Form(file.boundary().to_owned()), Handler::File(file))),
        Op::Complete => {
            endpoints::complete::open(context, call).map(Handler::Complete).map(ignored)
        }
        Op::MakeDirectory => {
            endpoints::directory::open(context, call).map(Handler::Directory).map(ignored)
        }
        Op::Read => Ok(ignored(Handler::Download(download::open(context, call)))),
        _ => {
            let rpc = rpc::open(context);
            Ok((BodyPolicy::Whole(rpc.max_bytes()), Handler::Rpc(rpc)))
        }
    }
}

/// Executes a request, if it is still allowed, and returns the response. The changes have the actor
/// and the time of `change`.
pub fn commit(
    storage: &mut Storage,
    change: Change,
    pending: &mut PendingRequest,
    body: &RequestBody,
) -> CommitResult {
    let now = change.at;
    storage.run_due(now);
    match response(storage, change, pending, body) {
        Ok(response) if body.end == BodyEnd::Complete => {
            CommitResult::Response(response.build(storage, now))
        }
        Ok(response) => CommitResult::Response(response.closing().build(storage, now)),
        Err(blobs) => CommitResult::NeedsDigests(blobs),
    }
}

/// Same as [`commit`], for a request whose response is never read. The response lacks unknown
/// digests, so no blob is read.
pub(crate) fn commit_without_response(
    storage: &mut Storage,
    change: Change,
    pending: &mut PendingRequest,
    body: &RequestBody,
) -> Box<Response> {
    pending.is_response_unread = true;
    match commit(storage, change, pending, body) {
        CommitResult::Response(response) => response,
        // Only a response that is read needs one.
        CommitResult::NeedsDigests(_) => {
            Response::internal_error_response(storage, pending.call.clone(), change.at)
        }
    }
}

fn response(
    storage: &mut Storage,
    change: Change,
    pending: &mut PendingRequest,
    body: &RequestBody,
) -> Result<ResponseBuilder, Vec<Blob>> {
    let PendingRequest { endpoint, call, action, is_response_unread, .. } = pending;
    let can_respond = match body.end {
        BodyEnd::Complete => true,
        BodyEnd::Truncated => matches!(action, Handler::Piece(_)),
        BodyEnd::TooLarge => matches!(action, Handler::Piece(_) | Handler::Rpc(_)),
        BodyEnd::Malformed => false,
    };
    if !can_respond {
        return Ok(ResponseBuilder::from_status(400).with_call(call.clone()));
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
        Handler::Rpc(rpc) => return rpc.commit(storage, change, body, *is_response_unread),
        Handler::Download(download) => {
            return Ok(download
                .commit(storage, change.at, *is_response_unread)
                .map_err(|blob| vec![blob])?
                .with_call(call.clone()));
        }
    };
    let response = match (done, endpoint) {
        (Ok(response), _) => response,
        (Err(cause), Some(endpoint)) => ResponseBuilder::error(endpoint, cause),
        (Err(_), None) => ResponseBuilder::from_status(500),
    };
    Ok(adapt_to_dialect(storage, response.with_call(call.clone())))
}
