//! Records one exchange in the journal, and its faults in the registry. Nothing is recorded after a
//! reset of the origin, which forgets both. Start with [`ExchangeRecorder`].

use std::sync::Arc;

use crate::api::{Body, BodyEnd, PendingRequest, Response};
use crate::fault::Injection;
use crate::journal::{Calls, EXCERPT_BYTES, Exchange, Instants, Outcome};
use crate::storage::CallId;

use crate::server::connection::recorder::ConnectionRecorder;
use crate::server::request::inject::{account, tokens};
use crate::server::request::sink::ReadBody;
use crate::server::state::State;
use crate::server::state_guard::StateGuard;

/// The record of an open exchange. The [`ConnectionRecorder`] closes it.
pub(crate) struct ExchangeRecorder {
    pub(crate) connection: Arc<ConnectionRecorder>,
    pub(crate) index: u64,
    /// The epoch in which the request arrived.
    epoch: u64,
    /// Whether the journal has the response.
    is_begun: bool,
    /// The fault that holds the response.
    held_by: Option<u64>,
    /// The lengths at which earlier bodies for the same target ended early.
    pub(crate) cut_body_lengths: Vec<u64>,
}

impl ExchangeRecorder {
    /// Creates the recorder of an exchange that was just opened. The state is locked, so that the epoch
    /// fits it.
    pub(crate) fn new(connection: &Arc<ConnectionRecorder>, index: u64, state: &mut State) -> Self {
        let epoch = connection.shared.epoch.current();
        connection.open(state, index, epoch);
        let connection = Arc::clone(connection);
        let mut cut_body_lengths = Vec::new();
        if state.journal.has_cut_bodies() {
            let call = state.journal.exchange(index).and_then(|record| record.calls.first());
            cut_body_lengths
                .extend_from_slice(call.map_or(&[], |call| state.journal.cut_body_lengths(call)));
        }
        Self { connection, index, epoch, is_begun: false, held_by: None, cut_body_lengths }
    }

    /// Returns whether the origin was reset since the request arrived: it must not change the new
    /// state.
    pub(crate) fn is_stale(&self, _: &State) -> bool {
        self.epoch != self.connection.shared.epoch.current()
    }

