//! One request in progress: reads its body, commits it and applies its faults. The
//! [`api`](crate::api) and the decisions of [`inject`](crate::server::request::inject) determine the
//! response. Start with [`RequestTask::run`].

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;

use crate::api::{self, BodyEnd, CallOverride, CommitResult, PendingRequest, Response};
use crate::blob::Blob;
use crate::fault::{Disconnect, FaultAction};
use crate::journal::{Framing, Outcome};
use crate::storage::{CallId, Change, Interference};

use crate::server::connection::raw_response::RawResponse;
use crate::server::connection::recorder::Interrupted;
use crate::server::request::body::{self, BodyError};
use crate::server::request::disposition::Disposition;
use crate::server::request::exchange_recorder::ExchangeRecorder;
use crate::server::request::inject::before_commit::{
    AtCommit, AtHead, BodyPlan, at_commit, at_head, in_body, missed_in_body,
};
use crate::server::request::inject::commit;
use crate::server::request::inject::response::{AtResponse, at_response};
use crate::server::request::inject::select::select_for_calls;
use crate::server::request::inject::tokens;
use crate::server::request::inject::{Ending, PendingInjection, account, actor, error_response};
use crate::server::request::sink::ReadBody;
use crate::server::runtime;
use crate::server::state::State;

/// A request in progress.
pub(crate) struct RequestTask {
    pub(crate) exchange: ExchangeRecorder,
    /// The fault that was selected for it, until it is injected or skipped.
    pending: Option<PendingInjection>,
    /// Faults that were selected for single calls of it, until they are injected or skipped.
    on_calls: Vec<PendingInjection>,
}

impl RequestTask {
    /// Creates the task of an open exchange, with the fault that was selected at its head.
    pub(crate) fn new(exchange: ExchangeRecorder, pending: Option<PendingInjection>) -> Self {
        Self { exchange, pending, on_calls: Vec::new() }
    }

    /// Reads the body, commits the request, applies its faults and returns how it ends.
    pub(crate) async fn run(
        &mut self,
        opened: Result<Box<PendingRequest>, Box<Response>>,
        body: Incoming,
        framing: Framing,
    ) -> Disposition {
        let end = self.respond(opened, body, framing).await;
        // Boxed, as below: hyper moves the future of each request, and most need only its start.
        if self.pending.is_none() { end } else { Box::pin(self.finish_response(end)).await }
    }

    async fn respond(
        &mut self,
        opened: Result<Box<PendingRequest>, Box<Response>>,
        body: Incoming,
        framing: Framing,
    ) -> Disposition {
        match self.action().map_or(AtHead::Proceed, |action| at_head(action, opened.is_err())) {
            AtHead::Proceed => {}
            AtHead::SendInterim(bytes) => self.send_interim(&bytes),
            AtHead::End(ending) => return self.end(&ending),
        }
        let mut request = match opened {
            Ok(request) => request,
            Err(response) => return Disposition::Response(response, Outcome::Responded),
        };
        match self.read_body(&request, body, framing).await {
            // The client still waits for `100 Continue`.
            None => Disposition::RawResponse(RawResponse::empty(Disconnect::Close)),
            Some(Ok(mut body_read)) => {
                match self.commit_without_fault(&mut request, &mut body_read) {
                    Some(response) => Disposition::Response(response, body_read.outcome()),
                    None => Box::pin(self.finish_body(request, body_read)).await,
                }
            }
            Some(Err(BodyError::Stopped(mut body_read))) => {
                self.exchange.record_interrupted(&request, &mut body_read);
                match self.action().and_then(in_body) {
                    Some(ending) => self.end(&ending),
                    None => Disposition::ClientGone,
                }
            }
            Some(Err(BodyError::Interrupted(why, mut body_read))) => {
                self.exchange.record_interrupted(&request, &mut body_read);
                self.interrupted(why)
            }
            Some(Err(BodyError::Spool(error))) => {
                let response = self.exchange.record_internal_error(&request, &error.to_string());
                Disposition::Response(response, Outcome::Responded)
            }
        }
    }

