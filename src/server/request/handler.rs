//! One request: open, body, commit, answer.

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
use crate::server::connection::state::{ConnectionRecorder, Interrupted};
use crate::server::request::body;
use crate::server::request::body::BodyError;
use crate::server::request::inject::Pending;
use crate::server::request::response::{AnswerBody, respond};
use crate::server::request::sink::ReadBody;
use crate::server::runtime;
use crate::server::state::State;

/// Nothing can be answered any more: the connection is given up.
#[derive(Debug)]
pub(crate) struct ConnectionAborted;

impl std::fmt::Display for ConnectionAborted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client has gone")
    }
}

impl std::error::Error for ConnectionAborted {}

/// A request on its way through.
pub(crate) struct RequestTask {
    pub(crate) recorder: Arc<ConnectionRecorder>,
    pub(crate) exchange: u64,
    /// The fault that strikes it, as long as that has not done what it does.
    pub(crate) pending: Option<Pending>,
    /// Faults that strike single calls of it, until those are done.
    pub(crate) on_calls: Vec<Pending>,
    /// Whether its answer is in the record.
    pub(crate) is_begun: bool,
    /// The fault that holds its response.
    pub(crate) held_by: Option<u64>,
    /// How often the origin had been reset when it came.
    epoch: u64,
}

/// What a request comes to.
pub(crate) enum Disposition {
    /// An answer, and what the record says once it is written.
    Response(Box<Response>, Outcome),
    /// What a fault has written in place of one.
    RawResponse(RawResponse),
    /// Nothing: the client went away.
    ClientGone,
}

/// Serves the request whose head the tap has just seen.
pub(crate) async fn serve(
    recorder: Arc<ConnectionRecorder>,
    request: Request<Incoming>,
) -> Result<hyper::Response<AnswerBody>, ConnectionAborted> {
    let Some(raw) = recorder.take_head() else {
        recorder
            .shared
            .lock()
            .journal
            .record_internal_error("a request was served whose head was not seen");
        return Err(ConnectionAborted);
    };
    let head = Head::new(raw);
    let framing = head.framing();
    let (version, body) = (request.version(), request.into_body());
    let (mut task, opened) = open(&recorder, head, framing);
    let end = task.reach_end(opened, body, framing).await;
    match task.act_on_answer(end).await {
        Disposition::Response(mut answer, outcome) => {
            task.begin(&mut answer);
            Ok(respond(Arc::clone(&task.recorder), *answer, version, outcome))
        }
        Disposition::RawResponse(raw_response) => {
            task.recorder.end_with(raw_response);
            Err(ConnectionAborted)
        }
        Disposition::ClientGone => Err(ConnectionAborted),
    }
}

/// Opens the record, asks the core about the head, and what is to go wrong.
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
        Ok(plan) => (vec![plan.call().clone()], None),
        Err(answer) => (answer.calls.clone(), Some(answer.head.status)),
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
        answer: None,
        written: 0,
        faults: ended.into_iter().collect(),
        opened: instants,
        committed: None,
        answered: None,
        closed: None,
        outcome: Outcome::Receiving,
    });
    let epoch = recorder.shared.epoch.current();
    recorder.opened(exchange, epoch);
    let (recorder, on_calls) = (Arc::clone(recorder), Vec::new());
    let (is_begun, held_by) = (false, None);
    let mut task = RequestTask { recorder, exchange, pending, on_calls, is_begun, held_by, epoch };
    let mut opened = opened;
    if let (Err(answer), None) = (&mut opened, &task.pending) {
        task.begin_answer(&mut state, answer);
    }
    (task, opened)
}

impl RequestTask {
    /// Takes the body in, has done what is asked for, and comes to an answer.
    async fn reach_end(
        &mut self,
        opened: Result<Box<PendingRequest>, Box<Response>>,
        body: Incoming,
        framing: Framing,
    ) -> Disposition {
        if let Some(end) = self.act_at_head(opened.is_err()) {
            return end;
        }
        let mut plan = match opened {
            Ok(plan) => plan,
            Err(answer) => return Disposition::Response(answer, Outcome::Responded),
        };
        let recorder = Arc::clone(&self.recorder);
        match self.read_body(&recorder, &plan, body, framing).await {
            // The client still waits to be asked for its body.
            None => Disposition::RawResponse(RawResponse::nothing(Disconnect::Close)),
            Some(Ok(body_read)) => self.past_body(plan, body_read).await,
            Some(Err(BodyError::Braked(body_read))) => self.act_in_body(&plan, &body_read),
            Some(Err(BodyError::Interrupted(why, body_read))) => {
                self.end_in_body(&plan, &body_read);
                self.interrupted(why)
            }
            Some(Err(BodyError::OurFault(error))) => {
                let answer = self.internal_error_response(&mut plan, &error.to_string());
                Disposition::Response(answer, Outcome::Responded)
            }
        }
    }

    /// Reads the body. Gives nothing if the client was not asked for it, and is to be given up.
    async fn read_body(
        &mut self,
        recorder: &ConnectionRecorder,
        plan: &PendingRequest,
        body: Incoming,
        framing: Framing,
    ) -> Option<Result<ReadBody, BodyError>> {
        let (unasked, throttle) = (self.act_on_continue(), self.throttle());
        let reading =
            body::read(recorder, body, plan.body_policy(), framing, throttle, || self.fire());
        let mut reading = pin!(reading);
        match unasked {
            None => Some(reading.await),
            Some(unasked) => Box::pin(unasked.wait(recorder, reading.as_mut())).await,
        }
    }

