//! JSON-RPC (§7).
//!
//! `envelope` parses requests and frames responses, `params` parses parameters, `dispatch` finds
//! and calls the method, which gets a `MethodContext`. The other files contain the methods by subject. Start with [`RpcRequest`].

mod classify;
mod dispatch;
mod envelope;
mod fetch;
mod files;
mod json;
mod listing;
mod method_context;
mod multipart;
mod mutations;
mod params;
mod session;

use std::borrow::Cow;

use crate::blob::Blob;
use crate::journal::{Call, Calls};
use crate::protocol::{ErrorKind, JSON_CONTENT_TYPE, JSONRPC2, Limit};
use crate::storage::{Change, Principal, Storage, Timestamp};

use super::context::RequestContext;
use super::response::{Body, ResponseBuilder};
use super::{BodyData, BodyEnd, CallOverride, RequestBody};
use dispatch::Dispatcher;
use envelope::{Incoming, Message, Payload, RpcEndpoint};

/// A JSON-RPC body that is being executed, request by request.
#[derive(Clone, Debug)]
pub(super) struct RpcRequest {
    endpoint: RpcEndpoint,
    max_bytes: u64,
    max_batch: u64,
    /// The host name by which the client called this origin.
    host: String,
    /// The requests of the body, after it was parsed.
    incoming: Option<Incoming>,
    /// The responses so far.
    done: Vec<(String, Call)>,
    /// The overrides with the index of their request, and whether they have changed its result.
    overrides: Vec<(usize, CallOverride, bool)>,
    /// The principals, if authentication has been done before execution.
    principals: Vec<Option<Principal>>,
}

pub(super) fn open(context: &RequestContext<'_>) -> RpcRequest {
    let is_2 = context.route.path == JSONRPC2.path;
    let charset =
        context.text("Content-Type").map(|given| envelope::charset(&given)).unwrap_or_default();
    RpcRequest {
        endpoint: RpcEndpoint { is_2, charset },
        max_bytes: context.storage.limits().get(Limit::JsonRpcBytes),
        max_batch: context.storage.limits().get(Limit::BatchSize),
        host: context.text("Host").map_or_else(|| "localhost".to_owned(), Cow::into_owned),
        incoming: None,
        done: Vec::new(),
        overrides: Vec::new(),
        principals: Vec::new(),
    }
}

impl RpcRequest {
    /// Returns the maximum number of bytes that are read of a body.
    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Returns the calls of the body, before anything is executed.
    pub(super) fn classify(
        &mut self,
        storage: &Storage,
        now: Timestamp,
        body: &RequestBody,
    ) -> Vec<Call> {
        let Self { endpoint, max_batch, incoming, .. } = self;
        let incoming = incoming.get_or_insert_with(|| read(*endpoint, body, *max_batch));
        incoming.messages.iter().map(|message| classify::classify(storage, now, message)).collect()
    }

    /// Overrides the request with this index.
    pub(super) fn call_override(&mut self, request: usize, call_override: CallOverride) {
        self.overrides.push((request, call_override, false));
    }

    /// Returns whether an override has changed the result of the request with this index.
    pub(super) fn is_overridden(&self, request: usize) -> bool {
        self.overrides.iter().any(|(at, _, is_done)| *at == request && *is_done)
    }

    /// Checks the tokens now, for requests that are executed later.
    pub(super) fn authenticate(&mut self, storage: &Storage, now: Timestamp) {
        let messages = self.incoming.iter().flat_map(|incoming| &incoming.messages);
        self.principals =
            messages.map(|message| classify::principal(storage, now, message)).collect();
    }

    /// Executes the remaining requests, or returns the blobs whose digests the next response needs.
    /// A request whose response is not read needs no digest.
    pub(super) fn commit(
        &mut self,
        storage: &mut Storage,
        change: Change,
        body: &RequestBody,
        is_response_unread: bool,
    ) -> Result<ResponseBuilder, Vec<Blob>> {
        let Self { endpoint, max_batch, incoming, done, host, overrides, principals, .. } = self;
        let incoming = incoming.get_or_insert_with(|| read(*endpoint, body, *max_batch));
        for message in &incoming.messages[done.len()..] {
            let apply_override = overrides.iter_mut().find(|(at, ..)| *at == done.len());
            let (storage, call_override) = match apply_override {
                Some((_, CallOverride::RespondFrom(past), _)) => (&mut **past, None),
                Some((_, call_override, is_done)) => {
                    (&mut *storage, Some((&*call_override, is_done)))
                }
                None => (&mut *storage, None),
            };
            let principals = principals.get(done.len()).and_then(Option::as_ref);
            let change = change.at_call(done.len());
            let mut dispatcher =
                Dispatcher { storage, change, host, call_override, principals, is_response_unread };
            done.push(dispatcher.response(message)?);
        }
        let (texts, mut calls): (Vec<_>, Vec<_>) = done.drain(..).unzip();
        calls.shrink_to_fit(); // the journal keeps them
        Ok(conclude(incoming.payload, &texts, calls.into()))
    }
}

fn read(endpoint: RpcEndpoint, body: &RequestBody, max_batch: u64) -> Incoming {
    match &body.kept {
        BodyData::Whole(bytes) if body.end == BodyEnd::Complete => {
            envelope::read(endpoint, bytes, max_batch)
        }
        _ => Incoming::single(Message::broken(endpoint, ErrorKind::NotARequest)),
    }
}

fn conclude(payload: Payload, texts: &[String], calls: Calls) -> ResponseBuilder {
    let text = match payload {
        Payload::Single => texts.concat(),
        Payload::Batch => format!("[{}]", texts.join(", ")),
    };
    let response = ResponseBuilder::from_status(200)
        .with_body(JSON_CONTENT_TYPE, Body::Bytes(text.into_bytes()));
    response.with_calls(calls)
}