    /// Reads the body. Returns `None` if the client was not asked for it and the connection is to be
    /// given up.
    async fn read_body(
        &mut self,
        request: &PendingRequest,
        body: Incoming,
        framing: Framing,
    ) -> Option<Result<ReadBody, BodyError>> {
        let recorder = Arc::clone(&self.exchange.connection);
        let limit = recorder.shared.hold_limit;
        let plan = self.action().map(|action| BodyPlan::new(action, limit));
        let BodyPlan { throttle, unasked } = plan.unwrap_or_default();
        if let Some(unasked) = &unasked {
            recorder.update_outgoing(|outgoing| {
                outgoing.withhold_continue(true);
                outgoing.push(&unasked.garbage);
            });
            self.fire();
        }
        let policy = request.body_policy();
        let lengths = std::mem::take(&mut self.exchange.cut_body_lengths);
        let reading =
            body::read(&recorder, body, policy, framing, throttle, lengths, || self.fire());
        let mut reading = pin!(reading);
        match unasked {
            None => Some(reading.await),
            Some(unasked) => {
                Box::pin(body::wait_unasked(&recorder, unasked, reading.as_mut())).await
            }
        }
    }

    /// Commits a request whose body was read, and applies its faults.
    pub(crate) async fn finish_body(
        &mut self,
        mut request: Box<PendingRequest>,
        mut body_read: ReadBody,
    ) -> Disposition {
        let length = body_read.received.length;
        if let Some(why) = self.action().and_then(|action| missed_in_body(action, length)) {
            self.skip(why);
        }
        if !self.select_after_body(&mut request, &body_read) {
            return self.end_stale();
        }
        let is_whole = body_read.received.end == BodyEnd::Complete;
        match self.action().map_or(AtCommit::Commit, |action| at_commit(action, is_whole)) {
            AtCommit::Commit => {}
            AtCommit::SendInterim(bytes) => self.send_interim(&bytes),
            AtCommit::End(ending) => {
                self.exchange.record_uncommitted(&mut body_read);
                return self.end(&ending);
            }
            AtCommit::Defer(later) => {
                let not_deferred = self.defer_commit(request, &body_read, later.after);
                let Some(not_deferred) = not_deferred else {
                    self.exchange.record_uncommitted(&mut body_read);
                    return self.end(&later.lose.into());
                };
                request = not_deferred;
            }
            AtCommit::Interfere(interference) => {
                if !self.interfere(interference, &request) {
                    return self.end_stale();
                }
            }
            AtCommit::Join(join) => {
                if let Some(pending) = &self.pending {
                    let by = actor(self.exchange.index, pending);
                    request.call_override(0, CallOverride::Join(join, by));
                }
            }
        }
        let outcome = body_read.outcome();
        match self.commit(&mut request, &mut body_read).await {
            Some(response) => Disposition::Response(response, outcome),
            None => self.end_stale(),
        }
    }

    /// Commits the request and begins the response. Returns `None`, and changes nothing, if a fault
    /// may apply, digests are needed first, or the origin was reset.
    pub(crate) fn commit_without_fault(
        &mut self,
        request: &mut PendingRequest,
        body_read: &mut ReadBody,
    ) -> Option<Box<Response>> {
        let connection = Arc::clone(&self.exchange.connection);
        let mut state = connection.shared.lock();
        let has_fault = self.pending.is_some() || !state.faults.is_idle();
        if has_fault || self.exchange.is_stale(&state) {
            return None;
        }
        state.run_due();
        let change = Change::by_exchange(state.now(), self.exchange.index);
        match api::commit(&mut state.storage, change, request, &body_read.received) {
            CommitResult::Response(mut response) => {
                self.exchange.record_whole(&mut state, body_read, &mut response);
                Some(response)
            }
            CommitResult::NeedsDigests(_) => None,
        }
    }

    /// Selects faults for the calls that the body contains. Returns whether the request is still known:
    /// `false` after a reset.
    fn select_after_body(&mut self, request: &mut PendingRequest, body_read: &ReadBody) -> bool {
        let Some(mut state) = self.exchange.lock_current() else { return false };
        if state.faults.is_idle() {
            return true;
        }
        let (received, exchange) = (&body_read.received, self.exchange.index);
        let during = CallId { exchange, call: 0 };
        tokens::use_token(&mut state, request.call(), during, 0, received.length);
        if request.needs_body() && received.end == BodyEnd::Complete {
            let has_fault = self.pending.is_some();
            let selected = select_for_calls(&mut state, exchange, request, received, has_fault);
            self.on_calls = selected.on_calls;
            self.pending = self.pending.take().or(selected.whole);
        }
        true
    }

    /// Defers the commit. Returns the request if it must be committed now.
    fn defer_commit(
        &mut self,
        request: Box<PendingRequest>,
        body_read: &ReadBody,
        by: Duration,
    ) -> Option<Box<PendingRequest>> {
        let received = body_read.received.clone();
        let Some(pending) = &self.pending else { return Some(request) };
        let deferred = {
            let Some(mut state) = self.exchange.lock_current() else { return Some(request) };
            let index = self.exchange.index;
            let deferred = commit::defer(&mut state, index, pending, request, received, by);
            if deferred.is_ok() {
                state.journal.update(index, |record| record.is_deferred = true);
            }
            deferred
        };
        let (request, why) = deferred.err()?;
        self.skip(why);
        Some(request)
    }

