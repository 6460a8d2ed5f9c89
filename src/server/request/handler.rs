//! Handles one request: opens its exchange, reads its body, commits it and returns the response.
//! What the response is, [`api`](crate::api) and the faults decide. Start with [`serve`].

use std::pin::pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;

use crate::api::{self, Body, BodyEnd, CommitResult, PendingRequest, Response};
use crate::blob::Blob;
use crate::fault::Disconnect;
use crate::journal::{EXCERPT_BYTES, Exchange, Framing, Head, Outcome};
use crate::storage::Change;

use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::recorder::{ConnectionRecorder, Interrupted};
use crate::server::request::body;
use crate::server::request::body::BodyError;
use crate::server::request::inject::Pending;
use crate::server::request::response::{HyperBody, respond};
use crate::server::request::sink::ReadBody;
use crate::server::runtime;
use crate::server::state::State;

/// The error with which a connection is given up without a response.
#[derive(Debug)]
pub(crate) struct ConnectionAborted;

impl std::fmt::Display for ConnectionAborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for ConnectionAborted {}

/// A request in progress.
pub(crate) struct RequestTask {
    pub(crate) recorder: Arc<ConnectionRecorder>,
    pub(crate) exchange: u64,
    /// The fault that was selected for it, until it is injected or skipped.
    pub(crate) pending: Option<Pending>,
    /// Faults that were selected for single calls of it, until they are injected or skipped.
    pub(crate) on_calls: Vec<Pending>,
    /// Whether the journal has its response.
    pub(crate) is_begun: bool,
    /// The fault that holds its response.
    pub(crate) held_by: Option<u64>,
    /// The epoch in which it arrived.
    epoch: u64,
}

/// How a request ends.
pub(crate) enum Disposition {
    /// A response, and the outcome to record when it is written.
    Response(Box<Response>, Outcome),
    /// Bytes that a fault writes instead of a response.
    RawResponse(RawResponse),
    /// No response: the client is gone.
    ClientGone,
}

/// Serves the request whose head the recording stream has just read.
pub(crate) async fn serve(
    recorder: Arc<ConnectionRecorder>,
    request: Request<Incoming>,
) -> Result<hyper::Response<HyperBody>, ConnectionAborted> {
    let raw = recorder.take_head().ok_or(ConnectionAborted)?;
    let head = Head::new(raw);
    let framing = head.framing();
    let (version, body) = (request.version(), request.into_body());
    let (mut task, opened) = open(&recorder, head, framing);
    let end = task.run(opened, body, framing).await;
    match task.act_on_response(end).await {
        Disposition::Response(mut response, outcome) => {
            task.begin(&mut response);
            Ok(respond(Arc::clone(&task.recorder), *response, version, outcome))
        }
        Disposition::RawResponse(raw_response) => {
            task.recorder.update_outgoing(|outgoing| outgoing.set_raw_response(raw_response));
            Err(ConnectionAborted)
        }
        Disposition::ClientGone => Err(ConnectionAborted),
    }
}

/// Opens the exchange, passes the head to the API and selects a fault.
fn open(
    recorder: &Arc<ConnectionRecorder>,
    head: Head,
    framing: Framing,
) -> (RequestTask, Result<Box<PendingRequest>, Box<Response>>) {
    let mut state = recorder.shared.lock();
    state.run_due();
    let instants = state.instants();
    let opened = api::open(&mut state.storage, instants, &head);
    let (calls, refused) = match &opened {
        Ok(request) => (vec![request.call().clone()], None),
        Err(response) => (response.calls.clone(), Some(response.head.status)),
    };
    let (pending, ended) = state.choose_at_head(&calls[0], refused, &head);
    let exchange = state.journal.open(|index| Exchange {
        index,
        connection: recorder.index,
        head,
        framing,
        received: 0,
        digest: None,
        excerpt: Box::default(),
        body: None,
        calls,
        response: None,
        written: 0,
        faults: ended.into_iter().collect(),
        opened: instants,
        committed: None,
        response_started: None,
        closed: None,
        outcome: Outcome::Receiving,
    });
    let epoch = recorder.shared.epoch.current();
    recorder.open(exchange, epoch);
    let (recorder, on_calls) = (Arc::clone(recorder), Vec::new());
    let (is_begun, held_by) = (false, None);
    let mut task = RequestTask { recorder, exchange, pending, on_calls, is_begun, held_by, epoch };
    let mut opened = opened;
    if let (Err(response), None) = (&mut opened, &task.pending) {
        task.begin_response(&mut state, response);
    }
    (task, opened)
}