    async fn past_body(
        &mut self,
        mut plan: Box<PendingRequest>,
        body_read: ReadBody,
    ) -> Disposition {
        if !self.choose_behind_body(&mut plan, &body_read) {
            return self.forgotten();
        }
        let mut plan = match self.act_at_commit(plan, &body_read) {
            Ok(plan) => plan,
            Err(end) => return end,
        };
        let is_short = body_read.received.end == BodyEnd::Truncated;
        let outcome = if is_short { Outcome::RequestTruncated } else { Outcome::Responded };
        match self.commit(&mut plan, &body_read).await {
            Some(answer) => Disposition::Response(answer, outcome),
            None => self.forgotten(),
        }
    }

    /// Whether the origin was reset since the request came: it must not get into the new one.
    pub(crate) fn is_forgotten(&self, _: &State) -> bool {
        self.epoch != self.recorder.shared.epoch.current()
    }

    /// The end of a request that need not wait any longer.
    pub(crate) fn interrupted(&mut self, why: Interrupted) -> Disposition {
        match why {
            Interrupted::OriginReset => self.forgotten(),
            Interrupted::ClientGone => {
                self.recorder.close(Outcome::ClientGone);
                Disposition::ClientGone
            }
        }
    }

    /// The end of a request of an earlier time: nobody knows any more what to answer.
    pub(crate) fn forgotten(&mut self) -> Disposition {
        self.pending = None;
        Disposition::RawResponse(RawResponse::nothing(Disconnect::Close))
    }

    /// Has the core do what was asked, unless it has been reset. Digests that it needs first are
    /// computed elsewhere meanwhile.
    async fn commit(
        &mut self,
        plan: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> Option<Box<Response>> {
        loop {
            let needed = match self.try_commit(plan, body_read)? {
                Ok(answer) => return Some(answer),
                Err(needed) => needed,
            };
            if let Err(error) = digest(needed).await {
                return Some(self.internal_error_response(plan, &error));
            }
        }
    }

    fn try_commit(
        &mut self,
        plan: &mut PendingRequest,
        body_read: &ReadBody,
    ) -> Option<Result<Box<Response>, Blob>> {
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        if self.is_forgotten(&state) {
            return None;
        }
        state.run_due();
        let change = Change::by_exchange(state.now(), self.exchange);
        let committed = match self.past(&state) {
            Some(mut past) => api::commit(&mut past, change, plan, &body_read.received),
            None => api::commit(&mut state.storage, change, plan, &body_read.received),
        };
        match committed {
            CommitResult::Response(mut answer) => {
                record_body(&mut state, self.exchange, body_read);
                self.record_commit(&mut state, &answer);
                self.act_after_commit(&mut state, plan, body_read, &answer);
                if self.pending.is_none() {
                    self.begin_answer(&mut state, &mut answer);
                }
                Some(Ok(answer))
            }
            CommitResult::NeedsDigest(content) => Some(Err(content)),
        }
    }

    fn record_commit(&mut self, state: &mut State, answer: &Response) {
        let instants = answer.is_done().then(|| state.instants());
        let calls = if self.pending.is_some() { answer.calls.clone() } else { Vec::new() };
        state.journal.update(self.exchange, |record| {
            record.committed = instants;
            if !calls.is_empty() {
                record.calls = calls;
            }
        });
    }

    /// Notes, before its first byte, that an answer is on its way.
    pub(crate) fn begin(&mut self, answer: &mut Response) {
        if self.is_begun {
            return;
        }
        let recorder = Arc::clone(&self.recorder);
        let mut state = recorder.shared.lock();
        self.begin_answer(&mut state, answer);
    }

    /// Its response is held no longer.
    pub(crate) fn end_hold(&mut self, state: &mut State) {
        if let Some(fault) = self.held_by.take() {
            state.holds.end(fault);
        }
    }

    fn begin_answer(&mut self, state: &mut State, answer: &mut Response) {
        self.is_begun = true;
        self.end_hold(state);
        let instants = state.instants();
        let is_file = matches!(answer.body, Body::Blob(..));
        let outcome = if is_file { Outcome::Sending } else { Outcome::Responding };
        let enders = state.enders_of_tokens(&answer.calls);
        state.journal.update(self.exchange, |record| {
            record.calls = std::mem::take(&mut answer.calls);
            record.answer = Some(Arc::clone(&answer.head));
            record.answered = Some(instants);
            record.outcome = outcome;
            record.faults.extend(enders);
        });
    }

    /// The environment let us down: 500, and the verdict will say why.
    fn internal_error_response(&mut self, plan: &mut PendingRequest, why: &str) -> Box<Response> {
        let mut state = self.recorder.shared.lock();
        let now = state.now();
        state.journal.record_internal_error(format!("exchange {}: {why}", self.exchange));
        Response::internal_error_response(&state.storage, plan.call().clone(), now)
    }
}

/// Computes a digest, which reads all of a content, where it keeps nobody waiting.
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