    /// Interferes before the commit. Returns `false` after a reset.
    fn interfere(&mut self, interference: Interference, request: &PendingRequest) -> bool {
        let exchange = &self.exchange;
        let Some(mut state) = exchange.lock_current() else { return false };
        if let Some(pending) = self.pending.take() {
            let by = actor(exchange.index, &pending);
            let result = commit::interfere(&mut state, by, interference, request.call());
            // Under the same lock, so that change and account appear together.
            account(&mut state, exchange.index, &pending.injection, result);
        }
        true
    }

    /// Commits the request, unless the origin was reset. Digests that the commit needs read whole blobs:
    /// a blocking thread computes them first.
    async fn commit(
        &mut self,
        request: &mut PendingRequest,
        body_read: &mut ReadBody,
    ) -> Option<Box<Response>> {
        loop {
            let needed = match self.try_commit(request, body_read)? {
                Ok(response) => return Some(response),
                Err(needed) => needed,
            };
            let computed = runtime::run_blocking(move || {
                needed.iter().try_for_each(|blob| blob.digest().map(drop))
            })
            .await;
            if let Err(error) = computed.and_then(|computed| computed) {
                return Some(self.exchange.record_internal_error(request, &error.to_string()));
            }
        }
    }

    fn try_commit(
        &mut self,
        request: &mut PendingRequest,
        body_read: &mut ReadBody,
    ) -> Option<Result<Box<Response>, Vec<Blob>>> {
        let connection = Arc::clone(&self.exchange.connection);
        let mut state = connection.shared.lock();
        if self.exchange.is_stale(&state) {
            return None;
        }
        state.run_due();
        let change = Change::by_exchange(state.now(), self.exchange.index);
        let past = self.pending.as_ref().and_then(|it| commit::past_storage(&state, it));
        let committed = match past {
            Some(mut past) => api::commit(&mut past, change, request, &body_read.received),
            None => api::commit(&mut state.storage, change, request, &body_read.received),
        };
        let mut response = match committed {
            CommitResult::Response(response) => response,
            CommitResult::NeedsDigests(blobs) => return Some(Err(blobs)),
        };
        self.exchange.record_body(&mut state, body_read);
        self.exchange.record_commit(&mut state, &response, self.pending.is_some());
        self.finish_commit(&mut state, request, body_read, &response);
        if self.pending.is_none() {
            self.exchange.begin_response_in(&mut state, &mut response);
        }
        Some(Ok(response))
    }

    /// Applies the faults that apply in the same step as the commit.
    fn finish_commit(
        &mut self,
        state: &mut State,
        request: &PendingRequest,
        body_read: &ReadBody,
        response: &Response,
    ) {
        // A fault that was removed in the meantime still applies.
        if state.faults.is_idle() && self.pending.is_none() && self.on_calls.is_empty() {
            return;
        }
        let length = body_read.received.length;
        let exchange = self.exchange.index;
        tokens::use_tokens_of_body(state, exchange, &response.calls, length);
        let whole = self.pending.take_if(|it| commit::ends_with_commit(&it.injection.action));
        for pending in std::mem::take(&mut self.on_calls).into_iter().chain(whole) {
            let result = commit::result_of_commit(state, exchange, &pending, request, response);
            account(state, exchange, &pending.injection, result);
        }
    }

    /// Applies the fault that is left to the response.
    pub(crate) async fn finish_response(&mut self, end: Disposition) -> Disposition {
        let (mut response, outcome, pending) = match (end, &self.pending) {
            (Disposition::Response(response, outcome), Some(pending)) => {
                (response, outcome, pending)
            }
            (end, _) => return end,
        };
        match at_response(&pending.injection.action, pending.call, &response) {
            AtResponse::Skip(why) => self.skip(why),
            AtResponse::End(ending) => return self.end(&ending),
            AtResponse::Truncate { room, disconnect } => {
                self.fire();
                if room > 0 {
                    self.exchange.begin_response(&mut response);
                }
                let version = self.exchange.version();
                let raw = RawResponse::truncated(*response, version, room, disconnect);
                return Disposition::RawResponse(raw);
            }
            AtResponse::Malform(malformed) => {
                self.fire();
                self.exchange.begin_response(&mut response);
                let raw = RawResponse::malformed(*response, self.exchange.version(), &malformed);
                return Disposition::RawResponse(raw);
            }
            AtResponse::ReplaceHead { head, is_framing } => {
                *response.head_mut() = head;
                self.fire();
                if is_framing {
                    self.exchange.begin_response(&mut response);
                    let raw = RawResponse::until_close(*response, self.exchange.version());
                    return Disposition::RawResponse(raw);
                }
            }
            AtResponse::Delay(by) => {
                self.record_delay();
                if let Err(why) = self.exchange.connection.wait_for(tokio::time::sleep(by)).await {
                    return self.interrupted(why);
                }
            }
            AtResponse::Hold => {
                if let Err(why) = self.hold().await {
                    return self.interrupted(why);
                }
            }
            AtResponse::Pace(rate) => {
                self.exchange.connection.set_pace(rate);
                self.fire();
            }
        }
        Disposition::Response(response, outcome)
    }