impl RequestTask {
    /// Reads the body, commits the request and returns how it ends.
    async fn run(
        &mut self,
        opened: Result<Box<PendingRequest>, Box<Response>>,
        body: Incoming,
        framing: Framing,
    ) -> Disposition {
        if let Some(end) = self.act_at_head(opened.is_err()) {
            return end;
        }
        let mut request = match opened {
            Ok(request) => request,
            Err(response) => return Disposition::Response(response, Outcome::Responded),
        };
        let recorder = Arc::clone(&self.recorder);
        match self.read_body(&recorder, &request, body, framing).await {
            // The client still waits for `100 Continue`.
            None => Disposition::RawResponse(RawResponse::empty(Disconnect::Close)),
            Some(Ok(body_read)) => self.finish_after_body(request, body_read).await,
            Some(Err(BodyError::Stopped(body_read))) => self.act_in_body(&request, &body_read),
            Some(Err(BodyError::Interrupted(why, body_read))) => {
                self.end_in_body(&request, &body_read);
                self.interrupted(why)
            }
            Some(Err(BodyError::Spool(error))) => {
                let response = self.internal_error_response(&mut request, &error.to_string());
                Disposition::Response(response, Outcome::Responded)
            }
        }
    }

    /// Reads the body. Returns `None` if the client was not asked for it and the connection is to
    /// be given up.
    async fn read_body(
        &mut self,
        recorder: &ConnectionRecorder,
        request: &PendingRequest,
        body: Incoming,
        framing: Framing,
    ) -> Option<Result<ReadBody, BodyError>> {
        let (unasked, throttle) = (self.act_on_continue(), self.throttle());
        let reading =
            body::read(recorder, body, request.body_policy(), framing, throttle, || self.fire());
        let mut reading = pin!(reading);
        match unasked {
            None => Some(reading.await),
            Some(unasked) => Box::pin(unasked.wait(recorder, reading.as_mut())).await,
        }
    }

    async fn finish_after_body(
        &mut self,
        mut request: Box<PendingRequest>,
        body_read: ReadBody,
    ) -> Disposition {
        if !self.choose_after_body(&mut request, &body_read) {
            return self.end_stale();
        }
        let mut request = match self.act_at_commit(request, &body_read) {
            Ok(request) => request,
            Err(end) => return end,
        };
        let is_short = body_read.received.end == BodyEnd::Truncated;
        let outcome = if is_short { Outcome::RequestTruncated } else { Outcome::Responded };
        match self.commit(&mut request, &body_read).await {
            Some(response) => Disposition::Response(response, outcome),
            None => self.end_stale(),
        }
    }

    /// Returns whether the origin was reset since the request arrived: it must not change the new
    /// state.
    pub(crate) fn is_stale_epoch(&self, _: &State) -> bool {
        self.epoch != self.recorder.shared.epoch.current()
    }

    /// Returns the end of a request whose wait was interrupted.
    pub(crate) fn interrupted(&mut self, why: Interrupted) -> Disposition {
        match why {
            Interrupted::OriginReset => self.end_stale(),
            Interrupted::ClientGone => {
                self.recorder.close(Outcome::ClientGone);
                Disposition::ClientGone
            }
        }
    }

    /// Returns the end of a request that arrived before a reset.
    pub(crate) fn end_stale(&mut self) -> Disposition {
        self.pending = None;
        Disposition::RawResponse(RawResponse::empty(Disconnect::Close))
    }