    /// Locks the state, unless the origin was reset since the request arrived.
    pub(crate) fn lock_current(&self) -> Option<StateGuard<'_>> {
        let state = self.connection.shared.lock();
        (!self.is_stale(&state)).then_some(state)
    }

    /// Reports that a fault was injected, or why it was skipped.
    pub(crate) fn account(&self, injection: &Injection, result: Result<(), String>) {
        if let Some(mut state) = self.lock_current() {
            account(&mut state, self.index, injection, result);
        }
    }

    /// Records the body, which is complete or not needed any more.
    pub(crate) fn record_body(&self, state: &mut State, body_read: &mut ReadBody) {
        state.journal.update(self.index, |record| set_body(record, body_read));
        if body_read.received.end != BodyEnd::Complete {
            state.journal.record_cut_body(self.index);
        }
    }

    /// Records the body, that the request was carried out, if it was, and that its response is on its
    /// way: one change of the record, for a request to which no fault applies.
    pub(crate) fn record_whole(
        &mut self,
        state: &mut State,
        body_read: &mut ReadBody,
        response: &mut Response,
    ) {
        self.is_begun = true;
        let instants = state.instants();
        let enders = tokens::token_expiring_faults(state, &response.calls);
        let is_done = response.is_done();
        state.journal.update(self.index, |record| {
            set_body(record, body_read);
            record.committed = if is_done { Some(instants) } else { None };
            set_response(record, response, instants);
            record.faults.extend(enders);
        });
        if body_read.received.end != BodyEnd::Complete {
            state.journal.record_cut_body(self.index);
        }
    }

    /// Records a body that was not read to its end.
    pub(crate) fn record_interrupted(&self, request: &PendingRequest, body_read: &mut ReadBody) {
        let mut state = self.connection.shared.lock();
        self.record_body(&mut state, body_read);
        if !state.faults.is_idle() && !self.is_stale(&state) {
            let during = CallId { exchange: self.index, call: 0 };
            let length = body_read.received.length;
            tokens::use_token(&mut state, request.call(), during, 0, length);
        }
    }

    /// Records the body of a request that is not committed.
    pub(crate) fn record_uncommitted(&self, body_read: &mut ReadBody) {
        let mut state = self.connection.shared.lock();
        self.record_body(&mut state, body_read);
        // The journal has no exchange, and so no calls, of a request from before a reset.
        let record = state.journal.exchange(self.index);
        let calls = record.map(|record| record.calls.clone()).unwrap_or_default();
        let length = body_read.received.length;
        tokens::use_tokens_of_body(&mut state, self.index, &calls, length);
    }

    /// Records that the request was carried out, if it was. The calls are recorded with the response,
    /// or here if a fault `may_delay` that.
    pub(crate) fn record_commit(&self, state: &mut State, response: &Response, may_delay: bool) {
        let instants = response.is_done().then(|| state.instants());
        let calls = if may_delay { response.calls.clone() } else { Calls::default() };
        state.journal.update(self.index, |record| {
            record.committed = instants;
            if !calls.is_empty() {
                record.calls = calls;
            }
        });
    }

    /// Counts the response as held by a fault.
    pub(crate) fn hold(&mut self, fault: u64) {
        self.held_by = Some(fault);
    }

    /// Records that a fault delays the response. The request is committed already.
    pub(crate) fn record_delay(&self, injection: &Injection) {
        // In the same step: a test that sees that the response is held also sees that the fault was
        // injected, and the reverse.
        if let Some(mut state) = self.lock_current() {
            state.journal.update(self.index, |record| record.outcome = Outcome::Held);
            account(&mut state, self.index, injection, Ok(()));
        }
    }

    /// Records, before its first byte, that a response is on its way.
    pub(crate) fn begin_response(&mut self, response: &mut Response) {
        if !self.is_begun {
            let connection = Arc::clone(&self.connection);
            self.begin_response_in(&mut connection.shared.lock(), response);
        }
    }

    /// Does the same as [`begin_response`](Self::begin_response) while the state is locked.
    pub(crate) fn begin_response_in(&mut self, state: &mut State, response: &mut Response) {
        self.is_begun = true;
        self.end_hold(state);
        let instants = state.instants();
        let enders = tokens::token_expiring_faults(state, &response.calls);
        state.journal.update(self.index, |record| {
            set_response(record, response, instants);
            record.faults.extend(enders);
        });
    }

    /// Records an internal error, which fails the verification. Returns the response to the request.
    pub(crate) fn record_internal_error(
        &self,
        request: &PendingRequest,
        why: &str,
    ) -> Box<Response> {
        let mut state = self.connection.shared.lock();
        let now = state.now();
        state.journal.record_internal_error(format!("exchange {}: {why}", self.index));
        Response::internal_error_response(&state.storage, request.call().clone(), now)
    }

    /// Returns the HTTP version of the response.
    pub(crate) fn version(&self) -> &'static str {
        let state = self.connection.shared.lock();
        state.journal.exchange(self.index).map_or("HTTP/1.1", |record| record.head.version())
    }

    fn end_hold(&mut self, state: &mut State) {
        if let Some(fault) = self.held_by.take() {
            state.holds.end(fault);
        }
    }
}

fn set_body(record: &mut Exchange, body_read: &mut ReadBody) {
    let received = &mut body_read.received;
    let mut excerpt = std::mem::take(&mut received.start);
    excerpt.truncate(EXCERPT_BYTES);
    record.received = received.length;
    record.body_end = Some(received.end);
    let is_complete = received.end == BodyEnd::Complete;
    let digest = Some(received.digest);
    (record.digest, record.partial_digest) =
        if is_complete { (digest, None) } else { (None, digest) };
    record.last_byte = body_read.last_byte;
    record.prefixes = std::mem::take(&mut body_read.prefixes);
    record.excerpt = excerpt.into_boxed_slice();
    record.body = body_read.body.take();
}

fn set_response(record: &mut Exchange, response: &mut Response, instants: Instants) {
    let is_file = matches!(response.body, Body::Blob(..));
    record.outcome = if is_file { Outcome::Sending } else { Outcome::Responding };
    record.calls = std::mem::take(&mut response.calls);
    record.response = Some(Arc::clone(&response.head));
    record.response_started = Some(instants);
}

impl Drop for ExchangeRecorder {
    /// A response whose client is gone is no longer held.
    fn drop(&mut self) {
        if self.held_by.is_some() {
            let connection = Arc::clone(&self.connection);
            self.end_hold(&mut connection.shared.lock());
        }
    }
}