    async fn hold(&mut self) -> Result<(), Interrupted> {
        let fault = self.pending.as_ref().and_then(|pending| pending.injection.fault_ref.fault);
        let Some(fault) = fault else { return Ok(()) };
        let recorder = Arc::clone(&self.exchange.connection);
        let signal;
        let released = {
            let mut state = recorder.shared.lock();
            if !state.is_holding(fault) {
                drop(state);
                self.skip("the hold was already released".to_owned());
                return Ok(());
            }
            signal = state.holds.begin(fault);
            self.exchange.hold(fault);
            // Registered before the lock is released, so that no release is missed.
            signal.notified()
        };
        self.record_delay();
        let limit = recorder.shared.hold_limit;
        if recorder.wait_for(tokio::time::timeout(limit, released)).await?.is_err() {
            recorder.shared.lock().faults.unreleased(fault);
        }
        Ok(())
    }

    /// Reports the fault as injected, because it delays the response.
    fn record_delay(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.exchange.record_delay(&pending.injection);
        }
    }

    /// Ends the request in place of the origin. The rest of its body is never read.
    fn end(&mut self, ending: &Ending) -> Disposition {
        let call = self.pending.as_ref().map_or(0, |pending| pending.call);
        self.fire();
        match ending {
            Ending::Disconnect(how) => Disposition::RawResponse(RawResponse::empty(*how)),
            Ending::Reject(reject) => {
                let Some(state) = self.exchange.lock_current() else { return self.end_stale() };
                let response = error_response(&state, self.exchange.index, call, reject);
                Disposition::Response(response, Outcome::Responded)
            }
        }
    }

    /// Returns the end of a request whose wait was interrupted.
    fn interrupted(&mut self, why: Interrupted) -> Disposition {
        match why {
            Interrupted::OriginReset => self.end_stale(),
            Interrupted::ClientGone => {
                self.exchange.connection.close(Outcome::ClientGone);
                Disposition::ClientGone
            }
        }
    }

    /// Returns the end of a request that arrived before a reset.
    fn end_stale(&mut self) -> Disposition {
        self.pending = None;
        Disposition::RawResponse(RawResponse::empty(Disconnect::Close))
    }

    /// Sends an interim response before the next response.
    fn send_interim(&mut self, bytes: &[u8]) {
        self.exchange.connection.update_outgoing(|outgoing| outgoing.push(bytes));
        self.fire();
    }

    /// Returns the action that is still to be applied to the request.
    fn action(&self) -> Option<&FaultAction> {
        self.pending.as_ref().map(|pending| &pending.injection.action)
    }

    /// Reports the fault as injected.
    fn fire(&mut self) {
        self.resolve(Ok(()));
    }

    /// Reports the fault as skipped.
    fn skip(&mut self, why: String) {
        self.resolve(Err(why));
    }

    fn resolve(&mut self, result: Result<(), String>) {
        if let Some(pending) = self.pending.take() {
            self.exchange.account(&pending.injection, result);
        }
    }
}

impl Drop for RequestTask {
    /// A fault that was not injected may apply to another request.
    fn drop(&mut self) {
        if self.pending.is_none() && self.on_calls.is_empty() {
            return;
        }
        let on_calls = std::mem::take(&mut self.on_calls);
        let connection = &self.exchange.connection;
        let mut state = connection.shared.lock();
        let injected = state.journal.exchange(self.exchange.index).map_or(0, |it| it.faults.len());
        let why = match injected {
            _ if connection.shared.is_stopping() => "the origin stopped first",
            0 => "the client went away first",
            _ => "another fault ended the request",
        };
        for PendingInjection { injection, .. } in self.pending.take().into_iter().chain(on_calls) {
            state.faults.skipped(&injection, why);
        }
    }
}