    /// Commits the request, unless the origin was reset. Digests that the commit needs are
    /// computed on another thread first.
    async fn commit(
        &mut self,
        request: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> Option<Box<Response>> {
        loop {
            let needed = match self.try_commit(request, body_read)? {
                Ok(response) => return Some(response),
                Err(needed) => needed,
            };
            if let Err(error) = digest(needed).await {
                return Some(self.internal_error_response(request, &error));
            }
        }
    }

    fn try_commit(
        &mut self,
        request: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> Option<Result<Box<Response>, Blob>> {
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        if self.is_stale_epoch(&state) {
            return None;
        }
        state.run_due();
        let change = Change::by_exchange(state.now(), self.exchange);
        let committed = match self.stale_storage(&state) {
            Some(mut snapshot) => api::commit(&mut snapshot, change, request, &body_read.received),
            None => api::commit(&mut state.storage, change, request, &body_read.received),
        };
        match committed {
            CommitResult::Response(mut response) => {
                record_body(&mut state, self.exchange, body_read);
                self.record_commit(&mut state, &response);
                self.act_after_commit(&mut state, request, body_read, &response);
                if self.pending.is_none() {
                    self.begin_response(&mut state, &mut response);
                }
                Some(Ok(response))
            }
            CommitResult::NeedsDigest(content) => Some(Err(content)),
        }
    }

    fn record_commit(&mut self, state: &mut State, response: &Response) {
        let instants = response.is_done().then(|| state.instants());
        let calls = if self.pending.is_some() { response.calls.clone() } else { Vec::new() };
        state.journal.update(self.exchange, |record| {
            record.committed = instants;
            if !calls.is_empty() {
                record.calls = calls;
            }
        });
    }

    /// Records, before its first byte, that a response is on its way.
    pub(crate) fn begin(&mut self, response: &mut Response) {
        if self.is_begun {
            return;
        }
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        self.begin_response(&mut state, response);
    }

    /// Counts its response as no longer held.
    pub(crate) fn end_hold(&mut self, state: &mut State) {
        if let Some(fault) = self.held_by.take() {
            state.holds.end(fault);
        }
    }

    fn begin_response(&mut self, state: &mut State, response: &mut Response) {
        self.is_begun = true;
        self.end_hold(state);
        let instants = state.instants();
        let is_file = matches!(response.body, Body::Blob(..));
        let outcome = if is_file { Outcome::Sending } else { Outcome::Responding };
        let enders = state.token_expiring_faults(&response.calls);
        state.journal.update(self.exchange, |record| {
            record.calls = std::mem::take(&mut response.calls);
            record.response = Some(Arc::clone(&response.head));
            record.response_started = Some(instants);
            record.outcome = outcome;
            record.faults.extend(enders);
        });
    }

    /// Responds with 500 and records an internal error, which fails the verification.
    fn internal_error_response(
        &mut self,
        request: &mut PendingRequest,
        why: &str,
    ) -> Box<Response> {
        let mut state = self.recorder.shared.lock();
        let now = state.now();
        state.journal.record_internal_error(format!("exchange {}: {why}", self.exchange));
        Response::internal_error_response(&state.storage, request.call().clone(), now)
    }
}

/// Computes a digest, which reads the whole blob, on a thread that may block.
async fn digest(content: Blob) -> Result<(), String> {
    let runtime = runtime::handle().map_err(|error| error.to_string())?;
    let computed = runtime.spawn_blocking(move || content.digest().map(|_| ())).await;
    computed.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

pub(crate) fn record_body(state: &mut State, exchange: u64, body_read: &ReadBody) {
    state.journal.update(exchange, |record| {
        record.received = body_read.received.length;
        record.digest =
            (body_read.received.end == BodyEnd::Complete).then_some(body_read.received.digest);
        let start = &body_read.received.start;
        record.excerpt = start[..start.len().min(EXCERPT_BYTES)].into();
        record.body.clone_from(&body_read.body);
    });
}
